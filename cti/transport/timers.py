"""Timers by name, over a clock: what `StartTimer` and `StopTimer` ask for."""

from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall


class KeyedTimers:
    """At most one running timer per key; starting it again replaces it."""

    def __init__(self, clock: Clock, fired: Callable[[str], object]) -> None:
        self._clock = clock
        self._fired = fired
        self._running: dict[str, DelayedCall] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, key: str, seconds: float) -> None:
        """Have `fired(key)` called after so many seconds."""
        self.stop(key)
        self._running[key] = self._clock.callLater(seconds, self._fire, key)

    def stop(self, key: str) -> None:
        """Forget the timer, if it runs."""
        running = self._running.pop(key, None)
        if running is not None:
            running.cancel()

    def stop_all(self) -> None:
        """Forget every timer."""
        for key in tuple(self._running):
            self.stop(key)

    def _fire(self, key: str) -> None:
        del self._running[key]
        self._fired(key)
