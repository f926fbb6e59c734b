"""Days between two instants as an explanation tells of them: worked, closed, holidays, folded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from cti.kernel.calendar import Stretch, WorkingCalendar

DAY = timedelta(days=1)
FEW = 4
"""So many worked days in a row are told one by one; of more, what lies between is folded."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was worked, and when."""

    day: date
    stretches: tuple[Stretch, ...]
    counted: timedelta
    made_up: bool = False
    """Worked in exchange for a day of a holiday (调休)."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which nobody works, from the first to the last."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off for a reason that has a name."""

    first: date
    last: date
    name: str


@dataclass(frozen=True, slots=True)
class Fold:
    """So many worked days in a row, the weekends between them left out."""

    first: date
    last: date
    days: int
    counted: timedelta


Days = Day | Closed | Holiday | Fold


def worked(calendar: WorkingCalendar, begins: datetime, ends: datetime) -> Iterator[Days]:
    """Every day between the instants on which something can be said, in order.

    A night that is worked over midnight is told of on the day on which it began.
    """
    zone = calendar.timezone
    stretches = groupby(
        calendar.open_between(begins, ends), lambda each: each[0].astimezone(zone).date()
    )
    at = begins.astimezone(zone).date()
    for day, found in stretches:
        yield from _idle(calendar, at, day)
        own = tuple(found)
        counted = sum((closes - opens for opens, closes in own), timedelta(0))
        yield Day(day, own, counted, made_up=calendar.made_up(day))
        at = day + DAY
    # An instant at midnight is the end of the day before.
    yield from _idle(calendar, at, (ends - timedelta(microseconds=1)).astimezone(zone).date() + DAY)


def folded(days: Iterable[Days]) -> Iterator[Days]:
    """The same with long rows of worked days folded, but for their first and last."""
    for ordinary, row in groupby(days, _ordinary):
        found = list(row)
        open_days = [each for each in found if isinstance(each, Day)]
        if not ordinary or len(open_days) <= FEW:
            yield from found
            continue
        first, *middle, last = open_days
        begins, ends = found.index(first), found.index(last)
        yield from found[: begins + 1]
        counted = sum((each.counted for each in middle), timedelta(0))
        yield Fold(middle[0].day, middle[-1].day, len(middle), counted)
        yield from found[ends:]


def _ordinary(days: Days) -> bool:
    return isinstance(days, Closed) or (isinstance(days, Day) and not days.made_up)


def holidays_in(calendar: WorkingCalendar, first: date, last: date) -> Iterator[Holiday]:
    """The holidays among these days, each from its first to its last."""
    for name, days in groupby(_dates(first, last), calendar.holidays.get):
        own = list(days)
        if name:
            yield Holiday(own[0], own[-1], name)


def _idle(calendar: WorkingCalendar, first: date, after: date) -> Iterator[Days]:
    """The days off from `first` until before `after`; days with hours before or after are left."""
    idle = (day for day in _dates(first, after - DAY) if not calendar.spans_on(day))
    for name, days in groupby(idle, lambda day: _public(calendar, day)):
        own = list(days)
        yield Holiday(own[0], own[-1], name) if name else Closed(own[0], own[-1])


def _public(calendar: WorkingCalendar, day: date) -> str | None:
    """The holiday's name; None where a person closed the day, who has a line of their own."""
    return None if day in calendar.marks else calendar.holidays.get(day)


def _dates(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
