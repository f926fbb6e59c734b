"""The keeper: writes calls and bindings down behind the work, so that a restart finds them.

What changed is only noted; the states are asked for when they are written, several in one
transaction and one transaction at a time. While the database fails, what is due waits and is
written as it stands by then: nothing piles up.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.call.events import CallCleared, CallEvent
from cti.database import Database
from cti.keeping.pending import Pending
from cti.keeping.repository import Batch, Found, read_txn, write_txn
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.identifiers import CallId

FIRST, AGAIN = 0.2, 0.05
"""Seconds after which a call is written for the first time, and after each change."""
FIRST_BINDINGS, AGAIN_BINDINGS = 1.0, 5.0
"""The same of bindings: each REGISTER changes them, and old ones lead to the same telephone."""
MOST = 200
"""Rows in one transaction."""
SHORTEST_PAUSE = 0.05
"""Seconds between two transactions."""
LONGEST_PAUSE = 5.0


class Keeper:
    """Keeps calls and bindings; `call` and `bindings` give what is worth keeping now."""

    log = Logger()

    def __init__(
        self,
        database: Database,
        clock: Clock,
        call: Callable[[CallId], object | None],
        bindings: Callable[[str], object | None],
    ) -> None:
        self.calls = Pending(call, FIRST, AGAIN)
        self.bindings = Pending(bindings, FIRST_BINDINGS, AGAIN_BINDINGS)
        self.failures = 0
        """Transactions that failed."""
        self._database, self._clock = database, clock
        self._timer: DelayedCall | None = None
        self._due = 0.0
        """When the timer runs out."""
        self._rested = 0.0
        """The instant from which there may be another transaction."""
        self._in_flight: Batch | None = None
        self._pause = SHORTEST_PAUSE
        self._flushing: list[Deferred[None]] = []
        self._found: list[CallId] = []
        """Calls that the process before us kept."""
        self._unsubscribe: Unsubscribe = lambda: None
        self._stopped = False

    def open(self) -> Deferred[Found]:
        """Read what the process before us kept; it stays until `listen`."""
        return self._database.read(read_txn).addCallback(self._opened)

    def listen(self, bus: Bus) -> None:
        """From now on what happens to calls is kept in mind; what is not up any more is deleted."""
        self._unsubscribe = bus.subscribe(CallEvent, self._happened)
        now = self._clock.seconds()
        for call_id in self._found:
            self.calls.changed(call_id, now)
        self._found.clear()
        self._arm()

    def call_changed(self, call_id: CallId) -> None:
        """Something about the call is not as it was that no event tells of."""
        self.calls.changed(call_id, self._clock.seconds())
        self._arm()

    def bindings_changed(self, account: str) -> None:
        """A telephone registered, came again, or left."""
        self.bindings.changed(account, self._clock.seconds())
        self._arm()

    def flush(self) -> Deferred[None]:
        """Write all that changed now; fires when it is committed, however long that takes."""
        if self._in_flight is None and not self._waiting:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushing.append(done)
        self._write()
        return done

    def stop(self, limit: float = 5.0) -> Deferred[bool]:
        """Listen no more and flush, for at most so many seconds; whether all was written."""
        self._unsubscribe()
        done: Deferred[bool] = Deferred()
        timer = self._clock.callLater(limit, lambda: done.callback(self._give_up()))

        def flushed(_none: None) -> None:
            if timer.active():
                timer.cancel()
                self._stopped = True
                self._disarm()
                done.callback(True)

        self.flush().addCallback(flushed)
        return done

    # --- what changes -------------------------------------------------------------------------

    def _happened(self, event: CallEvent) -> None:
        now = self._clock.seconds()
        if isinstance(event, CallCleared):
            self.calls.over(event.call_id, now)
        else:
            self.calls.changed(event.call_id, now)
        self._arm()

    def _opened(self, found: Found) -> Found:
        if found.unreadable:
            self.log.warn("{count} kept rows cannot be read", count=len(found.unreadable))
        for call in found.calls:
            self.calls.found(call.id)
            self._found.append(call.id)
        for account, bindings in found.bindings.items():
            self.bindings.found(account, bindings)
        for key in found.unreadable:
            self.calls.found(CallId(key))
            self._found.append(CallId(key))
            self.bindings.found(key)
            self.bindings.changed(key, 0.0)
        return found

    # --- writing ------------------------------------------------------------------------------

    @property
    def _waiting(self) -> int:
        return len(self.calls) + len(self.bindings)

    def _arm(self) -> None:
        """Have the timer run out when the next change is due, but never too soon again."""
        if self._in_flight is not None or self._stopped:
            return
        now = self._clock.seconds()
        if self._timer is not None and self._due <= now + AGAIN:
            return  # nothing new can be due before
        dues = [due for due in (self.calls.due, self.bindings.due) if due is not None]
        if not dues:
            return
        due = max(min(dues), self._rested)
        if self._timer is None or due < self._due:
            self._disarm()
            self._due = due
            self._timer = self._clock.callLater(max(0.0, due - now), self._write)

    def _write(self) -> None:
        self._disarm()
        if self._in_flight is not None:
            return
        now, early = self._clock.seconds(), bool(self._flushing)
        calls = self.calls.take(now, MOST, early=early)
        batch = Batch(calls, self.bindings.take(now, MOST - len(calls), early=early))
        if not batch:
            self._go_on()
            return
        self._in_flight = batch
        written = self._database.run(write_txn, batch, utc(self._clock))
        written.addCallbacks(self._written, self._failed)
        written.addErrback(lambda failure: self.log.failure("keeper", failure))

    def _written(self, _none: None) -> None:
        self._in_flight = None
        if self._pause > SHORTEST_PAUSE:
            self.log.info("calls are kept again after {count} failures", count=self.failures)
        self._pause = SHORTEST_PAUSE
        self._rested = self._clock.seconds() + self._pause
        self._go_on()

    def _failed(self, failure: Failure) -> None:
        batch, self._in_flight = self._in_flight, None
        assert batch is not None
        now = self._clock.seconds()
        self.calls.failed(list(batch.calls), now)
        self.bindings.failed(list(batch.bindings), now)
        self.failures += 1
        if self._pause == SHORTEST_PAUSE:
            # Never the error's own text: it may quote what was being written.
            why = failure.type.__name__ if failure.type else "unknown"
            self.log.error("calls cannot be kept for a restart ({why})", why=why)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._rested = now + self._pause
        self._arm()

    def _go_on(self) -> None:
        if self._flushing and self._waiting:
            self._write()
            return
        flushing, self._flushing = self._flushing, []
        for done in flushing:
            done.callback(None)
        self._arm()

    def _give_up(self) -> bool:
        self._stopped = True
        self._disarm()
        self.log.error("{count} calls and bindings were not kept", count=self._waiting)
        return False

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
