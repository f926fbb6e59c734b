"""The 20 ms pacer: one timer for all legs, on absolute time, so that it never drifts."""

from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall
from cti.media.g711 import FRAME_SECONDS

LARGEST_BURST = 3
"""Ticks made up for at once after a delay; what was missed beyond that is left out."""


class Pacer:
    """Calls `tick(now)` every 20 ms of the clock."""

    def __init__(self, clock: Clock, tick: Callable[[float], None]) -> None:
        self._clock = clock
        self._tick = tick
        self._due = 0.0
        self._timer: DelayedCall | None = None

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return self._timer is not None

    def start(self) -> None:
        """Tick from now on."""
        if self._timer is None:
            self._due = self._clock.seconds()
            self._arm()

    def stop(self) -> None:
        """Tick no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._due += FRAME_SECONDS
        delay = self._due - self._clock.seconds()
        if not -LARGEST_BURST * FRAME_SECONDS <= delay <= FRAME_SECONDS:
            # Very late, or somebody set the clock back: begin anew from here.
            self._due = self._clock.seconds() + FRAME_SECONDS
            delay = FRAME_SECONDS
        self._timer = self._clock.callLater(max(0.0, delay), self._fire)

    def _fire(self) -> None:
        self._arm()
        self._tick(self._clock.seconds())
