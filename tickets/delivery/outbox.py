"""The outbox: carries what was written down, each message until it arrived or is given up.

What is due is claimed, a few messages at a time, and handed to the carriers. A claim is a lease:
a process that dies with a message in its hands costs the lease's length, and the message goes out
again under the same delivery id.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import Entropy
from tickets.delivery.ends import Ends
from tickets.delivery.model import (
    Carrier,
    Channel,
    End,
    Ended,
    OnEnd,
    Purpose,
    Undelivered,
)
from tickets.delivery.repository import (
    Backlog,
    Claimed,
    backlog_txn,
    claim_txn,
    delivered_txn,
    failed_txn,
    queue_txn,
)
from tickets.delivery.schedule import Patience
from tickets.delivery.undelivered import give_up_txn
from tickets.sweeping import Sweeper

__all__ = ["Outbox", "queue_txn"]

LEASE = timedelta(minutes=5)
"""How long a claim holds: longer than any carrier takes."""
MOST_AT_ONCE = 8
"""Messages in the carriers' hands."""
STUCK_AFTER = timedelta(hours=1)
"""A message that waits this long is a reason to look."""


class Outbox:
    """Carries messages of the outbox by the carrier of their channel."""

    log = Logger()

    def __init__(
        self,
        database: Database,
        clock: Clock,
        carriers: Mapping[Channel, Carrier],
        patience: Patience,
        entropy: Entropy,
    ) -> None:
        self._database, self._clock, self._entropy = database, clock, entropy
        self._carriers, self._patience = carriers, patience
        self._ends = Ends(database, clock)
        self._told: Callable[[], None] = lambda: None
        self._under_way: set[Deferred[None]] = set()
        self._sweeper = Sweeper(clock, self._look, "messages of the outbox")
        self.wake = self._sweeper.wake
        self._backlog = Backlog(0, None, None)

    # --- what others ask --------------------------------------------------------------------

    def on_delivered(self, purpose: Purpose, callback: OnEnd) -> None:
        """Call back for each message of that purpose that arrived, at least once; before `start`.

        It counts as dealt with when what `callback` returns has fired.
        """
        self._ends.wish(purpose, End.DELIVERED, callback)

    def on_given_up(self, purpose: Purpose, callback: OnEnd) -> None:
        """As `on_delivered`, for those that never arrived; the dispatchers are told anyway."""
        self._ends.wish(purpose, End.GIVEN_UP, callback)

    def on_told(self, callback: Callable[[], None]) -> None:
        """Call back after each commit that wrote an in-house message."""
        self._told = callback

    def trouble(self) -> str:
        """What is the matter for `/health`, as of the last look; empty while nothing is."""
        oldest = self._backlog.oldest
        if oldest is None or utc(self._clock) - oldest < STUCK_AFTER:
            return ""
        return (
            f"{self._backlog.waiting} messages wait, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        )

    # --- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Carry what is due, and tell the ends that nobody has dealt with."""
        self._ends.look_again()
        self._sweeper.start()

    def stop(self) -> None:
        """Claim no more; what is under way is abandoned, and carried again after its lease."""
        self._sweeper.stop()
        for each in tuple(self._under_way):
            each.cancel()

    # --- carrying ---------------------------------------------------------------------------

    async def _look(self) -> datetime | None:
        await self._ends.settle_rest()
        while self._sweeper.started and (free := MOST_AT_ONCE - len(self._under_way)):
            claimed = await self._claim(free)
            for each in claimed:
                self._begin(each)
            if not claimed:
                break
        self._backlog = await self._database.read(backlog_txn)
        dues = [self._ends.due()]
        # Whoever is done with one of those under way wakes us.
        if len(self._under_way) < MOST_AT_ONCE:
            dues.append(self._backlog.next_due)
        return min(filter(None, dues), default=None)

    def _claim(self, most: int) -> Deferred[list[Claimed]]:
        return self._database.run(claim_txn, utc(self._clock), LEASE, most)

    def _begin(self, claimed: Claimed) -> None:
        carrying = Deferred.fromCoroutine(self._carry(claimed))
        self._under_way.add(carrying)
        carrying.addBoth(self._done, carrying)

    async def _carry(self, claimed: Claimed) -> None:
        try:
            carrier = self._carriers[claimed.outgoing.channel]
            said = await maybeDeferred(carrier.carry, claimed.outgoing, claimed.delivery_id)
        except Undelivered as undelivered:
            await self._undelivered(claimed, undelivered)
        except Exception:  # noqa: BLE001  (a carrier's mistake must not lose the message)
            if self._sweeper.started:
                self.log.failure("{id} could not be carried", id=claimed.delivery_id)
                await self._undelivered(claimed, Undelivered("internal error", temporary=True))
        else:
            await self._end(claimed, End.DELIVERED, said)

    async def _undelivered(self, claimed: Claimed, undelivered: Undelivered) -> None:
        now = utc(self._clock)
        due = self._patience.next_attempt(claimed.queued, claimed.attempt, now, self._entropy)
        if undelivered.temporary and due is not None:
            await self._database.run(failed_txn, claimed, undelivered.why, due)
        else:
            await self._end(claimed, End.GIVEN_UP, undelivered.why)

    async def _end(self, claimed: Claimed, end: End, said: str) -> None:
        now = utc(self._clock)
        outgoing = claimed.outgoing
        awaited = self._ends.awaited(outgoing.purpose, end)
        record = delivered_txn if end is End.DELIVERED else give_up_txn
        if await self._database.run(record, claimed, said, now, awaited=awaited):
            ended = Ended(claimed.outbox_id, claimed.delivery_id, outgoing, end, now, said)
            if end is End.GIVEN_UP:
                self._told()
            if awaited:
                await self._ends.settle(ended)

    def _done(self, result: object, carrying: Deferred[None]) -> None:
        self._under_way.discard(carrying)
        if isinstance(result, Failure) and self._sweeper.started:
            self._ends.look_again()  # it may be, if only the answer to the commit was lost
            self.log.failure("What became of a message is not written down", result)
        else:
            self.wake()
