"""Rows with an instant that act by themselves: one timer, armed for the earliest of them.

The timer only says when to look. Whatever wakes a sweeper - its instant, a commit, the heartbeat,
a start after a downtime - it does the same: sweep up what is due, and arm itself for the next.
A timer that was lost costs a minute, and what a second process does is settled in the database.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import report
from cti.kernel.clock import Clock, DelayedCall

RETRY_AFTER = 5.0
"""Seconds until another attempt when the database failed."""
BUSY_AFTER = 0.05
"""Seconds until another look at what is due and could not be had, since somebody works on it."""

Sweep = Callable[[], Coroutine[Any, Any, datetime | None]]
"""Does what is due; gives the instant at which the next is, None where nothing waits."""


class Sweeper:
    """Calls `sweep` whenever something is due, never twice at a time."""

    log = Logger()

    def __init__(self, clock: Clock, sweep: Sweep, what: str) -> None:
        """`what` is swept, for the log."""
        self._clock, self._sweep, self._what = clock, sweep, what
        self._timer: DelayedCall | None = None
        self._sweeping = self._again = False
        self.started = False

    def start(self) -> None:
        """Do what fell due while the house was down, then keep to the instants."""
        self.started = True
        self.wake()

    def stop(self) -> None:
        """Arm no more; a transaction under way ends by itself."""
        self.started = False
        self._disarm()

    def wake(self) -> None:
        """Look now. Harmless at any time."""
        if not self.started:
            return
        if self._sweeping:
            self._again = True
            return
        self._disarm()
        self._sweeping = True
        Deferred.fromCoroutine(self._run()).addErrback(self._failed)

    async def _run(self) -> None:
        try:
            self._again = True
            due: datetime | None = None
            while self._again and self.started:
                self._again = False
                due = await self._sweep()
        finally:
            self._sweeping = False
        if due is not None:
            left = due.timestamp() - self._clock.seconds()
            self._arm(left if left > 0 else BUSY_AFTER)

    def _failed(self, failure: Failure) -> None:
        if not self.started:
            return
        said = "{what} stand still, next attempt in {seconds} s"
        report(self.log, failure, said, what=self._what, seconds=RETRY_AFTER)
        self._arm(RETRY_AFTER)

    def _arm(self, delay: float) -> None:
        self._disarm()
        if self.started:
            self._timer = self._clock.callLater(delay, self.wake)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
