"""The crowd of a lane: who is staffed for it, and since when whoever is taken has been so.

It is counted as it changes, in slots of time, so that a forecast asks a few dozen counters and
not thousands of agents.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from agents.acd.estimate import Handling, Outlook, Taken
from cti.kernel.identifiers import AgentId, QueueId

SLOT = 15.0
"""Seconds: agents taken within the same are counted together."""
FRESH = 1.0
"""Seconds for which an outlook is kept."""

Work = tuple[QueueId | None, int]
"""What takes an agent: a call of that queue or of none, and the slot in which it began."""


def work(queue_id: QueueId | None, since: float) -> Work:
    """Taken by that since then (seconds)."""
    return queue_id, int(since // SLOT)


class Crowd:
    """Everybody who serves the calls of one lane, free or taken."""

    def __init__(self) -> None:
        self._staff: dict[AgentId, None] = {}
        self._taken: Counter[Work] = Counter()
        self._outlook: tuple[float, Outlook] | None = None
        self._changed = False
        """Whether it is not as it was for that outlook."""

    def __len__(self) -> int:
        return len(self._staff)

    def __contains__(self, agent_id: AgentId) -> bool:
        return agent_id in self._staff

    def join(self, agent_id: AgentId) -> None:
        """The agent serves the lane."""
        self._staff[agent_id] = None
        self._changed = True

    def leave(self, agent_id: AgentId) -> None:
        """The agent serves it no more; they must have."""
        del self._staff[agent_id]
        self._changed = True

    def take(self, what: Work) -> None:
        """One of them is taken by that."""
        self._taken[what] += 1
        self._changed = True

    def release(self, what: Work) -> None:
        """One of them is taken by that no more."""
        self._taken[what] -= 1
        if not self._taken[what]:
            del self._taken[what]
        self._changed = True

    def sample(self, most: int) -> Iterator[AgentId]:
        """At most so many of them, spread over all."""
        return islice(self._staff, 0, None, max(1, -(-len(self._staff) // most)))

    def outlook(
        self,
        queue_id: QueueId,
        handling: Callable[[QueueId | None], Handling],
        now: float,
        *,
        exact: bool = False,
    ) -> Outlook:
        """When they come free, at most a second old; calls of that queue wait for them.

        With `exact` it is of those who are free and taken now, whatever that costs.
        """
        kept = not (exact and self._changed)
        if kept and self._outlook is not None and 0.0 <= now - self._outlook[0] < FRESH:
            return self._outlook[1]
        groups = [
            Taken(agents, now - (slot + 0.5) * SLOT, handling(by or queue_id))
            for (by, slot), agents in self._taken.items()
        ]
        free = len(self._staff) - self._taken.total()
        outlook = Outlook(handling(queue_id), groups, free)
        self._outlook, self._changed = (now, outlook), False
        return outlook
