"""A letter as it was read, and as it is kept on the time line of its ticket. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import TicketNumber


class MailUnreadable(RemoteError):  # noqa: N818  (what is the matter with it)
    """The octets are no letter that could be read within the limits; `why` goes to the sender."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Direction(Enum):
    """Which way a letter went."""

    IN = "in"
    OUT = "out"


class Automatic(Enum):
    """Why nobody wrote this letter by hand, or why it wants no automatic answer."""

    LOOP = "loop"
    """It carries a Message-ID of our own: it is what we sent."""
    BOUNCE = "bounce"
    """A report (RFC 3464), or any letter without a return path (RFC 5321, 4.5.5)."""
    REPLY = "reply"
    """Auto-Submitted: auto-replied (RFC 3834, 5), such as an absence note."""
    GENERATED = "generated"
    """Auto-Submitted: auto-generated, as a form on a web site sends."""
    BULK = "bulk"
    """Of a list, or in bulk (Precedence, RFC 2369, 2919 and 3834): it asks nothing of the bank, so
    a person decides whether anything is to become of it."""
    SUPPRESSED = "suppressed"
    """X-Auto-Response-Suppress: the sender wants no automatic answer."""

    @property
    def mechanical(self) -> bool:
        """Whether a machine answered a machine: nothing a person wants stands in it."""
        return self in (Automatic.LOOP, Automatic.BOUNCE, Automatic.REPLY)


@dataclass(frozen=True, slots=True)
class Part:
    """A file in a letter; `name` is safe to show, and to be the last part of a path."""

    name: str
    media_type: str
    content: bytes
    inline: bool = False
    """Shown within the text (``cid:``) where a reader does so."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What a delivery status notification says of one recipient (RFC 3464, 2.3)."""

    recipient: str
    status: str
    """Such as ``5.1.1`` (RFC 3463)."""
    diagnosis: str
    final: bool
    """False while the far side still tries."""


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery status notification: which letter it is about, and what became of it."""

    about: str
    """Message-ID of the letter that was returned; empty where the report does not tell."""
    failed: tuple[Failed, ...]

    @property
    def final(self) -> bool:
        """Whether somebody will never get the letter."""
        return any(each.final for each in self.failed)


@dataclass(frozen=True, slots=True)
class Body:
    """The words of a letter: nothing is lost, it is only put in three piles."""

    text: str
    """What was written now."""
    quoted: str = ""
    """What was written before, by whomever."""
    signature: str = ""
    html: str = ""
    """The letter as it was meant to look, cleaned; empty where it came as plain text."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that came in."""

    message_id: str
    """Without its brackets; empty where it has none."""
    sender: str
    """Address in lower case; empty where it has none."""
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    references: tuple[str, ...]
    """What it answers: In-Reply-To first, then References from the latest to the first."""
    body: Body
    fingerprint: str
    """The same whenever the same letter is delivered again."""
    parts: tuple[Part, ...] = ()
    automatic: Automatic | None = None
    report: Report | None = None
    left_out: tuple[str, ...] = ()
    """Names of files that were not kept, for want of room."""
    headers: tuple[tuple[str, str], ...] = ()
    """What of its header says where it came from, and whether a machine wrote it."""
    proven: bool = False
    """Whether the bank's own mail server found it to come from its sender's domain."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the delivering side said of the letter: `mail_from` is empty for a null return path."""

    mail_from: str | None
    """None where nobody said, as with a mailbox that is polled."""
    recipients: tuple[str, ...] = ()


class DeliveryState(Enum):
    """How a letter of ours fares."""

    RECEIVED = "received"
    """It came in."""
    SENT = "sent"
    """The next server took it."""
    DELAYED = "delayed"
    """A report says it is still tried."""
    FAILED = "failed"
    """A report says it will never arrive."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter on the time line of a ticket; `number` is None for one that belongs to none."""

    mail_id: int
    number: TicketNumber | None
    direction: Direction
    at: datetime
    message_id: str
    in_reply_to: str
    sender: str
    recipient: str
    subject: str
    body: Body
    automatic: Automatic | None = None
    delivery: DeliveryState = DeliveryState.RECEIVED
    proof: str = ""
    """What the far side said when it took the letter, or why it did not."""
