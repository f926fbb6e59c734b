"""All that one customer has to do with tickets: those they have, and the letters that passed.

Every function runs in the database thread. A complaint about whoever reads, or their unit, is left
out with all its letters (`tickets.visibility`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import CustomerId, TicketNumber
from cti.kernel.ports import LetterSummary
from cti.kernel.principal import Principal
from customers.model import Customer
from customers.repository import customer_txn
from tickets.mail.model import Direction
from tickets.mail.schema import MailRow
from tickets.masking import Mask, masked
from tickets.model import CaseState, TicketKind
from tickets.schema import CaseRow
from tickets.visibility import Reader, concern_in, concerns

MOST_TICKETS = 100
MOST_LETTERS = 50


@dataclass(frozen=True, slots=True)
class Affair:
    """A ticket of the customer's, in a line."""

    number: TicketNumber
    kind: TicketKind
    title: str
    state: CaseState
    opened: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Affairs:
    """A customer's record with their tickets and letters, the latest first."""

    customer: Customer
    tickets: tuple[Affair, ...]
    letters: tuple[LetterSummary, ...]


def affairs_txn(
    session: Session, customer_id: CustomerId, reader: Principal | Reader
) -> Affairs | None:
    """Everything of the customer; None where there is nobody of that id."""
    customer = customer_txn(session, customer_id)
    if customer is None:
        return None
    rows = _tickets(session, customer_id, reader)
    letters = _letters(session, customer, rows, MOST_LETTERS)
    return Affairs(customer, tuple(map(_affair, rows)), tuple(letters))


def letters_of_txn(
    session: Session, customer_id: CustomerId, reader: Reader, limit: int
) -> list[LetterSummary]:
    """The customer's last letters, and ours to them; the latest first."""
    customer = customer_txn(session, customer_id)
    if customer is None:
        return []
    rows = _tickets(session, customer_id, reader)
    return list(_letters(session, customer, rows, limit))


def _tickets(
    session: Session, customer_id: CustomerId, reader: Principal | Reader
) -> list[CaseRow]:
    found = session.scalars(
        select(CaseRow)
        .where(CaseRow.customer_id == customer_id)
        .order_by(CaseRow.opened.desc())
        .limit(MOST_TICKETS)
    )
    return [row for row in found if not concerns(reader, concern_in(row.draft))]


def _letters(
    session: Session, customer: Customer, tickets: Sequence[CaseRow], limit: int
) -> Iterator[LetterSummary]:
    """Letters on their tickets, and those of no ticket that came from an address of theirs."""
    own = MailRow.number.is_(None) & MailRow.sender.in_([each.address for each in customer.emails])
    rows = session.scalars(
        select(MailRow)
        .where(or_(MailRow.number.in_([row.number for row in tickets]), own))
        .order_by(MailRow.id.desc())
        .limit(limit)
    )
    for row in rows:
        yield LetterSummary(
            at=row.at,
            incoming=row.direction == Direction.IN.value,
            subject=masked(Mask.TEXT, row.subject),
            number=TicketNumber(row.number) if row.number else None,
        )


def _affair(row: CaseRow) -> Affair:
    return Affair(
        number=TicketNumber(row.number),
        kind=TicketKind(row.kind),
        title=row.title,
        state=CaseState(row.state),
        opened=row.opened,
        ended=row.ended,
    )
