"""The order in which calls are served, with the bound that keeps anybody from starving.

A call's precedence is its arrival minus a *head start* for its situation and service level, so
priority is worth a fixed number of seconds in the queue. That gives ageing without ever sorting
again: precedence never changes while the call waits. Two bounds follow, with `bound` the greatest
head start less the smallest (of all queues whose calls the same agents serve):

**Overtaking.** Where an agent is given a call while another waits that might have had that agent,
the first arrived at most `bound` seconds after the other. For the agent takes the least of
``arrival - head start`` among all they may serve, so ``a1 - h1 <= a2 - h2`` and therefore
``a1 - a2 <= h1 - h2 <= bound``. (A caller kept for one agent is the agent's alone: others cannot
have them, whoever overtakes.)

**Nobody starves.** The instant at which a call is served does not depend on any call that arrives
more than `bound` seconds after it, as long as demands stay as they are and offers are taken. For
such calls come after it in precedence, and a call is given an agent only where no call before it
might have had that agent: to all who come before, it is as if the later ones had not come. So
however many of a better class keep coming, even the lowest class waits no longer than if nobody
came any more once `bound` seconds have passed.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification

Precedence = tuple[float, int]
"""Seconds, then order of arrival; the smaller is served first."""


@dataclass(frozen=True, slots=True)
class HeadStarts:
    """Seconds in the queue that a situation and a service level are worth."""

    situations: Mapping[Situation, float] = field(
        default_factory=lambda: {
            Situation.CARD_LOSS: 1800.0,
            Situation.FRAUD: 1800.0,
            Situation.ORDINARY: 0.0,
        }
    )
    levels: Mapping[ServiceLevel, float] = field(
        default_factory=lambda: {
            ServiceLevel.SPECIAL: 300.0,
            ServiceLevel.PRIORITY: 120.0,
            ServiceLevel.UNIFORM: 0.0,
        }
    )

    def of(self, situation: Situation, level: ServiceLevel) -> float:
        """Both together, in seconds."""
        return self.situations[situation] + self.levels[level]

    @property
    def bound(self) -> float:
        """The most seconds by which a later call can overtake an earlier one."""
        situations, levels = self.situations.values(), self.levels.values()
        return max(situations) + max(levels) - min(situations) - min(levels)


class Claim(Enum):
    """Why a caller is kept for one agent for a while."""

    OWNER = "owner"
    """First contact of the customer's open ticket."""
    LAST_AGENT = "last_agent"
    """Who served this customer last."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """An agent whom the caller had better talk to, and why."""

    agent_id: AgentId
    claim: Claim


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """The agents whom the caller had better talk to, the best first, and had better not."""

    preferred: tuple[Preferred, ...] = ()
    shunned: frozenset[AgentId] = frozenset()


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call in the queue since `arrived` (seconds since the epoch)."""

    call_id: CallId
    queue_id: QueueId
    language: Language
    service_level: ServiceLevel
    situation: Situation
    arrived: float
    verification: Verification = Verification.NONE
    preferred: tuple[Preferred, ...] = ()
    """The best first."""
    shunned: frozenset[AgentId] = frozenset()
    """Agents whom the caller complained about."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Expected wait in seconds: half wait less than `low`, four of five less than `high`."""

    low: float
    high: float


class Line:
    """Waiting calls in the order of their precedence."""

    def __init__(self) -> None:
        self._order: list[tuple[Precedence, CallId]] = []

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[CallId]:
        return (call_id for _, call_id in self._order)

    def add(self, precedence: Precedence, call_id: CallId) -> None:
        """Put the call at its place."""
        insort(self._order, (precedence, call_id))

    def remove(self, precedence: Precedence, call_id: CallId) -> None:
        """Take the call out; it must be there."""
        index = bisect_left(self._order, (precedence, call_id))
        del self._order[index]

    def head(self) -> tuple[Precedence, CallId] | None:
        """Who is served next, None when nobody waits."""
        return self._order[0] if self._order else None

    def first(self, most: int) -> list[tuple[Precedence, CallId]]:
        """The next to be served, at most so many."""
        return self._order[:most]

    def ahead_of(self, precedence: Precedence) -> int:
        """How many are served before that precedence."""
        # A tuple of the precedence alone stands before every entry that has it.
        return bisect_left(self._order, (precedence,))
