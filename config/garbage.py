"""When unreachable objects are looked for: nobody is served meanwhile.

What a call makes goes with its last reference (`tests/support/garbage` counts), so hardly anything
is left to look for. Young objects are looked through as they come, few at once; whatever outlives
one such look is left alone while there is work, as going through all that 500 waiting callers are
made of takes 50 to 100 ms. That is done when the server has had next to nothing to do for a while,
and once a day in any case, or what does hold itself would fill the memory in the end.
"""

import gc
from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall

YOUNG = 2_000
"""Objects made and kept until the young ones are looked through: 1 to 2 ms; 20,000 at once held the
reactor up for 17 to 40 ms."""
NEVER = 1_000_000
"""Collections of young objects until the older are looked through without being asked for."""
LOOK = 10.0
"""Seconds of which it is judged whether there was anything to do."""
IDLE = 0.05
"""Share of a processor below which there was not: less than three calls a second take."""
LEAST, MOST = 600.0, 86_400.0
"""Seconds between two collections of everything."""


def settle_down() -> None:
    """Take what the start has made out of the collector's sight, as it stays for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, NEVER, NEVER)


class Collecting:
    """Collects what is unreachable in quiet moments, from `start` to `stop`."""

    def __init__(
        self,
        clock: Clock,
        worked: Callable[[], float],
        collect: Callable[[], object] = gc.collect,
    ) -> None:
        """`worked` tells how many seconds of a processor the process has used so far."""
        self._clock, self._worked, self._collect = clock, worked, collect
        self._looked, self._collected = 0.0, 0.0
        self._timer: DelayedCall | None = None

    def start(self) -> None:
        """Nothing is unreachable now."""
        self._collected = self._clock.seconds()
        self._wait()

    def stop(self) -> None:
        """Collect no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._looked = self._worked()
        self._timer = self._clock.callLater(LOOK, self._look)

    def _look(self) -> None:
        idle = self._worked() - self._looked < IDLE * LOOK
        if self._clock.seconds() - self._collected >= (LEAST if idle else MOST):
            self._collect()
            self._collected = self._clock.seconds()
        self._wait()
