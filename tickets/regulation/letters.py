"""Letters and notices as they are printed: the exact text, kept with its digest.

Once printed a letter does not change: what the customer or the department has in hand is what
stands here, to the character (SHA-256 of its UTF-8). A letter that answers a complaint names the
ways that are open to who does not agree (CBIRC 2020 no. 3).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language

LONGEST = 8000


class LetterKind(Enum):
    """What is printed."""

    REPLY = "reply"
    """答复函, to the customer."""
    URGE = "urge"
    """催办通知, to a department."""
    SUPERVISE = "supervise"
    """督办通知, to a department."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A letter as it was printed."""

    letter_id: int
    number: TicketNumber
    kind: LetterKind
    language: Language
    at: datetime
    by_name: str
    text: str
    digest: str

    @property
    def intact(self) -> bool:
        """Whether the text is still the one whose digest was kept."""
        return digest_of(self.text) == self.digest


def digest_of(text: str) -> str:
    """SHA-256 of the text's UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


Say = Callable[..., str]
"""The words for a key, with its blanks filled in, in the letter's language."""


def composed(kind: LetterKind, say: Say, **blanks: object) -> str:
    """The letter's whole text, paragraph by paragraph; blanks are those of its words."""
    parts = ("to", "about", "body", *(("rights",) if kind is LetterKind.REPLY else ()), "end")
    return "\n\n".join(say(f"ticket.printed.{kind.value}.{part}", **blanks) for part in parts)
