"""Moves the clocks that a change of the calendar concerns; all here is in the database thread.

The first tickets are reckoned anew in the transaction of the change, and where there are more, the
rest block by block in transactions of their own, so that acts get in between. What is left is kept
with the change: whoever comes next, this process or another, goes on there. Until then an act
settles its own ticket first (`settle_txn`), and so does what fires a deadline.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from tickets import repository
from tickets.acting import ahead
from tickets.calendar.book import CalendarBook, Edition
from tickets.calendar.model import Change
from tickets.calendar.moving import Going, moved, moves
from tickets.calendar.repository import (
    changes_txn,
    concerned_txn,
    going_txn,
    left_txn,
)
from tickets.clocks.rows import save_clocks_txn
from tickets.clocks.sla import Clock, Timekeeper
from tickets.regulation.schema import FactRow
from tickets.repository import Stored
from tickets.search.index import index_case_txn
from tickets.workflow import ClockKind

BLOCK = 20
"""Tickets that are settled in one transaction: some tenths of a second, which an act may wait."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How far a change got: it moved so many deadlines, and more tickets are left or not."""

    version: int
    moved: int
    left: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """From one edition of the calendars to the next, and since when they differ."""

    before: Timekeeper
    after: Timekeeper
    since: datetime | None


def crossing(keeper: Timekeeper, old: Edition, new: Edition, days: Iterable[date]) -> Crossing:
    """What lies between two editions that differ in these days."""
    first = min(days, default=None)
    zones = {each.timezone for each in new.named.values()}
    begins = (datetime.combine(first, time(), zone) for zone in zones) if first else ()
    return Crossing(
        replace(keeper, calendars=old.calendars),
        replace(keeper, calendars=new.calendars),
        min(begins, default=None),
    )


def settle_block_txn(
    session: Session, keeper: Timekeeper, book: CalendarBook, at: datetime, block: int
) -> Settled | None:
    """Move the clocks of the next tickets; None where no change has any left."""
    row = left_txn(session)
    if row is None or row.reached is None:
        return None
    over = _crossing_txn(session, keeper, book, row.version)
    numbers = concerned_txn(session, over.since, row.reached, block) if over.since else []
    row.moved += settle_txn(session, over, numbers, at)
    row.reached = numbers[-1] if len(numbers) == block else None
    session.flush()
    return Settled(row.version, row.moved, row.reached is not None)


def settle_left_txn(
    session: Session,
    keeper: Timekeeper,
    book: CalendarBook,
    numbers: Iterable[str],
    version: int,
    at: datetime,
) -> None:
    """Move the clocks of these tickets now, while others still wait for that change."""
    over = _crossing_txn(session, keeper, book, version)
    settle_txn(session, over, [TicketNumber(each) for each in numbers], at)


def settle_txn(
    session: Session, over: Crossing, numbers: Iterable[TicketNumber], at: datetime
) -> int:
    """Put the clocks of these tickets where the calendars in force have them; how many moved."""
    count = 0
    for case in going_txn(session, list(numbers)):
        if _stands(case, over):
            continue
        stored = repository.load_case_txn(session, case.number, lock=True)
        if stored is not None:
            count += _settle_case_txn(session, stored, over, at)
    session.flush()
    return count


def _settle_case_txn(session: Session, stored: Stored, over: Crossing, at: datetime) -> int:
    case = _going(stored)
    clocks = moved(case, over.before, over.after.calendars)
    number = case.number
    if clocks != stored.clocks:
        save_clocks_txn(session, number, stored.clocks, clocks)
        index_case_txn(session, stored.case, clocks)
    session.flush()
    for old, new in zip(stored.clocks, clocks, strict=True):
        alarms = over.after.alarms(new)
        if alarms != over.before.alarms(old):
            repository.plan_alarms_txn(
                session, number, new.serial, ahead(alarms, at), at, moved=True
            )
        if old.due != new.due and new.kind is ClockKind.DECISION:
            _tell_figures_txn(session, number, old, new)
    return sum(1 for _ in moves(case, clocks))


def _tell_figures_txn(session: Session, number: TicketNumber, old: Clock, new: Clock) -> None:
    fact = session.get(FactRow, number)
    if fact is not None and fact.due == old.due:
        fact.due = new.due


def _stands(case: Going, over: Crossing) -> bool:
    """Whether neither a deadline of the case moves nor an alarm."""
    clocks = moved(case, over.before, over.after.calendars)
    return clocks == case.clocks and all(
        over.before.alarms(each) == over.after.alarms(each) for each in clocks
    )


def _going(stored: Stored) -> Going:
    draft = stored.case.draft
    level = draft.requester.service_level
    return Going(stored.case.number, draft.kind, draft.urgency, level, stored.clocks)


def _crossing_txn(
    session: Session, keeper: Timekeeper, book: CalendarBook, version: int
) -> Crossing:
    changes = changes_txn(session, version)
    last: Change = changes[-1]
    old = book.edition(version - 1, changes[:-1])
    new = book.edition(version, changes)
    return crossing(keeper, old, new, (day for _, day in last.days))
