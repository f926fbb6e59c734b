"""The journal's writer: every event of the bus, in order, in batches, never in a caller's way.

Events wait in memory for `DELAY` seconds or until `BATCH` of them are there, then go out in one
transaction. The next one begins when that is committed, and while few come not before `PACE`
seconds: most short calls are then told of in one batch, which costs half of two.

While the database fails, the same batch is tried again with growing pauses and nothing is lost or
reordered, until `LIMIT` events wait: then the newest are dropped and counted, and a JournalGap
stands in their place. Where another server on the same database was quicker, a batch takes the
next numbers.
"""

from collections import deque
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy.exc import IntegrityError
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.events import Event
from monitoring.events import JournalGap, JournalRecovered, JournalStalled
from monitoring.repository import ForeignWriterError, append_events_txn, last_sequence_txn

DELAY, PACE = 0.05, 0.2
BATCH = 200
LIMIT = 100_000
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class JournalWriter:
    """Writes the bus down. `start` it before anything publishes, `stop` it last."""

    log = Logger()

    def __init__(self, database: Database, bus: Bus, clock: Clock, *, limit: int = LIMIT) -> None:
        self._database, self._bus, self._clock = database, bus, clock
        self._limit = limit
        self._waiting: deque[Event] = deque()
        self._in_flight: tuple[Event, ...] = ()
        self._next: int | None = None
        self._writing = False
        self._timer: DelayedCall | None = None
        self._pause = FIRST_PAUSE
        self._rested = 0.0
        """The instant from which few events are worth another transaction."""
        self._stalled: float | None = None
        self._gap: JournalGap | None = None
        self._flushing: list[Deferred[None]] = []
        self._unsubscribe: Unsubscribe | None = None

    @property
    def backlog(self) -> int:
        """Events that are not committed yet."""
        return len(self._waiting) + len(self._in_flight) + (self._gap is not None)

    def trouble(self) -> str:
        """What is the matter for `/health`; empty while nothing is."""
        if self._stalled is None:
            return ""
        since = datetime.fromtimestamp(self._stalled, UTC)
        return f"not written since {since:%Y-%m-%d %H:%M:%S} UTC, {self.backlog} events wait"

    def start(self) -> Deferred[None]:
        """Begin to listen; fires when the journal can be written."""
        self._unsubscribe = self._bus.subscribe(Event, self.append)
        return self._database.read(last_sequence_txn).addCallback(self._opened)

    def append(self, event: Event) -> None:
        """Write the event soon. Returns at once, never fails."""
        if self._gap is not None or len(self._waiting) >= self._limit:
            self._drop(event)
            return
        self._waiting.append(event)
        if self._next is None or self._in_flight:
            return
        if len(self._waiting) >= BATCH:
            self._write()
        else:
            self._gather()

    def flush(self) -> Deferred[None]:
        """Write what waits now; fires when all of it is committed, however long that takes."""
        if not self.backlog:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushing.append(done)
        if self._next is not None and not self._in_flight:
            self._write()
        return done

    def stop(self, limit: float = 5.0) -> Deferred[int]:
        """Listen no more and flush, for at most `limit` seconds; fires with what stayed behind."""
        if self._unsubscribe:
            self._unsubscribe()
        done: Deferred[int] = Deferred()
        timer = self._clock.callLater(limit, lambda: done.callback(self._give_up()))

        def flushed(_none: None) -> None:
            if timer.active():
                timer.cancel()
                done.callback(0)

        self.flush().addCallback(flushed)
        return done

    # --- writing ----------------------------------------------------------------------------

    def _opened(self, last: int) -> None:
        self._next = last + 1
        if self._waiting:
            self._write()

    def _write(self) -> None:
        self._cancel_timer()
        if self._writing or self._next is None:
            return
        if not self._in_flight:
            self._in_flight = tuple(islice(self._waiting, BATCH))
            for _ in self._in_flight:
                self._waiting.popleft()
        if not self._in_flight:
            return
        self._writing = True
        self._rested = self._clock.seconds() + PACE
        written = self._database.run(append_events_txn, self._next, self._in_flight)
        written.addCallbacks(self._written, self._failed)
        written.addErrback(lambda failure: self.log.failure("journal", failure))

    def _written(self, _none: None) -> None:
        self._writing = False
        self._next = (self._next or 1) + len(self._in_flight)
        self._in_flight = ()
        self._pause = FIRST_PAUSE
        self._recovered()
        # Whoever waits for a flush waits for all of it; others may gather again.
        if len(self._waiting) >= BATCH or (self._waiting and self._flushing):
            self._write()
        elif self._waiting:
            self._gather()
        elif not self._in_flight:
            flushing, self._flushing = self._flushing, []
            for done in flushing:
                done.callback(None)

    def _failed(self, failure: Failure) -> None:
        self._writing = False
        if failure.check(ForeignWriterError):
            self._behind_another()
            return
        # Who loses a race for a number learns at the next attempt whose it is.
        raced = failure.check(IntegrityError) and self._pause == FIRST_PAUSE
        if not raced:
            self._stall(failure)
        self._schedule(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _behind_another(self) -> None:
        """Find out which numbers are left, and go on with them."""
        self._writing = True

        def renumber(last: int) -> None:
            self._writing = False
            self._next = last + 1
            self._write()

        self._database.read(last_sequence_txn).addCallbacks(renumber, self._failed)

    def _stall(self, failure: Failure) -> None:
        # Never the error's own text: it may quote what was being written.
        why = failure.type.__name__ if failure.type else "unknown"
        if self._stalled is None:
            self._stalled = self._clock.seconds()
            self.log.critical(
                "the journal cannot be written ({why}); events wait in memory", why=why
            )
            self._bus.publish(JournalStalled(at=utc(self._clock), why=why))

    def _recovered(self) -> None:
        if len(self._waiting) >= self._limit:
            return
        if self._gap is not None:
            self._waiting.append(self._gap)
            self._gap = None
        if self._stalled is not None:
            seconds = self._clock.seconds() - self._stalled
            self._stalled = None
            self.log.critical("the journal is written again after {seconds:.1f} s", seconds=seconds)
            self._bus.publish(JournalRecovered(at=utc(self._clock), seconds=seconds))

    def _drop(self, event: Event) -> None:
        gap = self._gap
        if gap is None:
            self.log.critical("the journal's memory is full; events are lost from now on")
            gap = JournalGap(at=event.at, since=event.at, lost=0)
        self._gap = JournalGap(at=event.at, since=gap.since, lost=gap.lost + 1)

    def _give_up(self) -> int:
        self._cancel_timer()
        if self.backlog:
            self.log.critical("{count} events were not written", count=self.backlog)
        return self.backlog

    def _gather(self) -> None:
        """Let others come before the next batch goes out."""
        self._schedule(max(DELAY, self._rested - self._clock.seconds()))

    def _schedule(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._write)

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
