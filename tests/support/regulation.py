"""The pages a regulator is told from, over a desk of tickets."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from twisted.internet.defer import Deferred, succeed

from tests.support.ticket_office import TicketOffice
from tests.support.tickets import SHANGHAI
from tickets.catalogue.service import CatalogueService
from tickets.regulation.reading import read_codes, read_retention
from tickets.regulation.service import RegulationService
from tickets.web.regulation import RegulationPages

SHIPPED = Path(__file__).parents[2] / "config" / "tickets"
CODES = replace(read_codes(SHIPPED / "codes.yaml"), required=frozenset())
"""The codes of the house, none of which must be there."""


def nothing_to_forget(_digest: str) -> Deferred[bool]:
    """No file lies anywhere."""
    return succeed(False)


@dataclass
class RegulationOffice(TicketOffice):
    """Ticket pages and those of figures, catalogue and records."""

    delete: bool = False
    catalogue: CatalogueService = field(init=False)
    figures: RegulationService = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        desk = self.desk
        desk.service.follower = replace(desk.service.follower, codes=CODES)
        self.catalogue = CatalogueService(desk.database, desk.clock, SHANGHAI)
        self.figures = RegulationService(
            desk.database,
            desk.clock,
            desk.service.follower,
            read_retention(SHIPPED / "retention.yaml"),
            nothing_to_forget,
            delete=self.delete,
        )
        pages = RegulationPages(
            self.office.frame, desk.service, self.figures, self.catalogue, desk.database
        )
        self.root.putChild(b"regulation", pages.app.resource())
