"""Deadlines worked out by hand, and against a reference that counts second by second."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import compress, count, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.calendars import load_calendar
from tickets.clocks.calendars import Calendars
from tickets.clocks.due import reckoned
from tickets.clocks.explain import explain
from tickets.clocks.limit import Limit
from tickets.clocks.running import used_until

ROOT = Path(__file__).parents[4]
TABLE = yaml.safe_load((ROOT / "tests" / "data" / "deadlines.yaml").read_text("utf-8"))
YEARS = range(2025, 2028)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
Pauses = list[tuple[datetime, datetime | None]]


@cache
def calendar(name: str) -> WorkingCalendar:
    """The calendar of the table."""
    what = TABLE["calendars"][name]
    if what == "shipped":
        return load_calendar(ROOT / "config" / "calendars" / f"{name}.yaml", YEARS)
    week = (what["weekdays"],) * 5 + (what["weekend"],) * 2
    spans = tuple(tuple(map(Span.parse, day)) for day in week)
    return WorkingCalendar(name, ZoneInfo(what["zone"]), spans)


def instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant as the table writes it."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def named(case: Mapping[str, Any]) -> str:
    """What a case is called in the output."""
    return f"{case['calendar']}: {case['why']}"


@pytest.mark.parametrize("case", TABLE["cases"], ids=named)
def test_the_deadline_is_the_one_reckoned_by_hand(case: Mapping[str, Any]) -> None:
    own = calendar(case["calendar"])
    zone = own.timezone
    pauses: Pauses = []
    for text in case.get("pauses", ()):
        begins, _, ends = text.partition("/")
        pauses.append((instant(begins, zone), instant(ends, zone)))
    calendars = Calendars(own)
    start, limit = instant(case["start"], zone), Limit.parse(case["target"])
    clock = reckoned(limit, start, pauses, calendars)
    assert clock.due == instant(case["due"], zone)
    lines = explain(clock, calendars)
    assert sum((line.counted for line in lines), timedelta(0)) == clock.target
    assert lines[-1].values == {"due": clock.due}


def test_the_table_covers_what_it_should() -> None:
    cases = TABLE["cases"]
    assert len(cases) >= 60
    assert {case["calendar"] for case in cases} == set(TABLE["calendars"])
    assert len(set(map(named, cases))) >= len(cases) - 3


# --- against a reference ----------------------------------------------------------------------

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
SPLIT = (Span.parse("09:00-12:00"), Span.parse("13:30-17:30"))
NIGHT = (Span.parse("00:30-01:45"), Span.parse("20:00-23:00"))
WATCH = (Span.parse("22:00-04:30"),)
HOUSES = (
    WorkingCalendar(
        "shanghai",
        SHANGHAI,
        (SPLIT,) * 5 + ((), ()),
        {date(2026, 10, day): "国庆节" for day in range(1, 8)},
        {date(2026, 10, 10): (Span.parse("10:00-11:07"),), date(2026, 9, 27): SPLIT},
    ),
    WorkingCalendar("spring", BERLIN, (NIGHT,) * 6 + ((),), {date(2026, 3, 30): "zu"}),
    WorkingCalendar("autumn", BERLIN, (WATCH,) * 7, {date(2026, 10, 24): "zu"}),
)
BEGINNINGS = (
    datetime(2026, 9, 24, 0, 0, tzinfo=SHANGHAI),
    datetime(2026, 3, 26, 0, 0, tzinfo=BERLIN),
    datetime(2026, 10, 22, 0, 0, tzinfo=BERLIN),
)
DAYS, HOUR, DAY = 40, 3600, 86400


@cache
def open_seconds(house: int) -> bytes:
    """Whether each second of the window is worked, told by the clock on the wall alone."""
    own, at = HOUSES[house], BEGINNINGS[house].astimezone(UTC)
    told = bytearray()
    for _ in range(DAYS * 24 * 60):
        wall = at.astimezone(own.timezone)
        now = wall.hour * 60 + wall.minute
        worked = _open(own, wall.date(), now) or _open(own, _before(wall.date()), now + 1440)
        told += bytes((worked,)) * 60
        at += MINUTE
    return bytes(told)


def _before(day: date) -> date:
    return day - timedelta(days=1)


def _open(own: WorkingCalendar, day: date, minute: int) -> bool:
    if day in own.workdays:
        spans = own.workdays[day]
    elif day in own.holidays:
        spans = ()
    else:
        spans = own.week[day.weekday()]
    return any(span.opens <= minute < span.closes for span in spans)


def counted(house: int, start: int, target: int, pauses: list[tuple[int, int]]) -> int | None:
    """The second by which so many are worked, counted one by one; None beyond the window."""
    told = bytearray(open_seconds(house))
    for begins, ends in pauses:
        told[begins:ends] = bytes(len(told[begins:ends]))
    worked = compress(count(start), told[start:])
    last = next(islice(worked, target - 1, None), None)
    return None if last is None else last + 1


stretches = st.tuples(st.integers(0, 16 * DAY), st.integers(0, 4 * DAY)).map(
    lambda each: (each[0], each[0] + each[1])
)


@given(
    house=st.sampled_from(range(len(HOUSES))),
    start=st.integers(0, 12 * DAY),
    target=st.integers(1, 60 * HOUR),
    pauses=st.lists(stretches, max_size=5),
)
def test_a_reference_that_counts_seconds_agrees(
    house: int, start: int, target: int, pauses: list[tuple[int, int]]
) -> None:
    first, calendars = BEGINNINGS[house].astimezone(UTC), Calendars(HOUSES[house])
    stood: Pauses = [(first + begins * SECOND, first + ends * SECOND) for begins, ends in pauses]
    clock = reckoned(Limit(target * SECOND), first + start * SECOND, stood, calendars)
    second = counted(house, start, target, pauses)
    if second is None:
        assert clock.due > first + timedelta(days=DAYS)
        return
    assert clock.due == first + second * SECOND
    assert used_until(clock, clock.due, calendars) == clock.target
    assert used_until(clock, clock.due - SECOND, calendars) < clock.target
    lines = explain(clock, calendars)
    assert sum((line.counted for line in lines), timedelta(0)) == lines[-1].total == clock.target
    assert all(line.counted >= timedelta(0) for line in lines)
    assert lines[-1].values == {"due": clock.due}
