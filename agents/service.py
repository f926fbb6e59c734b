"""Agents as the rest of the house sees them: wishes in, views out, events on the bus.

`AgentService` is the `QueuePort` of the menus and the phone's side of the consoles. It owns one
`AgentSession` per agent and the engine, and hands events of the switch to whom they concern.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from agents.acd.call_back import CallBack
from agents.acd.call_back_store import CallBackStore
from agents.acd.engine import Engine
from agents.acd.explanation import Explanation
from agents.acd.floor import QueueView
from agents.acd.matcher import Matcher
from agents.acd.outflow import WaitingPorts
from agents.acd.policy import Agent
from agents.acd.rules import BY_THE_DAY
from agents.acd.waiting import Sounds
from agents.calls import CallBook
from agents.conversation import Conversation
from agents.desk.errors import code_required, text_too_long
from agents.desk.model import LONGEST_NOTES
from agents.desks import Desks
from agents.errors import no_call, state_unknown
from agents.events import AgentState, AgentStateChanged, OfferOutcome
from agents.left import LeftAgent, LeftWait, agents_left, waits_left
from agents.model import AgentSettings, NotReadyReason
from agents.offer import Offer
from agents.places import Places
from agents.reconciler import Reconciler
from agents.repository import Note, notes_txn, save_note_txn
from agents.roster import Roster
from agents.self_service import loans_left
from agents.session import AgentSession
from agents.sessions import Sessions
from agents.state import CHOSEN, IN_A_CALL, STAFFED, Presence
from agents.surroundings import Surroundings
from agents.views import AgentView, ColleagueView, view_of
from agents.workplaces import WorkplaceFacts, Workplaces
from cti.call.control import CallControl
from cti.call.events import (
    CallCleared,
    CallEvent,
    ConnectionEvent,
    DeviceUnregistered,
    Established,
    Failed,
    UserDataAttached,
)
from cti.call.model import Call, Party
from cti.database import Database
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.events import Event
from cti.kernel.identifiers import (
    AgentId,
    CallId,
    DeviceId,
    Entropy,
    QueueId,
    StaffId,
    system_entropy,
)
from cti.kernel.ports import AgentDay, QueueRequest
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role


class AgentService:
    """Everything agents do and what is done to them."""

    log = Logger()

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        roster: Roster,
        database: Database,
        sounds: Sounds,
        settings: AgentSettings,
        ports: WaitingPorts | None = None,
        matcher: Matcher | None = None,
        entropy: Entropy = system_entropy,
        in_page: Callable[[DeviceId], bool] = lambda _: False,
        facts: WorkplaceFacts | None = None,
        day_of: Callable[[AgentId], AgentDay] = lambda _: AgentDay(),
    ) -> None:
        """`in_page` tells whether that telephone is one of a page, and lost with it.

        `day_of` gives an agent's figures of today, by which queues may choose among agents.
        """
        self.settings = settings
        self._clock, self._bus, self._control = clock, bus, control
        self._roster, self._database = roster, database
        self._book = CallBook()
        house = Surroundings(clock, bus, control, settings, entropy, self._book)
        self.sessions = Sessions(house, self)
        self._in_page, self._day_of = in_page, day_of
        self.desks = Desks(clock, bus, settings.desk_absence, self._deserted)
        self.workplaces = Workplaces(
            self.sessions, self._book, control, roster, in_page, facts or WorkplaceFacts()
        )
        self._subscriptions: list[Unsubscribe] = []
        self._waits: dict[CallId, LeftWait] = {}
        """Callers to take up."""
        self._lent: set[CallId] = set()
        """Those of them who are with the IVR, lent by an agent."""
        self._queued: dict[CallId, datetime] = {}
        """Since when those had waited who were served by the server before us."""
        self._offered: dict[CallId, AgentSession] = {}
        """Who is offered each call that is offered."""
        self._held = False
        """Whether nobody is assigned anybody yet: until all who waited wait again."""
        self._engine = Engine(
            clock=clock,
            bus=bus,
            control=control,
            sounds=sounds,
            floor=self,
            queues=lambda: roster.queues,
            settings=settings,
            store=CallBackStore(database),
            ports=ports,
            matcher=matcher,
        )
        self.reconciler = Reconciler(clock, bus, control, self.sessions, self._book, self._engine)
        self._places = Places(bus, control, self.sessions, self._engine, settings.return_within)

    def start(self, history: Iterable[Event] = ()) -> None:
        """Take the roster's agents in and begin to listen.

        `history` is what happened to those whom the server before us left signed in, and to the
        calls that go on: agents are as they were, and what follows of it waits for `take_up`.
        """
        for staff in self._roster.agents():
            self.sessions.admit(staff)
        known = list(history)
        self._held = bool(known)
        self._waits = waits_left(known)
        self._lent = {call_id for call_id, loan in loans_left(known).items() if loan.lasts}
        self._book.read(known)
        self.desks.restore(known)
        for agent_id, left in agents_left(known).items():
            self._restore(agent_id, left)
        self._subscriptions = [
            *self._places.start(self._waits),
            self._bus.subscribe(CallEvent, self._on_call),
            self._bus.subscribe(DeviceUnregistered, self._on_phone_lost),
            self._bus.subscribe(AgentStateChanged, self._on_state),
        ]

    def take_up(self) -> None:
        """Go on with agents and waiting callers, now that the switch has taken up their calls."""
        for session in self.sessions:
            if session.status.state in STAFFED:
                self._engine.agent_staffed(session.agent)
            session.take_up()
            if (served := session.calls.served) is not None:
                self._find_notes(session, served.call_id)
        waits, self._waits = self._waits, {}
        for call_id, wait in waits.items():
            call = self._control.get(call_id)
            if call is None or wait.to:
                continue  # who flowed out to a flow is in it, who was told goodbye is let go
            if alone(call) and call_id not in self._lent:
                self._engine.take_up(call, wait)
            else:
                self._queued[call_id] = wait.since
        self._held = False
        self._engine.call_backs.take_up()
        for session in self.sessions:
            if session.status.state is AgentState.READY:
                session.tell_free()
        self.reconciler.start()

    def stop(self, *, leaving: bool = False) -> None:
        """Empty the queues, sign everybody off and listen no more.

        With `leaving` everybody and every queue stays as it is, for the server after us.
        """
        self.reconciler.stop()
        self._engine.stop(leaving=leaving)
        self.desks.stop()
        for session in self.sessions:
            if leaving:
                session.leave()
            else:
                session.leave_at_once()
        for unsubscribe in self._subscriptions:
            unsubscribe()

    # --- the queue --------------------------------------------------------------------------

    def enqueue(self, call_id: CallId, request: QueueRequest) -> None:
        """Queue the answered call; Refused (``queue.unknown``) when the queue is unknown."""
        self._engine.enqueue(call_id, request)

    # --- wishes of an agent -----------------------------------------------------------------

    def sign_in(self, agent_id: AgentId) -> None:
        """Begin work, not ready yet."""
        self.sessions.of(agent_id).sign_in()

    def sign_out(self, agent_id: AgentId) -> None:
        """End work, now or after this call."""
        self._may_finish(agent_id)
        self.sessions.of(agent_id).sign_out()

    def set_ready(self, agent_id: AgentId) -> None:
        """Take calls, now or after this one; Refused when the phone is not registered."""
        self._may_finish(agent_id)
        self.sessions.of(agent_id).be_ready()

    def set_not_ready(self, agent_id: AgentId, reason: str) -> None:
        """Take no calls, from now or after this one; Refused for an unknown reason."""
        self.sessions.of(agent_id).be_not_ready(reason)

    def choose_next(self, agent_id: AgentId, state: AgentState, reason: str = "") -> None:
        """Be that after this call and its work; Refused outside of both, or if nobody can be it."""
        if state not in CHOSEN:
            raise state_unknown(state.value)
        self.sessions.of(agent_id).choose_next(Presence(state, reason))

    def force(
        self,
        agent_id: AgentId,
        state: AgentState,
        reason: str,
        by: Principal,
        *,
        at_once: bool = False,
    ) -> None:
        """Put the agent into that state for a supervisor, now or after their call.

        With `at_once` signing off does not wait for the call, which goes on. Refused for others
        than supervisors, and for what the agent themselves could not choose.
        """
        by.require(Role.SUPERVISOR)
        session = self.sessions.of(agent_id)
        match state:
            case AgentState.READY:
                session.be_ready(by.staff_id)
            case AgentState.NOT_READY:
                session.be_not_ready(reason or NotReadyReason.FORCED, by.staff_id)
            case AgentState.LOGGED_OFF if at_once:
                session.leave_at_once(by.staff_id)
            case AgentState.LOGGED_OFF:
                session.sign_out(by.staff_id)
            case _:
                raise state_unknown(state.value)

    def finish_after_call(self, agent_id: AgentId) -> None:
        """End after-call work; Refused outside of it."""
        self._may_finish(agent_id)
        self.sessions.of(agent_id).finish()

    def extend_after_call(self, agent_id: AgentId) -> None:
        """More time for after-call work; Refused outside of it and when used up."""
        self.sessions.of(agent_id).extend()

    def hang_up(self, agent_id: AgentId) -> None:
        """End the agent's call; Refused without one."""
        self.sessions.of(agent_id).hang_up()

    def hold(self, agent_id: AgentId) -> None:
        """Hold the agent's call; Refused without one."""
        self.sessions.of(agent_id).hold()

    def retrieve(self, agent_id: AgentId) -> None:
        """Take the held call back; Refused without one."""
        self.sessions.of(agent_id).retrieve()

    def write_notes(self, agent_id: AgentId, call_id: CallId, text: str) -> Deferred[None]:
        """Keep what the agent has written about their call; fires when it is stored.

        Refused unless that is the agent's call, or the one they have just finished, and for
        more than `LONGEST_NOTES`.
        """
        if len(text) > LONGEST_NOTES:
            raise text_too_long(LONGEST_NOTES)
        session = self.sessions.of(agent_id)
        served = session.calls.served
        if call_id == session.call_id or (served is not None and call_id == served.call_id):
            session.notes = text
        elif call_id != session.wrapped_up:
            raise no_call()
        return self._database.run(save_note_txn, call_id, agent_id, text, utc(self._clock))

    def notes(self, call_id: CallId) -> Deferred[list[Note]]:
        """What agents wrote about the call."""
        return self._database.read(notes_txn, call_id)

    # --- looking ----------------------------------------------------------------------------

    def view(self, agent_id: AgentId) -> AgentView:
        """The agent at this moment; Refused for nobody's id."""
        session = self.sessions.of(agent_id)
        return view_of(
            session,
            self._roster.name_of(StaffId(agent_id)),
            self.settings,
            self.workplaces.of(session),
        )

    def agents(self) -> list[AgentView]:
        """Every agent at this moment."""
        return [self.view(session.agent_id) for session in self.sessions]

    def colleague(self, agent_id: AgentId) -> ColleagueView:
        """The agent as colleagues see them, without a look at their calls; Refused like `view`."""
        session = self.sessions.of(agent_id)
        name = self._roster.name_of(StaffId(agent_id))
        state, since = session.status.state, session.standing.since
        return ColleagueView(agent_id, name, session.extension, state, since)

    def colleagues(self) -> list[ColleagueView]:
        """Every agent as colleagues see them."""
        return [self.colleague(session.agent_id) for session in self.sessions]

    def knows(self, agent_id: AgentId) -> bool:
        """Whether that is an agent with a telephone."""
        return self.sessions.find(agent_id) is not None

    def agent_of(self, extension: DeviceId) -> AgentId | None:
        """Whose telephone that is."""
        session = self.sessions.at(extension)
        return session.agent_id if session else None

    def queues(self) -> list[QueueView]:
        """Every queue at this moment."""
        return [self._engine.view(queue) for queue in self._roster.queues.values()]

    def queue(self, queue_id: QueueId) -> QueueView | None:
        """That queue at this moment, None for one that nobody knows."""
        queue = self._roster.queues.get(queue_id)
        return self._engine.view(queue) if queue is not None else None

    def queues_of(self, agent_id: AgentId) -> list[QueueView]:
        """The queues that agent serves, at this moment."""
        self.sessions.of(agent_id)
        return [view for view in self.queues() if self.serves(agent_id, view.queue_id)]

    def serves(self, agent_id: AgentId, queue_id: QueueId) -> bool:
        """Whether that agent takes calls of the queue; False for nobody's id."""
        session = self.sessions.find(agent_id)
        queue = self._roster.queues.get(queue_id)
        if session is None or queue is None:
            return False
        return queue.rules.served_with(session.agent.skills)

    def called_back_for(self, call_id: CallId) -> CallBack | None:
        """The promise that this call keeps, None for any other call."""
        return self._engine.call_backs.of(call_id)

    def waiting_since(self, call_id: CallId) -> datetime | None:
        """Since when the call waits in a queue, None if it does not."""
        return self._engine.waiting_since(call_id)

    def had_waited_since(self, call_id: CallId) -> datetime | None:
        """Since when the caller of a conversation from before a restart had waited."""
        return self._queued.get(call_id)

    # --- the engine's floor -----------------------------------------------------------------

    def offer(
        self, agent_id: AgentId, call_id: CallId, queue_id: QueueId, why: Explanation
    ) -> None:
        """Reserve the free agent and ring their phone for the call."""
        self._offered[call_id] = session = self.sessions.of(agent_id)
        session.take_offer(call_id, queue_id, why)

    def reserve(
        self,
        agent_id: AgentId,
        call_id: CallId,
        queue_id: QueueId,
        why: Explanation,
        within: float,
    ) -> None:
        """Reserve the free agent for the call; their phone is rung within so many seconds."""
        self._offered[call_id] = session = self.sessions.of(agent_id)
        session.take_offer(call_id, queue_id, why, within=within)

    def ring(self, agent_id: AgentId, call_id: CallId) -> None:
        """Ring the phone of the agent who is reserved for the call."""
        self.sessions.of(agent_id).ring(call_id)

    def leaving(self) -> frozenset[AgentId]:
        """Who serves callers, but takes no further call when they come free."""
        return frozenset(
            session.agent_id
            for session in self.sessions
            if session.status.state in STAFFED and not session.status.comes_back
        )

    def still_free(self, agent_id: AgentId) -> None:
        """Nothing came of what was to be the agent's next call."""
        self.sessions.of(agent_id).tell_free()

    # --- the sessions' distributor ----------------------------------------------------------

    def became_free(self, agent: Agent) -> None:
        """The agent takes the next call."""
        if self._held:
            return
        if any(queue.rules.order in BY_THE_DAY for queue in self._roster.queues.values()):
            day = self._day_of(agent.agent_id)
            agent = replace(agent, occupied=day.occupancy or 0.0, calls=day.handled)
        self._engine.agent_free(agent)

    def became_taken(self, agent_id: AgentId) -> None:
        """The agent takes no calls."""
        self._engine.agent_gone(agent_id)

    def offer_ended(self, offer: Offer, outcome: OfferOutcome) -> None:
        """The call is answered, gone, or waits on."""
        self._offered.pop(offer.call_id, None)
        self._engine.offer_ended(offer.agent_id, offer.call_id, outcome)

    def wrapped_up(self, conversation: Conversation, seconds: float) -> None:
        """The agent was taken by the call for so long."""
        if conversation.queue_id is not None:
            self._engine.call_handled(conversation.queue_id, seconds)

    # --- the switch -------------------------------------------------------------------------

    def _on_call(self, event: CallEvent) -> None:
        """First the calls are as it says, then the offer it may end, then who is free or not."""
        touched = self._book.follow(event)
        match event:
            case ConnectionEvent(party=Party.AGENT):
                if (session := self.sessions.at(event.device_id)) is not None:
                    session.on_connection(event)
            case CallCleared():
                if (session := self._offered.get(event.call_id)) is not None:
                    session.on_call_cleared(event)
                    self._offered.pop(event.call_id, None)
        for device in touched:
            if (session := self.sessions.at(device)) is not None:
                session.follow()
        self._tell_engine(event)

    def _tell_engine(self, event: CallEvent) -> None:
        match event:
            case CallCleared():
                self._engine.call_cleared(event)
                self._queued.pop(event.call_id, None)
            case UserDataAttached():
                self._engine.more_known(event)
            case Established() | Failed() if event.party is not Party.CALLER:
                answered = isinstance(event, Established)
                self._engine.passed_on(event.call_id, answered=answered)

    def _deserted(self, agent_id: AgentId) -> None:
        session = self.sessions.find(agent_id)
        if session is not None and self._in_page(session.extension):
            session.take_out(NotReadyReason.LAGGED)

    def _on_phone_lost(self, event: DeviceUnregistered) -> None:
        if session := self.sessions.at(event.device_id):
            session.on_phone_lost()

    def _on_state(self, event: AgentStateChanged) -> None:
        session = self.sessions.find(event.agent_id)
        if session is not None and event.state in STAFFED and event.previous not in STAFFED:
            self._engine.agent_staffed(session.agent)
        elif event.state not in STAFFED and event.previous in STAFFED:
            self._engine.agent_unstaffed(event.agent_id)

    # --- inside -----------------------------------------------------------------------------

    def _may_finish(self, agent_id: AgentId) -> None:
        session = self.sessions.of(agent_id)
        working = session.status.state is AgentState.WORKING_AFTER_CALL
        if working and session.call_id is not None:
            needed = self.workplaces.needs_code(agent_id, session.call_id)
            if needed:
                raise code_required()

    def _restore(self, agent_id: AgentId, left: LeftAgent) -> None:
        session = self.sessions.find(agent_id)
        if session is not None and (left.status.activity not in IN_A_CALL or session.call_id):
            session.restore(left)
            return
        self.log.warn("agent {agent_id} is signed off by the restart", agent_id=agent_id)
        self._bus.publish(
            AgentStateChanged(
                at=utc(self._clock),
                agent_id=agent_id,
                previous=left.status.state,
                state=AgentState.LOGGED_OFF,
                device_id=left.device_id,
            )
        )

    def _find_notes(self, session: AgentSession, call_id: CallId) -> None:
        def found(notes: list[Note]) -> None:
            mine = [note.text for note in notes if note.agent_id == session.agent_id]
            served = session.calls.served
            if mine and served is not None and served.call_id == call_id:
                session.notes = session.notes or mine[-1]

        self.notes(call_id).addCallback(found).addErrback(
            lambda failure: self.log.failure("notes of {call_id}", failure, call_id=call_id)
        )


def alone(call: Call) -> bool:
    """Whether nobody but the customer is in the call."""
    customer = call.customer
    return customer is not None and call.connections == (customer,)
