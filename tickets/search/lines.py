"""Tickets as lines of lists: what stands beside the numbers that an index found.

Every function runs in the database thread. One query finds a page's numbers, three more what
stands beside them; nothing loops over open tickets.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.ports import OverdueTickets, TicketSummary
from tickets.masking import Mask, masked
from tickets.model import (
    OPEN_STATES,
    CaseState,
    Dispatch,
    DispatchState,
    TicketKind,
    Urgency,
    waits_for_ruling,
)
from tickets.rows import dispatch_from
from tickets.schema import CaseRow, ClockRow, DispatchRow
from tickets.search.excerpts import Piece, excerpt
from tickets.search.finding import Mark, Query, Total, Viewer, count_txn, find_txn
from tickets.search.places import OPEN, SUPERVISED
from tickets.search.schema import EntryRow
from tickets.visibility import Reader, concern_in, concerns
from tickets.workflow import ClockKind

_OPEN = [state.value for state in OPEN_STATES]
_NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
_LINES = (
    select(
        EntryRow.id.label("entry"),
        EntryRow.facets,
        EntryRow.about_staff,
        EntryRow.about_unit,
        EntryRow.changed,
        *(
            getattr(CaseRow, name)
            for name in (
                "number",
                "kind",
                "urgency",
                "title",
                "state",
                "version",
                "opened",
                "opened_by",
                "level",
                "appraised",
                "facts",
                "void_asked_by",
            )
        ),
        CaseRow.draft[("requester", "name")].as_string().label("requester"),
    )
    .join(CaseRow, CaseRow.number == EntryRow.number)
    .where(EntryRow.id.in_(bindparam("entries", expanding=True)))
)
"""What lines show of tickets: to load all of them takes longer than to find them."""
_WITH_TEXTS = _LINES.add_columns(EntryRow.matter, EntryRow.said)
_DISPATCHES = (
    select(DispatchRow.__table__)
    .where(DispatchRow.number.in_(_NUMBERS))
    .order_by(DispatchRow.serial)
)
_RUNNING = (
    select(ClockRow.number, ClockRow.kind, ClockRow.dispatch, ClockRow.started, ClockRow.due)
    .where(ClockRow.number.in_(_NUMBERS))
    # In the words of the index of all that run, PostgreSQL would read every one of them.
    .where(func.coalesce(ClockRow.stopped, ClockRow.halted).is_(None))
    .order_by(ClockRow.due)
)


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in a list; `due` and `clock` are its next deadline, None where none runs."""

    number: TicketNumber
    kind: TicketKind
    urgency: Urgency
    title: str
    requester: str
    state: CaseState
    version: int
    opened: datetime
    changed: datetime
    opened_by: StaffId
    level: int
    started: datetime | None
    due: datetime | None
    clock: ClockKind | None
    overdue: bool
    department_id: DepartmentId | None
    """The department that leads now."""
    order: DispatchState | None
    """Where its order stands; in a department's list, where that department's own stands."""
    departments: tuple[DepartmentId, ...]
    """Every department that was ever sent an order."""
    urges: int
    urge_open: bool
    supervised: bool
    appraised: bool = False
    """Somebody outside the bank tests or assesses something."""
    asked: bool = False
    """Something waits for a ruling, see `tickets.model.Case.waits_for_ruling`."""
    about_staff: StaffId | None = None
    about_unit: DepartmentId | None = None
    excerpt: tuple[Piece, ...] = ()
    """Where the words searched for stand, unless it is in the title."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of lines, how many there are in all, and the marks of the pages beside it.

    `total` is at least how many there are where there are `more`, 0 where nobody counted.
    """

    lines: tuple[Line, ...]
    total: int
    more: bool = False
    previous: Mark | None = None
    next: Mark | None = None


def search_txn(session: Session, query: Query, now: datetime, *, count: bool = True) -> Page:
    """The page of tickets that the query asks for; `total` is 0 where nobody wants it counted."""
    finding = find_txn(session, query, now, count=count)
    entries = [each.entry for each in finding.found]
    lines = tuple(lines_txn(session, entries, query, now))
    first, last = (finding.found[0], finding.found[-1]) if finding.found else (None, None)
    whole = not finding.before and not finding.after
    total = Total(len(lines)) if whole else finding.total or Total(0)
    if count and not whole and finding.total is None:
        total = count_txn(session, query, now)
    return Page(
        lines,
        total.count,
        total.more,
        Mark(first.entry, first.due, True, first.urgency) if first and finding.before else None,
        Mark(last.entry, last.due, False, last.urgency) if last and finding.after else None,
    )


def line_txn(session: Session, number: TicketNumber, now: datetime) -> Line | None:
    """One ticket as a line."""
    entry = session.scalar(select(EntryRow.id).where(EntryRow.number == number))
    return next(lines_txn(session, [entry], Query(), now), None) if entry is not None else None


def lines_txn(
    session: Session, entries: Sequence[int], query: Query, now: datetime
) -> Iterator[Line]:
    """These entries as lines, in this order."""
    composed = _WITH_TEXTS if query.asked.words else _LINES
    rows = {row.entry: row for row in rows_txn(session, composed, entries=entries)}
    numbers = [row.number for row in rows.values()]
    dispatches, clocks = _dispatches(session, numbers), _running(session, numbers)
    for each in entries:
        if each in rows:
            row = rows[each]
            beside = _Beside(dispatches.get(row.number, []), clocks.get(row.number, []))
            yield _line(row, beside, query, now)


def summary_txn(session: Session, number: str, now: datetime) -> TicketSummary | None:
    """The ticket in the words of `cti.kernel.ports`; due when the customer must be answered."""
    row = session.get(CaseRow, number)
    return _summaries(session, [row], now)[0] if row else None


def open_of_customer_txn(
    session: Session, customer_id: CustomerId, reader: Reader, now: datetime
) -> list[TicketSummary]:
    """The customer's open tickets, the latest first, but for complaints about reader or unit."""
    found = session.scalars(
        select(CaseRow)
        .where(CaseRow.customer_id == customer_id, CaseRow.state.in_(_OPEN))
        .order_by(CaseRow.opened.desc())
    )
    rows = [row for row in found if not concerns(reader, concern_in(row.draft))]
    return _summaries(session, rows, now)


def overdue_txn(session: Session, now: datetime, longest: int) -> OverdueTickets:
    """Tickets with a missed deadline, see `TicketPort.overdue`."""
    query = Query(OPEN, overdue_only=True, limit=longest, viewer=Viewer(public=True))
    page = search_txn(session, query, now)
    summaries = (
        TicketSummary(
            number=line.number,
            kind=line.kind.value,
            title=line.title,
            state=line.state.value,
            opened=line.opened,
            due=line.due,
            overdue=True,
        )
        for line in page.lines
    )
    return OverdueTickets(page.total, tuple(summaries), page.more)


@dataclass(frozen=True, slots=True)
class _Beside:
    """A case's dispatches, and its running clocks, the earliest due first."""

    dispatches: Sequence[Dispatch]
    clocks: Sequence[Any]


def _line(row: Any, beside: _Beside, query: Query, now: datetime) -> Line:
    within = _within(query)
    working = [each for each in beside.dispatches if not each.final]
    own = [each for each in working if each.department_id == within]
    serials = {each.serial for each in own}
    running = [each for each in beside.clocks if within is None or each.dispatch in serials]
    clock = running[0] if running else None
    lead = next((each for each in working if each.lead), None)
    order = next(iter(own), None) if within is not None else lead
    return Line(
        number=TicketNumber(row.number),
        kind=TicketKind(row.kind),
        urgency=Urgency(row.urgency),
        title=row.title,
        requester=row.requester,
        state=CaseState(row.state),
        version=row.version,
        opened=row.opened,
        changed=row.changed,
        opened_by=StaffId(row.opened_by),
        level=row.level,
        started=clock.started if clock else None,
        due=clock.due if clock else None,
        clock=ClockKind(clock.kind) if clock else None,
        overdue=clock is not None and clock.due <= now,
        department_id=lead.department_id if lead else None,
        order=order.state if order else None,
        departments=tuple(each.department_id for each in beside.dispatches),
        urges=sum(each.urges for each in working),
        urge_open=any(each.urge_open for each in working),
        supervised=f"place:{SUPERVISED}" in row.facets.split("\n"),
        appraised=row.appraised,
        asked=waits_for_ruling(
            CaseState(row.state), row.void_asked_by, row.facts, beside.dispatches
        ),
        about_staff=StaffId(row.about_staff) if row.about_staff else None,
        about_unit=DepartmentId(row.about_unit) if row.about_unit else None,
        excerpt=_excerpt(row, query),
    )


def _within(query: Query) -> DepartmentId | None:
    """The department whose deadlines are shown."""
    place = query.listed
    if place is None or not place.startswith("dept:"):
        return query.viewer.within
    return DepartmentId(place.split(":")[1])


def _excerpt(row: Any, query: Query) -> tuple[Piece, ...]:
    words = query.asked.words
    if not words or excerpt(row.title, words):
        return ()
    # Masked before it is cut: nobody puts a number together from the pieces of several searches.
    matter, said = masked(Mask.TEXT, row.matter), masked(Mask.PROOF, row.said)
    return excerpt(matter, words) or excerpt(said, words)


def _summaries(session: Session, rows: Sequence[CaseRow], now: datetime) -> list[TicketSummary]:
    clocks = _running(session, [row.number for row in rows])
    return [
        TicketSummary(
            number=TicketNumber(row.number),
            kind=row.kind,
            title=row.title,
            state=row.state,
            opened=row.opened,
            due=_decision_due(clocks.get(row.number, [])),
            overdue=any(each.due <= now for each in clocks.get(row.number, [])),
        )
        for row in rows
    ]


def _decision_due(clocks: Iterable[Any]) -> datetime | None:
    return next((each.due for each in clocks if each.kind == ClockKind.DECISION.value), None)


def _dispatches(session: Session, numbers: Collection[str]) -> Mapping[str, list[Dispatch]]:
    found: dict[str, list[Dispatch]] = {}
    for row in rows_txn(session, _DISPATCHES, numbers=numbers):
        found.setdefault(row.number, []).append(dispatch_from(row))
    return found


def _running(session: Session, numbers: Collection[str]) -> Mapping[str, list[Any]]:
    """The running clocks of each ticket that do not stand still, the earliest due first."""
    found: dict[str, list[Any]] = {}
    for row in rows_txn(session, _RUNNING, numbers=numbers):
        found.setdefault(row.number, []).append(row)
    return found
