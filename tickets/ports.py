"""What the rooms of tickets ask of the ticket service, so that they can be tried without it."""

from collections.abc import Mapping
from typing import Protocol

from twisted.internet.defer import Deferred

from cti.kernel.principal import Principal
from tickets.model import Draft, Receipt
from tickets.view import TicketView
from tickets.workflow import Action


class Acts(Protocol):
    """Who does something to a ticket; see `TicketService`."""

    def act(
        self,
        number: str,
        action: Action,
        fields: Mapping[str, str],
        principal: Principal,
        version: int,
        request_id: str,
    ) -> Deferred[Receipt]:
        """Do that to the ticket, of which `version` was seen; refused as there."""


class Tickets(Acts, Protocol):
    """Who registers tickets and shows them, too; see `TicketService`."""

    def register(self, draft: Draft, principal: Principal, request_id: str) -> Deferred[Receipt]:
        """Give the draft a number."""

    def view(self, number: str) -> Deferred[TicketView | None]:
        """The ticket; None for an unknown number."""
