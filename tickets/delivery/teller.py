"""The teller: brings what happened to those who are to know it, each in their hours.

It wakes when messages were written, and when the instant of the earliest notice has come: spreads
messages into notices, makes e-mails of the notices that are due, and wakes the outbox.
"""

from collections.abc import Callable
from datetime import datetime

from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.clock import Clock, utc
from tickets.delivery.composing import Composer
from tickets.delivery.notices import (
    Hours,
    hand_over_txn,
    next_release_txn,
    spread_txn,
    to_be_told_txn,
    unspread_txn,
)
from tickets.delivery.people import People
from tickets.set_aside import Choice, SetAside
from tickets.sweeping import Sweeper

MESSAGES = 200
"""Messages spread in one transaction."""
PEOPLE = 20
"""People told in one transaction."""


class Teller:
    """Tells people by e-mail, and the bank's program where there is one (`programs`)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        hours: Hours,
        composer: Composer,
        queued: Callable[[], None],
        *,
        programs: bool = False,
    ) -> None:
        """`queued` is called after each commit that put something into the outbox."""
        self._database, self._clock = database, clock
        self._people, self._hours, self._queued = people, hours, queued
        self._compose = composer.to_person
        self._program = composer.to_program if programs else None
        self._messages_aside: SetAside[int] = SetAside(database, clock, "notice")
        self._people_aside: SetAside[str] = SetAside(database, clock, "notice")
        self._sweeper = Sweeper(clock, self._sweep, "notices")
        self.start, self.stop = self._sweeper.start, self._sweeper.stop
        self.wake = self._sweeper.wake

    async def _sweep(self) -> datetime | None:
        while self._sweeper.started and await self._spread() == MESSAGES:
            self._queued()
        self._queued()
        while self._sweeper.started and await self._hand_over() == PEOPLE:
            self._queued()
        self._queued()
        due = await self._database.read(next_release_txn, self._people_aside.others())
        return self._messages_aside.next_look(self._people_aside.next_look(due))

    async def _spread(self) -> int:
        return sum(await self._messages_aside.each(MESSAGES, self._spread_those, self._unspread))

    async def _hand_over(self) -> int:
        return sum(await self._people_aside.each(PEOPLE, self._tell_those, self._to_be_told))

    async def _unspread(self, which: Choice[int]) -> list[tuple[int, None]]:
        found = await self._database.read(unspread_txn, MESSAGES, which)
        return [(message_id, None) for message_id in found]

    async def _to_be_told(self, whom: Choice[str]) -> list[tuple[str, None]]:
        now = utc(self._clock)
        found = await self._database.read(to_be_told_txn, now, PEOPLE, whom)
        return [(staff_id, None) for staff_id in found]

    def _spread_those(self, most: int, which: Choice[int]) -> Deferred[int]:
        now = utc(self._clock)
        return self._database.run(
            spread_txn, self._people(), self._hours, now, most, self._program, which
        )

    def _tell_those(self, most: int, whom: Choice[str]) -> Deferred[int]:
        now = utc(self._clock)
        return self._database.run(
            hand_over_txn, self._people(), self._hours, self._compose, now, most, whom
        )
