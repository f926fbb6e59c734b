"""Calendars from files: the country's days, the bank's own, and what is wrong with a file."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cti.kernel.calendars import load_calendar, load_calendars
from cti.kernel.document import DocumentError

SHIPPED = Path(__file__).parents[4] / "config" / "calendars"
YEARS = range(2025, 2028)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_calendars_know_the_state_councils_year() -> None:
    calendars = load_calendars(SHIPPED, YEARS)
    office, service = calendars["office"], calendars["service"]
    assert office.name == "office"
    assert not office.is_open(at("2026-10-06 10:00"))
    assert office.is_open(at("2026-10-10 10:00"))
    assert not office.is_open(at("2026-10-11 10:00"))
    assert service.is_open(at("2026-10-11 10:00"))
    assert service.holiday(at("2026-10-01 10:00")) == "国庆节"
    assert office.add(at("2026-09-30 17:00"), timedelta(hours=1)) == at("2026-10-08 09:30")


def test_the_demo_bank_can_be_tried_at_any_hour() -> None:
    demo = load_calendars(SHIPPED.parent / "demo" / "calendars", YEARS)["service"]
    for instant in ("2026-10-01 03:00", "2026-10-11 23:59", "2027-02-06 12:00"):
        assert demo.is_open(at(instant))


def test_an_unpublished_year_is_noticed() -> None:
    office = load_calendars(SHIPPED, YEARS)["office"]
    assert office.valid_until == date(2026, 12, 31)
    assert office.missing_year(at("2026-12-15 12:00")) == 2027


def test_the_bank_can_publish_a_year_and_overrule_the_library(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
week: {weekdays: ["09:00-17:00"], friday: ["09:00-12:00"], weekend: []}
country: CN
published: [2027]
holidays: {2026-10-10: 行庆}
workdays: {2026-10-01: ["10:00-11:00"]}
""",
    )
    calendar = load_calendar(path, YEARS)
    assert calendar.valid_until == date(2027, 12, 31)
    assert calendar.holiday(at("2026-10-10 10:00")) == "行庆"
    assert calendar.is_open(at("2026-10-01 10:30"))
    assert not calendar.is_open(at("2026-10-16 13:00"))


def test_without_a_country_every_year_is_known(tmp_path: Path) -> None:
    calendar = load_calendar(written(tmp_path, 'week: {weekdays: ["00:00-24:00"]}'), YEARS)
    assert calendar.missing_year(at("2035-06-01 12:00")) is None
    assert calendar.is_open(at("2026-10-01 10:00"))


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("week: {}", 1, "week", "no open time"),
        (
            "country: CN\nweek: {monday: [10:00-12:00, 11:00-13:00]}",
            2,
            "week.monday[1]",
            "must come after",
        ),
        (
            "week: {monday: 09:00-17:00}\nworkdays:\n  2026-10-10: [09:00-12:00, 11:00-13:00]",
            3,
            "workdays.2026-10-10[1]",
            "must come after",
        ),
        (
            "week: {monday: 09:00-17:00}\nholidays: {2026-10-10: 庆}\nworkdays: {2026-10-10: 9-12}",
            3,
            "workdays.2026-10-10",
            "is a holiday above",
        ),
        ("timezone: Mars/Olympus\nweek: {monday: 09:00-17:00}", 1, "timezone", "no time zone"),
        ("week:\n  monday: [9-17]", 2, "week.monday[0]", "write it as 08:30"),
        ("week:\n  mnday: 09:00-17:00", 2, "week.mnday", "did you mean `monday`"),
        ("week: {monday: 09:00-17:00}\ncountry: Atlantis", 2, "country", "no holidays are known"),
        (
            "week: {monday: 09:00-17:00}\nholidays:\n  1 May: 劳动节",
            3,
            "holidays.1 May",
            "write it as 2026-10-01",
        ),
    ],
)
def test_mistakes_name_their_place(
    tmp_path: Path, text: str, line: int, key: str, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load_calendar(written(tmp_path, text), YEARS)
    assert caught.value.file.endswith("desk.yaml")
    assert [
        (error.line, error.key, message in error.message) for error in caught.value.errors
    ].count((line, key, True)) == 1
