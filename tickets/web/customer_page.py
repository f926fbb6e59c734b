"""``/tickets/customers/<id>``: one record of a customer, with what passed by every channel."""

from dataclasses import dataclass
from functools import partial

from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId
from cti.kernel.ports import CallHistoryPort
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from tickets.masking import Mask, sight_of
from tickets.service import TicketService
from tickets.web.phrasing import Phrasing
from tickets.workflow import FRONT

READERS = (*FRONT, Role.PROTECTION)
LISTENERS = frozenset({Role.SUPERVISOR, Role.QUALITY})
"""Who opens the page of a call."""
CALLS = 30


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Answers the requests about a customer; without `history` it shows no calls."""

    frame: Frame
    service: TicketService
    phrasing: Phrasing
    history: CallHistoryPort | None = None

    async def show(self, request: Request, principal: Principal, customer_id: str) -> bytes:
        """The customer, masked for whoever reads; Refused (``ticket.customer_gone``)."""
        known = CustomerId(customer_id)
        affairs = await self.service.affairs(known, principal)
        if affairs is None:
            raise Refused("ticket.customer_gone")
        customer, sight = affairs.customer, sight_of(principal)
        calls = await self.history.last_calls(known, CALLS) if self.history else []
        return self.frame.render(
            request,
            "ticket_customer.html",
            customer=customer,
            name=sight.name(customer.name(self.frame.language(request))),
            numbers=[sight.shown(Mask.PHONE, self.frame.number(each)) for each in customer.numbers],
            emails=[
                (sight.shown(Mask.EMAIL, each.address), each.verified) for each in customer.emails
            ],
            address=sight.shown(Mask.ADDRESS, customer.address),
            tickets=affairs.tickets,
            letters=affairs.letters,
            calls=calls,
            may_listen=bool(principal.roles & LISTENERS),
            told=partial(sight.shown, Mask.TEXT),
            words=await self.phrasing.words(request),
        )
