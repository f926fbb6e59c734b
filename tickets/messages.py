"""In-house messages: who is told what about a ticket, and what they have read of it.

Every function runs in the database thread.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import Audience, Message, MessageKind
from tickets.schema import CaseRow, MessageRow, ReadingRow
from tickets.workflow import Action

MOST_UNREAD = 99
"""Further than this nobody counts what is unread."""
ANSWERS = frozenset(
    {
        Action.CONTACT.value,
        Action.FOLLOW_UP.value,
        Action.REOPEN.value,
        Action.RETURN.value,
        Action.SIGN_RESULT.value,
        Action.ASK_REFUSAL.value,
        Action.SIGN_REFUSAL.value,
        Action.ANSWER_URGE.value,
        Action.UNDELIVERED.value,
    }
)
"""Acts by which something comes in from a customer or a department."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What somebody has not looked at, each at most one more than `MOST_UNREAD`."""

    answers: int
    """From customers and departments."""
    notices: int
    """All they were told."""


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
    session: Session,
    to: Audience,
    kind: MessageKind,
    subject: str,
    at: datetime,
    every: timedelta,
    number: TicketNumber | None = None,
) -> bool:
    """Write such a message about that ticket or none, unless there is one no older than `every`."""
    told = exists().where(
        MessageRow.number == number,
        MessageRow.kind == kind.value,
        MessageRow.subject == subject,
        MessageRow.at > at - every,
    )
    if session.scalar(select(told)):
        return False
    add_message_txn(session, number, to, kind, subject, at)
    return True


def unread_txn(session: Session, by: Principal, limit: int) -> list[Message]:
    """Messages for this person that they have not read, the newest first."""
    rows = session.execute(
        select(MessageRow, CaseRow.title)
        .outerjoin(CaseRow, CaseRow.number == MessageRow.number)
        .where(_for(by), ~_read_by(by.staff_id), not_about(by))
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


def unread_count_txn(session: Session, by: Principal) -> Unread:
    """How much they have not read, of it how much is from customers and departments."""
    return Unread(_count(session, by, *_ANSWERING), _count(session, by))


def looked_txn(session: Session, by: Principal, number: str) -> bool:
    """They look at the ticket: what came in there is read; whether any of it was not."""
    ids = session.scalars(_unread(by, MessageRow.number == number, *_ANSWERING)).all()
    if ids:
        read_txn(session, by, ids)
    return bool(ids)


def told_since_txn(session: Session, last: int | None) -> tuple[int, list[Audience]]:
    """The latest message's id, and whom those after `last` are for; nobody where it is None."""
    newest = session.scalar(select(func.max(MessageRow.id))) or 0
    if last is None or newest <= last:
        return newest, []
    rows = session.execute(
        select(MessageRow.role, MessageRow.department_id, MessageRow.staff_id)
        .where(MessageRow.id > last, MessageRow.id <= newest)
        .distinct()
    )
    return newest, [
        Audience(
            Role(role),
            DepartmentId(department) if department else None,
            StaffId(staff) if staff else None,
        )
        for role, department, staff in rows
    ]


def hears(by: Principal, to: Audience) -> bool:
    """Whether a message for that audience is for this person too."""
    if to.staff_id is not None:
        return to.staff_id == by.staff_id
    return to.role in by.roles and to.department_id in (None, by.department_id)


def read_txn(session: Session, by: Principal, message_ids: Collection[int]) -> None:
    """Mark those of the messages that are this person's as read."""
    unread = session.scalars(
        select(MessageRow.id).where(
            _for(by), ~_read_by(by.staff_id), MessageRow.id.in_(message_ids)
        )
    ).all()
    with suppress(IntegrityError), session.begin_nested():  # marked twice at the same time
        session.add_all(ReadingRow(staff_id=by.staff_id, message_id=each) for each in unread)


def _meant_for(staff_id: Any, roles: Any, department_id: Any) -> ColumnElement[bool]:
    """Whether a message is for that person; values, or parameters that stand for them."""
    to_role = and_(
        MessageRow.staff_id.is_(None),
        MessageRow.role.in_(roles),
        or_(MessageRow.department_id.is_(None), MessageRow.department_id == department_id),
    )
    return or_(MessageRow.staff_id == staff_id, to_role)


def _read_by(staff_id: Any) -> ColumnElement[bool]:
    return exists().where(ReadingRow.message_id == MessageRow.id, ReadingRow.staff_id == staff_id)


_ANSWERING = (MessageRow.kind == MessageKind.WORK.value, MessageRow.subject.in_(ANSWERS))
NEWS = exists().where(
    MessageRow.number == bindparam("number"),
    *_ANSWERING,
    _meant_for(
        bindparam("reader"),
        bindparam("reader_roles", expanding=True),
        bindparam("reader_department"),
    ),
    ~_read_by(bindparam("reader")),
)
"""Whether `looked_txn` would find something, composed once; `reader_values` names the reader."""


def reader_values(by: Principal) -> dict[str, object]:
    """Who reads, for `NEWS`."""
    roles = [role.value for role in by.roles]
    return {
        "reader": by.staff_id,
        "reader_roles": roles,
        "reader_department": by.department_id,
    }


def _unread(by: Principal, *which: ColumnElement[bool]) -> Select[int]:
    return (
        select(MessageRow.id)
        .outerjoin(CaseRow, CaseRow.number == MessageRow.number)
        .where(_for(by), ~_read_by(by.staff_id), not_about(by), *which)
    )


def _count(session: Session, by: Principal, *which: ColumnElement[bool]) -> int:
    first = _unread(by, *which).limit(MOST_UNREAD + 1).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def not_about(by: Principal) -> ColumnElement[bool]:
    """Neither the person nor their unit hears of a complaint about them (`visibility`)."""
    staff, unit = (CaseRow.draft[name].as_string() for name in ("about_staff", "about_unit"))
    meant = staff == by.staff_id
    if by.unit is not None:
        meant = or_(meant, unit == by.unit)
    return ~func.coalesce(meant, false())


def _for(by: Principal) -> ColumnElement[bool]:
    return _meant_for(by.staff_id, [role.value for role in by.roles], by.department_id)
