"""What the queues ask of the agents, and what they show of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agents.acd.call_backs import Desk
from agents.acd.explanation import Explanation
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Language


class Floor(Desk, Protocol):
    """What the engine asks of the agents (implemented by `agents.service`)."""

    def offer(
        self, agent_id: AgentId, call_id: CallId, queue_id: QueueId, why: Explanation
    ) -> None:
        """Reserve the free agent and ring their phone for the call."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue at this moment; `oldest` is the arrival of who waits longest."""

    queue_id: QueueId
    names: Mapping[Language, str]
    waiting: int
    oldest: datetime | None
    threshold: float
    call_backs: int = 0
    """How many customers are to be called back."""
    call_backs_out: int = 0
    """How many of them are being called."""
