"""The teller: brings what happened to those who are to know it, each in their hours.

It wakes when messages were written, and when the instant of the earliest notice has come: spreads
messages into notices, makes e-mails of the notices that are due, and wakes the outbox.
"""

from collections.abc import Callable
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cti.database import Database, trouble_of
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
        others = self._messages_aside.others()
        try:
            return await self._spread_those(MESSAGES, others)
        except Exception as error:
            if trouble_of(error) is not None:
                raise
        spread = 0
        for message_id in await self._database.read(unspread_txn, MESSAGES, others):
            try:
                spread += await self._spread_those(1, Choice(only=(message_id,)))
            except Exception:  # noqa: BLE001  (as above)
                await self._messages_aside.failed(message_id, None, Failure())
        return spread

    async def _hand_over(self) -> int:
        others = self._people_aside.others()
        try:
            return await self._tell_those(PEOPLE, others)
        except Exception as error:
            if trouble_of(error) is not None:
                raise
        told, now = 0, utc(self._clock)
        for staff_id in await self._database.read(to_be_told_txn, now, PEOPLE, others):
            try:
                told += await self._tell_those(1, Choice(only=(staff_id,)))
            except Exception:  # noqa: BLE001  (as above)
                await self._people_aside.failed(staff_id, None, Failure())
        return told

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
