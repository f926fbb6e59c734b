"""Monitoring as a whole: what the composition root starts first and stops last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from agents.events import (
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallCoded,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    DisagreementHealed,
    NotReadyOverlong,
    OfferEnded,
)
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallStarted,
    ConnectionCleared,
    Delivered,
    Established,
    Failed,
    Held,
    Retrieved,
)
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, StaffId
from cti.recording.keys import KeyRing
from cti.recording.sealing import SealBroken
from cti.recording.verify import State, Verdict
from monitoring.cdr import CallRecord
from monitoring.days import Days
from monitoring.errors import RecordingUnusable
from monitoring.events import RecordingPlayed
from monitoring.history import CallHistory
from monitoring.journal import JournalWriter
from monitoring.messages import FILED_WITHIN, messages_txn, parts_txn
from monitoring.recordings import RecordingFolder, excerpt
from monitoring.repository import (
    CallFilter,
    CallPage,
    Cursor,
    call_events_txn,
    find_calls_txn,
    find_record_txn,
    read_journal_txn,
)
from monitoring.restart import (
    NOTHING,
    GoingOn,
    Untold,
    close_interrupted_txn,
    left_txn,
    nothing_untold,
    reply_calls_txn,
)
from monitoring.statistics import Rules
from monitoring.thresholds import Thresholds
from monitoring.wallboard import DRAW_AFTER, Floor, WallBoard
from tickets.events import (
    LetterEvent,
    ReplyCallMade,
    TicketChanged,
    TicketEvent,
    TicketRated,
    TicketRegistered,
)

COUNTED: tuple[type[Event], ...] = (
    AgentStateChanged, NotReadyOverlong, CallStarted, CallCleared, CallQueued, CallOffered,
    OfferEnded, CallAnswered, CallAbandoned, CallFlowedOut, CallCoded, CallWrappedUp, Delivered,
    Established, Held, Retrieved, Failed, ConnectionCleared, DisagreementHealed, TicketRegistered,
    TicketChanged, TicketRated,
)  # fmt: skip
"""What the figures of the board are folded from."""
LOOK_BACK = timedelta(hours=12)
"""Calls and agents' states older than that when the day begins are not carried into it."""
Aside = Callable[[Callable[[], Any]], Deferred[Any]]
SAME_LISTENING = 600.0
"""Seconds within which opening a recording again is the same listening."""


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """Where recordings are, how a day is counted, when the wall calls for attention.

    The wall shows what happened `draw_after` seconds later.
    """

    recordings: Path
    ring: KeyRing | None = field(default=None, repr=False)
    """What opens recordings that are encrypted."""
    rules: Rules = field(default_factory=Rules)
    thresholds: Thresholds = field(default_factory=Thresholds)
    draw_after: float = DRAW_AFTER


class MonitoringService:
    """Journal, call records, wall board, recordings."""

    log = Logger()

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        settings: MonitoringSettings,
        floor: Floor,
        aside: Aside = maybeDeferred,
    ) -> None:
        """`aside` does what takes long where nobody waits for it."""
        self._database, self._bus, self._clock = database, bus, clock
        self._listened: dict[tuple[StaffId, CallId], float] = {}
        self.settings = settings
        self.floor = floor
        self.folder = RecordingFolder(settings.recordings, settings.ring)
        self._aside = aside
        self.journal = JournalWriter(database, bus, clock)
        self.board = WallBoard(bus, clock, settings.rules, floor, settings.draw_after)
        self.history = CallHistory(database, floor)
        self.days = Days(self.board, clock)

    async def start(
        self, going_on: GoingOn = NOTHING, untold: Untold = nothing_untold
    ) -> Sequence[Event]:
        """Close what the run before left open, then listen. Before anything else publishes.

        What goes on stays open; what happened to it is given back, in order. What is `untold` by
        that run, which others know, is told.
        """
        closed = await self._database.run(close_interrupted_txn, self.folder, going_on, untold)
        if tickets := [event for event in closed if isinstance(event, TicketEvent | LetterEvent)]:
            self.log.warn(
                "{count} events of tickets and letters, which the run before did not come to "
                "write down, were found in the history",
                count=len(tickets),
            )
        if interrupted := [event for event in closed if isinstance(event, CallCleared)]:
            self.log.warn("{count} interrupted calls were closed", count=len(interrupted))
        await self.journal.start()
        rules = self.settings.rules
        today = rules.beginning_of(rules.day_of(utc(self._clock)))
        entries = await self._database.run(
            read_journal_txn, since=today - LOOK_BACK, kinds=[kind.kind for kind in COUNTED]
        )
        self.board.start(entry.event for entry in entries)
        return await self._database.read(left_txn, going_on)

    async def stop(self) -> None:
        """Listen no more and write the last events down. After everything else has stopped."""
        self.board.stop()
        await self.journal.stop()

    def messages(self) -> Deferred[list[Event]]:
        """What callers left as messages in the last days, in order, and the ends of those calls."""
        return self._database.read(messages_txn, utc(self._clock) - FILED_WITHIN)

    def reply_calls(self) -> Deferred[list[ReplyCallMade]]:
        """The reply calls of the run before of which nobody wrote down how they ended."""
        return self._database.read(reply_calls_txn)

    # --- what pages ask ---------------------------------------------------------------------

    def find_calls(
        self, wanted: CallFilter, before: Cursor | None = None, limit: int = 50
    ) -> Deferred[CallPage]:
        """Call records, the newest first; those of calls that are up as they stand now."""
        page = self._database.read(find_calls_txn, wanted, before, limit)
        return page.addCallback(self._with_those_up)

    def _with_those_up(self, page: CallPage) -> CallPage:
        up = self.board.figures.calls
        records = [up.get(record.call_id, record) for record in page.records]
        return CallPage(records, page.next)

    async def call(self, call_id: CallId) -> tuple[CallRecord, Sequence[CallEvent]]:
        """One call's record and events; Refused when there is no such call."""
        record = await self._database.read(find_record_txn, call_id)
        if record is None:
            raise Refused("calls.unknown")
        return record, await self._database.read(call_events_txn, call_id)

    async def verify(self, call_id: CallId) -> Verdict:
        """Whether the call's recording is what was recorded, and what was noted in it; Refused."""
        record = await self._recorded(call_id)
        digest = record.recording_digest
        verdict: Verdict
        verdict = await self._aside(lambda: self.folder.verify(record.recording or "", digest))
        if verdict.state is State.CHANGED:
            self.log.warn(
                "The recording of {call_id} was changed from {since:.0f} s: {why}",
                call_id=call_id,
                since=verdict.since or 0.0,
                why=verdict.why,
            )
        return verdict

    async def _recorded(self, call_id: CallId) -> CallRecord:
        record = await self._database.read(find_record_txn, call_id)
        if record is None or record.recording is None:
            raise Refused("recording.missing")
        return record

    async def listen(self, call_id: CallId, by: StaffId) -> BinaryIO:
        """The call's recording, for that member of staff, which is written down; Refused.

        A player asks for one file many times; within ten minutes that is one listening.
        """
        record = await self._recorded(call_id)
        assert record.recording is not None
        sound = self.folder.open(record.recording)
        now = self._clock.seconds()
        self._listened = {
            key: at for key, at in self._listened.items() if now - at < SAME_LISTENING
        }
        if (by, call_id) not in self._listened:
            self._listened[by, call_id] = now
            self._bus.publish(
                RecordingPlayed(at=utc(self._clock), call_id=call_id, by=by, file=record.recording)
            )
        return sound

    async def listen_to_message(self, call_id: CallId, number: str, by: StaffId) -> BinaryIO:
        """What the caller left for that ticket, and nothing else of the call; likewise. Refused."""
        parts = await self._database.read(parts_txn, call_id, number)
        if not parts:
            raise Refused("recording.missing")
        sound = await self.listen(call_id, by)
        try:
            message: BinaryIO = await self._aside(lambda: excerpt(sound, parts))
        except (RecordingUnusable, SealBroken, OSError) as error:
            raise Refused("recording.unusable") from error
        finally:
            sound.close()
        return message
