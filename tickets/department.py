"""What lies with a department: its orders by what they wait for, the most pressing first.

Everything here runs in the database thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.model import FINAL, CaseState, DispatchState, TicketKind, Urgency
from tickets.schema import CaseRow, ClockRow, DispatchRow, HistoryRow
from tickets.workflow import Action

MOST = 200
"""Orders of one state that are shown."""
TO_ACCEPT = (DispatchState.SENT, DispatchState.REWORK)
TO_SIGN = (DispatchState.RESULT_WRITTEN, DispatchState.REFUSAL_WRITTEN)
TO_DO = (DispatchState.ACCEPTED, DispatchState.SUSPENDED)
_OVER = [CaseState.WITHDRAWN.value, CaseState.MERGED.value, CaseState.VOID.value]

_WRITES = (Action.RETURN.value, Action.ASK_REFUSAL.value)


@dataclass(frozen=True, slots=True)
class Written:
    """What an officer wrote and their head is to sign: the fields of the act."""

    by_name: str
    at: datetime
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order of the department as a line."""

    number: TicketNumber
    serial: int
    version: int
    kind: TicketKind
    urgency: Urgency
    title: str
    lead: bool
    state: DispatchState
    urges: int
    urge_open: bool
    due: datetime | None
    """When the department's next clock is due."""
    written: Written | None
    """What waits for a signature; None where nothing does."""


def waiting_txn(
    session: Session, department_id: DepartmentId, reader: StaffId
) -> tuple[Waiting, ...]:
    """The department's orders that are not final, the earliest deadline first.

    A complaint about the reader, or one of the department's own people, is not among them.
    """
    due = (
        select(ClockRow.number, ClockRow.dispatch, func.min(ClockRow.due).label("due"))
        .where(ClockRow.stopped.is_(None), ClockRow.dispatch.is_not(None))
        .group_by(ClockRow.number, ClockRow.dispatch)
        .subquery()
    )
    rows = session.execute(
        select(DispatchRow, CaseRow, due.c.due)
        .join(CaseRow, CaseRow.number == DispatchRow.number)
        .outerjoin(
            due, (due.c.number == DispatchRow.number) & (due.c.dispatch == DispatchRow.serial)
        )
        .where(
            DispatchRow.department_id == department_id,
            DispatchRow.state.not_in([state.value for state in FINAL]),
            CaseRow.state.not_in(_OVER),
        )
        .order_by(due.c.due.is_(None), due.c.due, DispatchRow.number)
        .limit(MOST)
    )
    lying = [
        (order, case, until)
        for order, case, until in rows
        if case.draft.get("about_unit") != department_id and case.draft.get("about_staff") != reader
    ]
    written = _written_txn(session, [order for order, _, _ in lying])
    return tuple(
        _waiting(order, case, until, written.get((order.number, order.serial)))
        for order, case, until in lying
    )


def _written_txn(
    session: Session, orders: Sequence[DispatchRow]
) -> Mapping[tuple[str, int | None], Written]:
    """What was written last on each of the orders that wait for a signature."""
    signing = {each.number for each in orders if DispatchState(each.state) in TO_SIGN}
    rows = session.scalars(
        select(HistoryRow)
        .where(HistoryRow.number.in_(signing), HistoryRow.action.in_(_WRITES))
        .order_by(HistoryRow.id)
    )
    return {(row.number, row.dispatch): Written(row.by_name, row.at, row.fields) for row in rows}


def _waiting(
    order: DispatchRow, case: CaseRow, due: datetime | None, written: Written | None
) -> Waiting:
    return Waiting(
        number=TicketNumber(case.number),
        serial=order.serial,
        version=case.version,
        kind=TicketKind(case.kind),
        urgency=Urgency(case.urgency),
        title=case.title,
        lead=order.lead,
        state=DispatchState(order.state),
        urges=order.urges,
        urge_open=order.urge_open,
        due=due,
        written=written if DispatchState(order.state) in TO_SIGN else None,
    )
