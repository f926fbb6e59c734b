"""Who waits where and since when: how many in each queue, and the oldest, kept as they come and go.

Nothing here walks the crowd: a queue is looked at as often as anybody likes. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from agents.acd.overflow import Limit
from agents.acd.queue import Line, Wait, WaitingCall
from cti.kernel.identifiers import CallId, CustomerId, QueueId


@dataclass(slots=True, eq=False)
class Stay:
    """One caller's wait in one queue.

    `since` is when they came to this queue; `call.arrived` is when they began to wait, which an
    overflow from another queue leaves as it was.
    """

    call: WaitingCall
    since: datetime
    visited: frozenset[QueueId]
    """The queues they have been in, this one included."""
    spent: set[Limit] = field(default_factory=set)
    """Limits that have done with them what they do."""
    passing: Limit | None = None
    """The limit for which somebody outside is being called for them."""
    promised: bool = False
    """Whether they were called back for an agent who is reserved, so nobody else is looked for."""
    overdue: bool = False
    """Whether they have waited for too long, but a telephone rings for them."""
    asked_for: CustomerId | None = None
    """The customer whose preferred agents have been asked for."""
    forecast: Wait | None = None
    """The wait expected as they came, None where nobody served the queue or an agent was free."""

    @property
    def call_id(self) -> CallId:
        """Whose wait it is."""
        return self.call.call_id

    @property
    def queue_id(self) -> QueueId:
        """Where they wait."""
        return self.call.queue_id

    def until(self, at: datetime) -> float:
        """Seconds waited in this queue until that instant."""
        return (at - self.since).total_seconds()


class Stays:
    """Everybody who waits."""

    def __init__(self) -> None:
        self._stays: dict[CallId, tuple[Stay, int]] = {}
        self._lines: dict[QueueId, Line] = {}
        self._numbers = count()

    def __iter__(self) -> Iterator[Stay]:
        return iter([stay for stay, _ in self._stays.values()])

    def get(self, call_id: CallId) -> Stay | None:
        """That caller's wait, None for who waits nowhere."""
        found = self._stays.get(call_id)
        return found[0] if found else None

    def add(self, stay: Stay) -> None:
        """The caller waits; they must wait nowhere else."""
        number = next(self._numbers)
        self._stays[stay.call_id] = stay, number
        line = self._lines.setdefault(stay.queue_id, Line())
        line.add((stay.since.timestamp(), number), stay.call_id)

    def remove(self, call_id: CallId) -> Stay | None:
        """The caller waits no more; gives the wait that is over."""
        found = self._stays.pop(call_id, None)
        if found is None:
            return None
        stay, number = found
        self._lines[stay.queue_id].remove((stay.since.timestamp(), number), call_id)
        return stay

    def count(self, queue_id: QueueId) -> int:
        """How many wait in that queue."""
        line = self._lines.get(queue_id)
        return len(line) if line is not None else 0

    def oldest(self, queue_id: QueueId) -> datetime | None:
        """Since when who has been in that queue for longest, None while nobody is."""
        line = self._lines.get(queue_id)
        head = line.head() if line is not None else None
        return self._stays[head[1]][0].since if head is not None else None

    def within(self, queue_id: QueueId) -> list[Stay]:
        """Everybody in that queue, who came first first."""
        return [self._stays[call_id][0] for call_id in self._lines.get(queue_id, ())]
