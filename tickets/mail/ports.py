"""What the ways in ask of whoever takes letters, and what that asks of the house."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tickets.mail.model import Envelope


class Intake(Protocol):
    """Takes letters for good."""

    def take(self, octets: bytes, envelope: Envelope) -> Deferred[None]:
        """Fires once the letter is kept, a second time for the same letter too.

        MailUnreadable where it never will be; anything else means: try again later.
        """

    def welcome(self, recipient: str) -> bool:
        """Whether letters to this address are for the house."""
