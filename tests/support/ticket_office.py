"""The ticket pages with people who are signed in, over a desk of tickets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import ServiceLevel
from cti.web.requests import LARGEST_BODY
from cti.web.sessions import SessionLimits
from cti.web.uploads import is_upload
from tests.support.browsers import Answer, Browser
from tests.support.deferred import result_of
from tests.support.forms import PageForm, forms_of
from tests.support.offices import Office, counting
from tests.support.tickets import CARDS, FILLED, TicketDesk
from tickets.attachments.model import MEGABYTE, Limits
from tickets.attachments.service import Attachments
from tickets.dossier import Dossier
from tickets.mail.deciding import LetterDesk
from tickets.web.board import TicketBoard
from tickets.web.facts import CallFacts, Colleague
from tickets.web.pages import TicketPages
from tickets.web.presence import PresenceBoard

FOREVER = 1e9

T = TypeVar("T")

CALL = CallFacts(
    call_id=CallId("call-7"),
    number="13900139000",
    customer_id=CustomerId("C7"),
    name="李雷",
    service_level=ServiceLevel.SPECIAL,
    path=("主菜单", "投诉"),
)


@dataclass
class OneCall:
    """Knows one call."""

    call: CallFacts = CALL

    def facts(self, call_id: CallId) -> CallFacts | None:
        return self.call if call_id == self.call.call_id else None


class PlainNames:
    """Everybody is called by their id."""

    def name_of(self, staff_id: StaffId) -> str:
        return staff_id


class EverybodyOfCards:
    """One clerk, who works for the cards department, and one agent."""

    def everybody(self) -> list[Colleague]:
        return [Colleague(StaffId("clerk"), "赵柜员"), Colleague(StaffId("agent"), "agent")]

    def unit_of(self, staff_id: StaffId) -> DepartmentId | None:
        return CARDS if staff_id == "clerk" else None


class AtOnce:
    """Does what blocks at once, without threads."""

    def run(self, job: Callable[[], T]) -> Deferred[T]:
        return execute(job)


def may_be_large(request: Request) -> int:
    """What the site of the office lets in."""
    return 4 * MEGABYTE if is_upload(request) else LARGEST_BODY


@dataclass
class Telephones:
    """Notes who calls whom; nobody can while it is `busy`."""

    dialled: list[tuple[StaffId, str]] = field(default_factory=list)
    busy: bool = False

    def dial(self, staff_id: StaffId, number: str) -> Deferred[CallId]:
        if self.busy:
            return fail(Refused("ticket.no_dialling"))
        self.dialled.append((staff_id, number))
        return succeed(CallId(f"dialled-{len(self.dialled)}"))


def done(answer: Answer) -> str:
    """Where the browser is sent now that what was asked for is done."""
    assert answer.status == 303, answer.text
    return answer.headers["location"]


@dataclass
class TicketOffice:
    """A desk, its pages, and browsers for whoever sits down; files lie in `folder`."""

    desk: TicketDesk = field(default_factory=TicketDesk)
    folder: Path = Path("/nonexistent/attachments")

    def __post_init__(self) -> None:
        self.office = Office(
            clock=self.desk.clock, limits=SessionLimits(idle=FOREVER, longest=FOREVER)
        )
        frame = self.office.frame
        frame.add_package("tickets.web")
        desk = self.desk
        self.letters = LetterDesk(desk.database, desk.bus, desk.clock, desk.service)
        self.board = TicketBoard(frame, desk.service, desk.bus, self.letters)
        result_of(Deferred.fromCoroutine(self.board.start()))
        self.presence = PresenceBoard(frame, self.desk.service)
        self.attachments = Attachments(self.folder, Limits(largest=MEGABYTE, most=3), AtOnce())
        self.telephones = Telephones()
        self.pages = TicketPages(
            frame,
            self.desk.service,
            self.board,
            self.presence,
            Dossier(self.desk.database, self.desk.clock, self.attachments),
            OneCall(),
            PlainNames(),
            EverybodyOfCards(),
            dialler=self.telephones,
            letters=self.letters,
            entropy=counting(),
        )
        self.root = Resource()
        self.root.putChild(b"tickets", self.pages.app.resource())
        self.root.putChild(b"static", frame.static)

    def path_of_new(self) -> str:
        """The page of a ticket that an agent just wrote down."""
        return f"/tickets/{self.desk.register().number}"

    def seat(self, principal: Principal) -> "Seat":
        """That person at a browser of their own."""
        browser = Browser(self.root, self.desk.clock, largest=may_be_large)
        self.office.signed_in(browser, principal)
        return Seat(browser)


@dataclass
class Seat:
    """Somebody at a browser who reads pages and sends their forms."""

    browser: Browser

    def read(self, path: str) -> Answer:
        """The page."""
        answer = self.browser.get(path)
        assert answer.status == 200, answer.text
        return answer

    def form(self, path: str, action: str) -> PageForm:
        """The page's form of that act; AssertionError when the page does not offer it."""
        offered = forms_of(self.read(path).text)
        found = next((each for each in offered if each.fields.get("action") == action), None)
        assert found, f"{action} is not offered, only {[each.fields for each in offered]}"
        return found

    def offered(self, path: str) -> set[str]:
        """The acts that the page offers."""
        forms = forms_of(self.read(path).text)
        return {each.fields["action"] for each in forms if "action" in each.fields}

    def do(self, path: str, action: str, **typed: str) -> Answer:
        """Fill in the act's form, with something in every empty field, and send it."""
        form = self.form(path, action)
        filled = {name: value or FILLED.get(name, "") for name, value in form.fields.items()}
        return self.browser.post(form.action, filled | typed)
