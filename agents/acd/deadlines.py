"""One timer for the earliest of many instants, so that who waits costs no timer of their own."""

from collections.abc import Callable
from itertools import count

from agents.acd.queue import Line
from agents.timer import Timer
from cti.kernel.clock import Clock
from cti.kernel.identifiers import CallId


class Deadlines:
    """Instants of calls, at most one of each; `passed` is told of each once it has come."""

    def __init__(self, clock: Clock, passed: Callable[[CallId], None]) -> None:
        self._clock, self._passed = clock, passed
        self._line = Line()
        self._of: dict[CallId, tuple[float, int]] = {}
        self._numbers = count()
        self._timer = Timer(clock)
        self._stopped = False

    def set(self, call_id: CallId, at: float) -> None:
        """That call's instant, in place of any it had; seconds since the epoch."""
        self.drop(call_id)
        self._of[call_id] = entry = (at, next(self._numbers))
        self._line.add(entry, call_id)
        self._arm()

    def drop(self, call_id: CallId) -> None:
        """Forget the call's instant; nothing if it has none."""
        entry = self._of.pop(call_id, None)
        if entry is not None:
            self._line.remove(entry, call_id)
            self._arm()

    def stop(self) -> None:
        """Forget all of them, and whatever is set from now on."""
        self._line, self._of, self._stopped = Line(), {}, True
        self._arm()

    def _arm(self) -> None:
        head = self._line.head()
        if head is not None and not self._stopped:
            self._timer.arm_at(head[0][0], self._pass)
        else:
            self._timer.disarm()

    def _pass(self) -> None:
        while (head := self._line.head()) is not None and head[0][0] <= self._clock.seconds():
            call_id = head[1]
            self.drop(call_id)
            self._passed(call_id)
