"""Messages on their way out, in the database; every function runs in the database thread."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from tickets.delivery.model import Channel, End, Ended, Outgoing, Purpose
from tickets.delivery.schema import OutboxRow

INSTANT = "%Y%m%d%H%M%S%f"
LONGEST_SAID = 500
"""Characters kept of what the far side said."""
_CODE = re.compile(r"\d{4,}")
_STARS = "****"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to carry until the lease ends; `attempt` counts from 1."""

    outbox_id: int
    delivery_id: str
    attempt: int
    queued: datetime
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when its oldest message does."""

    waiting: int
    oldest: datetime | None
    next_due: datetime | None


def queue_txn(session: Session, outgoing: Outgoing, at: datetime) -> int:
    """Write the message down, to be carried once this transaction is committed; its row's id."""
    row = OutboxRow(
        channel=outgoing.channel.value,
        recipient=outgoing.to,
        subject=outgoing.subject,
        body=outgoing.body,
        html=outgoing.html,
        number=outgoing.number,
        purpose=outgoing.purpose.value,
        headers=dict(outgoing.headers),
        queued=at,
        due=at,
    )
    session.add(row)
    session.flush()
    return row.id


def claim_txn(session: Session, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take up to `limit` messages that are due, oldest first; nobody else has them meanwhile."""
    due = (
        select(OutboxRow.id)
        .where(OutboxRow.ended.is_(None), OutboxRow.due <= now)
        .order_by(OutboxRow.due, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(due).all()
    claimed = session.scalars(
        update(OutboxRow)
        .where(OutboxRow.id.in_(ids))
        .values(due=now + lease, attempts=OutboxRow.attempts + 1)
        .returning(OutboxRow)
        .execution_options(populate_existing=True)
    )
    rows = sorted(claimed, key=lambda row: (row.queued, row.id))
    return [
        Claimed(row.id, delivery_id(row), row.attempts, row.queued, _outgoing(row)) for row in rows
    ]


def delivery_id(row: OutboxRow) -> str:
    """The same at each attempt, and nobody else's: the instant it was queued, and its row."""
    return f"{row.queued:{INSTANT}}-{row.id}"


def queued_at(delivery_id: str) -> datetime:
    """When the message of that delivery id was written down."""
    instant, _, _ = delivery_id.partition("-")
    return datetime.strptime(instant, INSTANT).replace(tzinfo=UTC)


def delivered_txn(
    session: Session, claimed: Claimed, proof: str, now: datetime, *, awaited: bool
) -> bool:
    """It arrived; `awaited` when somebody has still to deal with that.

    False when another process has taken it over and told its end.
    """
    return _end_txn(session, claimed, End.DELIVERED, proof, now, awaited=awaited)


def given_up_txn(
    session: Session, claimed: Claimed, why: str, now: datetime, *, awaited: bool
) -> bool:
    """No further attempt is made; else as `delivered_txn`."""
    return _end_txn(session, claimed, End.GIVEN_UP, why, now, awaited=awaited)


def failed_txn(session: Session, claimed: Claimed, why: str, due: datetime) -> None:
    """The attempt failed; the next one is due then."""
    session.execute(
        update(OutboxRow).where(_still(claimed)).values(due=due, said=_told(claimed, why))
    )


def settled_txn(session: Session, outbox_id: int, now: datetime) -> None:
    """Whoever asked for its end has dealt with it."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == outbox_id, OutboxRow.settled.is_(None))
        .values(settled=now)
    )


def unsettled_txn(session: Session, limit: int, after: int = 0) -> list[Ended]:
    """Messages whose end nobody has dealt with yet, oldest first, after that one's row."""
    rows = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.ended.is_not(None), OutboxRow.settled.is_(None), OutboxRow.id > after)
        .order_by(OutboxRow.id)
        .limit(limit)
    )
    return [
        Ended(row.id, delivery_id(row), _outgoing(row), End(row.end), row.ended, row.said)
        for row in rows
        if row.ended is not None
    ]


def backlog_txn(session: Session) -> Backlog:
    """What waits now."""
    waiting, oldest, due = session.execute(
        select(func.count(), func.min(OutboxRow.queued), func.min(OutboxRow.due)).where(
            OutboxRow.ended.is_(None)
        )
    ).one()
    return Backlog(waiting, oldest, due)


def _end_txn(
    session: Session, claimed: Claimed, end: End, said: str, now: datetime, *, awaited: bool
) -> bool:
    secret = claimed.outgoing.purpose is Purpose.CODE
    changed = session.execute(
        update(OutboxRow)
        .where(_still(claimed))
        .values(
            end=end.value,
            ended=now,
            settled=None if awaited else now,
            said=_told(claimed, said),
            **({"body": "", "html": None} if secret else {}),
        )
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


def _told(claimed: Claimed, said: str) -> str:
    """What is kept of the far side's words; a gateway that repeats a code is not quoted so far."""
    outgoing = claimed.outgoing
    if outgoing.purpose is Purpose.CODE:
        secret = set(_CODE.findall(f"{outgoing.subject} {outgoing.body}"))
        said = _CODE.sub(lambda found: _STARS if found[0] in secret else found[0], said)
    return said[:LONGEST_SAID]


def _still(claimed: Claimed) -> ColumnElement[bool]:
    return (
        (OutboxRow.id == claimed.outbox_id)
        & (OutboxRow.attempts == claimed.attempt)
        & OutboxRow.ended.is_(None)
    )


def _outgoing(row: OutboxRow) -> Outgoing:
    return Outgoing(
        channel=Channel(row.channel),
        to=row.recipient,
        subject=row.subject,
        body=row.body,
        purpose=Purpose(row.purpose),
        html=row.html,
        number=TicketNumber(row.number) if row.number else None,
        headers=row.headers,
    )
