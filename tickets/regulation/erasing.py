"""Deletes the records of tickets whose time is over, and writes down what went.

What belongs to a ticket is found by the tables' own foreign keys, so a table that is added
tomorrow is not forgotten. What stays is the number, which is never given out again, a count of
rows, and the fact, in which nobody is named. Everything here runs in the database thread.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    Delete,
    Select,
    Table,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.orm import Session

from cti.database import Base, UtcDateTime
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tickets.attachments.repository import unattached_txn
from tickets.attachments.schema import AttachmentRow
from tickets.mail.schema import MailFileRow, MailRow
from tickets.regulation.facts import Fact
from tickets.regulation.retention import Retention, Rule
from tickets.regulation.rows import fact_from
from tickets.regulation.schema import ErasureRow, FactRow, HoldRow
from tickets.schema import CaseRow
from tickets.search.index import forget_txn

A_FEW = 50
"""Tickets that one transaction looks at."""
YEAR = timedelta(days=365)
LONGEST_REASON = 1000
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A ticket whose records may go."""

    fact: Fact
    rule: Rule


@dataclass(frozen=True, slots=True)
class Hold:
    """That the records of a ticket must stay."""

    number: TicketNumber
    at: datetime
    by_name: str
    reason: str
    lifted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What went of a ticket."""

    number: TicketNumber
    at: datetime
    rule: str
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where among ended tickets a look goes on."""

    ended: datetime
    number: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The tickets of one look that are due, and where the next look begins; None after the last."""

    due: tuple[Due, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What one transaction deleted, the files that nothing needs any more, and where to go on."""

    erasures: tuple[Erasure, ...]
    digests: frozenset[str]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Terms:
    """By what is judged whether records are due."""

    retention: Retention
    zone: ZoneInfo
    now: datetime

    @property
    def ended_before(self) -> datetime | None:
        """Tickets that ended later cannot be due; None where nothing ever is."""
        years = self.retention.shortest
        return None if years is None else self.now - years * YEAR


def due_txn(session: Session, terms: Terms, after: Place | None) -> Looked:
    """Look at the next few ended tickets, those that ended first in front."""
    before = terms.ended_before
    if before is None:
        return Looked((), None)
    wanted = select(FactRow).where(FactRow.ended < before, FactRow.erased.is_(False))
    if after is not None:
        there = tuple_(FactRow.ended, FactRow.number)
        wanted = wanted.where(there > tuple_(literal(after.ended, UtcDateTime), after.number))
    rows = session.scalars(wanted.order_by(FactRow.ended, FactRow.number).limit(A_FEW)).all()
    on_hold = held_txn(session, terms, [row.number for row in rows])
    due = tuple(_due(map(fact_from, rows), terms, on_hold))
    last = rows[-1] if len(rows) == A_FEW else None
    return Looked(due, Place(last.ended, last.number) if last and last.ended else None)


def erase_txn(session: Session, terms: Terms, after: Place | None) -> Erased:
    """Delete what belongs to those of the next few tickets that are due."""
    looked = due_txn(session, terms, after)
    digests = {digest for each in looked.due for digest in _digests_txn(session, each.fact.number)}
    erasures = tuple(_erase_txn(session, each, terms.now) for each in looked.due)
    session.flush()
    unneeded = unattached_txn(session, sorted(digests))
    return Erased(erasures, frozenset(unneeded), looked.next)


def hold_txn(session: Session, number: str, by: Principal, reason: str, at: datetime) -> None:
    """Keep the ticket's records whatever their age; Refused without a reason or such a ticket."""
    if not reason or len(reason) > LONGEST_REASON:
        raise Refused("ticket.field_missing", field="reason")
    if session.get(CaseRow, number) is None:
        raise Refused("ticket.unknown", number=number)
    session.add(
        HoldRow(number=number, at=at, by=by.staff_id, by_name=by.name, reason=reason, lifted=None)
    )


def lift_txn(session: Session, number: str, by: Principal, at: datetime) -> None:
    """Lift every hold of the ticket."""
    rows = session.scalars(
        select(HoldRow).where(HoldRow.number == number, HoldRow.lifted.is_(None))
    )
    for row in rows:
        row.lifted, row.lifted_by = at, by.staff_id


def holds_txn(session: Session, number: str | None = None) -> list[Hold]:
    """The holds of a ticket, or all that are in force."""
    wanted = HoldRow.lifted.is_(None) if number is None else HoldRow.number == number
    rows = session.scalars(select(HoldRow).where(wanted).order_by(HoldRow.id.desc()).limit(SHOWN))
    return [
        Hold(TicketNumber(row.number), row.at, row.by_name, row.reason, row.lifted) for row in rows
    ]


def held_txn(session: Session, terms: Terms, numbers: Collection[str]) -> frozenset[str]:
    """Which of these tickets must stay: on hold, or merged with one that is or is not due yet."""
    into = _mergers_txn(session, numbers)
    last = {number: _last(number, into) for number in {*numbers, *into, *into.values()}}
    rows = session.scalars(
        select(HoldRow.number).where(HoldRow.number.in_(last), HoldRow.lifted.is_(None))
    )
    staying = {last[number] for number in rows}
    merged = session.scalars(select(FactRow).where(FactRow.number.in_(set(into.values()))))
    for fact in map(fact_from, merged):
        if not (fact.erased or terms.retention.due(fact, terms.zone, terms.now, on_hold=False)):
            staying.add(last[fact.number])
    return frozenset(number for number in numbers if last[number] in staying)


def _mergers_txn(session: Session, numbers: Collection[str]) -> dict[str, str]:
    """Which tickets were merged into which, among all that share a matter with one of these."""
    into: dict[str, str] = {}
    known, new = set[str](), set(numbers)
    while new:
        known |= new
        touching = or_(CaseRow.number.in_(new), CaseRow.merged_into.in_(new))
        rows = session.execute(
            select(CaseRow.number, CaseRow.merged_into).where(
                CaseRow.merged_into.is_not(None), touching
            )
        )
        found = {number: other for number, other in rows if other is not None}
        into |= found
        new = {*found, *found.values()} - known
    return into


def _last(number: str, into: Mapping[str, str]) -> str:
    """The ticket in which the matter went on; none is merged into one that is merged into it."""
    while number in into:
        number = into[number]
    return number


def erasures_txn(session: Session) -> list[Erasure]:
    """What went last."""
    rows = session.scalars(
        select(ErasureRow).order_by(ErasureRow.at.desc(), ErasureRow.number).limit(SHOWN)
    )
    return [
        Erasure(TicketNumber(row.number), row.at, row.rule, row.rows, row.files) for row in rows
    ]


def _due(facts: Iterable[Fact], terms: Terms, on_hold: Collection[str]) -> Iterator[Due]:
    for fact in facts:
        rule = terms.retention.rule_for(fact)
        held = fact.number in on_hold
        if rule and terms.retention.due(fact, terms.zone, terms.now, on_hold=held):
            yield Due(fact, rule)


def _erase_txn(session: Session, due: Due, now: datetime) -> Erasure:
    number = due.fact.number
    files = session.scalar(
        select(func.count(AttachmentRow.id)).where(AttachmentRow.number == number)
    )
    forget_txn(session, number)
    rows = 0
    for statement in _deletions(number):
        rows += session.execute(statement).rowcount  # type: ignore[attr-defined]  # a CursorResult
    session.execute(update(FactRow).where(FactRow.number == number).values(erased=True))
    erasure = Erasure(number, now, due.rule.name, rows, files or 0)
    session.add(
        ErasureRow(number=number, at=now, rule=erasure.rule, rows=rows, files=erasure.files)
    )
    return erasure


def _deletions(number: str) -> Iterator[Delete]:
    """What deletes every row that belongs to the ticket, and the ticket last."""
    tickets = CaseRow.__table__
    assert isinstance(tickets, Table)
    yield from _below(tickets, select(tickets.c.number).where(tickets.c.number == number), ())
    yield delete(tickets).where(tickets.c.number == number)


def _below(parent: Table, keys: Select[Any], seen: tuple[Table, ...]) -> Iterator[Delete]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            points = any(each.column.table is parent for each in column.foreign_keys)
            if not points or table in seen:
                continue
            belongs = column.in_(keys)
            own = _key_of(table)
            if own is not None:
                yield from _below(table, select(own).where(belongs), (*seen, parent))
            yield delete(table).where(belongs)


def _key_of(table: Table) -> Column[Any] | None:
    """The column by which rows of other tables belong to this one."""
    keys = list(table.primary_key.columns)
    return keys[0] if len(keys) == 1 else None


def _digests_txn(session: Session, number: str) -> Sequence[str]:
    attached = select(AttachmentRow.digest).where(AttachmentRow.number == number)
    letters = select(MailRow.id).where(MailRow.number == number)
    came = select(MailFileRow.digest).where(MailFileRow.mail.in_(letters))
    return session.scalars(union(attached, came)).all()
