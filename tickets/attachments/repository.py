"""Files of tickets in the database. Everything here runs in the database thread."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from tickets.attachments.model import Attached, Attachment, Way
from tickets.attachments.schema import AttachmentRow
from tickets.mail.schema import MailFileRow

_OF_TICKET = (
    select(AttachmentRow.__table__)
    .where(AttachmentRow.number == bindparam("number"))
    .order_by(AttachmentRow.id)
)


def attach_txn(
    session: Session, number: str, attachment: Attachment, way: Way, by: Principal, at: datetime
) -> int:
    """Let the kept file belong to the ticket; its id. The same file again is the same one."""
    known = session.scalar(
        select(AttachmentRow.id).where(
            AttachmentRow.number == number,
            AttachmentRow.digest == attachment.digest,
            AttachmentRow.name == attachment.name,
        )
    )
    if known is not None:
        return known
    row = AttachmentRow(
        number=number,
        digest=attachment.digest,
        name=attachment.name,
        media_type=attachment.media_type,
        size=attachment.size,
        way=way.value,
        at=at,
        by=by.staff_id,
        by_name=by.name,
    )
    session.add(row)
    session.flush()
    return row.id


def attachments_txn(session: Session, number: str) -> tuple[Attached, ...]:
    """The ticket's files, oldest first."""
    return tuple(_attached(row) for row in rows_txn(session, _OF_TICKET, number=number))


def unattached_txn(session: Session, digests: Sequence[str]) -> tuple[str, ...]:
    """Those of the digests whose file belongs to no ticket, nor came with a letter."""
    held = set[str]()
    for column in (AttachmentRow.digest, MailFileRow.digest):
        held |= set(session.scalars(select(column).where(column.in_(digests))))
    return tuple(each for each in digests if each not in held)


def attachment_txn(session: Session, number: str, attachment_id: int) -> Attached:
    """One file of the ticket; Refused (``ticket.file_gone``) when it is no file of it."""
    row = session.get(AttachmentRow, attachment_id)
    if row is None or row.number != number:
        raise Refused("ticket.file_gone")
    return _attached(row)


def _attached(row: Any) -> Attached:
    return Attached(
        row.id,
        Attachment(row.digest, row.name, row.media_type, row.size),
        Way(row.way),
        row.at,
        StaffId(row.by),
        row.by_name,
    )
