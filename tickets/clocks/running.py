"""When a clock runs and when it stands still, and what follows: how much is used, when it is due.

A clock is due at the smallest instant at which the time of its calendar since its start, less the
time it stood still, equals its target. Standstills are instants, so they are measured anew in
whatever calendar the clock has; where several overlap, their time counts once; one that begins
after the deadline changes nothing. While one is open there is no such instant, and the clock can
neither be overdue nor warn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.clocks.calendars import Calendars
from tickets.clocks.model import NO_TIME, Clock, InternalClock, StatutoryClock
from tickets.clocks.statutory import Break, first_counted, whole_days


@dataclass(frozen=True, slots=True)
class Reached:
    """The instant at which so much is used; `halted` where a standstill is open before it."""

    at: datetime
    halted: datetime | None = None


def reached(clock: Clock, used: timedelta, calendars: Calendars) -> Reached:
    """The first instant at which so much of the clock's time is used."""
    left, at = used, clock.started
    for begins, ends in runs(clock, calendars):
        worked = calendars.between(clock.calendar, begins, ends) if ends else left
        if worked >= left:
            return Reached(calendars.after(clock.calendar, begins, left))
        left, at = left - worked, ends or at
    return Reached(calendars.after(clock.calendar, at, left), halted=at)


def due_of(clock: Clock, calendars: Calendars) -> Reached:
    """When the whole target is used, or the clock's own limit comes, whichever is earlier."""
    found = reached(clock, clock.target, calendars)
    limit = clock.not_after if isinstance(clock, InternalClock) else None
    if limit is not None and clock.started < limit < found.at:
        return Reached(limit, found.halted if found.halted and found.halted < limit else None)
    return found


def used_until(clock: Clock, at: datetime, calendars: Calendars) -> timedelta:
    """How much of the clock's time is used at that instant; never negative."""
    cut = (
        calendars.between(clock.calendar, begins, min(at, ends) if ends else at)
        for begins, ends in runs(clock, calendars)
        if begins < at
    )
    return sum(cut, NO_TIME)


def runs(clock: Clock, calendars: Calendars) -> Iterator[Break]:
    """The times in which the clock runs, in order; the last has no end unless it stands still."""
    match clock:
        case StatutoryClock():
            zone = calendars.zone
            breaks = whole_days(breaks_of(clock), zone)
            return _between(first_counted(clock.started, zone), breaks)
        case _:
            return _between(clock.started, breaks_of(clock))


def breaks_of(clock: Clock) -> Iterator[Break]:
    """When the clock stood still, as instants."""
    return ((each.started, each.ended) for each in clock.standstills)


def _between(begins: datetime, breaks: Iterable[Break]) -> Iterator[Break]:
    for started, ended in sorted(breaks, key=lambda each: each[0]):
        if started > begins:
            yield begins, started
        if ended is None:
            return
        begins = max(begins, ended)
    yield begins, None
