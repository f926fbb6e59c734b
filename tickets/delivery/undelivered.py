"""What never arrived: told to the dispatchers in the same transaction, and listed for them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.delivery.model import Channel, End, Purpose
from tickets.delivery.repository import Claimed, given_up_txn
from tickets.delivery.schema import OutboxRow
from tickets.messages import add_message_txn, not_about
from tickets.model import Audience, MessageKind
from tickets.schema import CaseRow


@dataclass(frozen=True, slots=True)
class Failing:
    """A message that was given up, or that waits after a failed attempt."""

    outbox_id: int
    channel: Channel
    to: str
    purpose: Purpose
    number: TicketNumber | None
    queued: datetime
    attempts: int
    why: str
    next_attempt: datetime | None
    """None once it is given up."""


def give_up_txn(
    session: Session, claimed: Claimed, why: str, now: datetime, *, awaited: bool
) -> bool:
    """Make no further attempt and tell the dispatchers; False when it is not ours any more."""
    if not given_up_txn(session, claimed, why, now, awaited=awaited):
        return False
    outgoing = claimed.outgoing
    add_message_txn(
        session,
        outgoing.number,
        Audience(Role.DISPATCHER),
        MessageKind.UNDELIVERED,
        outgoing.purpose.value,
        now,
    )
    return True


def failing_txn(session: Session, limit: int, reader: Principal | None = None) -> list[Failing]:
    """What was given up or failed at least once and still waits, the latest first.

    A `reader` is not told of what concerns a complaint about them.
    """
    waits = OutboxRow.ended.is_(None)
    rows = session.scalars(
        select(OutboxRow)
        .outerjoin(CaseRow, CaseRow.number == OutboxRow.number)
        .where((OutboxRow.end == End.GIVEN_UP.value) | (waits & (OutboxRow.said != "")))
        .where(not_about(reader) if reader is not None else true())
        .order_by(OutboxRow.id.desc())
        .limit(limit)
    )
    return [
        Failing(
            outbox_id=row.id,
            channel=Channel(row.channel),
            to=row.recipient,
            purpose=Purpose(row.purpose),
            number=TicketNumber(row.number) if row.number else None,
            queued=row.queued,
            attempts=row.attempts,
            why=row.said,
            next_attempt=row.due if row.ended is None else None,
        )
        for row in rows
    ]
