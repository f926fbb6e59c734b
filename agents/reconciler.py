"""Looks every second whether all agree about agents and calls, and heals what does not.

What is found on two looks in a row is no transition: it is told as an event, which the wall shows
and counts, and healed in the smallest way there is. Nothing is acted on that was found once only.

A look takes many turns of the reactor, for calls are heard in between. Each agent is compared, and
healed, in one of them, with their calls as they are then; so is each caller who waits.

Whether sound comes from whoever is in a call the media workers see, every second, too; call control
clears whoever has been silent for longer than `media.rtp_timeout`, and here that is told like the
rest. A page that is waited for, and does not come back, is no disagreement.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial

from twisted.logger import Logger

from agents.acd.engine import Engine
from agents.calls import CallBook
from agents.disagreement import (
    DeskFacts,
    Facts,
    Found,
    disagreements,
    signed_in,
)
from agents.events import Disagreement, DisagreementHealed, OfferOutcome
from agents.model import NotReadyReason
from agents.session import AgentSession
from agents.sessions import Sessions
from agents.state import Move
from agents.timer import Timer
from cti.call.control import CallControl
from cti.call.events import Away, Back, ConnectionCleared
from cti.call.model import Call, Cause
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.walk import Walk

EVERY = 1.0
"""Seconds between two looks."""
LOST = "lost"
"""Why a call flows out that nobody knows any more."""

NOTHING: frozenset[Found] = frozenset()
ORDER = {what: place for place, what in enumerate(Disagreement)}

Heal = Callable[[AgentSession, Found], None]
Part = Callable[[], Facts | None]
"""Gathers what is known of one agent or one caller, at this moment; None where all is well at a
glance, as it is with most."""


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
        self._before: set[Found] = set()
        """What the last look found and nobody has healed."""
        self._found: set[Found] = set()
        """What this look has found so far."""
        self._walk: Walk[Part] | Walk[CallId] | None = None
        """The look that is going on."""
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
        if self._walk is not None:
            self._walk.stop()
            self._walk = None

    def look(self) -> None:
        """Compare once, over several turns; heal what was found the last time, too."""
        if self._walk is not None:
            return
        near: dict[DeviceId, set[CallId]] = {}

        def note(call_id: CallId) -> None:
            call = self._control.get(call_id)
            for each in call.connections if call is not None else ():
                near.setdefault(each.device.id, set()).add(call_id)

        names = self._control.names()
        up = frozenset(names)
        walk = Walk(self._clock, names, note, lambda: self._compare_all(near, up))
        self._walk = walk
        walk.start()

    def _compare_all(self, near: Mapping[DeviceId, set[CallId]], up: AbstractSet[CallId]) -> None:
        walk = Walk(self._clock, self._parts(near, up), self._compare, self._looked)
        self._walk = walk
        walk.start()

    def _again(self) -> None:
        self._timer.arm(EVERY, self._again)
        self.look()

    def _parts(self, near: Mapping[DeviceId, set[CallId]], up: AbstractSet[CallId]) -> list[Part]:
        """What a look compares, one after the other.

        `near` are the calls telephones are in, `up` all there were as the look began.
        """
        agents = (partial(self._at_desk, each, near) for each in self._sessions)
        waiting = (partial(self._in_queue, call_id, up) for call_id in self._engine.waiting())
        return [*agents, *waiting]

    def _at_desk(self, session: AgentSession, near: Mapping[DeviceId, set[CallId]]) -> Facts | None:
        """What is known of the agent, with every call they could be in; nothing of who is off."""
        if not signed_in(session.status):
            return None
        desk = self._desk(session)
        calls = self._up(desk.named | near.get(session.extension, set()))
        return Facts(utc(self._clock), (desk,), calls)

    def _in_queue(self, call_id: CallId, up: AbstractSet[CallId]) -> Facts | None:
        """What is known of the caller; nothing of who waits unoffered in a call that is up."""
        offered = self._engine.offered(call_id)
        if (offered is False and call_id in up) or not self._engine.waits(call_id):
            return None
        # Whoever holds it is looked for among all agents only for the few that are offered.
        held = offered and any(session.lease.holds(call_id) for session in self._sessions)
        holding = frozenset({call_id} if held else ())
        return Facts(utc(self._clock), (), self._up({call_id}), {call_id: offered}, holding)

    def _up(self, names: Iterable[CallId]) -> dict[CallId, Call]:
        calls = ((name, self._control.get(name)) for name in names)
        return {name: call for name, call in calls if call is not None}

    def _compare(self, part: Part) -> None:
        facts = part()
        found = disagreements(facts) if facts is not None else NOTHING
        # One cure for an agent at a time: it may be the cure of everything else as well.
        cured = min(found & self._before, key=_in_order, default=None)
        self._found |= found - {cured}
        if cured is not None:
            self._heal(cured)

    def _looked(self) -> None:
        self._walk = None
        self._before, self._found = self._found, set()

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
