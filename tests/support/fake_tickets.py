"""Tickets with one ticket, for what only asks about tickets."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.identifiers import CustomerId, TicketNumber
from cti.kernel.ports import SpokenMessage, TicketSummary

NUMBER = "26112100014"


@dataclass
class FakeTickets:
    """Implements `TicketPort` on one ticket, and `MessagePort`."""

    state: str = "in_progress"
    due: datetime | None = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
    overdue_now: bool = False
    messages: list[SpokenMessage] = field(default_factory=list)
    broken: bool = False
    """Whether no ticket can be written."""

    def take_message(self, message: SpokenMessage) -> Deferred[TicketNumber]:
        if self.broken:
            return fail(OSError("no database"))
        if message not in self.messages:
            self.messages.append(message)
        return succeed(TicketNumber(str(self.messages.index(message) + 1)))

    def find(self, number: str) -> Deferred[TicketSummary | None]:
        opened = datetime(2026, 11, 21, tzinfo=UTC)
        ticket = TicketSummary(
            TicketNumber(NUMBER),
            "complaint",
            "The clerk was rude",
            self.state,
            opened,
            self.due,
            self.overdue_now,
        )
        return succeed(ticket if number == NUMBER else None)

    def open_tickets(self, customer_id: CustomerId) -> Deferred[list[TicketSummary]]:
        raise NotImplementedError(customer_id)

    def overdue(self) -> Deferred[list[TicketSummary]]:
        raise NotImplementedError
