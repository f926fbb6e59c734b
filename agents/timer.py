"""One alarm at a time: setting it anew takes the last one back."""

from collections.abc import Callable
from datetime import datetime

from cti.kernel.clock import Clock, DelayedCall, utc


class Timer:
    """Calls somebody once, later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._call: DelayedCall | None = None

    def arm(self, delay: float, call: Callable[[], object]) -> None:
        """Call after so many seconds, in place of what was to be called before."""
        self.disarm()
        self._call = self._clock.callLater(delay, call)

    def arm_until(self, instant: datetime, call: Callable[[], object]) -> None:
        """Call at that instant."""
        self.arm(max(0.0, (instant - utc(self._clock)).total_seconds()), call)

    def disarm(self) -> None:
        """Call nobody."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
