"""Time that stands still while the process does: a machine that pauses makes nothing late here.

A reactor that was stopped for a second wakes up with a second's timers due and with a second's
packets unread; timers go first, and every limit in them is exceeded although nobody was slow. By
this time it was away for a moment only: what waited is read before what was due.
"""

from collections.abc import Callable
from math import inf
from typing import Any

HASTE = 0.05
"""Seconds that a turn of the reactor may last beyond its sleep without being taken for a pause."""


class SteadyTime:
    """Seconds of a reactor without those that it stood still."""

    def __init__(self, reactor: Any) -> None:
        self._seconds: Callable[[], float] = reactor.seconds
        self._timeout: Callable[[], float | None] = reactor.timeout
        self.stood_still = 0.0
        """Seconds since it caught up."""
        self._seen = self._seconds()
        self._asleep = 0.0
        reactor.seconds, reactor.timeout = self.seconds, self.timeout

    def seconds(self) -> float:
        """What the reactor takes for the time."""
        now = self._seconds()
        self.stood_still += max(0.0, now - self._seen - self._asleep - HASTE)
        self._seen, self._asleep = now, 0.0
        return now - self.stood_still

    def timeout(self) -> float | None:
        """How long the reactor will sleep at most, for it asks before it does."""
        sleep = self._timeout()
        self._asleep = inf if sleep is None else max(0.0, sleep)
        return sleep

    def catch_up(self) -> None:
        """From now on it is what all others take for the time, too."""
        self.stood_still, self._seen = 0.0, self._seconds()
