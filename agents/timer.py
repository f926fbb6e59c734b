"""One alarm at a time: setting it anew takes the last one back."""

from collections.abc import Callable
from datetime import datetime

from cti.kernel.clock import Clock, DelayedCall, utc


class Timer:
    """Calls somebody once, later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._call: DelayedCall | None = None
        self._instant: float | None = None
        """When it calls, where that was said and not how long to wait."""

    def arm(self, delay: float, call: Callable[[], object]) -> None:
        """Call after so many seconds, in place of what was to be called before."""
        self.disarm()
        self._instant = None
        self._call = self._clock.callLater(delay, call)

    def arm_once(self, delay: float, call: Callable[[], object]) -> None:
        """Call after so many seconds, or when somebody is to be called already."""
        if not self.armed:
            self.arm(delay, call)

    def arm_until(self, instant: datetime, call: Callable[[], object]) -> None:
        """Call at that instant."""
        self.arm(max(0.0, (instant - utc(self._clock)).total_seconds()), call)

    def arm_at(self, instant: float, call: Callable[[], object]) -> None:
        """Call at that instant (seconds of the clock); who waits for it already waits on."""
        if instant != self._instant or not self.armed:
            self.arm(max(0.0, instant - self._clock.seconds()), call)
            self._instant = instant

    @property
    def armed(self) -> bool:
        """Whether somebody is to be called."""
        return self._call is not None and bool(self._call.active())

    def disarm(self) -> None:
        """Call nobody."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
