"""From a message to the people it is for, and from what each is to know to what is sent.

A message in the house is spread once: each person it is for, and who can be reached, gets a
notice with the instant from which they may be told. Notices whose instant has come become
e-mails of the outbox, one for all that can be told together. Both steps are transactions, so
nothing is lost between them and nothing told twice. What nobody would hear, since nobody has the
role or the person left, the supervisors hear. Every function runs in the database thread.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.vocabulary import Role
from tickets.clocks.sla import Calendars
from tickets.delivery.model import Outgoing, Purpose
from tickets.delivery.outbox import queue_txn
from tickets.delivery.people import Recipient, for_whom, without_those_meant
from tickets.delivery.quiet import is_pressing, release
from tickets.delivery.schema import NoticeRow
from tickets.messages import message_values
from tickets.model import Audience, MessageKind, TicketKind, Urgency
from tickets.schema import CaseRow, DepartmentRow, MessageRow
from tickets.set_aside import ALL, Choice

PUNCTUAL = timedelta(minutes=1)
"""A notice told within this time of its instant is told as planned, else hours are asked again."""
OF_THE_HOUSE = frozenset(
    {
        MessageKind.WORK,
        MessageKind.UNDELIVERED,
        MessageKind.CALENDAR,
        MessageKind.GUESSING,
        MessageKind.STUCK,
    }
)
"""What is no deadline, and not told to the bank's programs."""
ALARMS = frozenset({MessageKind.WARNING, MessageKind.BREACH, MessageKind.ESCALATION})
"""What the bank's program hears of."""
SUPERVISORS = Audience(Role.SUPERVISOR)
OWN = frozenset({Purpose.ALARM.value, Purpose.DIGEST.value})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody is told; `subject` as in `tickets.model.Message`."""

    at: datetime
    kind: MessageKind
    subject: str
    late: bool = False
    due: datetime | None = None
    number: TicketNumber | None = None
    ticket: TicketKind | None = None
    urgency: Urgency | None = None
    state: str = ""
    """Where the case stands when it is told."""


@dataclass(frozen=True, slots=True)
class Hours:
    """By which hours people are told, and how often."""

    calendars: Calendars
    every: timedelta


Compose = Callable[[Recipient, Sequence[Line], Purpose], Outgoing]
ToProgram = Callable[[Line, Audience], Outgoing]


def spread_txn(
    session: Session,
    people: Sequence[Recipient],
    hours: Hours,
    now: datetime,
    limit: int,
    program: ToProgram | None = None,
    choice: Choice[int] = ALL,
) -> int:
    """Write notices of up to `limit` messages to those they are for; how many messages it were.

    `program` makes what the bank's own program hears of an alarm.
    """
    waiting = (
        select(MessageRow)
        .where(MessageRow.spread.is_(None), choice.of(MessageRow.id))
        .order_by(MessageRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    messages = session.scalars(waiting).all()
    if not messages:
        return 0
    numbers = {each.number for each in messages if each.number}
    cases = {
        row.number: row
        for row in session.scalars(select(CaseRow).where(CaseRow.number.in_(numbers)))
    }
    calendars = _calendars_txn(session, hours.calendars)
    listeners = cache(lambda audience: tuple(for_whom(audience, people)))
    notices, unheard = [], []
    for message in messages:
        case = cases.get(message.number or "")
        line, audience = _line(message, case), _audience(message)
        if program is not None and line.kind not in OF_THE_HOUSE:
            queue_txn(session, program(line, audience), now)
        if people and audience != SUPERVISORS and not _not_meant(listeners(audience), case):
            unheard.append(message)
    for message in (*messages, *_instead_txn(session, unheard, now)):
        case = cases.get(message.number or "")
        line, audience = _line(message, case), _audience(message)
        pressing = is_pressing(line.kind, line.subject, line.ticket, line.urgency)
        for each in _reached(line, listeners(audience), case):
            calendar = calendars.get(each.department_id, hours.calendars.hotline)
            told = now if pressing else release(now, calendar, hours.every)
            notices.append(_notice(each, message, told, pressing=pressing))
        message.spread = now
    if notices:
        session.execute(insert(NoticeRow), notices)
    return len(messages)


def hand_over_txn(
    session: Session,
    people: Sequence[Recipient],
    hours: Hours,
    compose: Compose,
    now: datetime,
    most_people: int,
    choice: Choice[str] = ALL,
) -> int:
    """Queue what up to `most_people` are to know by now; how many people it were.

    What was missed in their working hours, as in a downtime, waits for the next.
    """
    due = (NoticeRow.told.is_(None), NoticeRow.release <= now, choice.of(NoticeRow.staff_id))
    first = func.min(NoticeRow.release)
    whom = session.scalars(
        select(NoticeRow.staff_id)
        .where(*due)
        .group_by(NoticeRow.staff_id)
        .order_by(first, NoticeRow.staff_id)
        .limit(most_people)
    ).all()
    rows = session.execute(
        select(NoticeRow, MessageRow, CaseRow)
        .join(MessageRow, MessageRow.id == NoticeRow.message_id)
        .outerjoin(CaseRow, CaseRow.number == MessageRow.number)
        .where(*due, NoticeRow.staff_id.in_(whom))
        .order_by(NoticeRow.staff_id, MessageRow.id)
        .with_for_update(of=NoticeRow, skip_locked=True)
    ).all()
    known = {each.staff_id: each for each in people}
    calendars = _calendars_txn(session, hours.calendars)
    for staff_id, theirs in groupby(rows, key=lambda row: row[0].staff_id):
        recipient = known.get(StaffId(staff_id))
        notices = [(notice, _line(message, case)) for notice, message, case in theirs]
        if recipient is None or not recipient.email:  # left meanwhile; pages show it to their role
            _mark_txn(session, [notice for notice, _ in notices], None, now)
            continue
        calendar = calendars.get(recipient.department_id, hours.calendars.hotline)
        _tell_txn(session, recipient, notices, calendar, compose, now)
    return len(whom)


def next_release_txn(session: Session, choice: Choice[str] = ALL) -> datetime | None:
    """When the earliest notice may be told; None when none waits."""
    waits = NoticeRow.told.is_(None), choice.of(NoticeRow.staff_id)
    return session.scalar(select(func.min(NoticeRow.release)).where(*waits))


def unspread_txn(session: Session, limit: int, choice: Choice[int]) -> Sequence[int]:
    """Which messages wait to become notices, the oldest first."""
    waiting = select(MessageRow.id).where(MessageRow.spread.is_(None), choice.of(MessageRow.id))
    return session.scalars(waiting.order_by(MessageRow.id).limit(limit)).all()


def to_be_told_txn(
    session: Session, now: datetime, limit: int, choice: Choice[str]
) -> Sequence[str]:
    """Who is to know something by now."""
    due = NoticeRow.told.is_(None), NoticeRow.release <= now, choice.of(NoticeRow.staff_id)
    whom = select(NoticeRow.staff_id).where(*due).group_by(NoticeRow.staff_id)
    return session.scalars(whom.order_by(func.min(NoticeRow.release)).limit(limit)).all()


def _tell_txn(
    session: Session,
    recipient: Recipient,
    notices: Sequence[tuple[NoticeRow, Line]],
    calendar: WorkingCalendar,
    compose: Compose,
    now: datetime,
) -> None:
    together = []
    for notice, line in notices:
        if notice.pressing:
            outgoing = compose(recipient, [line], Purpose.ALARM)
            _mark_txn(session, [notice], queue_txn(session, outgoing, now), now)
        elif now - notice.release > PUNCTUAL and not calendar.is_open(now):
            notice.release = calendar.next_open(now)
        else:
            together.append((notice, line))
    if together:
        outgoing = compose(recipient, [line for _, line in together], Purpose.DIGEST)
        outbox_id = queue_txn(session, outgoing, now)
        _mark_txn(session, [notice for notice, _ in together], outbox_id, now)


def _mark_txn(
    session: Session, notices: Sequence[NoticeRow], outbox_id: int | None, now: datetime
) -> None:
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.id.in_([each.id for each in notices]))
        .values(told=now, outbox_id=outbox_id)
        .execution_options(synchronize_session=False)
    )


def _instead_txn(
    session: Session, unheard: Sequence[MessageRow], now: datetime
) -> Sequence[MessageRow]:
    """The same messages for the supervisors, who find somebody."""
    instead = [
        MessageRow(
            **message_values(
                TicketNumber(each.number) if each.number else None,
                SUPERVISORS,
                MessageKind(each.kind),
                each.subject,
                now,
                late=each.late,
                due=each.due,
            )
        )
        for each in unheard
    ]
    session.add_all(instead)
    session.flush()
    return instead


def _not_meant(recipients: Iterable[Recipient], case: CaseRow | None) -> list[Recipient]:
    draft = case.draft if case else {}
    return without_those_meant(recipients, draft.get("about_staff"), draft.get("about_unit"))


def _reached(line: Line, listeners: Iterable[Recipient], case: CaseRow | None) -> list[Recipient]:
    """Those of its listeners who have an address.

    That a message of ours to somebody did not arrive is shown on pages alone: told by another
    message it might go on for ever.
    """
    if line.kind is MessageKind.UNDELIVERED and line.subject in OWN:
        return []
    return _not_meant((each for each in listeners if each.email), case)


def _calendars_txn(
    session: Session, calendars: Calendars
) -> Mapping[DepartmentId | None, WorkingCalendar]:
    rows = session.execute(select(DepartmentRow.id, DepartmentRow.calendar))
    return {DepartmentId(name): calendars.named(calendar) for name, calendar in rows}


def _notice(
    to: Recipient, message: MessageRow, told: datetime, *, pressing: bool
) -> dict[str, object]:
    return {
        "staff_id": to.staff_id,
        "message_id": message.id,
        "release": told,
        "pressing": pressing,
    }


def _line(message: MessageRow, case: CaseRow | None) -> Line:
    return Line(
        at=message.at,
        kind=MessageKind(message.kind),
        subject=message.subject,
        late=message.late,
        due=message.due,
        number=TicketNumber(message.number) if message.number else None,
        ticket=TicketKind(case.kind) if case else None,
        urgency=Urgency(case.urgency) if case else None,
        state=case.state if case else "",
    )


def _audience(message: MessageRow) -> Audience:
    return Audience(
        Role(message.role),
        DepartmentId(message.department_id) if message.department_id else None,
        StaffId(message.staff_id) if message.staff_id else None,
    )
