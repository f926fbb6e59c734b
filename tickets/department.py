"""What lies with a department: its orders by what they wait for, the most pressing first.

Everything here runs in the database thread.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.model import FINAL, CaseState, DispatchState, TicketKind, Urgency
from tickets.schema import CaseRow, ClockRow, DispatchRow

MOST = 200
"""Orders of one state that are shown."""
TO_ACCEPT = (DispatchState.SENT, DispatchState.REWORK)
TO_SIGN = (DispatchState.RESULT_WRITTEN, DispatchState.REFUSAL_WRITTEN)
TO_DO = (DispatchState.ACCEPTED, DispatchState.SUSPENDED)
_OVER = [CaseState.WITHDRAWN.value, CaseState.MERGED.value, CaseState.VOID.value]


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
    return tuple(
        _waiting(order, case, until)
        for order, case, until in rows
        if case.draft.get("about_unit") != department_id and case.draft.get("about_staff") != reader
    )


def _waiting(order: DispatchRow, case: CaseRow, due: datetime | None) -> Waiting:
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
    )
