"""Statutory periods: calendar days of the hotline's zone.

Measures for Handling Consumer Complaints of Banks and Insurers (CBIRC, in force since
2020-03-01): a complaint is decided, and the decision told, within 15 days of its receipt; complex
ones within 30, very complex ones within 60, each with approval and notice to the complainant.

- The day of receipt is not counted; the period ends with its last day, at midnight.
- An appraisal from outside leaves whole days out: the first is the day on which it begins, and
  the day on which it ends counts again.
- Dates are strict. That a period whose last day is a public holiday ends on the next working day
  (Civil Code, 203) is not relied on: who is told on the strict day is told in time by both rules.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
Break = tuple[datetime, datetime | None]
"""A time that does not count; open at its end while that is None."""


def first_counted(received: datetime, zone: ZoneInfo) -> datetime:
    """The midnight at which the day of receipt, which does not count, is over."""
    return midnight(received.astimezone(zone).date() + DAY, zone)


def last_day(due: datetime, zone: ZoneInfo) -> date:
    """The last day of a period that ends at that midnight."""
    return (due.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When that day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def whole_days(breaks: Iterable[Break], zone: ZoneInfo) -> Iterator[Break]:
    """Each break from the midnight before it begins to the midnight before it ends."""
    for started, ended in breaks:
        yield (
            midnight(started.astimezone(zone).date(), zone),
            midnight(ended.astimezone(zone).date(), zone) if ended else None,
        )


def on_day(start: datetime, elapsed: timedelta, zone: ZoneInfo) -> datetime:
    """So many days later by the wall clock: a day in which the clocks change is a day."""
    return (_wall(start, zone) + elapsed).replace(tzinfo=zone).astimezone(UTC)


def in_days(start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
    """The time between by the wall clock."""
    return _wall(end, zone) - _wall(start, zone)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    """The time by the wall clock; a day whose midnight summer time skips begins at 00:00 too."""
    local = at.astimezone(zone)
    if at == midnight(local.date(), zone):
        return datetime.combine(local.date(), time())
    return local.replace(tzinfo=None)
