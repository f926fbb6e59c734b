"""Every page of tickets on one site, as the house mounts them, over one desk of tickets.

There is something behind each page: a ticket that was sent to a department, with a file, a printed
letter and a call; a letter of no ticket; a view, and a quarter that was submitted; and a complaint
about somebody of the cards department, which that department must not hear of.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from twisted.web.server import Site

from config.site import build_site
from cti.kernel.clock import utc
from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.frame import WebSettings
from tests.support.browsers import Browser
from tests.support.calendar_desk import calendar_beside
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.portal import Customer, PortalDesk
from tests.support.regulation import RegulationOffice
from tests.support.ticket_office import may_be_large
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_HEAD,
    OTHER_OFFICER,
    SHANGHAI,
    SUPERVISOR,
    TicketDesk,
    draft,
)
from tickets.attachments.model import Attachment
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.delivery.outbox import LEASE
from tickets.delivery.repository import claim_txn, queue_txn
from tickets.delivery.undelivered import give_up_txn
from tickets.mail.model import Automatic, Body, Letter
from tickets.mail.repository import keep_txn
from tickets.mail.unfiled import keep_unfiled_txn, why_unfiled
from tickets.search.saved import SavedView
from tickets.web.calendar.pages import CalendarPages
from tickets.web.deliveries import DeliveryPages
from tickets.workflow import Action

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
CLERK = Principal(StaffId("clerk"), "赵柜员", frozenset(Role), Language.CHINESE, CARDS)
"""Somebody with every role, of the unit that the complaint is about."""
AUTHOR = replace(
    SUPERVISOR,
    staff_id=StaffId("author"),
    name="author",
    roles=frozenset({Role.SUPERVISOR, Role.PROTECTION}),
)
"""Who did what is there."""
LETTER = Letter(
    message_id="away-1@example.com",
    sender="wang@example.com",
    sender_name="王芳",
    recipients=("service@bank.example",),
    subject="自动回复：您好",
    references=(),
    body=Body("我在休假。如有急事请拨 13800138000。"),
    fingerprint="1" * 64,
    automatic=Automatic.REPLY,
)


@dataclass
class TicketSite:
    """The site, and who uses it; files lie in `folder`."""

    folder: Path
    secure: bool = True
    """Served by HTTPS."""
    database: DirectDatabase | None = None

    def __post_init__(self) -> None:
        self.office = RegulationOffice(desk=TicketDesk(self.database), folder=self.folder)
        self.desk = self.office.desk
        self.portal = PortalDesk(folder=self.folder, desk=self.desk, secure=self.secure)
        frame = self.frame = self.office.office.frame
        frame.settings = WebSettings(secure=self.secure)
        calendar = CalendarPages(frame, calendar_beside(self.desk), self.desk.service)
        deliveries = DeliveryPages(frame, self.desk.database, SHANGHAI)
        mounts: dict[str, Any] = {
            **{name.decode(): each for name, each in self.office.root.children.items()},
            **{name.decode(): each for name, each in self.portal.root.children.items()},
            "calendar": calendar.app.resource(),
            "deliveries": deliveries.app.resource(),
        }
        del mounts["static"]  # the site has it by itself
        self.site: Site = build_site(
            frame, mounts, lambda: {"database": True}, lambda: {"calls": 0}, self.desk.clock
        )

    def browser(self, principal: Principal | None = None) -> Browser:
        """A browser of that person, or of nobody."""
        opened = Browser(self.site.resource, self.desk.clock, largest=may_be_large)
        if principal is not None:
            self.office.office.signed_in(opened, principal)
        return opened

    def customer(self) -> Customer:
        """Somebody at a browser of their own."""
        return Customer(self.portal, self.browser())

    def registered(self, **changed: Any) -> TicketNumber:
        """A complaint as somebody told it."""
        return self.desk.register(replace(draft(), **changed), AGENT).number

    def about_the_clerk(self, **changed: Any) -> TicketNumber:
        """A complaint about the clerk of the cards department, with which another deals."""
        concern = {"about_staff": CLERK.staff_id, "about_unit": CARDS}
        return self.furnished(LENDING, OTHER_OFFICER, OTHER_HEAD, **concern, **changed)

    def furnished(
        self,
        department: DepartmentId = CARDS,
        officer: Principal = OFFICER,
        head: Principal = HEAD,
        **changed: Any,
    ) -> TicketNumber:
        """A complaint that a department dealt with, with a file and a printed letter."""
        number = self.registered(**changed)
        self.desk.act(number, Action.DISPATCH, DISPATCHER, FILLED | {"department": department})
        self.desk.act(number, Action.ACCEPT, officer)
        self.desk.act(number, Action.RETURN, head)
        self.desk.act(number, Action.APPROVE, DISPATCHER)
        kept = result_of(self.office.attachments.keep(PNG, "小票.png"))
        self.desk.act(number, Action.ATTACH_FILE, AGENT, kept.fields())
        seat = self.browser(AUTHOR)
        page = f"/regulation/letters/{number}"
        csrf = self.office.office.signed_in(seat, AUTHOR)
        typed = {"csrf": csrf, "request": f"print-{number}", "kind": "urge", "text": "请尽快办理"}
        assert seat.post(page, typed).status == 303
        return number

    def undelivered(self, number: TicketNumber) -> None:
        """A message about the ticket that could not be delivered."""

        def write_txn(session: Session) -> None:
            now = utc(self.desk.clock)
            message = Outgoing(Channel.SMS, "13800138000", "", "答复", Purpose.REPLY, number=number)
            queued = queue_txn(session, message, now)
            for each in claim_txn(session, now, LEASE, 100):
                if each.outbox_id == queued:
                    give_up_txn(session, each, "550 nobody", now, awaited=False)

        result_of(self.desk.database.run(write_txn))

    def letter_of_no_ticket(self, what: Letter = LETTER) -> int:
        """A letter came that nobody could place; by which id it is known."""
        file = Attachment("ab" * 32, "凭证.pdf", "application/pdf", 1024)

        def write_txn(session: Session) -> int:
            mail_id = keep_txn(session, what, None, utc(self.desk.clock), opened=False)
            keep_unfiled_txn(session, mail_id, why_unfiled(what), [file])
            return mail_id

        mail_id: int = result_of(self.desk.database.run(write_txn))
        return mail_id

    def view_of(self, principal: Principal) -> None:
        """The person keeps a list under a name."""
        view = SavedView(0, principal.staff_id, "急件", "all", "urgency:urgent", shared=True)
        result_of(self.desk.service.lists.save_view(view))
