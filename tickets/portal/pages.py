"""The customer page over HTTP: plain forms, each answered by a redirection or by itself again."""

from collections.abc import Mapping

from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.vocabulary import Language
from cti.web import requests
from cti.web.frame import local_path
from cti.web.pages import pages
from cti.web.requests import BadRequest, Form
from cti.web.uploads import is_upload
from tickets.model import TicketKind
from tickets.numbers import parse_number
from tickets.portal.codes import code_in
from tickets.portal.contact import contact_of
from tickets.portal.drafting import KINDS, asked_of, drafted
from tickets.portal.frame import PLACE, PortalFrame
from tickets.portal.service import Portal
from tickets.portal.standing import Step
from tickets.web.inputs import input_of
from tickets.web.reading import request_id
from tickets.workflow import Action

REQUEST_BYTES = 16
HONEYPOT = "homepage"
"""A field that nobody sees; what fills it in is a program."""
CALLED_OFF = "客户取消预约 Called off by the customer"
PROVEN = "服务页面验证码 A code on the customer page"
"""How it is known that the customer wants it."""
NOTHING: Mapping[str, str] = Form([])
WRITTEN = {
    "urge": Action.URGE,
    "add": Action.CONTACT,
    "rate": Action.RATE,
    "cancel": Action.WITHDRAW,
}
"""The acts of a customer that are forms, by the last part of their path."""


class PortalPages:
    """Everything below ``/service``."""

    app = pages()

    def __init__(self, frame: PortalFrame, portal: Portal, entropy: Entropy) -> None:
        self.frame, self._portal, self._entropy = frame, portal, entropy

    # --- the way in -------------------------------------------------------------------------

    @app.route("/", methods=["GET"])
    def home(self, request: Request) -> bytes:
        """What can be done here."""
        return self.frame.render(request, "portal_home.html", kinds=KINDS)

    @app.route("/language/<code>", methods=["GET"])
    def choose_language(self, request: Request, code: str) -> bytes:
        """Remember the language and go back."""
        if code in {language.value for language in Language}:
            self.frame.speak(request, Language(code))
        to = local_path(requests.query(request)["to"])
        return self.frame.redirect(request, to if to.startswith(PLACE) else PLACE)

    @app.route("/new/<name>", methods=["GET"])
    def new(self, request: Request, name: str) -> bytes:
        """An empty form of that kind."""
        return self._new(request, _kind(name), NOTHING)

    @app.route("/new/<name>", methods=["POST"])
    async def submit(self, request: Request, name: str) -> bytes:
        """Keep what was written and send the code that registers it."""
        kind, form = _kind(name), self.frame.form(request)
        address, language = self.frame.address(request), self.frame.language(request)
        self._portal.heed_posts(address)
        try:
            contact = contact_of(form["contact"], self._portal.settings)
            draft = drafted(kind, form, contact, self._portal.terms)
        except Refused as refused:
            return self._new(request, kind, form, refused)
        if not form[HONEYPOT]:
            await self._portal.heed_code(address, contact)
            visitor = self.frame.visitor(request)
            await self._portal.ask_to_submit(visitor, draft, contact, language)
        return self.frame.redirect(request, f"{PLACE}/code")

    def _new(
        self,
        request: Request,
        kind: TicketKind,
        told: Mapping[str, str],
        refused: Refused | None = None,
    ) -> bytes:
        return self.frame.render(
            request,
            "portal_new.html",
            status=409 if refused else 200,
            kind=kind,
            told=told,
            fields=[input_of(each, needed=each.needed) for each in asked_of(kind)],
            honeypot=HONEYPOT,
            **self._wrong(request, refused),
        )

    # --- numbers and codes ------------------------------------------------------------------

    @app.route("/follow", methods=["GET"])
    def follow(self, request: Request) -> bytes:
        """Ask for the number and the contact."""
        return self._follow(request, NOTHING, over=bool(requests.query(request)["over"]))

    @app.route("/follow", methods=["POST"])
    async def ask(self, request: Request) -> bytes:
        """The same answer to every number and every contact, before anything is looked up."""
        form = self.frame.form(request)
        address, language = self.frame.address(request), self.frame.language(request)
        self._portal.heed_posts(address)
        try:
            contact = contact_of(form["contact"], self._portal.settings)
            number = parse_number(form["number"])
            if number is None:
                raise Refused("portal.number", field="number")
        except Refused as refused:
            return self._follow(request, form, refused)
        if not form[HONEYPOT]:
            await self._portal.heed_code(address, contact, number)
            self._portal.ask_to_follow(self.frame.visitor(request), number, contact, language)
        return self.frame.redirect(request, f"{PLACE}/code")

    def _follow(
        self,
        request: Request,
        told: Mapping[str, str],
        refused: Refused | None = None,
        *,
        over: bool = False,
    ) -> bytes:
        return self.frame.render(
            request,
            "portal_follow.html",
            status=409 if refused else 200,
            told=told,
            over=over,
            honeypot=HONEYPOT,
            **self._wrong(request, refused),
        )

    @app.route("/code", methods=["GET"])
    def code(self, request: Request) -> bytes:
        """Ask for the code."""
        return self._code(request, again=bool(requests.query(request)["again"]))

    @app.route("/code", methods=["POST"])
    async def open(self, request: Request) -> bytes:
        """Open the ticket, or register it first."""
        form, address = self.frame.form(request), self.frame.address(request)
        self._portal.heed_posts(address)
        try:
            code = code_in(form["code"])
            if code is None:
                raise Refused("portal.code_wrong", field="code")
            visitor = self.frame.visitor(request)
            ticket, registered = await self._portal.try_code(visitor, code, address)
        except Refused as refused:
            return self._code(request, refused)
        self.frame.open(request, ticket)
        return self.frame.redirect(request, f"{PLACE}/ticket{'?new=1' if registered else ''}")

    @app.route("/code/again", methods=["POST"])
    async def again(self, request: Request) -> bytes:
        """Send another code."""
        self.frame.form(request)
        address = self.frame.address(request)
        self._portal.heed_posts(address)
        try:
            await self._portal.again(self.frame.visitor(request), address)
        except Refused as refused:
            return self._code(request, refused)
        return self.frame.redirect(request, f"{PLACE}/code?again=1")

    def _code(
        self, request: Request, refused: Refused | None = None, *, again: bool = False
    ) -> bytes:
        return self.frame.render(
            request,
            "portal_code.html",
            status=409 if refused else 200,
            again=again,
            **self._wrong(request, refused),
        )

    # --- one's own ticket -------------------------------------------------------------------

    @app.route("/ticket", methods=["GET"])
    async def ticket(self, request: Request) -> bytes:
        """How the ticket stands, and what its customer may do."""
        return await self._ticket(request, NOTHING)

    @app.route("/ticket/<name>", methods=["POST"])
    async def act(self, request: Request, name: str) -> bytes:
        """Urge, add, rate."""
        if name not in WRITTEN:
            raise BadRequest("there is no such act", 404)
        ticket, form = self.frame.ticket(request), self.frame.form(request)
        self._portal.heed_posts(self.frame.address(request))
        try:
            fields = {**form, "channel": "web", "reason": form["text"] or CALLED_OFF}
            fields["proof"] = PROVEN
            await self._portal.act(ticket, WRITTEN[name], fields, request_id(form))
        except Refused as refused:
            return await self._ticket(request, form, refused)
        return self.frame.redirect(request, f"{PLACE}/ticket?done={name}")

    @app.route("/ticket/files", methods=["POST"])
    async def attach(self, request: Request) -> bytes:
        """Keep files with the ticket."""
        ticket, upload = self.frame.ticket(request), self.frame.upload(request)
        self._portal.heed_posts(self.frame.address(request))
        try:
            files = [(each.name, each.chunks()) for each in upload.files]
            await self._portal.attach(ticket, files, request_id(upload.form))
        except Refused as refused:
            return await self._ticket(request, upload.form, refused)
        return self.frame.redirect(request, f"{PLACE}/ticket?done=files")

    @app.route("/leave", methods=["POST"])
    def leave(self, request: Request) -> bytes:
        """Close the ticket in this browser."""
        self.frame.form(request)
        self.frame.leave(request)
        return self.frame.redirect(request, PLACE)

    async def _ticket(
        self, request: Request, told: Mapping[str, str], refused: Refused | None = None
    ) -> bytes:
        asked = requests.query(request)
        shown = await self._portal.standing(self.frame.ticket(request))
        done = asked["done"] if asked["done"] in (*WRITTEN, "files") else ""
        return self.frame.render(
            request,
            "portal_ticket.html",
            status=409 if refused else 200,
            shown=shown,
            department=shown.named(self.frame.language(request)),
            may={each.value for each in shown.acts},
            steps=list(Step),
            limits=self._portal.limits,
            new=bool(asked["new"]),
            done=done,
            told=told,
            request_id=self._entropy(REQUEST_BYTES),
            **self._wrong(request, refused),
        )

    def _wrong(self, request: Request, refused: Refused | None) -> dict[str, str]:
        """What is the matter, and with which field."""
        if refused is None:
            return {"error": "", "wrong": ""}
        error = self.frame.why_not(self.frame.language(request), refused)
        return {"error": error, "wrong": str(refused.details.get("field", ""))}


class PortalRoot(Resource):
    """Where the page is mounted: its files, and its pages."""

    def __init__(self, customer_pages: PortalPages) -> None:
        super().__init__()
        self._pages: IResource = customer_pages.app.resource()
        self.putChild(b"static", customer_pages.frame.static)

    def getChild(self, path: bytes, request: Request) -> IResource:  # noqa: ARG002  (Twisted's signature)
        """The pages, which see the rest of the path."""
        request.postpath = [(request.prepath or [b""])[-1], *(request.postpath or ())]
        request.prepath = (request.prepath or [b""])[:-1]
        return self._pages

    def render(self, request: Request) -> object:
        """The start page."""
        return self._pages.render(request)


def brings_files(frame: PortalFrame, request: Request) -> bool:
    """Whether it sends files from a browser in which a ticket is open."""
    return is_upload(request) and frame.held(request) is not None


def _kind(name: str) -> TicketKind:
    found = next((each for each in KINDS if each.value == name), None)
    if found is None:
        raise BadRequest("there is no such form", 404)
    return found
