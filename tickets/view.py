"""A ticket with what stands beside it in one look, as pages and letters need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cti.kernel.identifiers import DepartmentId
from customers.model import Customer
from tickets.clocks.model import Clock
from tickets.guards import Premises
from tickets.model import CallLink, Case, Department, HistoryEntry
from tickets.workflow import ClockKind


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with all that its page shows."""

    case: Case
    clocks: tuple[Clock, ...]
    history: tuple[HistoryEntry, ...]
    calls: tuple[CallLink, ...]
    departments: Mapping[DepartmentId, Department]
    premises: Premises = field(default_factory=Premises)
    """What acts on it are judged by, see `tickets.decide.allowed`."""
    customer: Customer | None = None
    """The directory's present record of who asked, beside what they gave then."""
    merged: tuple["TicketView", ...] = ()
    """The tickets that were merged into this one, with their calls and histories."""

    def due(self, kind: ClockKind, dispatch: int | None = None) -> datetime | None:
        """When that clock is due; None where it does not run."""
        return self.premises.dues.get((kind, dispatch))
