"""The call card: who calls, how they came here, what is open for them. One per agent and call.

What is known at once is shown at once, while the phone rings; tickets and past calls follow when
they are found. The card stays through after-call work, when the call itself is no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.call_back import CallBack
from agents.desk.model import OnCall
from cti.call.control import CallControl
from cti.call.model import Call, Direction, UserData
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId, StaffId, TicketNumber
from cti.kernel.ports import CallHistoryPort, CallSummary, TicketPort, TicketSummary
from cti.trunks.places import Place, place_of

T = TypeVar("T", TicketSummary, CallSummary)


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent is shown of a call. Lists are None until they are known."""

    call_id: CallId
    calling: str
    """The other side's number as the agent would write it: the caller's, or whom they called."""
    number: str
    """The same as it came; empty when withheld."""
    place: Place | None
    """Where the number is at home, if it is one that has a home."""
    called: str
    started: datetime
    queue_id: QueueId | None
    """None for a call of the agent's own."""
    queued: datetime | None
    offered: datetime
    customer: UserData
    promised: datetime | None = None
    """When this call was promised to the customer, if it was."""
    attempt: int = 0
    """How often they have been called for that, this call included."""
    tickets: tuple[TicketSummary, ...] | None = None
    last_calls: tuple[CallSummary, ...] | None = None
    unavailable: frozenset[str] = frozenset()
    """Names of the lists that could not be had."""

    @property
    def on_call(self) -> OnCall:
        """The call as far as a desk looks at it."""
        return OnCall(self.call_id, self.number, self.queue_id, self.customer)

    def shown(self) -> Mapping[str, Any]:
        """The card as the page gets it."""
        data = self.customer
        return {
            "call_id": self.call_id,
            "calling": self.calling,
            "place": self.place,
            "called": self.called,
            "started": self.started,
            "queue_id": self.queue_id,
            "queued": self.queued,
            "offered": self.offered,
            "promised": self.promised,
            "attempt": self.attempt,
            "customer_id": data.customer_id,
            "name": data.customer_name,
            "level": data.service_level.name.lower(),
            "language": data.language,
            "verification": data.verification.name.lower(),
            "verified_at": data.verified,
            "path": data.path,
            "entered": data.entered,
            "tickets": self.tickets,
            "last_calls": self.last_calls,
            "unavailable": self.unavailable,
        }


class Cards:
    """The card on each agent's screen; `changed` is called when one is new, fuller or gone."""

    log = Logger()

    def __init__(
        self,
        control: CallControl,
        tickets: TicketPort,
        history: CallHistoryPort,
        changed: Callable[[AgentId], None],
        number: Callable[[str], str],
    ) -> None:
        self._control, self._tickets, self._history = control, tickets, history
        self._changed = changed
        self._number = number
        self._cards: dict[AgentId, Card] = {}

    def of(self, agent_id: AgentId) -> Card | None:
        """The card on that agent's screen."""
        return self._cards.get(agent_id)

    def put(
        self,
        agent_id: AgentId,
        call: Call,
        queue_id: QueueId | None,
        offered: datetime,
        queued: datetime | None,
        call_back: CallBack | None = None,
    ) -> None:
        """Show the call, offered then, which has waited since `queued` (None: nobody knows).

        `call_back` is the promise that it keeps.
        """
        outgoing = call.direction is Direction.OUTBOUND
        number = call.called if outgoing else call.calling
        self._cards[agent_id] = Card(
            call_id=call.id,
            calling=self._number(number),
            number=number,
            place=place_of(number),
            called=call.called,
            started=call.started,
            queue_id=queue_id,
            queued=queued,
            offered=offered,
            customer=call.user_data,
            promised=call_back.promised if call_back else None,
            attempt=call_back.attempts if call_back else 0,
        )
        self._changed(agent_id)
        self._load(agent_id)

    def take_away(self, agent_id: AgentId, call_id: CallId) -> None:
        """The agent has done with the call."""
        card = self._cards.get(agent_id)
        if card is not None and card.call_id == call_id:
            del self._cards[agent_id]
            self._changed(agent_id)

    def learn(self, call_id: CallId) -> None:
        """More is known of the caller."""
        call = self._control.get(call_id)
        for agent_id, card in tuple(self._cards.items()):
            if call is None or card.call_id != call_id:
                continue
            somebody_else = card.customer.customer_id != call.user_data.customer_id
            self._cards[agent_id] = replace(card, customer=call.user_data)
            self._changed(agent_id)
            if somebody_else:
                self._load(agent_id)

    def refresh(self, customer_id: CustomerId) -> None:
        """Something of that customer changed elsewhere, such as a ticket."""
        for agent_id, card in tuple(self._cards.items()):
            if card.customer.customer_id == customer_id:
                self._load(agent_id)

    def ticket_changed(self, number: TicketNumber) -> None:
        """That ticket is not as it was, or late."""
        for agent_id, card in tuple(self._cards.items()):
            if any(ticket.number == number for ticket in card.tickets or ()):
                self._load(agent_id)

    def _load(self, agent_id: AgentId) -> None:
        card = self._cards[agent_id]
        customer_id = card.customer.customer_id
        if customer_id is None:
            self._fill(agent_id, card.call_id, tickets=(), last_calls=())
            return
        tickets = self._tickets.open_tickets(customer_id, StaffId(agent_id))
        self._fetch(agent_id, card, "tickets", tickets)
        self._fetch(agent_id, card, "last_calls", self._history.last_calls(customer_id))

    def _fetch(self, agent_id: AgentId, card: Card, name: str, fetched: Deferred[list[T]]) -> None:
        def found(lines: list[T]) -> None:
            self._fill(agent_id, card.call_id, **{name: tuple(lines)})

        def lost(failure: Failure) -> None:
            self.log.failure("{name} for a call card", failure, name=name, call_id=card.call_id)
            unavailable = self._cards.get(agent_id, card).unavailable | {name}
            self._fill(agent_id, card.call_id, unavailable=unavailable)

        fetched.addCallbacks(found, lost)

    def _fill(self, agent_id: AgentId, call_id: CallId, **lists: Any) -> None:
        card = self._cards.get(agent_id)
        if card is not None and card.call_id == call_id:
            self._cards[agent_id] = replace(card, **lists)
            self._changed(agent_id)
