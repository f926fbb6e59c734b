"""Goes over many legs in slices, some of them every 2 ms, instead of over all at once.

All of 500 legs take 5.5 ms in each tick of 20, in which no packet is passed on and the server,
where it shares the core, waits, as sound comes first in the scheduler. A leg keeps its place, so
the times between its packets stay what they are.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Generic, TypeVar

from cti.kernel.clock import Clock, DelayedCall

FEW = 50
"""So many in one slice where that is enough: half a millisecond."""
STEP = 0.002
"""Seconds from one slice to the next."""
MOST_SLICES = 9
"""They end before the next tick, however many legs there are."""

T = TypeVar("T")


class Slices(Generic[T]):
    """Does something with each of many, with the instant at which their round began."""

    def __init__(self, clock: Clock, do: Callable[[T, float], object]) -> None:
        self._clock, self._do = clock, do
        self._left: list[Sequence[T]] = []
        """What is still to be done, the last slice first."""
        self._began = self._due = 0.0
        self._timer: DelayedCall | None = None

    def begin(self, many: Sequence[T], now: float) -> None:
        """The first of them at once; what is left of the round before comes before them."""
        self.finish()
        size = max(FEW, ceil(len(many) / MOST_SLICES))
        self._left = [many[start : start + size] for start in range(0, len(many), size)][::-1]
        self._began = self._due = now
        self._next()

    def finish(self) -> None:
        """Do what is left now."""
        self._cancel()
        while self._left:
            self._slice()

    def stop(self) -> None:
        """Leave out what is left."""
        self._left.clear()
        self._cancel()

    def _next(self) -> None:
        self._timer = None
        if self._left:
            self._slice()
        if self._left:
            self._due += STEP
            delay = max(0.0, self._due - self._clock.seconds())
            self._timer = self._clock.callLater(min(delay, STEP), self._next)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _slice(self) -> None:
        for each in self._left.pop():
            self._do(each, self._began)
