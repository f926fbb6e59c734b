"""Why this agent was given this call: small plain values, kept in the journal with each offer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

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
class Told:
    """A part of an explanation in words: the key of a text; the blank ``time`` is in seconds."""

    key: str
    blanks: Mapping[str, Any]


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

    def told(self) -> tuple[Told, ...]:
        """The explanation in parts, to be said one after the other."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Told]:
        if self.claim is not None:
            yield Told(f"match.claim.{self.claim.value}", {})
        yield Told(f"match.by.{self.matched.value}", {})
        yield from self._chosen()
        if self.demand:
            yield Told("match.demand", {"demand": self.demand, "level": self.level})
        if self.stage:
            yield Told("match.stage", {"stage": self.stage})

    def _chosen(self) -> Iterator[Told]:
        """By what it was chosen; of one there is no choice."""
        if self.matched is MatchedBy.AGENT:
            key = "match.first_call" if self.waiting > 1 else "match.only_call"
            yield Told(key, {"among": self.waiting, "time": self.seconds})
            if self.calls[0].head_start > 0:
                yield Told("match.head_start", {"time": self.calls[0].head_start})
        elif self.free > 1 and self.claim is None:
            blanks = {"among": self.free, "time": self.seconds}
            yield Told(f"match.order.{self.order.value}", blanks)
        elif self.free <= 1:
            yield Told("match.only_agent", {"time": self.seconds})
