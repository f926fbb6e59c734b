"""What a browser holds: a visitor's token, the form token made of it, and a ticket's session. Pure.

A session is a signed value and kept nowhere. It names the ticket and, as a keyed digest, by which
contact it was opened; it ends twenty minutes after the last use, two hours after the code, and as
soon as that contact is not the customer's any more. Nobody else's visitor's token goes with it.
"""

import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from cti.kernel.identifiers import TicketNumber
from tickets.numbers import parse_number
from tickets.portal.contact import Contact

VISITOR_OCTETS = 24
IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=2)
_PARTS = 4
_VISITOR = re.compile(rf"[0-9a-f]{{{2 * VISITOR_OCTETS}}}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to one ticket, since a code was right."""

    number: TicketNumber
    opened: datetime
    used: datetime
    proof: str
    """The digest of the contact that the code was sent to, see `proof_of`."""

    def living(self, now: datetime) -> bool:
        """Whether it still holds."""
        return self.opened <= now < min(self.used + IDLE, self.opened + LONGEST)

    def now(self, now: datetime) -> Self:
        """As it is after use."""
        return replace(self, used=now)


class Tokens:
    """Makes and reads what browsers hold, under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def form_token(self, visitor: str) -> str:
        """What stands in the forms of that visitor."""
        return self._sign("form", visitor)

    def is_form_token(self, visitor: str, given: str) -> bool:
        """Whether a form is one of that visitor's."""
        wanted = self.form_token(visitor).encode()
        return is_visitor(visitor) and hmac.compare_digest(wanted, given.encode("utf-8"))

    def written(self, ticket: Ticket, visitor: str) -> str:
        """The session as it stands in the cookie."""
        body = f"{ticket.number}.{_seconds(ticket.opened)}.{_seconds(ticket.used)}.{ticket.proof}"
        return f"{body}.{self._sign('session', visitor, body)}"

    def read(self, text: str, visitor: str, now: datetime) -> Ticket | None:
        """The session that stands there; None where it is not ours, or over."""
        body, _, signature = text.rpartition(".")
        signed = self._sign("session", visitor, body).encode()
        if not is_visitor(visitor) or not hmac.compare_digest(signed, signature.encode("utf-8")):
            return None
        parts = body.split(".")
        found = parse_number(parts[0])
        if found is None or len(parts) != _PARTS:
            return None
        ticket = Ticket(found, _instant(parts[1]), _instant(parts[2]), parts[3])
        return ticket if ticket.living(now) else None

    def _sign(self, purpose: str, *parts: str) -> str:
        """Of parts that cannot be shifted into each other, for one purpose alone."""
        text = repr((purpose, *parts))
        return hmac.digest(self._key, text.encode("utf-8", "backslashreplace"), "sha256").hex()


def proof_of(key: bytes, contact: Contact) -> str:
    """What a session holds in the place of a contact: of no use without the house's key."""
    text = repr(("contact", contact.channel.value, contact.to))
    return hmac.digest(key, text.encode("utf-8", "backslashreplace"), "sha256").hex()


def is_visitor(token: str) -> bool:
    """Whether that is a token as we give them out."""
    return _VISITOR.fullmatch(token) is not None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _instant(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
