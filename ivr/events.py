"""What happens while a flow serves a caller."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar

from cti.call.events import CallEvent
from cti.kernel.identifiers import CustomerId, QueueId, TicketNumber
from cti.kernel.vocabulary import Language, MessageAbout


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEntered(CallEvent):
    """A flow took the call."""

    kind: ClassVar[str] = "ivr.flow_entered"
    flow: str
    lent: bool = False
    """Whether an agent lent the caller to it, whose call it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade(CallEvent):
    """The caller chose an item of a menu; `choice` is its name in the flow, never the key."""

    kind: ClassVar[str] = "ivr.choice_made"
    menu: str
    choice: str


class SignInOutcome(Enum):
    """What became of a sign-in."""

    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempted(CallEvent):
    """The caller entered account and PIN; neither is here, nor anything derived from them."""

    kind: ClassVar[str] = "ivr.sign_in"
    outcome: SignInOutcome
    customer_id: CustomerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUsed(CallEvent):
    """A self-service ran to its end: ``balance``, ``rates``, ``card_loss``, ``ticket_state``."""

    kind: ClassVar[str] = "ivr.service_used"
    service: str
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent(CallEvent):
    """Something about what a caller says after the tone; `queue_id` is where they waited before.

    `number` is the ticket that it belongs to; None where it opens one.
    """

    calling: str
    language: Language
    queue_id: QueueId | None = None
    customer_id: CustomerId | None = None
    about: MessageAbout = MessageAbout.ANYTHING
    number: TicketNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBegun(MessageEvent):
    """The tone is over and the caller speaks, at that node of their flow."""

    kind: ClassVar[str] = "call.message_begun"
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(MessageEvent):
    """The caller has left a message of so many seconds, which began at `begun`."""

    kind: ClassVar[str] = "call.message_left"
    begun: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDropped(CallEvent):
    """What was said was too short to be a message."""

    kind: ClassVar[str] = "call.message_dropped"
    begun: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFiled(CallEvent):
    """The message has become that ticket."""

    kind: ClassVar[str] = "call.message_filed"
    begun: datetime
    number: TicketNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLeft(CallEvent):
    """The flow let go of the call.

    ``queued``, ``passed_on`` to a number outside, ``hung_up`` by the caller, ``ended``, ``failed``,
    ``returned`` to the agent who lent the caller.
    """

    kind: ClassVar[str] = "ivr.flow_left"
    flow: str
    outcome: str
