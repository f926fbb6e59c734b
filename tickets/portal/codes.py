"""One-time codes: six digits that are kept as a keyed digest, for ten minutes and five tries. Pure.

A code belongs to one browser (its visitor token), so one that is read over a shoulder opens
nothing elsewhere. Where a ticket and a contact do not belong together there is a challenge all the
same, whose code nobody was sent: it behaves like any other until it is over.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from cti.kernel.identifiers import Entropy, TicketNumber
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from tickets.model import Draft
from tickets.portal.contact import Contact

DIGITS = 6
LIFETIME = timedelta(minutes=10)
TRIES = 5
KEPT = timedelta(hours=1)
"""How long what somebody wants to submit waits for a code that fits."""
OCTETS = 8
"""Of chance for a code: beside so many, what is left over by its range does not count."""


class Verdict(Enum):
    """What became of a try."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """Nothing fits any more: too late, too many tries, or there never was a code."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was asked for in one browser: for a ticket, or to submit a draft."""

    visitor: str
    """The digest of the browser's token."""
    contact: Contact
    language: Language
    digest: str
    """Of the code; empty where no code fits."""
    made: datetime
    expires: datetime
    tries: int = TRIES
    """How many are left."""
    number: TicketNumber | None = None
    draft: Draft | None = None

    @property
    def kept_until(self) -> datetime:
        """When it is forgotten, with all that was typed."""
        return self.made + KEPT


def made_code(entropy: Entropy) -> Secret:
    """A fresh code, each as likely as any other."""
    return Secret(f"{int(entropy(OCTETS), 16) % 10**DIGITS:0{DIGITS}d}")


def digest_of(key: bytes, visitor: str, code: Secret) -> str:
    """What is kept in the place of a code: of no use without the house's key."""
    return hmac.digest(key, f"code:{visitor}:{code.reveal()}".encode(), "sha256").hex()


def visitor_of(token: str) -> str:
    """What is kept in the place of a browser's token."""
    return hmac.digest(b"visitor", token.encode(), "sha256").hex()


def judged(challenge: Challenge, digest: str, now: datetime) -> tuple[Verdict, Challenge]:
    """What a code of that digest is worth, and what is left of the challenge after it."""
    if now >= challenge.expires or challenge.tries <= 0:
        return Verdict.OVER, challenge
    after = replace(challenge, tries=challenge.tries - 1)
    if hmac.compare_digest(challenge.digest, digest):
        return Verdict.RIGHT, after
    return Verdict.WRONG if after.tries else Verdict.OVER, after


def renewed(challenge: Challenge, digest: str, now: datetime) -> Challenge:
    """The challenge with another code, what was typed kept no longer for it."""
    return replace(challenge, digest=digest, expires=now + LIFETIME, tries=TRIES)


def code_in(text: str) -> Secret | None:
    """The code as it was typed, spaces and full-width digits forgiven; None if it is none."""
    digits = "".join(text.split()).replace("-", "")
    if len(digits) != DIGITS or not digits.isdecimal():
        return None
    return Secret("".join(str(int(each)) for each in digits))
