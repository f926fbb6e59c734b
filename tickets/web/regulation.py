"""``/regulation``: what a regulator is told, the dispatch catalogue, how long records are kept."""

from twisted.web.server import Request

from cti.database import Database
from cti.kernel.identifiers import Entropy, system_entropy
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.pages import pages
from tickets.catalogue.service import CatalogueService
from tickets.regulation.service import RegulationService
from tickets.service import TicketService
from tickets.web.catalogue import CataloguePages
from tickets.web.figures import READERS as FIGURE_READERS
from tickets.web.figures import FigurePages
from tickets.web.phrasing import Phrasing
from tickets.web.printing import LetterPages
from tickets.web.records import RecordPages

READERS = (*FIGURE_READERS, Role.DISPATCHER)


class RegulationPages:
    """The pages; forms work without scripts."""

    app = pages()

    def __init__(
        self,
        frame: Frame,
        tickets: TicketService,
        regulation: RegulationService,
        catalogue: CatalogueService,
        database: Database,
        *,
        entropy: Entropy = system_entropy,
    ) -> None:
        self.frame = frame
        phrasing = Phrasing(frame, tickets)
        self._figures = FigurePages(frame, regulation, tickets.lists, phrasing)
        self._records = RecordPages(frame, regulation, phrasing, entropy)
        self._letters = LetterPages(frame, tickets, regulation, database, phrasing, entropy)
        self._catalogue = CataloguePages(frame, catalogue, regulation.codes, phrasing, entropy)

    @app.route("/", methods=["GET"])
    def first(self, request: Request) -> bytes:
        """The page the person has to do with."""
        principal = self.frame.guard(request, *READERS)
        reads = principal.roles & set(FIGURE_READERS)
        return self.frame.redirect(
            request, "/regulation/figures" if reads else "/regulation/catalogue"
        )

    @app.route("/figures", methods=["GET"])
    async def figures(self, request: Request) -> bytes:
        """The quarterly table."""
        return await self._figures.table(request)

    @app.route("/figures/tickets", methods=["GET"])
    async def behind(self, request: Request) -> bytes:
        """The tickets behind a number of it."""
        return await self._figures.behind(request)

    @app.route("/figures/submit", methods=["POST"])
    async def submit(self, request: Request) -> bytes:
        """The quarter is submitted."""
        return await self._figures.submit(request)

    @app.route("/figures/differences", methods=["GET"])
    async def differences(self, request: Request) -> bytes:
        """What has changed since it was."""
        return await self._figures.differences(request)

    @app.route("/figures.<kind>", methods=["POST"])
    async def export(self, request: Request, kind: str) -> bytes:
        """The table as a file."""
        return await self._figures.export(request, kind)

    @app.route("/catalogue", methods=["GET"])
    async def catalogue(self, request: Request) -> bytes:
        """The dispatch catalogue."""
        return await self._catalogue.shown(request)

    @app.route("/catalogue", methods=["POST"])
    async def change_catalogue(self, request: Request) -> bytes:
        """A change of it."""
        return await self._catalogue.change(request)

    @app.route("/records", methods=["GET"])
    async def records(self, request: Request) -> bytes:
        """How long records are kept."""
        return await self._records.shown(request)

    @app.route("/records/hold", methods=["POST"])
    async def hold(self, request: Request) -> bytes:
        """Keep a ticket's records."""
        return await self._records.hold(request)

    @app.route("/records/lift", methods=["POST"])
    async def lift(self, request: Request) -> bytes:
        """Keep them no longer than rules say."""
        return await self._records.lift(request)

    @app.route("/letters/<number>", methods=["GET"])
    async def letter(self, request: Request, number: str) -> bytes:
        """A letter to be written about the ticket."""
        return await self._letters.form(request, number)

    @app.route("/letters/<number>", methods=["POST"])
    async def print_letter(self, request: Request, number: str) -> bytes:
        """Print it."""
        return await self._letters.print(request, number)

    @app.route("/letters/<number>/<int:letter_id>", methods=["GET"])
    async def printed(self, request: Request, number: str, letter_id: int) -> bytes:
        """A letter as it was printed."""
        return await self._letters.shown(request, number, letter_id)
