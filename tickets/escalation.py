"""Deadlines that act: every stored alarm fires once, and the house hears of it.

Alarms are rows (`tickets.alarms`), swept up in batches so that acts get in between; what they
tell goes round on the bus a few events in each turn of the reactor, so that calls do.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from itertools import chain

from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.walk import Walk
from tickets.alarms import Fired, due_txn, event_of, fire_due_txn, next_due_txn
from tickets.calendar.book import Pin
from tickets.set_aside import Choice, SetAside
from tickets.sweeping import Sweeper

BATCH = 200
"""Alarms fired in one transaction."""


class Escalation:
    """Fires every stored alarm once, at its instant or as soon after as the house is up."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        gone: Callable[[], Collection[StaffId]] = frozenset,
    ) -> None:
        """`gone` tells who works here no more: the dispatchers hear of what was theirs."""
        self._database = database
        self._bus = bus
        self._clock, self._gone = clock, gone
        self._aside: SetAside[int] = SetAside(database, clock, "alarm")
        self._sweeper = Sweeper(clock, self._sweep, "deadlines")
        self._told: Walk[Fired] | None = None
        self._fired: Callable[[], None] = lambda: None
        self._pin: Pin | None = None
        self.start, self.wake = self._sweeper.start, self._sweeper.wake

    def on_fired(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that fired alarms, and so wrote messages."""
        self._fired = wake
        self._aside.on_told(wake)

    def go_by(self, pin: Pin) -> None:
        """Fire by the calendars in force, while a change of them still moves deadlines too."""
        self._pin = pin

    def stop(self) -> None:
        """Fire no more; what has fired is told."""
        self._sweeper.stop()
        if self._told is not None:
            self._told.finish()

    async def _sweep(self) -> datetime | None:
        fired = await self._fire()
        while len(fired) == BATCH and self._sweeper.started:
            fired = await self._fire()
        due = await self._database.read(next_due_txn, self._aside.others())
        return self._aside.next_look(due)

    async def _fire(self) -> list[Fired]:
        fired = list(chain(*await self._aside.each(BATCH, self._fire_up_to, self._due)))
        if fired:
            self._fired()
            await self._tell(fired)
        return fired

    def _fire_up_to(self, limit: int, choice: Choice[int]) -> Deferred[list[Fired]]:
        now = utc(self._clock)
        return self._database.run(fire_due_txn, now, limit, self._gone(), choice, self._pin)

    def _due(self, choice: Choice[int]) -> Deferred[list[tuple[int, TicketNumber]]]:
        return self._database.read(due_txn, utc(self._clock), BATCH, choice)

    def _tell(self, fired: list[Fired]) -> Deferred[None]:
        told: Deferred[None] = Deferred()
        walk = self._told = Walk(self._clock, fired, self._publish, lambda: told.callback(None))
        walk.start()
        return told

    def _publish(self, fired: Fired) -> None:
        self._bus.publish(event_of(fired, utc(self._clock)))
