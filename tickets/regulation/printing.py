"""Letters in the database: added and read, never changed. Runs in the database thread."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from tickets.regulation.letters import LONGEST, LetterKind, Printed, digest_of
from tickets.regulation.schema import LetterRow

_OF_TICKET = (
    select(LetterRow.__table__)
    .where(LetterRow.number == bindparam("number"))
    .order_by(LetterRow.id)
)


def print_txn(
    session: Session,
    number: TicketNumber,
    kind: LetterKind,
    language: Language,
    text: str,
    by: Principal,
    at: datetime,
) -> int:
    """Keep the letter as it is printed; its id. The same text again is the same letter.

    Refused where it is too long.
    """
    if len(text) > LONGEST:
        raise Refused("ticket.field_too_long", field="text", limit=LONGEST)
    digest = digest_of(text)
    known: int | None = session.scalar(
        select(LetterRow.id).where(LetterRow.number == number, LetterRow.sha256 == digest)
    )
    if known is not None:
        return known
    row = LetterRow(
        number=number,
        kind=kind.value,
        language=language.value,
        at=at,
        by=by.staff_id,
        by_name=by.name,
        text=text,
        sha256=digest,
    )
    session.add(row)
    session.flush()
    return row.id


def printed_txn(session: Session, number: str) -> tuple[Printed, ...]:
    """What was printed of the ticket, the oldest first."""
    return tuple(
        Printed(
            letter_id=row.id,
            number=TicketNumber(row.number),
            kind=LetterKind(row.kind),
            language=Language(row.language),
            at=row.at,
            by_name=row.by_name,
            text=row.text,
            digest=row.sha256,
        )
        for row in rows_txn(session, _OF_TICKET, number=number)
    )
