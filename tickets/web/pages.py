"""``/tickets``: lists, one ticket, a new one, and what one is told."""

from twisted.logger import Logger
from twisted.web.pages import notFound
from twisted.web.resource import IResource
from twisted.web.server import Request

from cti.database import report
from cti.kernel.identifiers import Entropy, system_entropy
from cti.kernel.ports import CallHistoryPort, StaffNames
from cti.kernel.principal import Principal
from cti.web import requests
from cti.web.frame import Frame
from cti.web.pages import pages
from tickets.dossier import Dossier
from tickets.mail.deciding import LetterDesk
from tickets.messages import ANSWERS
from tickets.model import MessageKind
from tickets.proposals import CatalogueProposals, NoCatalogue
from tickets.service import TicketService
from tickets.web.board import TicketBoard
from tickets.web.customer_page import READERS as CUSTOMER_READERS
from tickets.web.customer_page import CustomerPage
from tickets.web.department_page import DepartmentPage
from tickets.web.facts import CallFactsPort, Dialler, NoTelephones, StaffUnits
from tickets.web.filling import Filling
from tickets.web.kind_page import KindPage
from tickets.web.letters import LetterPages
from tickets.web.lists import ListPages
from tickets.web.new_ticket import NewTicketPage
from tickets.web.phrasing import Phrasing
from tickets.web.presence import PresenceBoard
from tickets.web.reach import READERS
from tickets.web.reading import whole
from tickets.web.ticket_page import TicketPage
from tickets.wording import said
from tickets.workflow import DEPARTMENT, FRONT

NO_CATALOGUE = NoCatalogue()
UNNOTED = "what came in at a ticket stays unread, though somebody looked"
NO_TELEPHONES = NoTelephones()


class TicketPages:
    """The ticket pages; forms work without scripts, scripts only bring news."""

    app = pages()
    log = Logger()

    def __init__(
        self,
        frame: Frame,
        service: TicketService,
        board: TicketBoard,
        presence: PresenceBoard,
        dossier: Dossier,
        calls: CallFactsPort,
        staff: StaffNames,
        units: StaffUnits,
        *,
        catalogue: CatalogueProposals = NO_CATALOGUE,
        dialler: Dialler = NO_TELEPHONES,
        letters: LetterDesk | None = None,
        history: CallHistoryPort | None = None,
        entropy: Entropy = system_entropy,
    ) -> None:
        self.frame = frame
        self._service = service
        self._board, self._presence = board, presence
        self._lists = ListPages(frame, service, staff)
        self._phrasing = phrasing = Phrasing(frame, service)
        self._ticket = TicketPage(
            frame, service, dossier, calls, staff, phrasing, entropy, units, catalogue, dialler
        )
        self._customer = CustomerPage(frame, service, phrasing, history)
        self._kind = KindPage(frame, service, dossier, phrasing, entropy)
        self._new = NewTicketPage(frame, service, calls, units, dossier, phrasing, entropy, letters)
        self._letters = (
            LetterPages(frame, letters, service, dossier, phrasing, entropy) if letters else None
        )
        self._department = DepartmentPage(frame, service, dossier, phrasing, entropy)

    @app.route("/", methods=["GET"])
    async def list(self, request: Request) -> bytes:
        """A list: ``?view=mine&q=words``."""
        return await self._lists.shown(request)

    @app.route("/lists", branch=True)
    def lists(self, _request: Request) -> IResource:
        """Search forms, saved views and exports."""
        return self._lists.app.resource()

    @app.route("/letters", branch=True)
    def letters(self, _request: Request) -> IResource:
        """Letters that belong to no ticket."""
        return self._letters.app.resource() if self._letters is not None else notFound()

    @app.route("/live", methods=["GET"])
    def live(self, _request: Request) -> IResource:
        """The WebSocket, which looks itself at who connects."""
        return self._board.resource()

    @app.route("/here", methods=["GET"])
    def here(self, _request: Request) -> IResource:
        """The WebSocket of who else is at a ticket."""
        return self._presence.resource()

    @app.route("/new", methods=["GET"])
    async def new(self, request: Request) -> bytes:
        """An empty form, or one that knows the call: ``?call=<id>&type=complaint``."""
        self.frame.guard(request, *FRONT)
        return await self._new.ask(request)

    @app.route("/new", methods=["POST"])
    async def register(self, request: Request) -> bytes:
        """Register the ticket and show it."""
        principal = self.frame.guard(request, *FRONT)
        return await self._new.register(request, principal)

    @app.route("/customers/<customer_id>", methods=["GET"])
    async def customer(self, request: Request, customer_id: str) -> bytes:
        """All that passed between the bank and a customer."""
        principal = self.frame.guard(request, *CUSTOMER_READERS)
        return await self._customer.show(request, principal, customer_id)

    @app.route("/department", methods=["GET"])
    async def department(self, request: Request) -> bytes:
        """What lies with the person's department: to accept, to work on, to sign."""
        principal = self.frame.guard(request, *DEPARTMENT)
        return await self._department.show(request, principal)

    @app.route("/department/accept", methods=["POST"])
    async def accept(self, request: Request) -> bytes:
        """Accept the orders that were ticked."""
        principal = self.frame.guard(request, *DEPARTMENT)
        return await self._department.accept(request, principal)

    @app.route("/department/sign", methods=["POST"])
    async def sign(self, request: Request) -> bytes:
        """Sign what an officer wrote."""
        principal = self.frame.guard(request, *DEPARTMENT)
        return await self._department.sign(request, principal)

    @app.route("/messages", methods=["GET"])
    async def messages(self, request: Request) -> bytes:
        """What the person was told and has not read."""
        principal = self.frame.guard(request, *READERS)
        answers = requests.query(request)["only"] == "answers"
        told = [
            each
            for each in await self._service.messages(principal)
            if not answers or (each.kind is MessageKind.WORK and each.subject in ANSWERS)
        ]
        words = await self._phrasing.words(request)
        lines = [(each, said(each.kind, each.subject, words.text)) for each in told]
        return self.frame.render(
            request, "ticket_messages.html", messages=lines, words=words, answers=answers
        )

    @app.route("/messages", methods=["POST"])
    async def read(self, request: Request) -> bytes:
        """The person has read what the page showed."""
        principal = self.frame.guard(request, *READERS)
        shown_ids = self.frame.form(request).all("message")
        await self._service.mark_read(principal, [whole(each) for each in shown_ids])
        self._board.recount(principal.staff_id)
        return self.frame.redirect(request, "/tickets")

    @app.route("/<number>", methods=["GET"])
    async def ticket(self, request: Request, number: str) -> bytes:
        """One ticket; ``?call=<id>`` offers to add that call to it."""
        principal = self.frame.guard(request, *READERS)
        opened = await self._service.opened(principal, number)
        if opened.news:
            request.notifyFinish().addCallbacks(
                lambda _: self._look(principal, number), lambda _gone: None
            )
        return self._ticket.show(request, principal, opened, Filling())

    def _look(self, principal: Principal, number: str) -> None:
        """They have the ticket before them, with what is new there: that is written down."""

        def recount(news: bool) -> None:
            if news:
                self._board.recount(principal.staff_id)

        looked = self._service.looked(principal, number)
        looked.addCallback(recount)
        looked.addErrback(lambda failure: report(self.log, failure, UNNOTED))

    @app.route("/<number>/clocks/<int:serial>", methods=["GET"])
    async def why(self, request: Request, number: str, serial: int) -> bytes:
        """Why that clock is due when it is."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.why(request, principal, number, serial)

    @app.route("/<number>/act", methods=["POST"])
    async def act(self, request: Request, number: str) -> bytes:
        """Do what the form says; a refusal shows the ticket as it is now, with what was typed."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.act(request, principal, number)

    @app.route("/<number>/kind", methods=["GET"])
    async def kind(self, request: Request, number: str) -> bytes:
        """What another kind asks for: ``?to=appointment``."""
        principal = self.frame.guard(request, *FRONT)
        return await self._kind.ask(request, principal, number)

    @app.route("/<number>/kind", methods=["POST"])
    async def convert(self, request: Request, number: str) -> bytes:
        """Make the ticket of another kind."""
        principal = self.frame.guard(request, *FRONT)
        return await self._kind.convert(request, principal, number)

    @app.route("/<number>/join", methods=["POST"])
    async def join(self, request: Request, number: str) -> bytes:
        """Let the call belong to the ticket, whatever its version."""
        principal = self.frame.guard(request, *FRONT)
        return await self._ticket.join(request, principal, number)

    @app.route("/<number>/detach", methods=["POST"])
    async def detach(self, request: Request, number: str) -> bytes:
        """Take a call off the ticket, whatever its version."""
        principal = self.frame.guard(request, *FRONT)
        return await self._ticket.detach(request, principal, number)

    @app.route("/<number>/dial", methods=["POST"])
    async def dial(self, request: Request, number: str) -> bytes:
        """Call the customer by the person's own telephone."""
        principal = self.frame.guard(request, *FRONT)
        return await self._ticket.dial(request, principal, number)

    @app.route("/<number>/unmask", methods=["POST"])
    async def unmask(self, request: Request, number: str) -> bytes:
        """Show the customer's data for a while; it is written down who asked for it."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.unmask(request, principal, number)

    @app.route("/<number>/order", methods=["GET"])
    def order(self, request: Request, number: str) -> bytes:
        """Read time lines from the newest on, or from the oldest: ``?newest=1``."""
        self.frame.guard(request, *READERS)
        return self._ticket.remember_order(request, number)

    @app.route("/<number>/files", methods=["POST"])
    async def take_files(self, request: Request, number: str) -> bytes:
        """Let the form's files belong to the ticket."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.take_files(request, principal, number)

    @app.route("/<number>/files/<int:attachment_id>", methods=["GET"])
    async def give_file(self, request: Request, number: str, attachment_id: int) -> IResource:
        """A file, to be saved."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.give_file(principal, number, attachment_id, seen=False)

    @app.route("/<number>/files/<int:attachment_id>/seen", methods=["GET"])
    async def show_file(self, request: Request, number: str, attachment_id: int) -> IResource:
        """A picture or a sound, where it stands."""
        principal = self.frame.guard(request, *READERS)
        return await self._ticket.give_file(principal, number, attachment_id, seen=True)
