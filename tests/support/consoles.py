"""The console over a small call centre on fakes, as the site would mount it."""

from datetime import UTC, datetime

from twisted.internet.defer import Deferred, succeed
from twisted.web.resource import IResource, Resource

from agents.web.console import Console
from agents.web.pages import AgentApi, ConsolePages
from agents.web.telephony_commands import telephony_commands
from cti.kernel.identifiers import CustomerId, QueueId, StaffId, TicketNumber
from cti.kernel.ports import LetterSummary, OverdueTickets, TicketSummary
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.frame import Frame, WebSettings
from cti.web.sessions import Sessions
from tests.support.browsers import Browser
from tests.support.call_centre import CallCentre

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

TICKET = TicketSummary(
    TicketNumber("T20260301-0001"), "complaint", "信用卡重复扣费", "in_progress", NOON, NOON, True
)

LETTER = LetterSummary(NOON, True, "年费疑问", TICKET.number)


class FakeTickets:
    """Implements `TicketPort`; `late` answers wait in `pending`."""

    def __init__(self) -> None:
        self.late = False
        self.pending: list[Deferred[list[TicketSummary]]] = []
        self.tickets = [TICKET]

    def find(self, number: str) -> Deferred[TicketSummary | None]:
        return succeed(next((each for each in self.tickets if each.number == number), None))

    def open_tickets(
        self, customer_id: CustomerId, reader: StaffId
    ) -> Deferred[list[TicketSummary]]:
        del customer_id, reader
        if not self.late:
            return succeed(list(self.tickets))
        deferred: Deferred[list[TicketSummary]] = Deferred()
        self.pending.append(deferred)
        return deferred

    def letters_of(
        self, customer_id: CustomerId, reader: StaffId, limit: int
    ) -> Deferred[list[LetterSummary]]:
        del customer_id, reader, limit
        return succeed([LETTER])

    def overdue(self, longest: int) -> Deferred[OverdueTickets]:
        del longest
        return succeed(OverdueTickets(0))


class FakeDays:
    """Implements `QueueDayPort`: the same for all."""

    def service_level_of(self, queue_id: QueueId) -> float | None:
        del queue_id
        return 0.84


class ConsoleHouse:
    """A call centre with its consoles; `browser(name)` is signed in as that agent."""

    def __init__(self, centre: CallCentre) -> None:
        self.centre = centre
        self.tickets = FakeTickets()
        sessions = Sessions(centre.roster, centre.clock)
        self.frame = Frame(WebSettings(), sessions, centre.clock)
        self.frame.add_package("agents.web")
        self.console = Console(
            frame=self.frame,
            agents=centre.service,
            bus=centre.bus,
            control=centre.calls,
            tickets=self.tickets,
            history=centre.history,
            days=FakeDays(),
        )
        self.console.commands |= telephony_commands(centre.telephony)
        self.furnish()
        self.console.start()
        self.root = Resource()
        pages: IResource = ConsolePages(
            self.frame, centre.service, self.console, UTC
        ).app.resource()
        self.root.putChild(b"console", pages)
        api, version = Resource(), Resource()
        version.putChild(
            b"agent", AgentApi(self.frame, centre.service, self.console).app.resource()
        )
        api.putChild(b"v1", version)
        self.root.putChild(b"api", api)
        self.root.putChild(b"static", self.frame.static)

    def furnish(self) -> None:
        """What the console is given before it starts."""

    def token(self, name: str, role: Role = Role.AGENT) -> str:
        """A session of that person."""
        principal = Principal(StaffId(name), name.upper(), frozenset({role}), Language.CHINESE)
        return self.frame.sessions.open(principal).token

    def browser(self, name: str, role: Role = Role.AGENT) -> Browser:
        """That person's browser."""
        cookies = {"hotline_session": self.token(name, role)}
        return Browser(self.root, self.centre.clock, cookies)
