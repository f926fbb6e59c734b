"""Rings customers ahead: knows whose call-backs wait where that is done, and when to look at them.

A look is made at most once in `PAUSE`: after something has happened, and at the instant at which,
by the last look, an agent may be near enough to being free.
"""

from collections.abc import Callable

from agents.acd.call_back import State
from agents.acd.leading import Due, Look
from agents.timer import Timer
from cti.kernel.clock import Clock
from cti.kernel.identifiers import AgentId, CallId, QueueId

PAUSE = 1.0
"""Seconds."""


class Ahead:
    """The call-backs of queues that have a lead."""

    def __init__(
        self,
        clock: Clock,
        find: Callable[[Look], Due],
        leaving: Callable[[], frozenset[AgentId]],
        ring: Callable[[CallId], None],
    ) -> None:
        """`ring` is called for everybody who goes out."""
        self._clock, self._find, self._leaving, self._ring = clock, find, leaving, ring
        self._waiting: dict[QueueId, dict[CallId, float]] = {}
        """Call-backs that wait, with the lead of their queue."""
        self._out: set[CallId] = set()
        self._looked, self._due = float("-inf"), float("inf")
        self._timer = Timer(clock)
        self._stopped = False

    def moved(self, waiting_id: CallId, queue_id: QueueId, state: State, lead: float) -> None:
        """The call-back is in that state now."""
        waiting = self._waiting.setdefault(queue_id, {})
        waiting.pop(waiting_id, None)
        self._out.discard(waiting_id)
        if state is State.AHEAD:
            self._out.add(waiting_id)
        elif state is State.WAITING and lead > 0.0:
            waiting[waiting_id] = lead
            self.stir()
        if not waiting:
            del self._waiting[queue_id]
        if not self._waiting:
            self._disarm()

    def stir(self) -> None:
        """Something has happened: look, unless that was done a moment ago, then in a moment."""
        if self._waiting:
            self._arm(self._looked + PAUSE)

    def stop(self) -> None:
        """Ring nobody any more."""
        self._stopped = True
        self._disarm()

    def _look(self) -> None:
        self._disarm()
        self._looked = self._clock.seconds()
        leaving = self._leaving()
        for queue_id, waiting in list(self._waiting.items()):
            lead = max(waiting.values(), default=0.0)
            due = self._find(Look(queue_id, lead, waiting.keys(), self._out, leaving))
            if due.again is not None:
                self._arm(self._looked + max(PAUSE, due.again))
            for waiting_id in due.calls:
                self._ring(waiting_id)

    def _arm(self, at: float) -> None:
        """Look then, unless that is to be sooner."""
        if self._stopped or self._due <= at:
            return
        self._disarm()
        self._due = at
        self._timer.arm_at(at, self._look)

    def _disarm(self) -> None:
        self._timer.disarm()
        self._due = float("inf")
