"""What a flow's session is given: everything it acts on, behind protocols."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred

from cti.call.control import CallControl
from cti.kernel.bus import Bus
from cti.kernel.calendar import WorkingCalendar
from cti.kernel.clock import Clock
from cti.kernel.identifiers import CustomerId
from cti.kernel.ports import QueuePort, ReplyCallPort, TicketLinePort
from cti.kernel.vocabulary import Language
from customers.model import Customer
from ivr.bank.port import BankGateway
from prompts.catalogue import Announcement


class Announcer(Protocol):
    """Makes announcements audible (`prompts.announcer`)."""

    def sounds(
        self, announcements: Sequence[Announcement], language: Language, limit: float = ...
    ) -> Deferred[list[Path]]:
        """The files to play, in order; what is not spoken within `limit` seconds is left out."""

    def tone(self) -> Path:
        """The tone after which the caller speaks."""

    def release(self, paths: Iterable[Path]) -> None:
        """They were played."""


class CustomerFinder(Protocol):
    """Who calls (`customers.directory`)."""

    def by_number(self, number: str) -> Deferred[Customer | None]:
        """The customer with that telephone number."""

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:
        """The customer with that id."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The house as a flow sees it; `calendars` by name, `transfers` the numbers behind names."""

    calls: CallControl
    announcer: Announcer
    customers: CustomerFinder
    bank: BankGateway
    tickets: TicketLinePort
    replies: ReplyCallPort
    queues: QueuePort
    calendars: Mapping[str, WorkingCalendar]
    bus: Bus
    clock: Clock
    transfers: Mapping[str, str] = field(default_factory=dict)
