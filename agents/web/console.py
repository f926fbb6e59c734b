"""The console's live board: agents, their queues and their call, pushed as they change.

Entities: ``agent/<id>`` (an `agents.service.AgentView`), ``card/<id>`` (a call card, gone without
a call), ``queue/<id>``, ``desk/<id>`` (the name of the page the agent works at; every other one
looks on). Everybody sees only their own, and the queues they serve. Commands stand by
name in `Console.commands`; whatever has some of its own adds them there before the first page.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.acd.floor import QueueView
from agents.calls import SERVED
from agents.desk.desk import SHARED, Desk
from agents.desk.model import OnCall
from agents.errors import command_unknown
from agents.events import (
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    DeskTaken,
    OfferEnded,
    OfferOutcome,
)
from agents.service import AgentService
from agents.state import CHOSEN
from agents.views import AgentView
from agents.web.cards import Cards
from agents.web.concerned import hear_of_agents
from agents.web.desk_commands import desk_commands
from agents.web.state_commands import state_commands
from cti.call.control import CallControl
from cti.call.events import (
    UserDataAttached,
)
from cti.call.model import Call, UserData
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.identifiers import (
    AgentId,
    CustomerId,
    QueueId,
    StaffId,
    TicketNumber,
)
from cti.kernel.ports import CallHistoryPort, QueueDayPort, TicketPort
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.live import FROM_PAGE, OWN_AFTER, Command, Handler, LiveBoard

CARD_AFTER = OWN_AFTER
"""Seconds from an offer to the caller's card, which asks a dozen questions of the database: the
telephone rings first."""
TAKEOVER = "takeover"
"""The one command of a page that looks on: the agent works there from now on."""
QueueChange = CallQueued | CallAnswered | CallAbandoned | CallFlowedOut


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer, and since when its caller had waited by then."""

    event: CallOffered
    queued: datetime | None


class Console:
    """Keeps every open console up to date and does what agents wish there."""

    def __init__(
        self,
        *,
        frame: Frame,
        agents: AgentService,
        bus: Bus,
        control: CallControl,
        tickets: TicketPort,
        history: CallHistoryPort,
        days: QueueDayPort,
    ) -> None:
        self._agents, self._bus, self._control = agents, bus, control
        self._days = days
        self._cards = Cards(control, tickets, history, self._show_card, frame.number)
        self._clock: Clock = frame.clock
        self._popping: dict[AgentId, tuple[Offered, DelayedCall]] = {}
        """Offers whose card is still to be put."""
        self._subscriptions: list[Unsubscribe] = []
        self.areas: list[Callable[[AgentId], Mapping[str, Any]]] = []
        """What other areas show an agent whose page connects, as entities by key."""
        self._desk: Desk | None = None
        self.commands: dict[str, Handler] = {**state_commands(agents), TAKEOVER: self._take_over}
        """What pages can ask for, by name; afterwards the page is shown the agent again."""
        self.board = LiveBoard(
            frame,
            Role.AGENT,
            snapshot=self._snapshot,
            visible=self._visible,
            owner=_owner,
            handler=self._do,
            watcher=self,
        )

    def furnish(self, desk: Desk) -> None:
        """Show that desk beside the telephone, and tell it which call is on whose card."""
        self._desk = desk
        self.commands |= desk_commands(desk)
        self.areas.append(desk.entities)

    def start(self) -> None:
        """Begin to listen; after `AgentService.start`, whose views must be newer than ours."""
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(AgentStateChanged, self._state_changed),
            *hear_of_agents(self._bus, self._control, self._agents.agent_of, self.show_agent),
            listen(DeskTaken, self._desk_taken),
            listen(CallOffered, self._offered),
            listen(OfferEnded, self._offer_ended),
            listen(CallWrappedUp, self._wrapped_up),
            listen(UserDataAttached, lambda event: self._cards.learn(event.call_id)),
            listen(CallQueued, self._queue_changed),
            listen(CallAnswered, self._queue_changed),
            listen(CallAbandoned, self._queue_changed),
            listen(CallFlowedOut, self._queue_changed),
        ]

        for view in self._agents.agents():
            self._show_again(view)

    def _show_again(self, view: AgentView) -> None:
        """The card of a call that was taken up after a restart."""
        served = [line for line in view.calls if line.kind in SERVED]
        call = self._control.get(served[0].call_id) if served else None
        if call is not None:
            waiting = self._agents.waiting_since(call.id)
            since = waiting or self._agents.had_waited_since(call.id)
            offered = view.answered or view.since
            self._put_card(view.agent_id, call, served[0].queue_id, offered, since)
        elif view.call_id is not None and self._desk is not None:
            left = OnCall(view.call_id, "", view.queue_id, UserData())
            self._desk.wrap_up.put(view.agent_id, left)

    def stop(self) -> None:
        """Disconnect every console and listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        for agent_id in tuple(self._popping):
            self._take_popping(agent_id)
        self.board.close()

    def refresh(self, customer_id: CustomerId | None) -> None:
        """Load tickets and calls of that customer again, where they are on a screen."""
        if customer_id is not None:
            self._cards.refresh(customer_id)
            if self._desk is not None:
                self._desk.customers.refresh(customer_id)

    def ticket_changed(self, number: TicketNumber) -> None:
        """Load the tickets again of those on whose screen that one is."""
        self._cards.ticket_changed(number)
        if self._desk is not None:
            self._desk.customers.ticket_changed(number)

    def show(self, key: str, value: Any) -> None:
        """Show that entity to whom it concerns; None takes it away.

        What concerns more than one agent is shown with the next round of the board.
        """
        if _owner(key) is None:
            self.board.publish_soon(key, lambda: value)
        elif value is None:
            self.board.delete(key)
        else:
            self.board.publish(key, value)

    def show_agent(self, agent_id: AgentId) -> None:
        """Show the agent anew, as after a wish that changes no state."""
        self.board.publish_own(f"agent/{agent_id}", lambda: self._agents.view(agent_id))

    # --- what pages see ---------------------------------------------------------------------

    def _snapshot(self, principal: Principal) -> Mapping[str, Any]:
        agent_id = AgentId(principal.staff_id)
        if not self._agents.knows(agent_id):
            return {}
        self._pop(agent_id)
        entities: dict[str, Any] = {
            f"agent/{agent_id}": self._agents.view(agent_id),
            f"desk/{agent_id}": {"page": self._agents.desks.at(agent_id)},
        }
        if card := self._cards.of(agent_id):
            entities[f"card/{agent_id}"] = card.shown()
        for queue in self._agents.queues_of(agent_id):
            entities[f"queue/{queue.queue_id}"] = self._queue(queue)
        for area in self.areas:
            entities |= area(agent_id)
        return entities

    def _visible(self, principal: Principal, key: str, _value: Any) -> bool:
        owner = _owner(key)
        if owner is not None:
            return owner == principal.staff_id
        kind, _, name = key.partition("/")
        return kind in SHARED or self._agents.serves(AgentId(principal.staff_id), QueueId(name))

    # --- what happens -----------------------------------------------------------------------

    def _state_changed(self, event: AgentStateChanged) -> None:
        """A call that nobody offered, one's own or a colleague's, brings its card with it."""
        call = self._control.get(event.call_id) if event.call_id is not None else None
        if event.busy in SERVED:
            self._pop(event.agent_id)
        card = self._cards.of(event.agent_id)
        if call is not None and event.busy in SERVED and (not card or card.call_id != call.id):
            since = self._agents.had_waited_since(call.id)
            queue_id = call.user_data.queue_id
            self._put_card(event.agent_id, call, queue_id, event.at, since)
        elif card is not None and event.state in CHOSEN:
            self._cards.take_away(event.agent_id, card.call_id)
        self.show_agent(event.agent_id)

    def _put_card(
        self,
        agent_id: AgentId,
        call: Call,
        queue_id: QueueId | None,
        offered: datetime,
        queued: datetime | None,
    ) -> None:
        promise = self._agents.called_back_for(call.id)
        self._cards.put(agent_id, call, queue_id, offered, queued, promise)

    def _offered(self, event: CallOffered) -> None:
        agent_id = event.agent_id
        self._take_popping(agent_id)
        offered = Offered(event, self._agents.waiting_since(event.call_id))
        timer = self._clock.callLater(CARD_AFTER, self._pop, agent_id)
        self._popping[agent_id] = offered, timer
        self.show_agent(agent_id)

    def _pop(self, agent_id: AgentId) -> None:
        """Put the card of the call offered to the agent, unless it is there."""
        offered = self._take_popping(agent_id)
        call = self._control.get(offered.event.call_id) if offered is not None else None
        if offered is not None and call is not None:
            event = offered.event
            self._put_card(agent_id, call, event.queue_id, event.at, offered.queued)

    def _take_popping(self, agent_id: AgentId) -> Offered | None:
        offered, timer = self._popping.pop(agent_id, (None, None))
        if timer is not None and timer.active():
            timer.cancel()
        return offered

    def _offer_ended(self, event: OfferEnded) -> None:
        if event.outcome is not OfferOutcome.ACCEPTED:
            self._take_popping(event.agent_id)
            self._cards.take_away(event.agent_id, event.call_id)

    def _wrapped_up(self, event: CallWrappedUp) -> None:
        self._cards.take_away(event.agent_id, event.call_id)

    def _queue_changed(self, event: QueueChange) -> None:
        def by_then() -> Mapping[str, Any] | None:
            queue = self._agents.queue(event.queue_id)
            return self._queue(queue) if queue is not None else None

        self.board.publish_soon(f"queue/{event.queue_id}", by_then)

    def _queue(self, queue: QueueView) -> Mapping[str, Any]:
        return {
            "names": {language.value: name for language, name in queue.names.items()},
            "waiting": queue.waiting,
            "oldest": queue.oldest,
            "threshold": queue.threshold,
            "service_level": self._days.service_level_of(queue.queue_id),
        }

    def _show_card(self, agent_id: AgentId) -> None:
        card = self._cards.of(agent_id)
        self.show(f"card/{agent_id}", card.shown() if card else None)
        if self._desk is not None:
            self._desk.put(agent_id, card.on_call if card else None)

    # --- pages ------------------------------------------------------------------------------

    def page_joined(self, principal: Principal, page: str) -> None:
        """A page is open: the agent works there, unless it is back and only looked on."""
        agent_id = AgentId(principal.staff_id)
        if self._agents.knows(agent_id):
            self._agents.desks.joined(agent_id, page)

    def page_left(self, principal: Principal, page: str) -> None:
        """A page is closed, or its connection lost."""
        self._agents.desks.left(AgentId(principal.staff_id), page)

    def page_silent(self, principal: Principal, page: str, seconds: float) -> None:
        """A page reads nothing."""
        self._agents.desks.silent(AgentId(principal.staff_id), page, seconds)

    def _desk_taken(self, event: DeskTaken) -> None:
        self.board.publish(f"desk/{event.agent_id}", {"page": event.page})

    def _take_over(self, principal: Principal, command: Command) -> None:
        self._agents.desks.take(AgentId(principal.staff_id), command[FROM_PAGE])

    # --- what agents wish -------------------------------------------------------------------

    async def _do(self, principal: Principal, command: Command) -> Any:
        handler = self.commands.get(command["do"])
        if handler is None:
            raise command_unknown(command["do"])
        agent_id = AgentId(principal.staff_id)
        if command["do"] != TAKEOVER:
            self._agents.desks.require(agent_id, command[FROM_PAGE])
        done = handler(principal, command)
        answer = await done if isinstance(done, Awaitable) else done
        # A page is shown what its wish has done before it is told that it is done.
        self.board.publish(f"agent/{agent_id}", self._agents.view(agent_id))
        return answer


def _owner(key: str) -> StaffId | None:
    """Whose entity that is; None for a queue's, and for what everybody sees."""
    kind, _, name = key.partition("/")
    return None if kind in SHARED or kind == "queue" else StaffId(name)
