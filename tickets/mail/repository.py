"""Letters in the database; every function runs in the database thread."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import TicketNumber
from tickets.mail.headers import address
from tickets.mail.model import Automatic, Body, DeliveryState, Direction, Letter, Mail
from tickets.mail.placing import Facts, Known
from tickets.mail.schema import MailboxRow, MailRow
from tickets.mail.settings import MailSettings
from tickets.model import CaseState
from tickets.records import draft_from
from tickets.schema import CaseRow

LONGEST_ID = 255
_OF_TICKET = (
    select(MailRow.__table__).where(MailRow.number == bindparam("number")).order_by(MailRow.id)
)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a mailbox was read: UIDs up to `last` of this UIDVALIDITY."""

    validity: int
    last: int


def mails_txn(session: Session, number: str) -> list[Mail]:
    """The ticket's letters, oldest first."""
    return [mail_of_row(row) for row in rows_txn(session, _OF_TICKET, number=number)]


def unfiled_txn(session: Session, limit: int) -> list[Mail]:
    """Letters that belong to no ticket, the newest first."""
    rows = session.scalars(
        select(MailRow).where(MailRow.number.is_(None)).order_by(MailRow.id.desc()).limit(limit)
    )
    return [mail_of_row(row) for row in rows]


def known_txn(session: Session, fingerprint: str) -> bool:
    """Whether this letter was kept before."""
    found = select(MailRow.id).where(MailRow.fingerprint == fingerprint)
    return session.scalar(found) is not None


def facts_txn(
    session: Session,
    letter: Letter,
    numbers: Collection[TicketNumber],
    settings: MailSettings,
    now: datetime,
) -> Facts:
    """What decides where the letter belongs."""
    rows = session.scalars(select(CaseRow).where(CaseRow.number.in_(numbers)))
    cases = {TicketNumber(row.number): _known(session, row) for row in rows.all()}
    own = MailRow.sender == letter.sender
    came = MailRow.direction == Direction.IN.value
    acknowledged, opening = settings.acknowledged, settings.opening
    recent = session.scalar(
        select(func.count()).where(own, came, MailRow.at > now - acknowledged.within)
    )
    opened = session.scalars(
        select(MailRow.number)
        .where(own, came, MailRow.opened, MailRow.at > now - opening.within)
        .order_by(MailRow.id.desc())
        .limit(opening.letters)
    ).all()
    latest = TicketNumber(opened[0]) if opened and opened[0] else None
    return Facts(cases, recent or 0, len(opened), latest)


def keep_txn(
    session: Session, letter: Letter, number: TicketNumber | None, at: datetime, *, opened: bool
) -> int:
    """Write down a letter that came in; IntegrityError where it is there already."""
    row = MailRow(
        fingerprint=letter.fingerprint,
        number=number,
        direction=Direction.IN.value,
        at=at,
        message_id=letter.message_id[:LONGEST_ID],
        in_reply_to=next(iter(letter.references), "")[:LONGEST_ID],
        sender=letter.sender,
        sender_name=letter.sender_name,
        recipient=", ".join(letter.recipients),
        subject=letter.subject,
        text=letter.body.text,
        quoted=letter.body.quoted,
        signature=letter.body.signature,
        html=letter.body.html,
        automatic=letter.automatic.value if letter.automatic else None,
        opened=opened,
        delivery=DeliveryState.RECEIVED.value,
        proof="",
        headers=[list(each) for each in letter.headers] if number is None else None,
    )
    session.add(row)
    session.flush()
    return row.id


def keep_sent_txn(session: Session, mail: Mail) -> None:
    """Write down a letter that went out; a second time changes nothing."""
    if session.scalar(select(MailRow.id).where(MailRow.message_id == mail.message_id)) is not None:
        return
    session.add(
        MailRow(
            fingerprint=sha256(mail.message_id.encode()).hexdigest(),
            number=mail.number,
            direction=Direction.OUT.value,
            at=mail.at,
            message_id=mail.message_id,
            in_reply_to=mail.in_reply_to[:LONGEST_ID],
            sender=mail.sender,
            sender_name="",
            recipient=mail.recipient,
            subject=mail.subject,
            text=mail.body.text,
            quoted="",
            signature="",
            html=mail.body.html,
            automatic=None,
            opened=False,
            delivery=mail.delivery.value,
            proof=mail.proof,
        )
    )


def delivery_txn(session: Session, message_id: str, state: DeliveryState, proof: str) -> bool:
    """How a letter of ours fares now; whether that is news. What failed is not sent again."""
    changed = session.execute(
        update(MailRow)
        .where(
            MailRow.message_id == message_id,
            MailRow.direction == Direction.OUT.value,
            MailRow.delivery.not_in([state.value, DeliveryState.FAILED.value]),
        )
        .values(delivery=state.value, proof=proof)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


def thread_txn(session: Session, number: str) -> list[str]:
    """Message-IDs of the customer's letters about the ticket, the latest last."""
    rows = session.scalars(
        select(MailRow.message_id)
        .where(
            MailRow.number == number,
            MailRow.direction == Direction.IN.value,
            MailRow.automatic.is_(None),
            MailRow.message_id != "",
        )
        .order_by(MailRow.id)
    )
    return list(rows)


def position_txn(session: Session, name: str) -> Position | None:
    """How far the mailbox was read; None for one that never was."""
    row = session.get(MailboxRow, name)
    return None if row is None else Position(row.validity, row.last)


def move_txn(session: Session, name: str, position: Position) -> None:
    """The mailbox was read so far."""
    session.merge(MailboxRow(name=name, validity=position.validity, last=position.last))


def _known(session: Session, row: CaseRow) -> Known:
    """The ticket, or the one in which it goes on (并单), with everybody known on it."""
    parties = _parties(session, row)
    while row.merged_into is not None and (into := session.get(CaseRow, row.merged_into)):
        row = into
        parties |= _parties(session, row)
    return Known(TicketNumber(row.number), CaseState(row.state), row.ended, frozenset(parties))


def _parties(session: Session, row: CaseRow) -> set[str]:
    draft = draft_from(row.draft)
    written = (draft.requester.contact, *draft.details.values())
    wrote = session.scalars(
        select(MailRow.sender).where(
            MailRow.number == row.number, MailRow.direction == Direction.IN.value
        )
    )
    told = session.scalars(
        select(MailRow.recipient).where(
            MailRow.number == row.number, MailRow.direction == Direction.OUT.value
        )
    )
    return {*map(address, written), *wrote, *told} - {""}


def mail_of_row(row: Any) -> Mail:
    """The letter that a row of `MailRow` holds."""
    return Mail(
        mail_id=row.id,
        number=TicketNumber(row.number) if row.number else None,
        direction=Direction(row.direction),
        at=row.at,
        message_id=row.message_id,
        in_reply_to=row.in_reply_to,
        sender=row.sender,
        recipient=row.recipient,
        subject=row.subject,
        body=Body(row.text, row.quoted, row.signature, row.html),
        automatic=Automatic(row.automatic) if row.automatic else None,
        delivery=DeliveryState(row.delivery),
        proof=row.proof,
    )
