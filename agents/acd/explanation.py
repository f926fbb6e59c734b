"""Why this agent was given this call: small plain values, kept in the journal with each offer."""

from dataclasses import dataclass
from enum import Enum

from agents.acd.queue import Claim
from agents.acd.rules import Order
from cti.kernel.identifiers import AgentId, CallId

SHOWN = 3
"""How many of those considered are named."""


class MatchedBy(Enum):
    """What made the match."""

    CALL = "call_came"
    """A call came while agents were free: the first of them by the queue's order has it."""
    AGENT = "agent_freed"
    """An agent came free while calls waited: the first of those has the agent."""
    RELAXED = "call_relaxed"
    """A call had waited long enough to be served by more agents, one of whom was free."""


@dataclass(frozen=True, slots=True)
class AgentConsidered:
    """A free agent who might have had the call: `figure` is what the queue's order compares."""

    agent_id: AgentId
    figure: float
    idle: float
    """Seconds, which settle a tie."""


@dataclass(frozen=True, slots=True)
class CallConsidered:
    """A call that the agent might have had: who waited longest, head start included, goes first."""

    call_id: CallId
    waited: float
    head_start: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that decided; the first of `agents` has the first of `calls`.

    `free` counts the agents who were free and might have had the call, `waiting` the calls that
    the agent might have had; the first three of each are named. Seconds are those of the offer.
    """

    matched: MatchedBy
    level: int
    """The agent's, in what the call demanded."""
    order: Order
    demand: str
    """What the call demanded of skills by then, as it is written in the queue's rules."""
    stage: int
    """How often that had been widened."""
    claim: Claim | None
    """Why the agent was preferred to all others, None if they were not."""
    free: int
    waiting: int
    agents: tuple[AgentConsidered, ...]
    calls: tuple[CallConsidered, ...]

    @property
    def among(self) -> int:
        """How many there were to choose from."""
        return self.waiting if self.matched is MatchedBy.AGENT else self.free

    @property
    def seconds(self) -> float:
        """How long the chosen one had waited (a call) or been idle (an agent)."""
        if self.matched is MatchedBy.AGENT:
            return self.calls[0].waited
        return self.agents[0].idle
