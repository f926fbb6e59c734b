"""Tickets found and listed: the query of a page, and the lines that answer it.

Every function runs in the database thread. One query finds the page's numbers, two more what
stands beside them; nothing loops over open tickets.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, exists, func, or_, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.ports import TicketSummary
from tickets.model import (
    FINAL,
    OPEN_STATES,
    CaseState,
    DispatchState,
    TicketKind,
    Urgency,
)
from tickets.schema import (
    CaseRow,
    ClockRow,
    DispatchRow,
)
from tickets.workflow import ClockKind

PAGE = 50
MOST_WORDS = 8
"""Words of a search that are looked at."""
_OPEN = [state.value for state in OPEN_STATES]
_FINAL = [state.value for state in FINAL]


@dataclass(frozen=True, slots=True)
class Query:
    """What to list; every condition that is given must hold."""

    text: str = ""
    open_only: bool = True
    overdue_only: bool = False
    opened_by: StaffId | None = None
    department_id: DepartmentId | None = None
    """At work in that department, or ever there without `open_only`.

    Deadlines are then the department's own.
    """
    desk: bool = False
    """Waits for the dispatcher: to dispatch, to review, to decide a refusal, to close."""
    customer_id: CustomerId | None = None
    kind: TicketKind | None = None
    offset: int = 0
    limit: int = PAGE


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
    opened_by: StaffId
    level: int
    due: datetime | None
    clock: ClockKind | None
    overdue: bool
    department_id: DepartmentId | None
    """The department that leads now."""
    departments: tuple[DepartmentId, ...]
    """Every department that was ever sent an order."""
    urges: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of lines, the most pressing first, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int


def search_txn(session: Session, query: Query, now: datetime) -> Page:
    """The page of tickets that the query asks for, the earliest deadline first."""
    due = _next_due(query)
    conditions = list(_conditions(query))
    if query.overdue_only:
        conditions.append(due.c.due <= now)
    chosen = (
        select(CaseRow)
        .outerjoin(due, due.c.number == CaseRow.number)
        .where(*conditions)
        .order_by(due.c.due.is_(None), due.c.due, CaseRow.opened.desc())
    )
    total = session.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
    rows = session.scalars(chosen.offset(query.offset).limit(query.limit)).all()
    return Page(tuple(_lines(session, rows, query, now)), total)


def line_txn(session: Session, number: TicketNumber, now: datetime) -> Line | None:
    """One ticket as a line."""
    row = session.get(CaseRow, number)
    return next(_lines(session, [row], Query(), now), None) if row else None


def summary_txn(session: Session, number: str, now: datetime) -> TicketSummary | None:
    """The ticket in the words of `cti.kernel.ports`; due when the customer must be answered."""
    row = session.get(CaseRow, number)
    return _summaries(session, [row], now)[0] if row else None


def open_of_customer_txn(
    session: Session, customer_id: CustomerId, now: datetime
) -> list[TicketSummary]:
    """The customer's open tickets, the latest first."""
    rows = session.scalars(
        select(CaseRow)
        .where(CaseRow.customer_id == customer_id, CaseRow.state.in_(_OPEN))
        .order_by(CaseRow.opened.desc())
    ).all()
    return _summaries(session, rows, now)


def overdue_txn(session: Session, now: datetime) -> list[TicketSummary]:
    """Tickets with a missed deadline, the longest missed first; due is the deadline missed."""
    page = search_txn(session, Query(overdue_only=True, limit=10_000), now)
    return [
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
    ]


def _conditions(query: Query) -> Iterable[ColumnElement[bool]]:
    for word in query.text.casefold().split()[:MOST_WORDS]:
        yield CaseRow.haystack.contains(word, autoescape=True)
    if query.open_only:
        yield CaseRow.state.in_(_OPEN)
    if query.opened_by is not None:
        yield CaseRow.opened_by == query.opened_by
    if query.customer_id is not None:
        yield CaseRow.customer_id == query.customer_id
    if query.kind is not None:
        yield CaseRow.kind == query.kind.value
    if query.department_id is not None:
        there = exists().where(
            DispatchRow.number == CaseRow.number,
            DispatchRow.department_id == query.department_id,
        )
        yield there.where(DispatchRow.state.not_in(_FINAL)) if query.open_only else there
    if query.desk:
        yield _waits_for_desk()


def _waits_for_desk() -> ColumnElement[bool]:
    clock = exists().where(
        ClockRow.number == CaseRow.number,
        ClockRow.stopped.is_(None),
        ClockRow.kind.in_([ClockKind.DISPATCH.value, ClockKind.REVIEW.value]),
    )
    asked = exists().where(
        DispatchRow.number == CaseRow.number,
        DispatchRow.state == DispatchState.REFUSAL_ASKED.value,
    )
    return or_(clock, asked, CaseRow.state == CaseState.REPLIED.value)


def _next_due(query: Query) -> Subquery:
    running = select(ClockRow.number, func.min(ClockRow.due).label("due")).where(
        ClockRow.stopped.is_(None)
    )
    if query.department_id is not None:
        running = running.join(
            DispatchRow,
            (DispatchRow.number == ClockRow.number) & (DispatchRow.serial == ClockRow.dispatch),
        ).where(DispatchRow.department_id == query.department_id)
    return running.group_by(ClockRow.number).subquery()


def _lines(
    session: Session, rows: Sequence[CaseRow], query: Query, now: datetime
) -> Iterator[Line]:
    numbers = [row.number for row in rows]
    dispatches = _dispatches(session, numbers)
    clocks = _running(session, numbers)
    for row in rows:
        working = [each for each in dispatches.get(row.number, []) if each.state not in _FINAL]
        own = {each.serial for each in working if each.department_id == query.department_id}
        running = [
            each
            for each in clocks.get(row.number, [])
            if query.department_id is None or each.dispatch in own
        ]
        clock = running[0] if running else None
        lead = next((each for each in working if each.lead), None)
        yield Line(
            number=TicketNumber(row.number),
            kind=TicketKind(row.kind),
            urgency=Urgency(row.urgency),
            title=row.title,
            requester=row.draft["requester"]["name"],
            state=CaseState(row.state),
            version=row.version,
            opened=row.opened,
            opened_by=StaffId(row.opened_by),
            level=row.level,
            due=clock.due if clock else None,
            clock=ClockKind(clock.kind) if clock else None,
            overdue=clock is not None and clock.due <= now,
            department_id=DepartmentId(lead.department_id) if lead else None,
            departments=tuple(
                DepartmentId(each.department_id) for each in dispatches.get(row.number, [])
            ),
            urges=sum(each.urges for each in working),
        )


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


def _decision_due(clocks: Iterable[ClockRow]) -> datetime | None:
    return next((each.due for each in clocks if each.kind == ClockKind.DECISION.value), None)


def _dispatches(session: Session, numbers: Sequence[str]) -> dict[str, list[DispatchRow]]:
    found: dict[str, list[DispatchRow]] = {}
    for row in session.scalars(select(DispatchRow).where(DispatchRow.number.in_(numbers))):
        found.setdefault(row.number, []).append(row)
    return found


def _running(session: Session, numbers: Sequence[str]) -> dict[str, list[ClockRow]]:
    """The running clocks of each ticket, the earliest due first."""
    found: dict[str, list[ClockRow]] = {}
    for row in session.scalars(
        select(ClockRow)
        .where(ClockRow.number.in_(numbers), ClockRow.stopped.is_(None))
        .order_by(ClockRow.due)
    ):
        found.setdefault(row.number, []).append(row)
    return found
