"""Which of the free agents takes a call: the best skill level, then the longest idle."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.vocabulary import Language

Lane = tuple[QueueId, Language]
"""Calls of one queue in one language: all of them can be served by the same agents."""

Rank = tuple[int, float, AgentId]
"""Level (negated), idle since, and the name to settle a tie; the smaller goes first."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A free agent: level in each queue they may serve, languages, idle since (seconds)."""

    agent_id: AgentId
    levels: Mapping[QueueId, int]
    languages: frozenset[Language]
    idle_since: float

    def lanes(self) -> Iterator[Lane]:
        """Every lane this agent may serve."""
        for queue_id in self.levels:
            for language in self.languages:
                yield queue_id, language

    def rank(self, queue_id: QueueId) -> Rank:
        """Where this agent stands among the free agents of that queue."""
        return -self.levels[queue_id], self.idle_since, self.agent_id


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
        return self._ranks[0][2] if self._ranks else None
