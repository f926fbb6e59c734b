"""``/tickets``: lists, one ticket, a new one, and what one is told."""

from dataclasses import dataclass, replace

from twisted.web.resource import IResource
from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, Entropy, system_entropy
from cti.kernel.ports import StaffNames
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame
from cti.web.pages import pages
from cti.web.requests import BadRequest, Form
from tickets.model import Draft, ReplyChannel, Requester, TicketKind, Urgency
from tickets.service import TicketService, TicketView
from tickets.visibility import check_visible, concern_of
from tickets.web import shown
from tickets.web.board import TicketBoard
from tickets.web.facts import CallFacts, CallFactsPort
from tickets.web.lists import ListPages
from tickets.web.reach import READERS
from tickets.web.shown import Words
from tickets.wording import said
from tickets.workflow import FRONT, Action

REQUEST_BYTES = 16
LONGEST_REQUEST_ID = 64
LONGEST_WHOLE = 9
LONGEST_CALL_ID = 128
"""Characters, as wide as the columns are."""
LISTENERS = frozenset({Role.SUPERVISOR, Role.QUALITY})
TRANSLATED = {"field": "ticket.field", "action": "ticket.act", "state": "ticket.state"}
"""Details of a refusal that are words of the interface."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A form that came back with a refusal: what was typed, and why not."""

    error: str = ""
    fields: Form | None = None

    def __getitem__(self, name: str) -> str:
        return self.fields[name] if self.fields is not None else ""


class TicketPages:
    """The ticket pages; forms work without scripts, scripts only bring news."""

    app = pages()

    def __init__(
        self,
        frame: Frame,
        service: TicketService,
        board: TicketBoard,
        calls: CallFactsPort,
        staff: StaffNames,
        *,
        entropy: Entropy = system_entropy,
    ) -> None:
        self.frame = frame
        self._service = service
        self._board = board
        self._calls = calls
        self._staff = staff
        self._entropy = entropy
        self._lists = ListPages(frame, service, staff)

    @app.route("/", methods=["GET"])
    async def list(self, request: Request) -> bytes:
        """A list: ``?view=mine&q=words``."""
        return await self._lists.shown(request)

    @app.route("/lists", branch=True)
    def lists(self, _request: Request) -> IResource:
        """Search forms, saved views and exports."""
        return self._lists.app.resource()

    @app.route("/live", methods=["GET"])
    def live(self, _request: Request) -> IResource:
        """The WebSocket, which looks itself at who connects."""
        return self._board.resource()

    @app.route("/new", methods=["GET"])
    def new(self, request: Request) -> bytes:
        """An empty form, or one that knows the call: ``?call=<id>&type=complaint``."""
        self.frame.guard(request, *FRONT)
        asked = requests.query(request)
        facts = self._facts(asked["call"])
        return self._ask(request, Filling(), asked["type"] or "complaint", asked["call"], facts)

    @app.route("/new", methods=["POST"])
    async def register(self, request: Request) -> bytes:
        """Register the ticket and show it."""
        principal = self.frame.guard(request, *FRONT)
        form = self.frame.form(request)
        facts = self._facts(form["call"])
        try:
            draft = _draft(form, facts)
            receipt = await self._service.register(draft, principal, _request_id(form))
        except Refused as refused:
            filling = Filling(self._why_not(request, refused), form)
            return self._ask(request, filling, form["kind"], form["call"], facts)
        return self.frame.redirect(request, f"/tickets/{receipt.number}")

    @app.route("/messages", methods=["GET"])
    async def messages(self, request: Request) -> bytes:
        """What the person was told and has not read."""
        principal = self.frame.guard(request, *READERS)
        told = await self._service.messages(principal)
        words = await self._words(request)
        lines = [(each, said(each.kind, each.subject, words.text)) for each in told]
        return self.frame.render(request, "ticket_messages.html", messages=lines, words=words)

    @app.route("/messages", methods=["POST"])
    async def read(self, request: Request) -> bytes:
        """The person has read what the page showed."""
        principal = self.frame.guard(request, *READERS)
        shown_ids = self.frame.form(request).all("message")
        await self._service.mark_read(principal, [_whole(each) for each in shown_ids])
        return self.frame.redirect(request, "/tickets")

    @app.route("/<number>", methods=["GET"])
    async def ticket(self, request: Request, number: str) -> bytes:
        """One ticket; ``?call=<id>`` offers to add that call to it."""
        principal = self.frame.guard(request, *READERS)
        return await self._show(request, principal, number, Filling())

    @app.route("/<number>/act", methods=["POST"])
    async def act(self, request: Request, number: str) -> bytes:
        """Do what the form says; a refusal shows the ticket as it is now, with what was typed."""
        principal = self.frame.guard(request, *READERS)
        form = self.frame.form(request)
        await self._seen(principal, number)
        try:
            action = Action(form["action"])
        except ValueError as error:
            raise BadRequest("the form names no act") from error
        version, request_id = _whole(form["version"]), _request_id(form)
        try:
            if action is Action.ATTACH and self._facts(form["call"]) is None:
                raise Refused("ticket.call_unknown")
            await self._service.act(number, action, form, principal, version, request_id)
        except Refused as refused:
            filling = Filling(self._why_not(request, refused), form)
            return await self._show(request, principal, number, filling)
        return self.frame.redirect(request, f"/tickets/{number}")

    async def _seen(self, principal: Principal, number: str) -> TicketView:
        view = await self._service.view(number)
        if view is None:
            raise Refused("ticket.unknown", number=number)
        check_visible(principal, number, concern_of(view.case))
        return view

    async def _show(
        self, request: Request, principal: Principal, number: str, filling: Filling
    ) -> bytes:
        view = await self._seen(principal, number)
        words = await self._words(request)
        now = utc(self.frame.clock)
        call = self._facts(requests.query(request)["call"])
        attached = {link.call_id for link in view.calls}
        return self.frame.render(
            request,
            "ticket.html",
            status=409 if filling.error else 200,
            case=view.case,
            draft=view.case.draft,
            calls=view.calls,
            bars=shown.bars(view, self._service.timekeeper, words, now),
            forms=shown.forms(view, principal, words, now),
            moments=shown.moments(view, words),
            proposed=shown.proposed_reply(view),
            departments=view.departments,
            channels=list(ReplyChannel),
            words=words,
            name_of=self._staff.name_of,
            filling=filling,
            request_id=self._entropy(REQUEST_BYTES),
            call=call if call and call.call_id not in attached else None,
            may_listen=bool(principal.roles & LISTENERS),
            may_attach=bool(principal.roles & FRONT),
        )

    def _ask(
        self, request: Request, filling: Filling, kind: str, call: str, facts: CallFacts | None
    ) -> bytes:
        return self.frame.render(
            request,
            "ticket_new.html",
            status=409 if filling.error else 200,
            filling=filling,
            chosen=kind,
            call=call,
            facts=facts,
            kinds=list(TicketKind),
            urgencies=list(Urgency),
            channels=list(ReplyChannel),
            request_id=self._entropy(REQUEST_BYTES),
        )

    def _facts(self, call_id: str) -> CallFacts | None:
        return self._calls.facts(CallId(call_id)) if call_id else None

    async def _words(self, request: Request) -> Words:
        language = self.frame.language(request)

        def text(key: str, **blanks: object) -> str:
            return self.frame.text(language, key, **blanks)

        zone = self._service.timekeeper.calendars.hotline.timezone
        return Words(text, language, zone, await self._service.departments())

    def _why_not(self, request: Request, refused: Refused) -> str:
        language = self.frame.language(request)
        said = {
            name: self.frame.text(language, f"{TRANSLATED[name]}.{value}")
            for name, value in refused.details.items()
            if name in TRANSLATED
        }
        return self.frame.refusal(language, Refused(refused.error_id, **(refused.details | said)))


def _whole(text: str) -> int:
    """The whole number in a field; BadRequest for anything else and for what no page sends."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_WHOLE:
        raise BadRequest("a whole number is expected")
    return int(text)


def _request_id(form: Form) -> str:
    request_id = form["request"]
    if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
        raise BadRequest("the form carries no request id")
    return request_id


def _draft(form: Form, facts: CallFacts | None) -> Draft:
    try:
        kind, urgency = TicketKind(form["kind"]), Urgency(form["urgency"])
        reply_by = ReplyChannel(form["reply_by"])
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if len(form["call"]) > LONGEST_CALL_ID:
        raise BadRequest("this is no call")
    requester = Requester(
        name=form["name"],
        contact=form["contact"],
        customer_id=facts.customer_id if facts else None,
        sex=form["sex"],
        address=form["address"],
    )
    if facts is not None:
        requester = replace(requester, service_level=facts.service_level)
    return Draft(
        kind=kind,
        title=form["title"],
        text=form["text"],
        requester=requester,
        urgency=urgency,
        occasion=form["occasion"],
        about=form["about"],
        reply_by=reply_by,
        call_id=CallId(form["call"]) if form["call"] else None,
        call_path=facts.path if facts else (),
    )
