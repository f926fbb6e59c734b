"""What a ticket's form is filled in with: who calls, kept for a while after the call."""

from collections import OrderedDict
from dataclasses import replace

from twisted.logger import Logger

from cti.call.control import CallControl
from cti.call.events import Delivered, UserDataAttached
from cti.call.model import Party
from cti.kernel.bus import Bus
from cti.kernel.identifiers import CallId, CustomerId
from customers.directory import Directory
from customers.model import Customer
from tickets.web.facts import CallFacts

REMEMBERED = 2000
"""Calls whose facts are kept; some hours of a busy house."""


class RememberedCalls:
    """Implements the tickets' `CallFactsPort` from the live calls and the directory."""

    log = Logger()

    def __init__(self, bus: Bus, control: CallControl, directory: Directory) -> None:
        self._control, self._directory = control, directory
        self._facts: OrderedDict[CallId, CallFacts] = OrderedDict()
        bus.subscribe(Delivered, self._delivered)
        bus.subscribe(UserDataAttached, lambda event: self._learn(event.call_id))

    def facts(self, call_id: CallId) -> CallFacts | None:
        """What is known of the call; None for one nobody remembers."""
        return self._facts.get(call_id)

    def _delivered(self, event: Delivered) -> None:
        if event.party is Party.CALLER:
            self._learn(event.call_id)

    def _learn(self, call_id: CallId) -> None:
        call = self._control.get(call_id)
        if call is None:
            return
        data, before = call.user_data, self._facts.get(call_id)
        same_person = before is not None and before.customer_id == data.customer_id
        self._keep(
            CallFacts(
                call_id=call_id,
                number=call.calling,
                customer_id=data.customer_id,
                name=data.customer_name,
                address=before.address if before is not None and same_person else "",
                service_level=data.service_level,
                path=data.path,
            )
        )
        if data.customer_id is not None and not same_person:
            self._look_up(call_id, data.customer_id)

    def _look_up(self, call_id: CallId, customer_id: CustomerId) -> None:
        def found(customer: Customer | None) -> None:
            facts = self._facts.get(call_id)
            if customer is not None and facts is not None and facts.customer_id == customer_id:
                self._keep(replace(facts, address=customer.address))

        looking = self._directory.by_id(customer_id).addCallback(found)
        looking.addErrback(lambda failure: self.log.failure("no address for a call", failure))

    def _keep(self, facts: CallFacts) -> None:
        self._facts[facts.call_id] = facts
        self._facts.move_to_end(facts.call_id)
        if len(self._facts) > REMEMBERED:
            self._facts.popitem(last=False)
