"""What a conversation took: seconds talked, held, and worked on afterwards. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from agents.events import BusyKind
from cti.kernel.identifiers import CallId, ConnectionId, QueueId


@dataclass(frozen=True, slots=True)
class Conversation:
    """An agent's part in one call, from the answer on; a value for each moment of it."""

    call_id: CallId
    queue_id: QueueId | None
    """The queue that the call waited in last."""
    connection_id: ConnectionId
    answered: datetime
    held_since: datetime | None = None
    held_before: float = 0.0
    """Seconds of the holds that are over."""
    ended: datetime | None = None
    kind: BusyKind = BusyKind.INBOUND
    reached: bool = True
    """Whether anybody else was ever in the call with the agent."""

    @property
    def leaves_work(self) -> bool:
        """Whether there is something to do after it: it was with somebody the house serves."""
        return self.reached and self.kind in (BusyKind.INBOUND, BusyKind.OUTBOUND)

    def hold(self, at: datetime) -> "Conversation":
        """The agent holds the call from `at` on."""
        return self if self.held_since else replace(self, held_since=at)

    def retrieve(self, at: datetime) -> "Conversation":
        """The hold is over at `at`."""
        return replace(self, held_since=None, held_before=self.held(at))

    def end(self, at: datetime) -> "Conversation":
        """The agent is out of the call at `at`."""
        return replace(self.retrieve(at), ended=at)

    def held(self, at: datetime) -> float:
        """Seconds on hold until `at`."""
        now = (at - self.held_since).total_seconds() if self.held_since else 0.0
        return self.held_before + now

    def talked(self, at: datetime) -> float:
        """Seconds talked until `at` or the end, holding left out."""
        until = self.ended or at
        return (until - self.answered).total_seconds() - self.held(until)
