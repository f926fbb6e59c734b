"""Whether a quiet far side is still there: pings ask it, and keep the patience of proxies."""

from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall

EVERY = 25.0
"""Seconds from one ping to the next; proxies close what is quiet for 30 or 60 seconds."""
PATIENCE = 10.0
"""Seconds a pong may take."""


class Heartbeat:
    """Calls `ping` with a payload every `EVERY` seconds, and `give_up` once a pong is overdue."""

    def __init__(
        self, clock: Clock, ping: Callable[[bytes], object], give_up: Callable[[], object]
    ) -> None:
        self._clock, self._ping, self._give_up = clock, ping, give_up
        self._beats = 0
        self._next = clock.callLater(EVERY, self._beat)
        self._limit: DelayedCall | None = None

    def pong(self, payload: bytes) -> None:
        """One came; it counts when it answers the last ping (RFC 6455, 5.5.3)."""
        if payload == self._payload:
            self._wait_no_longer()

    def stop(self) -> None:
        """Ask no more."""
        if self._next.active():
            self._next.cancel()
        self._wait_no_longer()

    @property
    def _payload(self) -> bytes:
        return str(self._beats).encode()

    def _beat(self) -> None:
        self._beats += 1
        self._next = self._clock.callLater(EVERY, self._beat)
        self._limit = self._clock.callLater(PATIENCE, self._overdue)
        self._ping(self._payload)

    def _overdue(self) -> None:
        self.stop()
        self._give_up()

    def _wait_no_longer(self) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
