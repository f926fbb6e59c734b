"""How late the reactor is: a timer that measures its own lateness, and whether datagrams wait."""

from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall

EVERY = 0.1
"""Seconds from one beat to the next."""


class Pulse:
    """Tells `sampled(lag, now)` at each beat, in seconds, from `start` to `stop`.

    A turn of the reactor may be short and datagrams wait for seconds all the same, as each turn
    takes only some of them: so the lag is at least the time since `kept_up` was last true.
    """

    def __init__(
        self,
        clock: Clock,
        kept_up: Callable[[], bool],
        sampled: Callable[[float, float], object],
    ) -> None:
        self._clock, self._kept_up, self._sampled = clock, kept_up, sampled
        self._caught_up = 0.0
        self._due = 0.0
        self._next: DelayedCall | None = None

    def start(self) -> None:
        """Beat from now on."""
        self._caught_up = self._clock.seconds()
        self._wait(self._caught_up)

    def stop(self) -> None:
        """Beat no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _wait(self, now: float) -> None:
        self._due = now + EVERY
        self._next = self._clock.callLater(EVERY, self._beat)

    def _beat(self) -> None:
        now = self._clock.seconds()
        if self._kept_up():
            self._caught_up = now
        self._sampled(max(now - self._due, now - self._caught_up), now)
        self._wait(now)
