"""The web site: signing in and out, each role's start page, and where every page is mounted."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from cti.kernel.clock import Clock
from cti.kernel.errors import Refused
from cti.kernel.vocabulary import Language, Role
from cti.web import requests
from cti.web.frame import LANGUAGE_COOKIE, SESSION_COOKIE, Frame, local_path
from cti.web.http import ordinary, site_of
from cti.web.pages import pages
from cti.web.sessions import Session

LANGUAGE_KEPT = timedelta(days=365)

ENTRANCES = (
    (Role.AGENT, "/console"),
    (Role.SUPERVISOR, "/floor"),
    (Role.QUALITY, "/recordings"),
    (Role.DISPATCHER, "/tickets"),
    (Role.OFFICER, "/tickets/department"),
    (Role.HEAD, "/tickets/department"),
    (Role.PROTECTION, "/tickets"),
    (Role.EXECUTIVE, "/tickets"),
    (Role.ADMINISTRATOR, "/calls"),
)
"""Where each role starts; the first that fits wins."""

Health = Callable[[], Mapping[str, object]]
Load = Callable[[], Mapping[str, int]]


class EntrancePages:
    """Signing in, out, choosing a language, and the start page."""

    app = pages()

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @app.route("/", methods=["GET"])
    def start(self, request: Request) -> bytes:
        """Lead to the page the person works on."""
        principal = self.frame.principal(request)
        for role, path in ENTRANCES:
            if role in principal.roles:
                return self.frame.redirect(request, path)
        raise Refused("access.role_missing", needed=", ".join(role.value for role, _ in ENTRANCES))

    @app.route("/sign-in", methods=["GET"])
    def ask(self, request: Request) -> bytes:
        """The form, unless somebody is signed in already."""
        to = local_path(requests.query(request)["to"])
        if self.frame.session(request) is not None:
            return self.frame.redirect(request, to)
        return self.frame.render(request, "sign_in.html", to=to, login="", error="")

    @app.route("/sign-in", methods=["POST"])
    async def sign_in(self, request: Request) -> bytes:
        """Open a session in a cookie and go on, or show the form again with the reason.

        It takes the place of the browser's session before, which nobody could sign out of again.
        """
        self.frame.check_origin(request)
        form = requests.read_form(request)
        try:
            session = await self._open(request, form["login"], form["password"])
        except Refused as refused:
            text = self.frame.refusal(self.frame.language(request), refused)
            values = {"to": local_path(form["to"]), "login": form["login"], "error": text}
            return self.frame.render(request, "sign_in.html", status=403, **values)
        self.frame.sessions.sign_out(requests.cookie(request, SESSION_COOKIE))
        self._keep(request, session.token)
        return self.frame.redirect(request, form["to"])

    @app.route("/sign-out", methods=["POST"])
    def sign_out(self, request: Request) -> bytes:
        """End the session and forget the cookie."""
        self.frame.form(request)
        if session := self.frame.session(request):
            self.frame.sessions.sign_out(session.token)
        self._keep(request, "", age="0")
        return self.frame.redirect(request, "/sign-in")

    @app.route("/language/<code>", methods=["GET"])
    def choose_language(self, request: Request, code: str) -> bytes:
        """Remember the language in this browser and go back."""
        if code in {language.value for language in Language}:
            self.frame.remember(request, LANGUAGE_COOKIE, code, LANGUAGE_KEPT)
        return self.frame.redirect(request, requests.query(request)["to"])

    @app.route("/api/v1/session", methods=["POST"])
    async def open_for_program(self, request: Request) -> bytes:
        """``{"login", "password"}`` -> ``{"token"}``, to be sent as ``Authorization: Bearer``."""
        fields = self.frame.read_json(request)
        login, password = str(fields.get("login", "")), str(fields.get("password", ""))
        session = await self._open(request, login, password)
        return self.frame.json(request, {"token": session.token, "name": session.principal.name})

    @app.route("/api/v1/session", methods=["DELETE"])
    def close_for_program(self, request: Request) -> bytes:
        """End the bearer token's session."""
        self.frame.sessions.sign_out(requests.bearer_token(request))
        return self.frame.json(request, {})

    def _keep(self, request: Request, token: str, age: str | None = None) -> None:
        """The session's token in the browser, which no script and no other site gets at."""
        request.addCookie(
            SESSION_COOKIE,
            token,
            path="/",
            max_age=age,
            httpOnly=True,
            secure=self.frame.settings.secure,
            sameSite="strict",
        )

    async def _open(self, request: Request, login: str, password: str) -> Session:
        return await self.frame.sessions.sign_in(login, password, self.frame.address(request))


class HealthResource(Resource):
    """What a monitor asks: 200 while everything runs, else 503; the parts and the load by name."""

    isLeaf = True

    def __init__(self, frame: Frame, health: Health, load: Load) -> None:
        super().__init__()
        self._frame, self._health, self._load = frame, health, load

    def render_GET(self, request: Request) -> bytes:
        """The state of each part."""
        parts = self._health()
        well = all(parts.values())
        value = {"well": well, **parts, "load": self._load()}
        return self._frame.json(request, value, 200 if well else 503)


class Entrance(Resource):
    """The root: mounted pages by their first path segments, everything else the entrance pages."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._pages = EntrancePages(frame).app.resource()

    def mount(self, path: str, resource: IResource) -> None:
        """Serve the resource at that path, ``console`` or ``api/v1/agent``."""
        *above, last = path.strip("/").split("/")
        place: Resource = self
        for segment in above:
            name = segment.encode("ascii")
            if name not in place.children:
                place.putChild(name, Branch(self._pages))
            place = place.children[name]
        place.putChild(last.encode("ascii"), resource)

    def getChild(self, path: bytes, request: Request) -> IResource:  # noqa: ARG002  (Twisted's signature)
        """The entrance pages, which see the whole path."""
        return _whole_path(request, self._pages)


class Branch(Resource):
    """A path segment above mounted pages; what is not mounted falls back to the entrance."""

    def __init__(self, fallback: IResource) -> None:
        super().__init__()
        self._fallback = fallback

    def getChild(self, path: bytes, request: Request) -> IResource:  # noqa: ARG002  (Twisted's signature)
        """The entrance pages, which see the whole path."""
        return _whole_path(request, self._fallback)


def _whole_path(request: Request, resource: IResource) -> IResource:
    request.postpath = [*(request.prepath or ()), *(request.postpath or ())]
    request.prepath = []
    return resource


def build_site(
    frame: Frame,
    mounts: Mapping[str, IResource],
    health: Health,
    load: Load,
    clock: Clock,
    largest: Callable[[Request], int] = ordinary,
) -> Site:
    """The site with every page in its place; `largest` says how large a request's body may be."""
    root = Entrance(frame)
    root.mount("static", frame.static)
    root.mount("health", HealthResource(frame, health, load))
    for path, resource in mounts.items():
        root.mount(path, resource)
    return site_of(root, clock, largest, secure=frame.settings.secure)
