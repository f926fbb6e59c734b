"""In-house messages: who is told what about a ticket, and what they have read of it.

Every function runs in the database thread.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tickets.model import Audience, Message, MessageKind
from tickets.schema import CaseRow, MessageRow, ReadingRow


def add_message_txn(
    session: Session,
    number: TicketNumber | None,
    to: Audience,
    kind: MessageKind,
    subject: str,
    at: datetime,
) -> None:
    """Write a message to a role, a department's role, or one person."""
    session.add(MessageRow(**message_values(number, to, kind, subject, at)))


def message_values(
    number: TicketNumber | None,
    to: Audience,
    kind: MessageKind,
    subject: str,
    at: datetime,
    *,
    late: bool = False,
    due: datetime | None = None,
) -> dict[str, Any]:
    """The columns of a message, for those who write many; `due` is the deadline it is about."""
    return {
        "number": number,
        "at": at,
        "kind": kind.value,
        "subject": subject,
        "late": late,
        "role": to.role.value,
        "department_id": to.department_id,
        "staff_id": to.staff_id,
        "due": due,
    }


def remind_txn(
    session: Session, to: Audience, kind: MessageKind, subject: str, at: datetime, every: timedelta
) -> bool:
    """Write such a message about no ticket, unless there is one no older than `every`."""
    told = exists().where(
        MessageRow.kind == kind.value, MessageRow.subject == subject, MessageRow.at > at - every
    )
    if session.scalar(select(told)):
        return False
    add_message_txn(session, None, to, kind, subject, at)
    return True


def unread_txn(session: Session, by: Principal, limit: int) -> list[Message]:
    """Messages for this person that they have not read, the newest first."""
    read = exists().where(
        ReadingRow.message_id == MessageRow.id, ReadingRow.staff_id == by.staff_id
    )
    rows = session.execute(
        select(MessageRow, CaseRow.title)
        .outerjoin(CaseRow, CaseRow.number == MessageRow.number)
        .where(_for(by), ~read, _not_about(by))
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    return [
        Message(
            message_id=row.id,
            at=row.at,
            kind=MessageKind(row.kind),
            subject=row.subject,
            number=TicketNumber(row.number) if row.number else None,
            title=title or "",
            late=row.late,
        )
        for row, title in rows
    ]


def read_txn(session: Session, by: Principal, message_ids: Collection[int]) -> None:
    """Mark those of the messages that are this person's as read."""
    read = exists().where(
        ReadingRow.message_id == MessageRow.id, ReadingRow.staff_id == by.staff_id
    )
    unread = session.scalars(
        select(MessageRow.id).where(_for(by), ~read, MessageRow.id.in_(message_ids))
    ).all()
    with suppress(IntegrityError), session.begin_nested():  # marked twice at the same time
        session.add_all(ReadingRow(staff_id=by.staff_id, message_id=each) for each in unread)


def _not_about(by: Principal) -> ColumnElement[bool]:
    """Neither the person nor their unit hears of a complaint about them (`visibility`)."""
    staff, unit = (CaseRow.draft[name].as_string() for name in ("about_staff", "about_unit"))
    meant = staff == by.staff_id
    if by.department_id is not None:
        meant = or_(meant, unit == by.department_id)
    return ~func.coalesce(meant, false())


def _for(by: Principal) -> ColumnElement[bool]:
    roles = [role.value for role in by.roles]
    to_role = and_(
        MessageRow.staff_id.is_(None),
        MessageRow.role.in_(roles),
        or_(MessageRow.department_id.is_(None), MessageRow.department_id == by.department_id),
    )
    return or_(MessageRow.staff_id == by.staff_id, to_role)
