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
from tickets.web.known import known
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
        who = CustomerId(customer_id)
        affairs = await self.service.affairs(who, principal)
        if affairs is None:
            raise Refused("ticket.customer_gone")
        customer, sight = affairs.customer, sight_of(principal)
        calls = await self.history.last_calls(who, CALLS) if self.history else []
        return self.frame.render(
            request,
            "ticket_customer.html",
            customer=customer,
            known=known(self.frame, request, customer, sight),
            address=sight.shown(Mask.ADDRESS, customer.address),
            tickets=affairs.tickets,
            letters=affairs.letters,
            calls=calls,
            may_listen=bool(principal.roles & LISTENERS),
            told=partial(sight.shown, Mask.TEXT),
            words=await self.phrasing.words(request),
        )
