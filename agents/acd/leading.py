"""Which customers are rung ahead: those for whom an agent very probably comes free at once. Pure.

A call-back may go out without an agent where more agents of its lane are free or about to be so
than others are before it. About to be free means: within the `lead` of its queue, four times of
five (`Outlook.surely`), those left out who are known not to take a call then. Before it are all who
come first for any agent who may serve it, callers or call-backs, and every call-back that is out
without an agent, wherever it stands.

So at the instant at which one goes out there are, with it, never more such call-backs out than
agents about to be free for them; those who have an agent already have one each.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from agents.acd.estimate import Outlook
from agents.acd.lanes import Lane
from agents.acd.queue import Precedence
from cti.kernel.identifiers import AgentId, CallId, QueueId

FARTHEST = 100
"""Places: call-backs farther back in their queue are not looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """Asks which of the call-backs waiting in that queue go out, so long before an agent is free.

    All times in seconds.
    """

    queue_id: QueueId
    lead: float
    waiting: AbstractSet[CallId]
    out: AbstractSet[CallId]
    """Those that went out without an agent, of every queue, and have none yet."""
    leaving: AbstractSet[AgentId] = frozenset()
    """Agents who will take no call when they come free."""


@dataclass(frozen=True, slots=True)
class Due:
    """Those go out now; ask again in so many seconds, never (None) as things are."""

    calls: tuple[CallId, ...]
    again: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a call waits."""

    call_id: CallId
    lane: Lane
    precedence: Precedence


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the calls of a lane may have, and who else may have them."""

    outlook: Outlook
    surely: int
    """How many agents come free in time."""
    beside: AbstractSet[Lane]
    """Every lane that shares an agent with it, itself included."""
    leaving: int
    """How many of its agents will take no call."""
    kept: int
    """How many callers wait for one of its agents alone."""


@dataclass(slots=True)
class Leading:
    """One look; `reach` is asked once for each lane."""

    look: Look
    reach: Callable[[Lane], Reach]
    _known: dict[Lane, Reach] = field(default_factory=dict)

    def due(self, standing: Iterable[Standing], out: Iterable[Standing]) -> Due:
        """Who goes out, of those standing in the queue in their order."""
        gone, calls, again = tuple(out), list[CallId](), float("inf")
        full: set[Lane] = set()
        for each in standing:
            if each.lane in full or each.call_id not in self.look.waiting:
                continue  # who is behind has as many before them
            before = self._before(each, gone)
            if before < self._about_free(each.lane):
                calls.append(each.call_id)
            else:
                full.add(each.lane)
                again = min(again, self._again(each.lane, before))
        return Due(tuple(calls), again if again < float("inf") else None)

    def _before(self, one: Standing, gone: Iterable[Standing]) -> int:
        reach = self._reach(one.lane)
        ahead = sum(lane.line.ahead_of(one.precedence) for lane in reach.beside)
        behind = (each for each in gone if each.precedence > one.precedence)
        return reach.kept + ahead + sum(1 for each in behind if each.lane in reach.beside)

    def _about_free(self, lane: Lane) -> int:
        reach = self._reach(lane)
        return reach.surely - reach.leaving

    def _again(self, lane: Lane, before: int) -> float:
        """In how many seconds there may be one more than `before`."""
        reach = self._reach(lane)
        wanted = before + 1 + reach.leaving
        wait = reach.outlook.wait(wanted) if wanted <= reach.outlook.agents else None
        return max(0.0, wait.high - self.look.lead) if wait is not None else float("inf")

    def _reach(self, lane: Lane) -> Reach:
        found = self._known.get(lane)
        if found is None:
            found = self._known[lane] = self.reach(lane)
        return found
