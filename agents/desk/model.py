"""What a desk keeps: codings, follow-ups, notes and consents of customers, favourites."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from cti.call.model import UserData
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId, StaffId

LONGEST_NOTE = 2000
"""Characters of a note about a customer."""
LONGEST_NOTES = 4000
"""Characters of what is written about a call."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What an agent says a call was about."""

    call_id: CallId
    agent_id: AgentId
    code: str
    at: datetime
    follow_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A customer to be called back by the agent who promised it; `number` may be empty."""

    call_id: CallId
    agent_id: AgentId
    due: datetime
    note: str
    customer_id: CustomerId | None = None
    name: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class CustomerNote:
    """What somebody wrote about a customer for whoever talks to them next."""

    customer_id: CustomerId
    at: datetime
    by: StaffId
    text: str
    important: bool = False
    """Whether whoever talks to the customer should know it first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the desk itself knows of a customer: the newest notes first, consents by purpose.

    Of many notes the important ones are among those known.
    """

    notes: tuple[CustomerNote, ...] = ()
    consents: Mapping[str, bool] = field(default_factory=dict)


class FavouriteKind(Enum):
    """Whom a favourite leads to."""

    AGENT = "agent"
    QUEUE = "queue"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Favourite:
    """Somebody an agent calls often: an agent's or queue's id, or a number."""

    kind: FavouriteKind
    target: str


@dataclass(frozen=True, slots=True)
class OnCall:
    """The call on an agent's card, as far as a desk looks at it."""

    call_id: CallId
    number: str
    """The caller's number as it came; empty when withheld."""
    queue_id: QueueId | None
    customer: UserData
