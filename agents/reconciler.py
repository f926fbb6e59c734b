"""Looks every second whether all agree about agents and calls, and heals what does not.

What is found on two looks in a row is no transition: it is told as an event, which the wall shows
and counts, and healed in the smallest way there is. Nothing is acted on that was found once only.

Whether sound comes from whoever is in a call the media workers see, every second, too; call control
clears whoever has been silent for longer than `media.rtp_timeout`, and here that is told like the
rest. A page that is waited for, and does not come back, is no disagreement.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from twisted.logger import Logger

from agents.acd.engine import Engine
from agents.calls import CallBook
from agents.disagreement import DeskFacts, Facts, Found, disagreements, signed_in
from agents.events import Disagreement, DisagreementHealed, OfferOutcome
from agents.model import NotReadyReason
from agents.session import AgentSession
from agents.sessions import Sessions
from agents.state import Move
from agents.timer import Timer
from cti.call.control import CallControl
from cti.call.events import Away, Back, ConnectionCleared
from cti.call.model import Cause
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId

EVERY = 1.0
"""Seconds between two looks."""
LOST = "lost"
"""Why a call flows out that nobody knows any more."""

ORDER = {what: place for place, what in enumerate(Disagreement)}

Heal = Callable[[AgentSession, Found], None]


class Reconciler:
    """Compares, confirms, heals, tells."""

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        sessions: Sessions,
        book: CallBook,
        engine: Engine,
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._sessions, self._book = sessions, book
        self._engine = engine
        self.healed: Counter[Disagreement] = Counter()
        self._before: frozenset[Found] = frozenset()
        self._timer = Timer(clock)
        self._away: set[ConnectionId] = set()
        """Connections of pages that are gone."""
        self._soundless: CallId | None = None
        """The call told of last for want of sound."""
        self._subscriptions: list[Unsubscribe] = []

    def start(self) -> None:
        """Begin to look, once everybody is where they were before a restart."""
        self._timer.arm(EVERY, self._again)
        self._subscriptions = [
            self._bus.subscribe(Away, lambda event: self._away.add(event.connection_id)),
            self._bus.subscribe(Back, lambda event: self._away.discard(event.connection_id)),
            self._bus.subscribe(ConnectionCleared, self._cleared),
        ]

    def stop(self) -> None:
        """Look no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._timer.disarm()

    def look(self) -> None:
        """Compare once; heal what was found the last time, too."""
        found = disagreements(self._facts())
        confirmed = sorted(found & self._before, key=_in_order)
        # One cure for an agent at a time: it may be the cure of everything else as well.
        first = {each.agent_id or each.call_id: each for each in reversed(confirmed)}
        self._before = found - set(first.values())
        for each in confirmed:
            if each in first.values():
                self._heal(each)

    def _again(self) -> None:
        self._timer.arm(EVERY, self._again)
        self.look()

    def _facts(self) -> Facts:
        return Facts(
            utc(self._clock),
            tuple(self._desk(each) for each in self._sessions if signed_in(each.status)),
            {call.id: call for call in self._control.calls()},
            self._engine.waits(),
        )

    def _desk(self, session: AgentSession) -> DeskFacts:
        return DeskFacts(
            agent_id=session.agent_id,
            extension=session.extension,
            status=session.status,
            calls=session.calls,
            occupation=session.occupation,
            offer=session.offer,
            finish_by=session.after_call.deadline if session.after_call else None,
            registered=self._control.registered(session.extension),
            free=self._engine.free(session.agent_id),
        )

    def _cleared(self, event: ConnectionCleared) -> None:
        away = event.connection_id in self._away
        self._away.discard(event.connection_id)
        if event.cause is not Cause.MEDIA_LOST or event.call_id == self._soundless:
            return
        self._soundless = event.call_id  # whoever else is cleared with it is not told of
        if not away:
            session = self._sessions.at(event.device_id)
            agent_id = session.agent_id if session is not None else None
            what = Disagreement.CALL_WITHOUT_SOUND
            self._tell(Found(what, agent_id, event.call_id, event.connection_id))

    # --- healing ----------------------------------------------------------------------------

    def _heal(self, found: Found) -> None:
        self._tell(found)
        try:
            self._act(found)
        except Refused as refused:
            # What was healed before it in this look has settled it.
            self.log.info("{what}: {why}", what=found.what.value, why=refused.error_id)
        except Exception:  # noqa: BLE001  (what cannot be healed may not keep others from it)
            self.log.failure("{what}: not healed", what=found.what.value)

    def _tell(self, found: Found) -> None:
        self.healed[found.what] += 1
        self.log.warn(
            "{what}: healed",
            what=found.what.value,
            agent_id=found.agent_id,
            call_id=found.call_id,
        )
        self._bus.publish(
            DisagreementHealed(
                at=utc(self._clock),
                what=found.what,
                agent_id=found.agent_id,
                about_call=found.call_id,
            )
        )

    def _act(self, found: Found) -> None:
        session = self._sessions.find(found.agent_id) if found.agent_id is not None else None
        if session is not None:
            self._heals()[found.what](session, found)
        elif found.call_id is not None:
            self._heal_wait(found.what, found)

    def _heals(self) -> Mapping[Disagreement, Heal]:
        what, outcome = Disagreement, OfferOutcome
        return {
            what.RESERVED_WITHOUT_OFFER: lambda who, _: who.release(Move.RELEASE),
            what.OFFER_WITHOUT_CALL: lambda who, _: who.lease.end(outcome.CALLER_LEFT),
            what.OFFER_OVERDUE: lambda who, _: who.lease.stop(outcome.NO_ANSWER),
            what.OFFER_WITHOUT_RING: lambda who, _: who.lease.end(outcome.PHONE_UNREACHABLE),
            what.TALK_WITHOUT_CONNECTION: lambda who, _: who.check_calls(),
            what.HOLD_UNNOTICED: lambda who, _: who.check_calls(),
            what.RING_WITHOUT_CALL: self._silence,
            what.CONNECTION_UNNOTICED: self._notice,
            what.BUSY_WITHOUT_CALL: lambda who, _: who.follow(),
            what.CALL_WITHOUT_BUSY_AGENT: lambda who, _: who.follow(),
            what.WORK_AFTER_NO_CALL: lambda who, _: who.finish(),
            what.WORK_OVERDUE: lambda who, _: who.finish(),
            what.READY_WITHOUT_PHONE: lambda who, _: who.take_out(NotReadyReason.PHONE_LOST),
            what.READY_ON_NO_BENCH: lambda who, _: who.tell_free(),
            what.ON_BENCH_UNREADY: lambda who, _: who.tell_taken(),
        }

    def _silence(self, session: AgentSession, found: Found) -> None:
        assert found.call_id is not None
        self._book.silence(session.extension, found.call_id)
        session.follow()

    def _notice(self, session: AgentSession, found: Found) -> None:
        call = self._control.get(found.call_id) if found.call_id is not None else None
        for each in call.connections if call is not None else ():
            if call is not None and each.id == found.connection_id:
                self._book.notice(call, each, utc(self._clock))
        session.follow()

    def _heal_wait(self, what: Disagreement, found: Found) -> None:
        assert found.call_id is not None
        match what:
            case Disagreement.WAIT_WITHOUT_CALL:
                self._engine.flow_out(found.call_id, LOST)
            case Disagreement.WAIT_IN_NO_LANE:
                self._engine.place_again(found.call_id)
            case Disagreement.OFFERED_TO_NOBODY:
                self._engine.offer_lost(found.call_id)


def _in_order(found: Found) -> tuple[int | str, ...]:
    """The most serious first."""
    about = found.agent_id, found.call_id, found.connection_id
    return ORDER[found.what], *(each or "" for each in about)
