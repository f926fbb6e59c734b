"""Deadlines that act: one timer, armed for the earliest stored alarm.

Alarms are rows (`tickets.alarms`); the timer only says when to look. Whatever wakes it - its
instant, a change of a clock, the heartbeat, a start after a downtime - it does the same: fire
what is due, oldest first, and arm itself for the next. A timer that was lost costs a minute, a
second process fires nothing twice.
"""

from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.events import Event
from tickets.alarms import Fired, fire_due_txn, next_due_txn
from tickets.clocks.sla import AlarmKind
from tickets.events import DeadlineBreached, DeadlineWarned, TicketEscalated

BATCH = 200
"""Alarms fired in one transaction, so that acts get in between."""
RETRY_AFTER = 5.0
"""Seconds until another attempt when the database failed."""


class Escalation:
    """Fires every stored alarm once, at its instant or as soon after as the house is up."""

    log = Logger()

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._timer: DelayedCall | None = None
        self._sweeping = False
        self._again = False
        self._started = False

    def start(self) -> None:
        """Fire what fell due while the house was down, then keep to the instants."""
        self._started = True
        self.wake()

    def stop(self) -> None:
        """Arm no more; a transaction under way ends by itself."""
        self._started = False
        self._disarm()

    def wake(self) -> None:
        """Look now: clocks changed, or a minute has passed. Harmless at any time."""
        if not self._started:
            return
        if self._sweeping:
            self._again = True
            return
        self._disarm()
        self._sweeping = True
        Deferred.fromCoroutine(self._sweep()).addErrback(self._failed)

    async def _sweep(self) -> None:
        due: datetime | None = None
        try:
            while self._started:
                self._again = False
                fired = await self._database.run(fire_due_txn, utc(self._clock), BATCH)
                for each in fired:
                    self._bus.publish(event_of(each, utc(self._clock)))
                due = await self._database.read(next_due_txn)
                if not self._again and len(fired) < BATCH:
                    break
        finally:
            self._sweeping = False
        if due is not None:
            self._arm(max(0.0, due.timestamp() - self._clock.seconds()))

    def _failed(self, failure: Failure) -> None:
        self.log.failure(
            "Deadlines could not be read, next attempt in {seconds} s",
            failure=failure,
            seconds=RETRY_AFTER,
        )
        self._arm(RETRY_AFTER)

    def _arm(self, delay: float) -> None:
        self._disarm()
        if self._started:
            self._timer = self._clock.callLater(delay, self.wake)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


def event_of(fired: Fired, at: datetime) -> Event:
    """What the house hears of an alarm."""
    match fired.kind:
        case AlarmKind.WARNING:
            return DeadlineWarned(
                at=at, number=fired.number, clock=fired.clock.value, due=fired.clock_due
            )
        case AlarmKind.BREACH:
            return DeadlineBreached(
                at=at,
                number=fired.number,
                clock=fired.clock.value,
                due=fired.clock_due,
                late=fired.late,
            )
        case AlarmKind.ESCALATION:
            return TicketEscalated(
                at=at, number=fired.number, level=fired.level, to_role=fired.to.value
            )
