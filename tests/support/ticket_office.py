"""The ticket pages with people who are signed in, over a desk of tickets."""

from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from cti.kernel.identifiers import CallId, CustomerId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import ServiceLevel
from cti.web.sessions import SessionLimits
from tests.support.browsers import Answer, Browser
from tests.support.deferred import result_of
from tests.support.forms import PageForm, forms_of
from tests.support.offices import Office, counting
from tests.support.tickets import FILLED, TicketDesk
from tickets.web.board import TicketBoard
from tickets.web.facts import CallFacts
from tickets.web.pages import TicketPages

FOREVER = 1e9

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


@dataclass
class TicketOffice:
    """A desk, its pages, and browsers for whoever sits down."""

    desk: TicketDesk = field(default_factory=TicketDesk)

    def __post_init__(self) -> None:
        self.office = Office(
            clock=self.desk.clock, limits=SessionLimits(idle=FOREVER, longest=FOREVER)
        )
        frame = self.office.frame
        frame.add_package("tickets.web")
        self.board = TicketBoard(frame, self.desk.service, self.desk.bus)
        result_of(Deferred.fromCoroutine(self.board.start()))
        self.pages = TicketPages(
            frame,
            self.desk.service,
            self.board,
            OneCall(),
            PlainNames(),
            entropy=counting(),
        )
        self.root = Resource()
        self.root.putChild(b"tickets", self.pages.app.resource())
        self.root.putChild(b"static", frame.static)

    def seat(self, principal: Principal) -> "Seat":
        """That person at a browser of their own."""
        browser = Browser(self.root, self.desk.clock)
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
