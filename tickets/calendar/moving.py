"""What a change of the calendar makes of running clocks: their deadlines reckoned anew.

A running clock, whether or not its time is used up, is due where the calendar in force puts it; so
a change that is taken back puts every deadline where it was. Clocks that stand since they were met,
missed or cancelled stay as they were judged. A limit in working days keeps its days, and one in
working time its time; under a policy that is no longer in force it keeps the time that it had.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import ServiceLevel
from tickets.clocks.calendars import Calendars
from tickets.clocks.model import AGREED, CALENDAR_DAYS, NO_TIME, Clock, InternalClock
from tickets.clocks.reserve import latest_result
from tickets.clocks.running import due_of
from tickets.clocks.sla import Timekeeper
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

Clocks = tuple[Clock, ...]


@dataclass(frozen=True, slots=True)
class Going:
    """A case as far as its clocks go by it."""

    number: TicketNumber
    kind: TicketKind
    urgency: Urgency
    level: ServiceLevel
    clocks: Clocks


@dataclass(frozen=True, slots=True)
class Move:
    """A deadline that moves; where it stands still, neither instant is one at which it is late."""

    number: TicketNumber
    clock: ClockKind
    dispatch: int | None
    before: datetime
    after: datetime


def moved(case: Going, before: Timekeeper, after: Calendars) -> Clocks:
    """The case's clocks by the calendars `after`; they were reckoned by those of `before`."""
    kept = tuple(each if each.stopped else _kept(each, case, before, after) for each in case.clocks)
    old = _decision(case.clocks)
    new = _decision(kept)
    if old is None or new is None or new.halted:
        return kept
    reserve = before.policy.reserve
    return tuple(
        _limited(
            each,
            latest_result(was, case.clocks, old.due, before.calendars, reserve),
            latest_result(each, kept, new.due, after, reserve),
            after,
        )
        for was, each in zip(case.clocks, kept, strict=True)
    )


def moves(case: Going, clocks: Clocks) -> Iterator[Move]:
    """The deadlines that differ, in the order of the clocks."""
    for old, new in zip(case.clocks, clocks, strict=True):
        if old.due != new.due:
            yield Move(case.number, old.kind, old.dispatch, old.due, new.due)


def measured(clock: Clock, calendars: Calendars) -> Clock:
    """The clock due where these calendars put it."""
    found = due_of(clock, calendars)
    return replace(clock, due=found.at, halted=found.halted)


def _kept(clock: Clock, case: Going, before: Timekeeper, after: Calendars) -> Clock:
    extended = sum((each.added for each in clock.extensions), NO_TIME)
    given = _in_days(clock, case, before, before.calendars)
    if given is not None and given == clock.target - extended:
        target = _in_days(clock, case, before, after)
        if target is not None:
            clock = replace(clock, target=target + extended)
    return measured(clock, after)


def _in_days(
    clock: Clock, case: Going, keeper: Timekeeper, calendars: Calendars
) -> timedelta | None:
    """What the policy's limit gave the clock, if it is one in working days and still the policy."""
    if clock.calendar in (CALENDAR_DAYS, AGREED) or clock.policy != keeper.policy.version:
        return None
    limit = keeper.policy.clocks[clock.kind].limits[case.kind, case.urgency]
    days = limit.scaled(keeper.policy.shares[case.level]).working_days
    return calendars.working_days(clock.calendar, clock.started, days) if days else None


def _decision(clocks: Iterable[Clock]) -> Clock | None:
    found = [each for each in clocks if each.kind is ClockKind.DECISION and each.dispatch is None]
    return found[-1] if found else None


def _limited(clock: Clock, old: datetime, new: datetime, calendars: Calendars) -> Clock:
    """The clock with its limit where the decision puts it now, if that is what limited it."""
    if not isinstance(clock, InternalClock) or clock.stopped is not None:
        return clock
    if clock.not_after != old or old == new:
        return clock
    return measured(replace(clock, not_after=new), calendars)
