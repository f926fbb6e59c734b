"""Stored alarms in the database: claimed once, written down, told, all in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.vocabulary import Role
from tickets.calendar.book import Pin
from tickets.calendar.repository import version_txn
from tickets.clocks.sla import AlarmKind
from tickets.events import DeadlineBreached, DeadlineWarned, TicketEscalated, TicketEvent
from tickets.guards import LEVEL_OF
from tickets.messages import message_values
from tickets.model import FINAL, NOBODY, Audience, DispatchState, MessageKind
from tickets.repository import refresh_index_txn
from tickets.schema import AlarmRow, CaseRow, ClockRow, DispatchRow, HistoryRow, MessageRow
from tickets.set_aside import ALL, Choice
from tickets.tasks import plan_task_txn
from tickets.workflow import DEPARTMENT, Action, ClockKind

SYSTEM = StaffId("system")
LATE_AFTER = timedelta(minutes=1)
"""An alarm that fires this long after its instant is marked late."""
WHILE_MOVING = 20
"""Alarms fired in one transaction whose tickets are reckoned anew in it."""

MESSAGE_OF = {
    AlarmKind.WARNING: MessageKind.WARNING,
    AlarmKind.BREACH: MessageKind.BREACH,
    AlarmKind.ESCALATION: MessageKind.ESCALATION,
}


@dataclass(frozen=True, slots=True)
class Fired:
    """An alarm that went off now; `clock_due` is the deadline it is about.

    The `level` of an escalation is that of the ticket from then on (`guards.ESCALATED_TO`).
    """

    number: TicketNumber
    kind: AlarmKind
    level: int
    clock: ClockKind
    clock_due: datetime
    due: datetime
    to: Role
    late: bool
    moved: bool = False
    """Whether it was over when a change of the calendar put it there: nobody fired it too late."""


def fire_due_txn(
    session: Session,
    now: datetime,
    limit: int,
    gone: Collection[StaffId] = (),
    choice: Choice[int] = ALL,
    pin: Pin | None = None,
) -> list[Fired]:
    """Fire up to `limit` alarms whose instant has come, oldest first, each exactly once.

    The cases are locked before their alarms, as an act locks them. A case that somebody acts on,
    or whose alarms another process fires, is left to the next look: nobody waits for anybody.
    `gone` are those who work here no more. While a change of the calendar still moves deadlines,
    `pin` moves those of the tickets that are due first, a few at once, and what is due then fires.
    """
    if pin is not None and version_txn(session)[1]:
        limit = min(limit, WHILE_MOVING)
        concerned = dict.fromkeys(number for _, number in due_txn(session, now, limit, choice))
        pin(session, tuple(concerned), now)
    waiting = (
        select(AlarmRow.id, CaseRow)
        .join(CaseRow, CaseRow.number == AlarmRow.number)
        .where(*_waits(choice), AlarmRow.due <= now)
        .order_by(AlarmRow.due, AlarmRow.id)
        .limit(limit)
        .with_for_update(of=CaseRow, skip_locked=True)
    )
    found = session.execute(waiting).all()
    if not found:
        return []
    cases = {case.number: case for _, case in found}
    mine = [alarm_id for alarm_id, _ in found]
    claimed = update(AlarmRow).where(AlarmRow.id.in_(mine), AlarmRow.fired.is_(None))
    claimed_ids = session.scalars(claimed.values(fired=now).returning(AlarmRow.id)).all()
    details = session.execute(
        select(AlarmRow, ClockRow, DispatchRow)
        .join(ClockRow, (ClockRow.number == AlarmRow.number) & (ClockRow.serial == AlarmRow.clock))
        .outerjoin(
            DispatchRow,
            (DispatchRow.number == ClockRow.number) & (DispatchRow.serial == ClockRow.dispatch),
        )
        .where(AlarmRow.id.in_(claimed_ids))
        .order_by(AlarmRow.due, AlarmRow.id)
    )
    fired, lines, messages = [], [], []
    for alarm, clock, dispatch in details:
        case = cases[alarm.number]
        audience = _audience_txn(session, Role(alarm.to_role), clock, dispatch, case, gone)
        each = _fired(alarm, clock, audience.role, now)
        if each.kind is AlarmKind.ESCALATION:
            case.level = max(case.level, each.level)
            refresh_index_txn(session, each.number)
        fired.append(each)
        lines.append(_line(each, alarm, clock, case, now))
        messages.append(_message(each, audience, now))
        if dispatch is not None and _not_accepted(each, dispatch):
            plan_task_txn(session, each.number, dispatch.serial, Action.AUTO_ACCEPT, now)
    if fired:
        session.execute(insert(HistoryRow), lines)
        session.execute(insert(MessageRow), messages)
    return fired


def due_txn(
    session: Session, now: datetime, limit: int, choice: Choice[int] = ALL
) -> list[tuple[int, TicketNumber]]:
    """Which alarms are due, oldest first, and of which tickets."""
    rows = session.execute(
        select(AlarmRow.id, AlarmRow.number)
        .where(*_waits(choice), AlarmRow.due <= now)
        .order_by(AlarmRow.due, AlarmRow.id)
        .limit(limit)
    )
    return [(alarm_id, TicketNumber(number)) for alarm_id, number in rows]


def next_due_txn(session: Session, choice: Choice[int] = ALL) -> datetime | None:
    """When the earliest waiting alarm is due; None when there is none."""
    return session.scalar(select(func.min(AlarmRow.due)).where(*_waits(choice)))


def _waits(choice: Choice[int]) -> tuple[ColumnElement[bool], ...]:
    return AlarmRow.fired.is_(None), choice.of(AlarmRow.id)


def event_of(fired: Fired, at: datetime) -> TicketEvent:
    """What the house hears of an alarm."""
    match fired.kind:
        case AlarmKind.WARNING:
            return DeadlineWarned(
                at=at, number=fired.number, clock=fired.clock.value, due=fired.clock_due
            )
        case AlarmKind.BREACH:
            return DeadlineBreached(
                at=at,
                number=fired.number,
                clock=fired.clock.value,
                due=fired.clock_due,
                late=fired.late,
                moved=fired.moved,
            )
        case AlarmKind.ESCALATION:
            return TicketEscalated(
                at=at, number=fired.number, level=fired.level, to_role=fired.to.value
            )


def _not_accepted(fired: Fired, dispatch: DispatchRow) -> bool:
    """Whether the department let the time for accepting the order pass."""
    missed = (fired.kind, fired.clock) == (AlarmKind.BREACH, ClockKind.ACCEPT)
    return missed and dispatch.state == DispatchState.SENT.value


def _fired(alarm: AlarmRow, clock: ClockRow, to: Role, now: datetime) -> Fired:
    return Fired(
        number=TicketNumber(alarm.number),
        kind=AlarmKind(alarm.kind),
        level=_level(alarm),
        clock=ClockKind(clock.kind),
        clock_due=clock.due,
        due=alarm.due,
        to=to,
        late=now - alarm.due > LATE_AFTER and not alarm.moved,
        moved=alarm.moved,
    )


def _level(alarm: AlarmRow) -> int:
    """How far up an escalation brings the ticket; of warnings, the how manieth it is."""
    if alarm.kind != AlarmKind.ESCALATION.value:
        return alarm.level
    return LEVEL_OF.get(Role(alarm.to_role), 0)


def _line(
    fired: Fired, alarm: AlarmRow, clock: ClockRow, case: CaseRow, now: datetime
) -> dict[str, Any]:
    """The columns of a line of history. Nothing of it is looked for, so no index knows it."""
    fields = {
        "clock": clock.kind,
        "due": clock.due.isoformat(),
        "to": fired.to.value,
        "level": str(fired.level),
    }
    return {
        "number": fired.number,
        "at": now,
        "by": SYSTEM,
        "by_name": "",
        "action": alarm.kind,
        "previous": case.state,
        "state": case.state,
        "dispatch": clock.dispatch,
        "fields": fields | {name: "yes" for name in ("late", "moved") if getattr(fired, name)},
    }


def _message(fired: Fired, audience: Audience, now: datetime) -> dict[str, Any]:
    kind, subject = MESSAGE_OF[fired.kind], fired.clock.value
    return message_values(
        fired.number, audience, kind, subject, now, late=fired.late, due=fired.clock_due
    )


def _audience_txn(
    session: Session,
    to: Role,
    clock: ClockRow,
    dispatch: DispatchRow | None,
    case: CaseRow,
    gone: Collection[StaffId],
) -> Audience:
    """Who of that role hears of it; the dispatchers where it would be nobody, or too many.

    Of departments' people those that the order lies with, or that lead; of agents whoever opened
    the ticket, unless they are no person, are gone, or may not ask the customer whether it helped.
    """
    if to in DEPARTMENT:
        department_id = dispatch.department_id if dispatch else _leading_txn(session, case.number)
        if department_id is not None:
            return Audience(to, department_id=DepartmentId(department_id))
        return Audience(Role.DISPATCHER)
    if to is not Role.AGENT:
        return Audience(to)
    handled = clock.kind == ClockKind.CALL_BACK.value and case.opened_by in (case.handlers or ())
    if handled or case.opened_by in NOBODY or case.opened_by in gone:
        return Audience(Role.DISPATCHER)
    return Audience(to, staff_id=StaffId(case.opened_by))


def _leading_txn(session: Session, number: str) -> str | None:
    """The department that leads now."""
    final = [state.value for state in FINAL]
    return session.scalar(
        select(DispatchRow.department_id)
        .where(DispatchRow.number == number, DispatchRow.lead, DispatchRow.state.not_in(final))
        .limit(1)
    )
