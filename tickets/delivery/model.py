"""What is sent out of the house, who carries it, and how a carrier says that it could not.

A message is written down in the transaction of the act it belongs to (`repository.queue_txn`)
and carried after the commit, so it goes out if and only if the act happened. A process may die
between carrying it and writing that down: then it is carried again under the same delivery id,
by which whoever receives it knows the second one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol, Union

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import TicketNumber

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class Channel(Enum):
    """By which way a message leaves."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"
    """A program of the bank's; it is addressed by the name it has in the settings."""


class Purpose(Enum):
    """What a message is for."""

    ALARM = "alarm"
    """One deadline, told to one person or program at once."""
    DIGEST = "digest"
    """What one person is to know by now, together."""
    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    """The answer to the customer: its delivery stops the customer's clocks."""
    PROGRESS = "progress"
    """How the matter stands, from a colleague: the customer is told once it is delivered."""
    CODE = "code"
    """A code that opens something: its body is forgotten once it is delivered or given up."""
    THANKS = "thanks"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to one address; `number` is the ticket it is about, if it is about one."""

    channel: Channel
    to: str
    subject: str
    body: str
    """Plain text; for a webhook, a JSON object."""
    purpose: Purpose
    html: str | None = None
    number: TicketNumber | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further header fields of an e-mail, such as In-Reply-To."""


class Undelivered(RemoteError):  # noqa: N818  (says what became of it)
    """It was not delivered, and `why`; `temporary` when another attempt may go well."""

    def __init__(self, why: str, *, temporary: bool) -> None:
        super().__init__(why)
        self.why, self.temporary = why, temporary


class Carrier(Protocol):
    """Brings messages of one channel to where they belong."""

    def carry(self, outgoing: Outgoing, delivery_id: str) -> "Deferred[str]":
        """Fires with the proof: what the far side said. Fails with `Undelivered`.

        It fires in bounded time, and may be asked twice with the same id.
        """


class End(Enum):
    """What became of a message in the end."""

    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that needs no further attempt; `said` is the proof, or why it was given up."""

    outbox_id: int
    delivery_id: str
    outgoing: Outgoing
    end: End
    at: datetime
    said: str


OnEnd = Callable[[Ended], Union["Deferred[None]", None]]
"""Told of it at least once, so it must make a repetition harmless: the delivery id is the same."""
