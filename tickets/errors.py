"""What the ticket service answers where a plain refusal says too little."""

from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from tickets.model import HistoryEntry


class Stale(Refused):
    """Somebody else was quicker: `changes` are their acts, the oldest first."""

    def __init__(self, number: TicketNumber, changes: tuple[HistoryEntry, ...] = ()) -> None:
        super().__init__("ticket.stale", number=number)
        self.changes = changes
