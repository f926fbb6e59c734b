"""What few tickets have beside themselves: asked for all at once, so nothing is looked up in vain.

A ticket has ten tables around it, and most have rows for a few tickets only: eight statements that
find nothing cost more than the one that says so. Everything here runs in the database thread.
"""

from enum import Enum

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cti.database import rows_txn
from cti.kernel.principal import Principal
from tickets.attachments.schema import AttachmentRow
from tickets.looks import LookRow
from tickets.mail.schema import MailRow
from tickets.messages import NEWS, reader_values
from tickets.regulation.schema import HoldRow, LetterRow
from tickets.schema import CaseRow, ExtensionRow, PauseRow


class Rare(Enum):
    """Something that a ticket may have."""

    PAUSES = "pauses"
    EXTENSIONS = "extensions"
    MERGED = "merged"
    """Other tickets, merged into it."""
    FILES = "files"
    LOOKS = "looks"
    LETTERS = "letters"
    PRINTED = "printed"
    HOLDS = "holds"
    NEWS = "news"
    """What came in that the reader has not looked at."""


ALL = frozenset(Rare)
"""What may be there of a ticket that nobody asked about."""
_WHERE: dict[Rare, InstrumentedAttribute[str] | InstrumentedAttribute[str | None]] = {
    Rare.PAUSES: PauseRow.number,
    Rare.EXTENSIONS: ExtensionRow.number,
    Rare.MERGED: CaseRow.merged_into,
    Rare.FILES: AttachmentRow.number,
    Rare.LOOKS: LookRow.number,
    Rare.LETTERS: MailRow.number,
    Rare.PRINTED: LetterRow.number,
    Rare.HOLDS: HoldRow.number,
}
_THERE = select(
    *(
        exists().where(column == bindparam("number")).label(rare.value)
        for rare, column in _WHERE.items()
    )
)
_THERE_FOR_READER = _THERE.add_columns(NEWS.label(Rare.NEWS.value))


def rare_txn(session: Session, number: str, reader: Principal | None = None) -> frozenset[Rare]:
    """What there is of the ticket; `NEWS` only where a reader is named."""
    if reader is None:
        [row] = rows_txn(session, _THERE, number=number)
    else:
        [row] = rows_txn(session, _THERE_FOR_READER, number=number, **reader_values(reader))
    return frozenset(rare for rare, there in zip(Rare, row, strict=False) if there)
