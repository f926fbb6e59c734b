"""Finds what is known of the customer beside each agent's call, and shows it as it is found."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.desk.codes import Code
from agents.desk.customer import (
    LOOKED_AT,
    Beside,
    Contact,
    Gate,
    Say,
    calls_of,
    shown,
)
from agents.desk.errors import (
    customer_missing,
    customer_unknown,
    customer_verified,
    text_too_long,
)
from agents.desk.model import LONGEST_NOTE, CustomerNote, Known, OnCall
from agents.desk.repository import (
    add_customer_note_txn,
    codings_txn,
    known_txn,
    summaries_txn,
)
from agents.errors import no_call
from agents.events import CustomerIdentified, CustomerNoted, ProductsShown
from cti.call.control import CallControl
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CustomerId, StaffId, TicketNumber
from cti.kernel.ports import (
    CallHistoryPort,
    CallSummary,
    Product,
    ProductPort,
    StaffNames,
    TicketPort,
)
from cti.kernel.vocabulary import Verification
from customers.model import Customer

LETTERS = 5
"""Letters of a customer, and to them, that are shown."""
NOTES = 10
"""Notes of a customer that are shown."""

T = TypeVar("T")


class CustomerFinder(Protocol):
    """Who is who (`customers.directory`)."""

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:
        """The customer with that id."""

    def all_by_number(self, number: str) -> Deferred[list[Customer]]:
        """Everybody with that telephone number."""


class CustomerDesk:
    """Entities ``customer/<agent_id>``; `show` is given each as more is known, None when gone."""

    log = Logger()

    def __init__(
        self,
        *,
        finder: CustomerFinder,
        products: ProductPort,
        tickets: TicketPort,
        history: CallHistoryPort,
        names: StaffNames,
        codes: Mapping[str, Code],
        say: Say,
        control: CallControl,
        database: Database,
        bus: Bus,
        clock: Clock,
        show: Callable[[str, Any], None],
    ) -> None:
        self._finder, self._products = finder, products
        self._tickets, self._history = tickets, history
        self._names, self._codes, self._say = names, codes, say
        self._control, self._database = control, database
        self._bus, self._clock, self._show = bus, clock, show
        self._beside: dict[AgentId, Beside] = {}

    # --- what is on the agents' cards -------------------------------------------------------

    def put(self, agent_id: AgentId, call: OnCall | None) -> None:
        """That is the call on the agent's card now, as it is known; None for no call."""
        if call is None:
            if self._beside.pop(agent_id, None) is not None:
                self._show(f"customer/{agent_id}", None)
            return
        before = self._beside.get(agent_id)
        if before is not None and before.call == call:
            return
        now = before.of_call(call) if before is not None else Beside(call)
        self._beside[agent_id] = now
        self._draw(agent_id)
        same = before is not None and _person(before) == _person(now)
        if not same:
            self._load(agent_id, now)
        if now.gate is Gate.OPEN and (not same or before is None or before.gate is not Gate.OPEN):
            self._open(agent_id, now)

    def refresh(self, customer_id: CustomerId) -> None:
        """Something of that customer changed elsewhere, such as a ticket."""
        for agent_id, beside in tuple(self._beside.items()):
            if beside.customer_id == customer_id:
                self._load(agent_id, beside)

    def ticket_changed(self, number: TicketNumber) -> None:
        """That ticket is not as it was, or late."""
        for agent_id, beside in tuple(self._beside.items()):
            if any(each.number == number for each in beside.tickets or ()):
                self._load(agent_id, beside)

    def entity(self, agent_id: AgentId) -> Mapping[str, Any] | None:
        """What the page is shown now."""
        beside = self._beside.get(agent_id)
        if beside is None:
            return None
        return shown(beside, utc(self._clock), self._say, self._name)

    # --- what agents wish -------------------------------------------------------------------

    async def identify(self, agent_id: AgentId, customer_id: CustomerId) -> None:
        """Say who calls: known by word alone, so nothing about accounts opens by it.

        Refused when the caller has proved to be somebody, and for nobody's id.
        """
        call = self._call(agent_id)
        customer = await self._finder.by_id(customer_id)
        if customer is None:
            raise customer_unknown(customer_id)
        call = self._call(agent_id)
        if call.customer.verification >= Verification.SIGNED_IN:
            raise customer_verified()
        if self._control.get(call.call_id) is None:
            raise no_call()
        self._bus.publish(
            CustomerIdentified(
                at=utc(self._clock),
                call_id=call.call_id,
                agent_id=agent_id,
                customer_id=customer_id,
            )
        )
        self._control.attach(
            call.call_id,
            customer_id=customer_id,
            customer_name=customer.name(call.customer.language),
            service_level=customer.service_level,
            verification=Verification.NONE,
        )

    async def add_note(self, agent_id: AgentId, text: str, *, important: bool = False) -> None:
        """Write a note about the customer, for whoever talks to them next."""
        call, note = self._call(agent_id), text.strip()
        customer_id = call.customer.customer_id
        if customer_id is None or not note:
            raise customer_missing()
        if len(note) > LONGEST_NOTE:
            raise text_too_long(LONGEST_NOTE)
        at = utc(self._clock)
        written = CustomerNote(customer_id, at, StaffId(agent_id), note, important)
        await self._database.run(add_customer_note_txn, written)
        self._bus.publish(
            CustomerNoted(at=at, call_id=call.call_id, agent_id=agent_id, customer_id=customer_id)
        )
        self.refresh(customer_id)

    def _call(self, agent_id: AgentId) -> OnCall:
        beside = self._beside.get(agent_id)
        if beside is None:
            raise no_call()
        return beside.call

    # --- finding ----------------------------------------------------------------------------

    def _load(self, agent_id: AgentId, beside: Beside) -> None:
        customer_id = beside.customer_id
        if customer_id is None:
            if number := beside.call.number:
                self._fetch(agent_id, beside, "matches", self._finder.all_by_number(number), tuple)
            return
        fetch = self._fetch
        fetch(agent_id, beside, "customer", self._finder.by_id(customer_id), lambda found: found)
        tickets = self._tickets.open_tickets(customer_id, StaffId(agent_id))
        fetch(agent_id, beside, "tickets", tickets, tuple)
        letters = self._tickets.letters_of(customer_id, StaffId(agent_id), LETTERS)
        fetch(agent_id, beside, "letters", letters, tuple)
        locked = self._products.locked_until(customer_id)
        fetch(agent_id, beside, "locked_until", locked, lambda found: found)
        past = Deferred.fromCoroutine(self._contacts(beside, customer_id))
        fetch(agent_id, beside, "contacts", past, lambda found: found)
        self._load_known(agent_id, beside, customer_id)

    def _load_known(self, agent_id: AgentId, beside: Beside, customer_id: CustomerId) -> None:
        reading: Deferred[Known] = self._database.read(known_txn, customer_id, NOTES)

        def found(known: Known) -> None:
            self._fill(agent_id, beside, notes=known.notes, consents=known.consents)

        reading.addCallbacks(found, lambda why: self._lost(agent_id, beside, "customer_notes", why))

    async def _contacts(self, beside: Beside, customer_id: CustomerId) -> tuple[Contact, ...]:
        past = await self._history.last_calls(customer_id, LOOKED_AT)
        calls = calls_of(past, beside.call.call_id)
        ids = [each.call_id for each in calls]
        summaries = await self._database.read(summaries_txn, ids)
        codings = await self._database.read(codings_txn, ids)

        def contact(call: CallSummary) -> Contact:
            known = (self._codes.get(each.code) for each in codings.get(call.call_id, ()))
            names = tuple(
                {language.value: name for language, name in code.names.items()}
                for code in known
                if code
            )
            return Contact(call, summaries.get(call.call_id, ""), names)

        return tuple(contact(each) for each in calls)

    def _open(self, agent_id: AgentId, beside: Beside) -> None:
        """The caller is verified: accounts and cards may be shown, which is written down."""
        customer_id = beside.customer_id
        assert customer_id is not None
        self._bus.publish(
            ProductsShown(
                at=utc(self._clock),
                call_id=beside.call.call_id,
                agent_id=agent_id,
                customer_id=customer_id,
            )
        )
        found: Deferred[Sequence[Product]] = self._products.products(customer_id)
        self._fetch(agent_id, beside, "products", found, tuple)

    def _fetch(
        self,
        agent_id: AgentId,
        beside: Beside,
        name: str,
        fetched: Deferred[T],
        made: Callable[[T], Any],
    ) -> None:
        fetched.addCallbacks(
            lambda found: self._fill(agent_id, beside, **{name: made(found)}),
            lambda why: self._lost(agent_id, beside, name, why),
        )

    def _fill(self, agent_id: AgentId, asked: Beside, **found: Any) -> None:
        """What was found, unless somebody else is beside the agent by now."""
        beside = self._beside.get(agent_id)
        if beside is not None and _person(beside) == _person(asked):
            if beside.gate is not Gate.OPEN:
                found.pop("products", None)
            self._beside[agent_id] = beside.filled(**found)
            self._draw(agent_id)

    def _lost(self, agent_id: AgentId, asked: Beside, name: str, failure: Failure) -> None:
        self.log.failure("{name} beside a call", failure, name=name, call_id=asked.call.call_id)
        beside = self._beside.get(agent_id)
        if beside is not None and _person(beside) == _person(asked):
            self._beside[agent_id] = beside.missing(name)
            self._draw(agent_id)

    def _draw(self, agent_id: AgentId) -> None:
        self._show(f"customer/{agent_id}", self.entity(agent_id))

    def _name(self, staff_id: str) -> str:
        return self._names.name_of(StaffId(staff_id))


def _person(beside: Beside) -> tuple[object, ...]:
    """Of which call and whom it is: what is found for one must not be shown beside another."""
    return beside.call.call_id, beside.customer_id
