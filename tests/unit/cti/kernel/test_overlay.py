"""What people make of a calendar's days: marks over what is written, hours as they are typed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import Mark, Span
from cti.kernel.errors import Refused
from cti.kernel.overlay import open_days, overlaid, read_spans, written
from tests.support.tickets import OFFICE_HOURS, local, national_day_2026, office

HOLIDAY, MADE_UP, MONDAY = date(2026, 10, 1), date(2026, 10, 10), date(2026, 10, 12)
AT = datetime(2026, 9, 1, tzinfo=UTC)


def mark(hours: str = "", name: str = "") -> Mark:
    return Mark(read_spans(hours) if hours else (), name, "", 1, "张三", AT, "通知")


def test_a_mark_wins_over_what_is_written() -> None:
    base = national_day_2026()
    marks = {
        HOLIDAY: mark("10:00-12:00"),
        MADE_UP: mark(name="台风"),
        MONDAY: mark("09:00-12:00"),
    }
    changed = overlaid(base, marks)
    assert changed.spans_on(HOLIDAY) == (Span(600, 720),)
    assert changed.spans_on(MADE_UP) == ()
    assert changed.holiday(local("2026-10-10 10:00")) == "台风"
    assert changed.spans_on(MONDAY) == (Span(540, 720),)
    assert changed.spans_on(date(2026, 10, 13)) == OFFICE_HOURS
    assert base.spans_on(HOLIDAY) == ()


def test_an_ordinary_day_at_hours_of_its_own_makes_nothing_up() -> None:
    saturday = date(2026, 10, 17)
    changed = overlaid(national_day_2026(), {day: mark("9:00-12:00") for day in (MONDAY, saturday)})
    assert not changed.made_up(MONDAY)
    assert changed.made_up(saturday)
    assert changed.made_up(MADE_UP)


def test_without_marks_the_calendar_is_as_written() -> None:
    assert overlaid(national_day_2026(), {}) == national_day_2026()


def test_a_year_that_somebody_completed_is_missed_no_more() -> None:
    base = office(valid_until=date(2026, 12, 31), disputed={HOLIDAY: "unsure"})
    assert base.missing_year(local("2026-12-05 09:00")) == 2027
    assert overlaid(base, {}, {2027}).missing_year(local("2026-12-05 09:00")) is None
    assert overlaid(base, {}, {2028}).valid_until == date(2026, 12, 31)
    assert overlaid(base, {HOLIDAY: mark()}).disputed == {}


@given(st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.booleans(), max_size=12))
def test_each_day_is_as_its_mark_says_and_else_as_written(days: dict[date, bool]) -> None:
    base = national_day_2026()
    changed = overlaid(base, {day: mark("8:00-9:00" if o else "") for day, o in days.items()})
    for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        wanted = base.spans_on(day)
        if day in days:
            wanted = (Span(480, 540),) if days[day] else ()
        assert changed.spans_on(day) == wanted
    first, last = local("2026-01-01 00:00"), local("2027-01-01 00:00")
    worked = changed.between(first, last) - base.between(first, last)
    hour, lost = timedelta(hours=1), timedelta(0)
    for day, opened in days.items():
        was = sum((s.closes - s.opens for s in base.spans_on(day)), 0) * timedelta(minutes=1)
        lost += was - (hour if opened else timedelta(0))
    assert worked == -lost


def test_open_days_are_counted() -> None:
    assert open_days(national_day_2026(), 2025) == 261
    closed = {
        date.fromordinal(each): mark()
        for each in range(date(2027, 1, 1).toordinal(), date(2028, 1, 1).toordinal())
    }
    assert open_days(overlaid(office(), closed), 2027) == 0


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("08:30-12:00, 13:00-17:30", "08:30-12:00, 13:00-17:30"),
        ("8：30—12：00，13:00至17:30", "08:30-12:00, 13:00-17:30"),
        (" 9:00 - 24:00 ;", "09:00-24:00"),
        ("０８：３０－１２：００", "08:30-12:00"),
        ("22:00–06:00", "22:00-06:00"),
    ],
)
def test_hours_are_read_as_people_type_them(typed: str, read: str) -> None:
    assert written(read_spans(typed)) == read
    assert read_spans(read) == read_spans(typed)


@pytest.mark.parametrize(
    ("typed", "error", "what"),
    [
        ("", "calendar.no_spans", {}),
        (" , ", "calendar.no_spans", {}),
        ("09:00-25:00", "calendar.span_wrong", {"text": "09:00-25:00"}),
        ("25:00-26:00", "calendar.span_wrong", {"text": "25:00-26:00"}),
        ("9-12", "calendar.span_wrong", {"text": "9-12"}),
        ("²:00-09:00", "calendar.span_wrong", {"text": "²:00-09:00"}),
        ("09:00-09:00", "calendar.span_wrong", {"text": "09:00-09:00"}),
        (
            "09:00-12:00, 11:30-17:00",
            "calendar.spans_overlap",
            {"earlier": "09:00-12:00", "later": "11:30-17:00"},
        ),
        (
            "04:00-05:00, 22:00-06:00",
            "calendar.spans_overlap",
            {"earlier": "22:00-06:00", "later": "04:00-05:00"},
        ),
    ],
)
def test_hours_that_cannot_be_say_which(typed: str, error: str, what: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        read_spans(typed)
    assert (refused.value.error_id, refused.value.details) == (error, what)
