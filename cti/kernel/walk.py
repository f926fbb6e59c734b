"""Goes over many, a few in each turn of the reactor, so that calls are heard in between."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall

FEW = 20
"""So many in one turn."""

T = TypeVar("T")


class Walk(Generic[T]):
    """Does something with each of them, in their order; `done` is told at the end.

    What goes wrong with one is logged, and the others have their turn.
    """

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        many: Iterable[T],
        do: Callable[[T], object],
        done: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock, self._left = clock, deque(many)
        self._do, self._done = do, done
        self._timer: DelayedCall | None = None

    def start(self) -> None:
        """The first few at once."""
        self._timer = None
        for _ in range(min(FEW, len(self._left))):
            each = self._left.popleft()
            with self.log.failuresHandled("{each} is left out", each=each):
                self._do(each)
        if self._left:
            self._timer = self._clock.callLater(0.0, self.start)
        else:
            self._done()

    def finish(self) -> None:
        """Do the rest now, in this turn."""
        while self._left:
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            self.start()

    def stop(self) -> None:
        """Leave out whoever is left, and tell nobody."""
        self._left.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
