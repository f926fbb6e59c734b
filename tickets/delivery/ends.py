"""Ends of messages, told to whoever asked for them until they have dealt with each.

One that cannot be dealt with is told again after a pause that grows, and keeps nobody waiting:
not those who came after it, and not what is to be carried.
"""

from dataclasses import dataclass
from datetime import datetime

from twisted.internet.defer import CancelledError, maybeDeferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from tickets.delivery.model import End, Ended, OnEnd, Purpose
from tickets.delivery.repository import settled_txn, unsettled_txn
from tickets.set_aside import Pauses

AT_ONCE = 100
"""Ends read at a time."""


@dataclass(frozen=True, slots=True)
class _Wish:
    purpose: Purpose
    end: End
    callback: OnEnd


class Ends:
    """Who asked for which ends, and which of them are still to be told."""

    log = Logger()

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._wishes: list[_Wish] = []
        self._failing: Pauses[int] = Pauses()
        self._unsettled = True
        """Whether there may be ends that nobody was told."""

    def wish(self, purpose: Purpose, end: End, callback: OnEnd) -> None:
        """Tell `callback` of each such end."""
        self._wishes.append(_Wish(purpose, end, callback))

    def awaited(self, purpose: Purpose, end: End) -> bool:
        """Whether anybody asked for such an end."""
        return bool(self._wishes_for(purpose, end))

    def look_again(self) -> None:
        """There may be ends in the database of which nobody here knows."""
        self._unsettled = True

    def due(self) -> datetime | None:
        """When an end that could not be dealt with is told again; None where there is none."""
        return self._failing.due()

    async def settle(self, ended: Ended) -> None:
        """Tell it to all who asked; where one fails, all are told again later."""
        outbox_id = ended.outbox_id
        try:
            for wish in self._wishes_for(ended.outgoing.purpose, ended.end):
                await maybeDeferred(wish.callback, ended)
            await self._database.run(settled_txn, outbox_id, utc(self._clock))
        except CancelledError:  # the house goes, and tells it when it is back
            raise
        except Exception:  # noqa: BLE001  (whoever was told failed: told again after a pause)
            pause = self._failing.failed(outbox_id, self._clock.seconds())
            self.log.failure(
                "The end of {id} could not be dealt with, next attempt in {seconds} s",
                id=ended.delivery_id,
                seconds=pause,
            )
        else:
            self._failing.over(outbox_id)

    async def settle_rest(self) -> None:
        """Tell the ends that nobody was told, and those that failed and whose pause is over."""
        now = self._clock.seconds()
        if not self._unsettled and not self._failing.any_over(now):
            return
        waiting = self._failing.waiting(now)
        last = 0
        while found := await self._database.read(unsettled_txn, AT_ONCE, last):
            for ended in found:
                if ended.outbox_id not in waiting:
                    await self.settle(ended)
            last = found[-1].outbox_id
        self._unsettled = False

    def _wishes_for(self, purpose: Purpose, end: End) -> list[_Wish]:
        return [each for each in self._wishes if (each.purpose, each.end) == (purpose, end)]
