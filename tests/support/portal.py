"""The page of customers over a desk of tickets, and customers at browsers of their own."""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session
from twisted.web.resource import Resource

import tickets.web
from cti.kernel.clock import utc
from cti.kernel.identifiers import Entropy
from cti.kernel.vocabulary import Language
from cti.web import frame as web_frame
from cti.web.texts import Texts
from tests.support.browsers import Answer, Browser
from tests.support.deferred import result_of
from tests.support.forms import PageForm, forms_of
from tests.support.offices import counting
from tests.support.ticket_office import AtOnce, may_be_large
from tests.support.tickets import SHANGHAI, TicketDesk
from tickets.attachments.model import MEGABYTE, Limits
from tickets.attachments.service import Attachments
from tickets.delivery.model import Outgoing, Purpose
from tickets.delivery.outbox import LEASE
from tickets.delivery.repository import claim_txn
from tickets.dossier import Dossier
from tickets.mail.composing import Composer
from tickets.mail.settings import MailSettings
from tickets.numbers import ticket_number
from tickets.portal.frame import FrameSettings, PortalFrame
from tickets.portal.notices import Notices
from tickets.portal.pages import PortalPages, PortalRoot
from tickets.portal.service import Portal, Rooms
from tickets.portal.settings import PortalSettings
from tickets.portal.telling import Telling

KEY = b"portal" * 6
MOBILE = "13800138000"
ADDRESS = "wang@example.com"
UNKNOWN = ticket_number(date(2026, 1, 1), 1)
"""A number that no ticket has."""
TYPED = {
    "title": "柜台排队时间过长",
    "text": "周一上午在营业部等候两小时。",
    "name": "王芳",
    "contact": MOBILE,
    "consent": "yes",
    "service": "large_withdrawal",
    "branch": "营业部",
    "slot_day": "2026-11-25",
    "slot_from": "10:00",
    "slot_to": "11:00",
}


def drawn() -> Entropy:
    """Tokens that look like chance, the same in every run."""
    count = iter(range(1, 1_000_000))
    return lambda size: sha256(b"%d" % next(count)).hexdigest()[: 2 * size]


@cache
def house_texts() -> Texts:
    """The words that the page is given."""
    texts = Texts()
    for module in (web_frame, tickets.web):
        texts.add(Path(str(module.__file__)).parent / "locales")
    return texts


@dataclass
class PortalDesk:
    """Everything behind the page; files lie in `folder`."""

    folder: Path = Path("/nonexistent/attachments")
    settings: PortalSettings = field(default_factory=PortalSettings)
    desk: TicketDesk = field(default_factory=TicketDesk)
    secure: bool = False
    """Served by HTTPS."""

    def __post_init__(self) -> None:
        desk, mail = self.desk, MailSettings(domain="bank.example", sender="service@bank.example")
        self.sent: list[Outgoing] = []
        self.texts = house_texts()
        self.telling = Telling(
            Composer(mail), self.texts.text, mail.sender_names.__getitem__, SHANGHAI
        )
        desk.service.write_beside_txn(
            Notices(self.telling, Language.CHINESE, self.settings).beside_txn
        )
        attachments = Attachments(self.folder, Limits(largest=MEGABYTE, most=3), AtOnce())
        self.portal = Portal(
            Rooms(
                database=desk.database,
                tickets=desk.service,
                files=Dossier(desk.database, desk.clock, attachments),
                telling=self.telling,
                clock=desk.clock,
                entropy=drawn(),
                key=KEY,
                wake=lambda: None,
            ),
            self.settings,
        )
        frame = PortalFrame(
            FrameSettings(self.settings, SHANGHAI, self.secure),
            self.texts,
            KEY,
            desk.clock,
            counting(),
        )
        self.root = Resource()
        self.root.putChild(b"service", PortalRoot(PortalPages(frame, self.portal, counting())))

    def customer(self, language: str = "zh", address: str = "192.0.2.10") -> "Customer":
        """Somebody at a browser of their own."""
        browser = Browser(
            self.root,
            self.desk.clock,
            largest=may_be_large,
            address=address,
            headers={"accept-language": language},
        )
        return Customer(self, browser)

    def carried(self) -> list[Outgoing]:
        """What leaves the house now, each once."""

        def all_txn(session: Session) -> list[Outgoing]:
            claimed = claim_txn(session, utc(self.desk.clock), LEASE, 100)
            return [each.outgoing for each in claimed]

        found = result_of(self.desk.database.run(all_txn))
        self.sent += found
        return found

    def code(self) -> str:
        """The code that was sent last."""
        self.carried()
        codes = [each for each in self.sent if each.purpose is Purpose.CODE]
        found = re.search(r"\d{6}", codes[-1].body)
        assert found
        return found[0]


@dataclass
class Customer:
    """Somebody who reads pages and sends their forms."""

    desk: PortalDesk
    browser: Browser

    def read(self, path: str) -> Answer:
        """The page."""
        answer = self.browser.get(path)
        assert answer.status == 200, answer.text
        return answer

    def form(self, path: str, action: str = "") -> PageForm:
        """The page's form that is sent there; AssertionError where it has none."""
        forms = forms_of(self.read(path).text)
        return next(each for each in forms if each.action == (action or path))

    def offers(self) -> set[str]:
        """What can be done to the ticket that is open."""
        forms = forms_of(self.read("/service/ticket").text)
        return {each.action.rpartition("/")[2] for each in forms}

    def send(self, path: str, action: str = "", **typed: str) -> Answer:
        """Fill in the form and send it."""
        form = self.form(path, action)
        return self.browser.post(form.action, form.fields | typed)

    def do(self, name: str, **typed: str) -> Answer:
        """An act on the ticket that is open."""
        return self.send("/service/ticket", f"/service/ticket/{name}", **typed)

    def submit(self, kind: str = "complaint", **typed: str) -> str:
        """Submit a ticket and open it by its code; its number."""
        answer = self.send(f"/service/new/{kind}", **(TYPED | typed))
        assert answer.status == 303, answer.text
        return self.enter()

    def follow(self, number: str, contact: str = MOBILE) -> Answer:
        """Ask for a code."""
        return self.send("/service/follow", number=number, contact=contact)

    def enter(self, code: str = "") -> str:
        """Enter the code that was sent last; the number of the ticket that it opens."""
        answer = self.send("/service/code", code=code or self.desk.code())
        assert answer.status == 303, answer.text
        assert answer.headers["location"].startswith("/service/ticket")
        found = re.search(r"\d{11,}", self.read("/service/ticket").text)
        assert found
        return found[0]
