"""Two sources of public holidays, and where they disagree."""

from datetime import date
from pathlib import Path

import pytest

from cti.kernel import calendars
from cti.kernel.calendars import load_calendar
from cti.kernel.public_days import PublicDays, compared, public_days

THURSDAY, FRIDAY = date(2026, 10, 8), date(2026, 10, 9)
SATURDAY, SUNDAY = date(2026, 10, 10), date(2026, 10, 11)
MADE_UP = frozenset({SATURDAY})


def test_the_sources_agree_about_the_years_they_both_know() -> None:
    known = public_days("CN", range(2024, 2027))
    assert known.disputed == {}
    assert known.years == {2024, 2025, 2026}


def test_weekends_inside_a_holiday_are_days_off_for_who_works_then() -> None:
    """New Year 2026 is off from Thursday the 1st to Saturday the 3rd; Sunday the 4th is worked."""
    known = public_days("CN", [2026])
    assert known.holidays[date(2026, 1, 3)] == "元旦"
    assert date(2026, 1, 4) in known.workdays


def test_a_day_that_only_one_source_has_off_is_disputed() -> None:
    first = PublicDays({THURSDAY: "国庆节"}, MADE_UP)
    assert compared(first, PublicDays({}, MADE_UP)).disputed == {
        THURSDAY: "a holiday by one source, an ordinary day by the other"
    }
    assert compared(PublicDays({}, MADE_UP), first).holidays == {}


def test_a_make_up_day_that_only_one_source_has_is_disputed() -> None:
    other = PublicDays({}, frozenset({SUNDAY}))
    assert compared(PublicDays({}, MADE_UP), other).disputed == {
        SATURDAY: "a make-up workday by one source, an ordinary day by the other",
        SUNDAY: "an ordinary day by one source, a make-up workday by the other",
    }


def test_a_weekend_that_only_one_names_is_no_dispute() -> None:
    known = compared(PublicDays({}, MADE_UP), PublicDays({SUNDAY: "国庆节"}, MADE_UP))
    assert (known.disputed, known.holidays) == ({}, {SUNDAY: "国庆节"})


def test_a_year_that_only_the_second_source_knows_is_taken_from_it() -> None:
    guessed = PublicDays({THURSDAY: "国庆节"})
    known = compared(guessed, PublicDays({FRIDAY: "国庆节"}, MADE_UP))
    assert (known.holidays, known.workdays) == ({FRIDAY: "国庆节"}, MADE_UP)
    assert known.disputed == {}


@pytest.mark.parametrize(
    ("more", "disputed"),
    [
        ("", {THURSDAY}),
        ("published: [2026]", set()),
        ("holidays: {2026-10-08: 国庆节}", set()),
        ("workdays: {2026-10-08: [09:00-12:00]}", set()),
    ],
)
def test_the_calendars_file_settles_it(
    more: str, disputed: set[date], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = PublicDays({}, MADE_UP, {THURSDAY: "a holiday by one source"})
    monkeypatch.setattr(calendars, "public_days", lambda *_: unsure)
    path = tmp_path / "desk.yaml"
    path.write_text(f"week: {{weekdays: 09:00-17:00}}\ncountry: CN\n{more}\n", encoding="utf-8")
    assert load_calendar(path, [2026]).disputed.keys() == disputed
