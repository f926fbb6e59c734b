"""What every agent's session is given of the house, and whom it tells about itself."""

from dataclasses import dataclass, field
from typing import Protocol

from agents.acd.policy import Agent
from agents.calls import CallBook
from agents.conversation import Conversation
from agents.events import OfferOutcome
from agents.model import AgentSettings
from agents.offer import Offer
from cti.call.control import CallControl
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock
from cti.kernel.identifiers import AgentId, Entropy


class Distributor(Protocol):
    """Whom a session tells of its agent and of what became of their offers and calls."""

    def became_free(self, agent: Agent) -> None: ...

    def became_taken(self, agent_id: AgentId) -> None: ...

    def offer_ended(self, offer: Offer, outcome: OfferOutcome) -> None: ...

    def wrapped_up(self, conversation: Conversation, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every session is given of the house."""

    clock: Clock
    bus: Bus
    control: CallControl
    settings: AgentSettings
    entropy: Entropy
    book: CallBook = field(default_factory=CallBook)
