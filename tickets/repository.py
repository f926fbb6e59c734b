"""Tickets in the database: what is written, and loaded to be changed.

Everything here runs in the database thread, inside the caller's transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import BindParameter, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from cti.database import rows_txn
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, DepartmentId, StaffId, TicketNumber
from tickets.clocks.rows import clocks_txn, save_clocks_txn
from tickets.clocks.sla import Alarm, Clock
from tickets.errors import Stale
from tickets.model import (
    CallLink,
    Case,
    CaseState,
    Department,
    HistoryEntry,
    Receipt,
)
from tickets.rare import ALL, Rare
from tickets.replay import handlers_in
from tickets.rows import (
    case_from,
    changing_values,
    dispatch_from,
    dispatch_row,
    draft_values,
)
from tickets.schema import (
    AlarmRow,
    CallRow,
    CaseRow,
    DepartmentRow,
    DispatchRow,
    HistoryRow,
    RequestRow,
    SerialRow,
)
from tickets.search.facets import said_in
from tickets.search.index import index_case_txn, reindex_txn

_NUMBER: BindParameter[str] = bindparam("number")
_CASE = select(CaseRow.__table__).where(CaseRow.number == _NUMBER)
_CASE_TO_CHANGE = _CASE.with_for_update()
_DISPATCHES = (
    select(DispatchRow.__table__).where(DispatchRow.number == _NUMBER).order_by(DispatchRow.serial)
)
_HISTORY = select(HistoryRow.__table__).where(HistoryRow.number == _NUMBER).order_by(HistoryRow.id)
_HISTORY_AFTER = _HISTORY.where(HistoryRow.version > bindparam("after"))
_CALLS = select(CallRow.__table__).where(CallRow.number == _NUMBER).order_by(CallRow.at)
_MERGED = select(CaseRow.number).where(CaseRow.merged_into == _NUMBER).order_by(CaseRow.opened)
_DEPARTMENTS = select(DepartmentRow.__table__).order_by(DepartmentRow.id)


@dataclass(frozen=True, slots=True)
class Stored:
    """A case with its clocks, as they are kept."""

    case: Case
    clocks: tuple[Clock, ...]


def save_department_txn(session: Session, department: Department) -> None:
    """Add the department, or change the one of that id."""
    session.merge(
        DepartmentRow(
            id=department.department_id,
            name_zh=department.name_zh,
            name_en=department.name_en,
            calendar=department.calendar,
        )
    )


def departments_txn(session: Session) -> dict[DepartmentId, Department]:
    """Every department by its id."""
    return {
        DepartmentId(row.id): Department(
            DepartmentId(row.id), row.name_zh, row.name_en, row.calendar
        )
        for row in rows_txn(session, _DEPARTMENTS)
    }


def next_serial_txn(session: Session, day: date) -> int:
    """The next serial of that day; whoever asks at the same time waits for this transaction."""
    grown = update(SerialRow).where(SerialRow.day == day).values(last=SerialRow.last + 1)
    last: int | None = session.scalar(grown.returning(SerialRow.last))
    if last is not None:
        return last
    try:
        with session.begin_nested():
            session.add(SerialRow(day=day, last=1))
    except IntegrityError:  # another transaction began the day
        return session.execute(grown.returning(SerialRow.last)).scalar_one()
    return 1


def add_case_txn(session: Session, stored: Stored) -> None:
    """Write a new case with its clocks and the call it came from."""
    case = stored.case
    session.add(
        CaseRow(
            number=case.number,
            opened=case.opened,
            opened_by=case.opened_by,
            **draft_values(case),
            **changing_values(case),
        )
    )
    session.flush()
    save_clocks_txn(session, case.number, (), stored.clocks)
    index_case_txn(session, case, stored.clocks)
    if case.draft.call_id is not None:
        session.add(CallRow(number=case.number, call_id=case.draft.call_id, at=case.opened))


def load_case_txn(
    session: Session, number: str, *, lock: bool = False, rare: Collection[Rare] = ALL
) -> Stored | None:
    """The case and its clocks; with `lock`, nobody else changes it until the commit.

    `rare`: what there is beside it, where somebody asked before.
    """
    found = rows_txn(session, _CASE_TO_CHANGE if lock else _CASE, number=number)
    if not found:
        return None
    [row] = found
    dispatches = rows_txn(session, _DISPATCHES, number=number)
    case = case_from(row, tuple(dispatch_from(each) for each in dispatches))
    if row.handlers is None:
        case = replace(case, handlers=handlers_in(history_txn(session, number)))
    return Stored(case, clocks_txn(session, number, rare))


def save_case_txn(session: Session, before: Stored, after: Stored) -> None:
    """Write what an act changed; `Stale` if somebody else was quicker."""
    number = after.case.number
    values = changing_values(after.case)
    if after.case.draft != before.case.draft:
        values |= draft_values(after.case)
    changed = session.execute(
        update(CaseRow)
        .where(CaseRow.number == number, CaseRow.version == before.case.version)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise Stale(number)
    for dispatch in after.case.dispatches:
        if dispatch not in before.case.dispatches:
            session.merge(dispatch_row(number, dispatch))
    save_clocks_txn(session, number, before.clocks, after.clocks)
    index_case_txn(session, after.case, after.clocks)


def refresh_index_txn(session: Session, number: str) -> None:
    """Let the ticket be found as it is, after a change that was not made by `save_case_txn`."""
    session.flush()
    stored = load_case_txn(session, number)
    if stored is not None:
        index_case_txn(session, stored.case, stored.clocks)


def plan_alarms_txn(
    session: Session,
    number: TicketNumber,
    clock_serial: int,
    alarms: Iterable[Alarm],
    at: datetime,
    *,
    moved: bool = False,
) -> None:
    """Let a clock's waiting alarms be these; those that fired do not come again.

    Where the deadline moved so that one lies ahead once more, it warns of the new deadline. With
    `moved` a change of the calendar did, and those whose instant is over by that are marked.
    """
    mine = (AlarmRow.number == number, AlarmRow.clock == clock_serial)
    session.execute(delete(AlarmRow).where(*mine, AlarmRow.fired.is_(None)))
    done = select(AlarmRow.kind, AlarmRow.level, AlarmRow.due).where(*mine).order_by(AlarmRow.due)
    fired = {(kind, level): due for kind, level, due in session.execute(done)}

    def ahead(alarm: Alarm) -> bool:
        last = fired.get((alarm.kind.value, alarm.level))
        return last is None or alarm.due > max(last, at)

    session.add_all(
        AlarmRow(
            number=number,
            clock=clock_serial,
            kind=alarm.kind.value,
            level=alarm.level,
            due=alarm.due,
            to_role=alarm.to.value,
            moved=moved and alarm.due <= at,
        )
        for alarm in alarms
        if ahead(alarm)
    )


def add_history_txn(session: Session, number: TicketNumber, entry: HistoryEntry) -> None:
    """Write one line of history."""
    session.add(
        HistoryRow(
            number=number,
            at=entry.at,
            by=entry.by,
            by_name=entry.by_name,
            action=entry.action,
            previous=entry.previous,
            state=entry.state,
            dispatch=entry.dispatch,
            fields=dict(entry.fields),
            version=entry.version,
            request_id=entry.request_id,
            order_state=entry.order_state,
        )
    )
    reindex_txn(session, number, [said_in(entry.fields)])


def numbers_without_txn(
    session: Session, kept: InstrumentedAttribute[str], limit: int
) -> Sequence[str]:
    """The tickets, the oldest first, that have no row in the table of the numbers `kept`."""
    missing = (
        select(CaseRow.number)
        .outerjoin(kept.class_, kept == CaseRow.number)
        .where(kept.is_(None))
        .order_by(CaseRow.opened, CaseRow.number)
        .limit(limit)
    )
    return session.scalars(missing).all()


def history_txn(session: Session, number: str, after: int = 0) -> tuple[HistoryEntry, ...]:
    """The ticket's history, oldest first; with `after`, the acts since that version."""
    if after:
        rows = rows_txn(session, _HISTORY_AFTER, number=number, after=after)
    else:
        rows = rows_txn(session, _HISTORY, number=number)
    return tuple(
        HistoryEntry(
            at=row.at,
            by=StaffId(row.by),
            by_name=row.by_name,
            action=row.action,
            previous=row.previous,
            state=row.state,
            dispatch=row.dispatch,
            fields=row.fields,
            version=row.version,
            request_id=row.request_id,
            order_state=row.order_state,
        )
        for row in rows
    )


def attach_call_txn(session: Session, number: TicketNumber, call_id: CallId, at: datetime) -> None:
    """Let the call belong to the ticket; a second time changes nothing."""
    if session.get(CallRow, (number, call_id)) is None:
        session.add(CallRow(number=number, call_id=call_id, at=at))


def detach_call_txn(session: Session, number: TicketNumber, call_id: CallId) -> bool:
    """Take the call, and so its recording, off the ticket; False where it did not belong there."""
    row = session.get(CallRow, (number, call_id))
    if row is not None:
        session.delete(row)
    return row is not None


def merged_txn(session: Session, number: str) -> tuple[TicketNumber, ...]:
    """The tickets that were merged into this one, the oldest first."""
    found = rows_txn(session, _MERGED, number=number)
    return tuple(TicketNumber(row.number) for row in found)


def calls_txn(session: Session, number: str) -> tuple[CallLink, ...]:
    """The ticket's calls, oldest first."""
    rows = rows_txn(session, _CALLS, number=number)
    return tuple(CallLink(CallId(row.call_id), row.at) for row in rows)


def receipt_txn(
    session: Session, request_id: str, action: str, by: StaffId, number: str | None = None
) -> Receipt | None:
    """What the request was answered, if it was; Refused when it asked something else then.

    `number` is the ticket acted on; None for a registration.
    """
    row = session.get(RequestRow, request_id, populate_existing=True)
    if row is None:
        return None
    if (row.action, row.by) != (action, by) or number not in (None, row.number):
        raise Refused("ticket.request_reused")
    return Receipt(TicketNumber(row.number), row.version, CaseState(row.state))


def remember_txn(
    session: Session, request_id: str, action: str, by: StaffId, receipt: Receipt
) -> None:
    """Keep the answer to a request."""
    session.add(
        RequestRow(
            request_id=request_id,
            number=receipt.number,
            action=action,
            by=by,
            version=receipt.version,
            state=receipt.state.value,
        )
    )
