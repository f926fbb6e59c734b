"""The frame of every page: who asks, in which language, what it looks like, what went wrong."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request

from cti.database import trouble_of
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import LocalError, Refused, RemoteError
from cti.kernel.identifiers import Entropy, system_entropy
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web import requests
from cti.web.address import Network, client_of
from cti.web.again import RETRY_AFTER, STATUS, Again, again, key_of
from cti.web.compiled import Compiled
from cti.web.encoding import dumps
from cti.web.requests import BadRequest, Form
from cti.web.sessions import Session, Sessions
from cti.web.static_files import StaticFiles
from cti.web.texts import Texts
from cti.web.uploads import Upload, read_upload

SESSION_COOKIE = "hotline_session"
LANGUAGE_COOKIE = "hotline_language"
INCIDENT_BYTES = 4
_compiled = Compiled()


class SignInNeeded(RemoteError):  # noqa: N818  (says what to do)
    """Nobody is signed in: pages lead to ``/sign-in``, programs are answered 401."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the frame must know of the site around it."""

    secure: bool = False
    """Served by HTTPS (perhaps by a proxy in front): cookies are marked Secure."""
    origins: tuple[str, ...] = ()
    """Origins beside the site's own that may send commands, ``https://hotline.bank.example``."""
    proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For is believed."""


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link at the top of every page, for those with one of the roles."""

    path: str
    text_key: str
    roles: frozenset[Role]


class Frame:
    """What pages need; `cti.web` shows how they use it."""

    log = Logger()

    def __init__(
        self,
        settings: WebSettings,
        sessions: Sessions,
        clock: Clock,
        *,
        entropy: Entropy = system_entropy,
        number: Callable[[str], str] = str,
        sought: Callable[[str], Sequence[str]] = lambda text: (text,),
    ) -> None:
        self.settings = settings
        self.number = number
        """A telephone number as people of this place write it."""
        self.sought = sought
        """How a number, or part of one, that somebody looks for may stand in what is kept."""
        self.sessions = sessions
        self.clock = clock
        self.texts = Texts()
        self.static = StaticFiles()
        self._entropy = entropy
        self._loader = FileSystemLoader([])
        self._navigation: list[NavigationEntry] = []
        self._templates = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_compiled,
        )
        self._templates.filters["as_dialled"] = number
        self.add_package("cti.web")

    # --- composition ------------------------------------------------------------------------

    def add_package(self, package: str) -> None:
        """Take in a package's ``locales/``, ``templates/`` and ``static/``.

        Static files are served below ``/static/<first part of the package's name>/``. Template
        names are shared by all packages; one that is taken already is a LocalError.
        """
        folder = Path(str(files(package)))
        if (folder / "locales").is_dir():
            self.texts.add(folder / "locales")
        if (folder / "templates").is_dir():
            self._add_templates(folder / "templates")
        if (folder / "static").is_dir():
            self.static.add(package.partition(".")[0], str(folder / "static"))

    def add_navigation(self, path: str, text_key: str, *roles: Role) -> None:
        """Link the page at the top of every page, for those with one of the roles."""
        self._navigation.append(NavigationEntry(path, text_key, frozenset(roles)))

    def _add_templates(self, folder: Path) -> None:
        taken = {path.name for other in self._loader.searchpath for path in Path(other).iterdir()}
        for path in folder.iterdir():
            if path.name in taken:
                raise LocalError(f"two packages have a template {path.name}")
        self._loader.searchpath.append(str(folder))

    # --- who asks ---------------------------------------------------------------------------

    def session(self, request: Request) -> Session | None:
        """The session the request belongs to, by bearer token or cookie."""
        token = requests.bearer_token(request) or requests.cookie(request, SESSION_COOKIE)
        return self.sessions.find(token) if token else None

    def address(self, request: Request) -> str:
        """From where somebody asks, as limits count it."""
        peer = getattr(request.getClientAddress(), "host", "")
        forwarded = requests.header(request, "x-forwarded-for")
        return client_of(peer, forwarded, self.settings.proxies)

    def principal(self, request: Request) -> Principal:
        """Who asks; SignInNeeded when nobody is signed in."""
        if (session := self.session(request)) is None:
            raise SignInNeeded("nobody is signed in")
        return session.principal

    def guard(self, request: Request, *roles: Role) -> Principal:
        """Who asks, with one of the roles; SignInNeeded, or Refused without such a role."""
        principal = self.principal(request)
        if roles:
            principal.require(*roles)
        return principal

    def language(self, request: Request) -> Language:
        """The language chosen with the switch, else the person's, else the browser's."""
        chosen = requests.cookie(request, LANGUAGE_COOKIE)
        if chosen in {language.value for language in Language}:
            return Language(chosen)
        if (session := self.session(request)) is not None:
            return session.principal.language
        wanted = requests.header(request, "accept-language").lower()
        return Language.ENGLISH if wanted.startswith("en") else Language.CHINESE

    # --- what comes in ----------------------------------------------------------------------

    def form(self, request: Request) -> Form:
        """The form's fields; BadRequest from another site or without the session's token.

        The form holds ``<input type="hidden" name="csrf" value="{{ csrf }}">``.
        """
        self.check_origin(request)
        form = requests.read_form(request)
        self._check_csrf(request, form)
        return form

    def upload(self, request: Request) -> Upload:
        """A form with files, as `form`; BadRequest (413, 507) when the body was not kept."""
        self.check_origin(request)
        upload = read_upload(request)
        self._check_csrf(request, upload.form)
        return upload

    def _check_csrf(self, request: Request, form: Form) -> None:
        session = self.session(request)
        if session is not None and not requests.bearer_token(request):
            given = form["csrf"].encode("utf-8")
            if not hmac.compare_digest(given, session.csrf.encode("ascii")):
                raise BadRequest("the form is not of this session", 403)

    def read_json(self, request: Request) -> dict[str, Any]:
        """The JSON object sent; BadRequest for any other body and from another site."""
        self.check_origin(request)
        return requests.read_json(request)

    def check_origin(self, request: Request) -> None:
        """BadRequest when a browser sends this on behalf of another site."""
        requests.check_origin(request, self.settings.origins)

    # --- what goes out ----------------------------------------------------------------------

    def text(self, language: Language, key: str, **blanks: object) -> str:
        """The words for a key of any package's catalogues."""
        return self.texts.text(language, key, **blanks)

    def way(self, language: Language, path: Iterable[str]) -> str:
        """A caller's way through the menus in words; a choice without a word is its own name."""
        keys = {choice: f"choice.{choice}" for choice in path}
        words = (
            self.text(language, keys[each]) if keys[each] in self.texts else each for each in path
        )
        return " › ".join(words)

    def refusal(self, language: Language, refused: Refused) -> str:
        """What a person is told when a rule said no."""
        if refused.error_id not in self.texts:
            self.log.error("no text for {error_id}", error_id=refused.error_id)
            return refused.error_id
        return self.text(language, refused.error_id, **refused.details)

    def render(self, request: Request, template: str, status: int = 200, **values: object) -> bytes:
        """The page made of the template.

        Every template knows `t(key, **blanks)`, `texts(*prefixes)` (for scripts), `way(path)` (a
        caller's way through the menus), `language`, `principal` (or None), `csrf`, `navigation`,
        `here` (the path asked for) and `now` (aware UTC).
        """
        language, session = self.language(request), self.session(request)
        principal = session.principal if session else None
        request.setResponseCode(status)
        request.setHeader("content-type", "text/html; charset=utf-8")
        request.setHeader("cache-control", "no-store")
        page = self._templates.get_template(template).render(
            t=self.texts.said(language),
            texts=partial(self.texts.starting_with, language),
            way=partial(self.way, language),
            language=language,
            principal=principal,
            csrf=session.csrf if session else "",
            navigation=self._entries_for(principal),
            here=requests.path_of(request),
            now=utc(self.clock),
            **values,
        )
        return page.encode("utf-8")

    def json(self, request: Request, value: object, status: int = 200) -> bytes:
        """The value as a JSON answer (`cti.web.encoding` says how values look)."""
        request.setResponseCode(status)
        request.setHeader("content-type", "application/json")
        request.setHeader("cache-control", "no-store")
        return dumps(value).encode("utf-8")

    def remember(
        self,
        request: Request,
        name: str,
        value: str,
        age: timedelta,
        *,
        path: str = "/",
        scripts: bool = False,
    ) -> None:
        """Keep a preference in the browser so long; no secret, so it comes along from links too.

        `scripts` is for what scripts of our pages read.
        """
        request.addCookie(
            name,
            value,
            path=path,
            max_age=str(int(age.total_seconds())),
            httpOnly=not scripts,
            secure=self.settings.secure,
            sameSite="lax",
        )

    def redirect(self, request: Request, to: str) -> bytes:
        """Lead the browser there with GET (303), as after every form."""
        request.setResponseCode(303)
        request.setHeader("location", local_path(to))
        return b""

    def failed(self, request: Request, failure: Failure) -> bytes:
        """The answer to an error: a page for people, JSON for programs, an incident for a bug."""
        error = failure.value
        language = self.language(request)
        match error:
            case SignInNeeded():
                return self._sign_in_needed(request, language)
            case Refused():
                status = 403 if error.error_id.startswith("access.") else 409
                return self._refuse(request, status, error.error_id, self.refusal(language, error))
            case BadRequest():
                return self._refuse(request, error.status, "request.bad", str(error))
        status = getattr(error, "code", 500)  # werkzeug's exceptions carry it
        if status in (404, 405):
            key = f"request.status_{status}"
            return self._refuse(request, status, key, self.text(language, key))
        where = request.path.decode("ascii", "replace")
        trouble = trouble_of(error)
        key, text = self.unexpected(failure, where, language, request)
        if trouble is None:
            return self._refuse(request, 500, key, text)
        request.setHeader("retry-after", RETRY_AFTER)
        form = again(request, requests.path_of(request))
        return self._refuse(request, STATUS[trouble], key, text, form)

    def unexpected(
        self, failure: Failure, where: str, language: Language, request: Request | None = None
    ) -> tuple[str, str]:
        """Log what no rule refused; the key and the words for whoever met it."""
        trouble = trouble_of(failure.value)
        if trouble is None:
            incident = self.incident(failure, where)
            return "request.incident", self.text(language, "request.incident", incident=incident)
        self.log.error(
            "the database is {trouble}: {where} was not done", trouble=trouble.value, where=where
        )
        key = key_of(trouble, request)
        return key, self.text(language, key)

    def incident(self, failure: Failure, where: str) -> str:
        """Log a bug under a number that the person who met it can quote."""
        incident = self._entropy(INCIDENT_BYTES)
        self.log.failure("incident {incident} at {where}", failure, incident=incident, where=where)
        return incident

    def _sign_in_needed(self, request: Request, language: Language) -> bytes:
        if requests.wants_json(request):
            text = self.text(language, "access.sign_in_needed")
            return self._refuse(request, 401, "access.sign_in_needed", text)
        back = requests.path_of(request) if request.method in requests.SAFE_METHODS else "/"
        return self.redirect(request, with_query("/sign-in", to=back))

    def _refuse(
        self, request: Request, status: int, error_id: str, text: str, form: Again | None = None
    ) -> bytes:
        if requests.wants_json(request):
            return self.json(request, {"error": error_id, "text": text}, status)
        values = {"error_id": error_id, "text": text, "again": form}
        return self.render(request, "refused.html", status=status, **values)

    def _entries_for(self, principal: Principal | None) -> list[NavigationEntry]:
        roles = principal.roles if principal else frozenset()
        return [entry for entry in self._navigation if entry.roles & roles]


def local_path(path: str) -> str:
    """The path if it stays on this site, else ``/`` (no open redirect)."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and path.isprintable() else "/"


def with_query(path: str, **fields: str) -> str:
    """The path with these query fields."""
    return f"{path}?{urlencode(fields)}"
