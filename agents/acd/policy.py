"""Which of the free agents takes a call: a rank for each of the orders a queue can have."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.acd.rules import Order
from cti.kernel.identifiers import AgentId
from cti.kernel.vocabulary import Language

LAST_PRIORITY = 10
"""Priority of who has none in a group; 1 comes first."""

Rank = tuple[float, int, float, AgentId]
"""What the order compares, level (negated), idle since, and the id; the smaller goes first."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the matcher knows them, whose figures stand still while they are free."""

    agent_id: AgentId
    skills: Mapping[str, int]
    """Level of each skill, 1 to 10."""
    languages: frozenset[Language]
    idle_since: float = 0.0
    """Seconds since the epoch."""
    priorities: Mapping[str, int] = field(default_factory=dict)
    """In each skill group, 1 (first) to 10."""
    occupied: float = 0.0
    """Today's share of the time with calls in that ready for them or with them, 0 to 1."""
    calls: int = 0
    """Handled today."""


def figure(order: Order, agent: Agent, group: str, level: int, turn: int) -> float:
    """What that order compares: the smaller goes first, but the higher `level`.

    `turn` counts the queue's offers up to the agent's last one, 0 for who never had one.
    """
    match order:
        case Order.MOST_SKILLED:
            return level
        case Order.LEAST_OCCUPIED:
            return agent.occupied
        case Order.FEWEST_CALLS:
            return agent.calls
        case Order.ROUND_ROBIN:
            return turn
        case Order.GROUP_PRIORITY:
            return agent.priorities.get(group, LAST_PRIORITY)
        case Order.LONGEST_IDLE:
            return agent.idle_since


def rank(order: Order, agent: Agent, group: str, level: int, turn: int) -> Rank:
    """Where the agent stands among the free ones.

    Ties of the figure are settled by who is idle longer, then by the agent's id; in
    `Order.GROUP_PRIORITY` by the higher level before both.
    """
    compared = figure(order, agent, group, level, turn)
    if order is Order.MOST_SKILLED:
        compared = -compared
    finer = -level if order is Order.GROUP_PRIORITY else 0
    return compared, finer, agent.idle_since, agent.agent_id


class Bench:
    """Free agents of one lane, the next to take a call first."""

    def __init__(self) -> None:
        self._ranks: list[Rank] = []

    def __len__(self) -> int:
        return len(self._ranks)

    def add(self, rank: Rank) -> None:
        """Seat the agent at their rank."""
        insort(self._ranks, rank)

    def remove(self, rank: Rank) -> None:
        """Take the agent off; they must be there."""
        del self._ranks[bisect_left(self._ranks, rank)]

    def first(self) -> AgentId | None:
        """Who takes the next call, None when nobody is free."""
        return self._ranks[0][3] if self._ranks else None

    def best(self, most: int) -> list[AgentId]:
        """The next to take calls, at most so many."""
        return [rank[3] for rank in self._ranks[:most]]
