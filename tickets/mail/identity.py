"""Message-IDs that prove to be ours, and ticket numbers as they stand in subjects. Pure.

A Message-ID of ours names the ticket and the delivery, under a code that only the house can make
(HMAC-SHA256): whoever answers it has had our letter, and no table is asked. The same delivery has
the same Message-ID however often it is tried, so a mail server that got it twice shows it once.
"""

import hmac
import re
from dataclasses import dataclass
from email.utils import quote

from cti.kernel.identifiers import TicketNumber
from tickets.numbers import parse_number

CODE_OCTETS = 12
LOCAL = re.compile(r"hotline\.(\d{1,20})\.([a-z0-9_-]{1,64})\.([0-9a-f]{24})")
MARK = re.compile(
    r"(?:[\[【(（#＃]|工单号?码?[:：]?|\bticket(?: number| no\.?)?:?)\s*#?\s*(\d[\d -]{9,20}\d)",
    re.IGNORECASE,
)
"""A number in brackets, after a hash, or called a ticket's."""
MOST_NUMBERS = 5
NO_TICKET = "0"


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter of ours: for which ticket (None: for none), by which delivery."""

    number: TicketNumber | None
    delivery: str


class Identity:
    """Makes and knows the house's own Message-IDs, under one key and one domain."""

    def __init__(self, key: bytes, domain: str) -> None:
        self._key, self.domain = key, quote(domain.lower())

    def message_id(self, number: TicketNumber | None, delivery: str) -> str:
        """The Message-ID of that delivery, without brackets."""
        subject = number or NO_TICKET
        return f"hotline.{subject}.{delivery}.{self._code(subject, delivery)}@{self.domain}"

    def read(self, message_id: str) -> Sent | None:
        """What a Message-ID says, if it is ours."""
        local, _, domain = message_id.lower().rpartition("@")
        match = LOCAL.fullmatch(local)
        if match is None or domain != self.domain:
            return None
        subject, delivery, code = match.groups()
        if not hmac.compare_digest(code, self._code(subject, delivery)):
            return None
        return Sent(None if subject == NO_TICKET else TicketNumber(subject), delivery)

    def _code(self, subject: str, delivery: str) -> str:
        made = hmac.digest(self._key, f"mail:{subject}:{delivery}".encode(), "sha256")
        return made[:CODE_OCTETS].hex()


def marked(subject: str, number: TicketNumber) -> str:
    """The subject with the number in it, once."""
    return subject if number in numbers_in(subject) else f"[#{number}] {subject}"


def numbers_in(subject: str) -> tuple[TicketNumber, ...]:
    """The ticket numbers that a subject names, by their mark and check digit."""
    found = (parse_number(match[1]) for match in MARK.finditer(subject))
    return tuple(dict.fromkeys(each for each in found if each is not None))[:MOST_NUMBERS]
