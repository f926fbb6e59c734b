"""The frame of the customer page: languages, forms, what it looks like, what went wrong.

It shares nothing with the pages of staff: neither sessions nor templates, and a stricter policy of
contents. No page of it holds a script.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, partial
from importlib.resources import files
from math import ceil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request

from cti.database import trouble_of
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.vocabulary import Language
from cti.web import requests
from cti.web.address import client_of
from cti.web.again import RETRY_AFTER, STATUS, Again, again, key_of
from cti.web.formats import Formats
from cti.web.frame import LANGUAGE_COOKIE, local_path
from cti.web.requests import BadRequest, Form
from cti.web.static_files import StaticFiles
from cti.web.texts import Texts
from cti.web.uploads import Upload, read_upload
from tickets.portal.codes import visitor_of
from tickets.portal.service import SessionOver, TooOften
from tickets.portal.settings import PortalSettings
from tickets.portal.telling import last_day
from tickets.portal.tokens import VISITOR_OCTETS, Ticket, Tokens, is_visitor

PLACE = "/service"
VISITOR_COOKIE = "service_visitor"
TICKET_COOKIE = "service_ticket"
LANGUAGE_SECONDS = 365 * 86400
INCIDENT_BYTES = 4
FOLDER = Path(str(files("tickets.portal")))
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

_PAGES = (f"{PLACE}/ticket", f"{PLACE}/code")
_BAD = {404: "request.status_404", 413: "portal.body_too_large"}


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """What the frame must know of the site around it."""

    portal: PortalSettings
    zone: tzinfo
    secure: bool = False
    origins: tuple[str, ...] = ()


class PortalFrame:
    """What the customer pages need, as `cti.web.frame.Frame` is for those of staff."""

    log = Logger()

    def __init__(
        self, settings: FrameSettings, texts: Texts, key: bytes, clock: Clock, entropy: Entropy
    ) -> None:
        self.settings, self.texts, self.clock = settings, texts, clock
        self.tokens, self.entropy = Tokens(key), entropy
        self.static = StaticFiles()
        self.static.add("portal", str(FOLDER / "static"))
        self._templates = _templates()

    # --- who asks ---------------------------------------------------------------------------

    def address(self, request: Request) -> str:
        """From where, as limits count it."""
        peer = getattr(request.getClientAddress(), "host", "")
        forwarded = requests.header(request, "x-forwarded-for")
        return client_of(peer, forwarded, self.settings.portal.proxies)

    def visitor(self, request: Request) -> str:
        """What is kept of the browser's token."""
        return visitor_of(self._token(request))

    def ticket(self, request: Request) -> Ticket:
        """The ticket that is open in this browser, for longer now; SessionOver."""
        found = self.held(request)
        if found is None:
            raise SessionOver("no ticket is open")
        self.open(request, found.now(utc(self.clock)))
        return found

    def held(self, request: Request) -> Ticket | None:
        """The ticket that is open in this browser; None where none is."""
        now = utc(self.clock)
        return self.tokens.read(requests.cookie(request, TICKET_COOKIE), self._token(request), now)

    def open(self, request: Request, ticket: Ticket) -> None:
        """Let the browser have the ticket."""
        self._cookie(
            request, TICKET_COOKIE, self.tokens.written(ticket, self._token(request)), "strict"
        )

    def leave(self, request: Request) -> None:
        """Take the ticket from the browser again, and its token."""
        for name in (TICKET_COOKIE, VISITOR_COOKIE):
            self._cookie(request, name, "", "strict", seconds=0)

    def language(self, request: Request) -> Language:
        """The language chosen with the switch, else the browser's."""
        chosen = requests.cookie(request, LANGUAGE_COOKIE)
        if chosen in {language.value for language in Language}:
            return Language(chosen)
        wanted = requests.header(request, "accept-language").lower()
        return Language.ENGLISH if wanted.startswith("en") else Language.CHINESE

    def speak(self, request: Request, language: Language) -> None:
        """Remember the language in this browser."""
        self._cookie(request, LANGUAGE_COOKIE, language.value, "lax", seconds=LANGUAGE_SECONDS)

    def _token(self, request: Request) -> str:
        token = requests.cookie(request, VISITOR_COOKIE)
        return token if is_visitor(token) else ""

    def _cookie(
        self, request: Request, name: str, value: str, same: str, *, seconds: int | None = None
    ) -> None:
        request.addCookie(
            name,
            value,
            path=PLACE,
            max_age=None if seconds is None else str(seconds),
            httpOnly=True,
            secure=self.settings.secure,
            sameSite=same,
        )

    # --- what comes in ----------------------------------------------------------------------

    def form(self, request: Request) -> Form:
        """The form's fields; BadRequest from another site, SessionOver from another browser."""
        requests.check_origin(request, self.settings.origins)
        return self._own(request, requests.read_form(request))

    def upload(self, request: Request) -> Upload:
        """A form with files, as `form`; BadRequest (413, 507) when the body was not kept."""
        requests.check_origin(request, self.settings.origins)
        upload = read_upload(request)
        self._own(request, upload.form)
        return upload

    def _own(self, request: Request, form: Form) -> Form:
        if not self.tokens.is_form_token(self._token(request), form["csrf"]):
            raise SessionOver("the form is not of this browser")
        return form

    # --- what goes out ----------------------------------------------------------------------

    def text(self, language: Language, key: str, **blanks: object) -> str:
        """The words for a key."""
        return self.texts.text(language, key, **blanks)

    def date(self, language: Language, at: datetime) -> str:
        """The last day before that instant, in words."""
        return last_day(at, self.settings.zone, language)

    def why_not(self, language: Language, refused: Refused) -> str:
        """A refusal in words, the field's name too."""
        details: Mapping[str, object] = refused.details
        field = str(details.get("field", ""))
        if field:
            details = {**details, "field": self.text(language, self.field_key(field))}
        return self.text(language, refused.error_id, **details)

    def field_key(self, name: str) -> str:
        """The key of what a field is called here: to its customer, or else as to staff."""
        own = f"portal.field.{name}"
        return own if own in self.texts else f"ticket.field.{name}"

    def render(self, request: Request, template: str, status: int = 200, **values: object) -> bytes:
        """The page made of the template.

        Every template knows `t(key, **blanks)`, `field(name)`, `date(at)`, `instant(at)`,
        `language`, `csrf` and `here`.
        """
        language, token = self.language(request), self._token(request)
        if not token:
            token = self.entropy(VISITOR_OCTETS)
            self._cookie(request, VISITOR_COOKIE, token, "strict")
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        request.setResponseCode(status)
        request.setHeader("content-type", "text/html; charset=utf-8")
        text = partial(self.text, language)
        page = self._templates.get_template(template).render(
            t=text,
            field=lambda name: text(self.field_key(name)),
            date=partial(self.date, language),
            instant=lambda at: Formats(language, self.settings.zone).instant(at)[:-3],
            language=language,
            csrf=self.tokens.form_token(token),
            here=_page_of(requests.path_of(request)),
            **values,
        )
        return page.encode("utf-8")

    def redirect(self, request: Request, to: str) -> bytes:
        """Lead the browser there with GET (303), as after every form."""
        request.setResponseCode(303)
        request.setHeader("location", local_path(to))
        return b""

    def failed(self, request: Request, failure: Failure) -> bytes:
        """The answer to an error, on a page that says what to do."""
        error, language = failure.value, self.language(request)
        match error:
            case SessionOver():
                return self.redirect(request, f"{PLACE}/follow?over=1")
            case TooOften():
                return self._too_often(request, language, error)
            case Refused():
                return self._message(request, 409, self.why_not(language, error))
            case BadRequest():
                key = _BAD.get(error.status, "request.bad")
                return self._message(request, error.status, self.text(language, key))
        status = getattr(error, "code", 500)  # werkzeug's exceptions carry it
        if status in (404, 405):
            return self._message(request, status, self.text(language, f"request.status_{status}"))
        if (trouble := trouble_of(error)) is not None:
            self.log.error("the database is {trouble}", trouble=trouble.value)
            request.setHeader("retry-after", RETRY_AFTER)
            form = again(request, requests.path_of(request))
            return self._message(
                request, STATUS[trouble], self.text(language, key_of(trouble, request)), form
            )
        incident, where = self.entropy(INCIDENT_BYTES), request.path.decode("ascii", "replace")
        self.log.failure("incident {incident} at {where}", failure, incident=incident, where=where)
        return self._message(
            request, 500, self.text(language, "request.incident", incident=incident)
        )

    def _too_often(self, request: Request, language: Language, error: TooOften) -> bytes:
        seconds = ceil(error.seconds)
        request.setHeader("retry-after", str(seconds))
        minutes = ceil(seconds / 60)
        text = self.text(language, "portal.too_often", minutes=minutes)
        return self._message(request, 429, text, again(request, requests.path_of(request)))

    def _message(
        self, request: Request, status: int, text: str, form: Again | None = None
    ) -> bytes:
        return self.render(request, "portal_message.html", status=status, text=text, again=form)


@cache
def _templates() -> Environment:
    """Compiled once, however many frames there are."""
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page_of(path: str) -> str:
    """The page to come back to: that of the form, where only the form was sent there."""
    path = path.partition("?")[0]
    return next((page for page in _PAGES if path.startswith(f"{page}/")), path)
