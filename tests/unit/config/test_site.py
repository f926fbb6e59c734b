from collections.abc import Mapping
from ipaddress import ip_network

import pytest
from klein import Klein
from twisted.web.server import Request

from config.site import build_site
from cti.kernel.errors import Refused
from cti.kernel.vocabulary import Role
from cti.web.address import Network
from cti.web.frame import SESSION_COOKIE, Frame, WebSettings
from cti.web.http import SECURITY_HEADERS
from cti.web.pages import pages
from tests.support.browsers import Browser
from tests.support.offices import AGENT, SUPERVISOR, Office

PROXY = ip_network("192.0.2.0/24")
"""Where the browser of these tests seems to be."""


class Desk:
    app: Klein = pages()

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.kept: list[str] = []

    @app.route("/", methods=["GET"])
    def desk(self, request: Request) -> bytes:
        principal = self.frame.guard(request, Role.AGENT)
        return self.frame.json(request, {"who": principal.staff_id})

    @app.route("/notes", methods=["POST"])
    async def notes(self, request: Request) -> bytes:
        self.frame.guard(request, Role.AGENT)
        form = self.frame.form(request)
        self.kept.append(form["notes"])
        return self.frame.redirect(request, "/desk")

    @app.route("/bug", methods=["GET"])
    async def bug(self, _request: Request) -> bytes:
        raise ZeroDivisionError

    @app.route("/no", methods=["GET"])
    def refuse(self, _request: Request) -> bytes:
        raise Refused("access.too_many_attempts", seconds=7)


class Rig:
    def __init__(self, health: Mapping[str, object] | None = None) -> None:
        self.office = Office()
        self.desk = Desk(self.office.frame)
        mounts = {"desk": self.desk.app.resource(), "api/v1/desk": self.desk.app.resource()}
        site = build_site(
            self.office.frame,
            mounts,
            lambda: health or {"database": True},
            lambda: {"calls": 0},
            self.office.clock,
        )
        self.browser = Browser(site.resource, self.office.clock)

    def sign_in(self, login: str = "agent", password: str = "right", to: str = "/desk") -> int:
        fields = {"login": login, "password": password, "to": to}
        return self.browser.post("/sign-in", fields).status


def test_page_leads_to_the_sign_in_and_back() -> None:
    rig = Rig()
    away = rig.browser.get("/desk?x=1")
    assert (away.status, away.headers["location"]) == (303, "/sign-in?to=%2Fdesk%3Fx%3D1")
    form = rig.browser.get(away.headers["location"])
    assert form.status == 200
    assert 'value="/desk?x=1"' in form.text
    assert rig.sign_in(to="/desk?x=1") == 303
    assert rig.browser.get("/desk").json() == {"who": AGENT.staff_id}


def test_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites() -> None:
    rig = Rig()
    answer = rig.browser.post("/sign-in", {"login": "agent", "password": "right", "to": "/"})
    (cookie,) = answer.cookies
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert {"httponly", "samesite=strict", "path=/"} <= {
        part.strip().lower() for part in cookie.split(";")
    }


def test_wrong_password_shows_the_form_again_without_a_session() -> None:
    rig = Rig()
    answer = rig.browser.post("/sign-in", {"login": "agent", "password": "wrong", "to": "/desk"})
    assert answer.status == 403
    assert "工号或密码不正确" in answer.text
    assert "wrong" not in answer.text
    assert rig.browser.cookies == {}


def test_guessing_is_slowed_down() -> None:
    rig = Rig()
    for _ in range(5):
        assert rig.sign_in(password="guess") == 403
    assert rig.sign_in() == 403
    rig.office.clock.advance(6)
    assert rig.sign_in() == 303


@pytest.mark.parametrize(("proxies", "everybody"), [((), 403), ((PROXY,), 303)])
def test_behind_a_proxy_of_ours_a_guesser_slows_nobody_else_down(
    proxies: tuple[Network, ...], everybody: int
) -> None:
    """Whom a proxy speaks for is believed where the settings name the proxy, and nowhere else."""
    rig = Rig()
    rig.office.frame.settings = WebSettings(proxies=proxies)
    rig.browser.headers["x-forwarded-for"] = "192.0.2.66, 198.51.100.1"
    for number in range(5):
        assert rig.sign_in(f"name{number}") == 403
    rig.browser.headers["x-forwarded-for"] = "198.51.100.1, 203.0.113.5"
    assert rig.sign_in() == everybody


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_signing_in_never_leads_to_another_site(to: str) -> None:
    answer = Rig().browser.post("/sign-in", {"login": "agent", "password": "right", "to": to})
    assert answer.headers["location"] == "/"


def test_sign_in_from_another_site_is_refused() -> None:
    fields = {"login": "agent", "password": "right", "to": "/"}
    answer = Rig().browser.post("/sign-in", fields, origin="https://evil.example")
    assert answer.status == 403
    assert answer.cookies == ()


def test_signing_out_ends_the_session_on_the_server() -> None:
    rig = Rig()
    csrf = rig.office.signed_in(rig.browser, AGENT)
    token = rig.browser.cookies[SESSION_COOKIE]
    assert rig.browser.post("/sign-out", {"csrf": csrf}).status == 303
    assert rig.office.sessions.find(token) is None
    assert SESSION_COOKIE not in rig.browser.cookies


@pytest.mark.parametrize(("principal", "path"), [(AGENT, "/console"), (SUPERVISOR, "/floor")])
def test_start_page_leads_each_role_to_its_work(principal: object, path: str) -> None:
    rig = Rig()
    rig.office.signed_in(rig.browser, principal)  # type: ignore[arg-type]
    assert rig.browser.get("/").headers["location"] == path


def test_role_missing_is_said_in_the_persons_language() -> None:
    rig = Rig()
    rig.office.signed_in(rig.browser, SUPERVISOR)
    answer = rig.browser.get("/desk")
    assert answer.status == 403
    assert "Your role may not do this" in answer.text


def test_form_without_the_sessions_token_is_refused() -> None:
    rig = Rig()
    csrf = rig.office.signed_in(rig.browser, AGENT)
    assert rig.browser.post("/desk/notes", {"notes": "x"}).status == 403
    assert rig.browser.post("/desk/notes", {"notes": "x", "csrf": "0" * 64}).status == 403
    assert rig.browser.post("/desk/notes", {"notes": " 你好 ", "csrf": csrf}).status == 303
    assert rig.desk.kept == ["你好"]


def test_form_from_another_site_is_refused() -> None:
    rig = Rig()
    csrf = rig.office.signed_in(rig.browser, AGENT)
    fields = {"notes": "x", "csrf": csrf}
    assert rig.browser.post("/desk/notes", fields, origin="http://evil.example").status == 403
    assert rig.desk.kept == []


def test_bug_shows_an_incident_and_not_the_error() -> None:
    rig = Rig()
    answer = rig.browser.get("/desk/bug")
    assert answer.status == 500
    assert "ZeroDivision" not in answer.text
    assert "编号 0" in answer.text


def test_refusal_is_a_page_for_people_and_json_for_programs() -> None:
    rig = Rig()
    page = rig.browser.get("/desk/no")
    assert (page.status, "7 秒" in page.text) == (403, True)
    answer = rig.browser.get("/api/v1/desk/no", accept_language="en")
    assert answer.json() == {
        "error": "access.too_many_attempts",
        "text": "Too many attempts. Try again in 7 seconds.",
    }


def test_program_signs_in_with_a_bearer_token() -> None:
    rig = Rig()
    denied = rig.browser.get("/api/v1/desk")
    assert (denied.status, denied.json()["error"]) == (401, "access.sign_in_needed")
    opened = rig.browser.post_json("/api/v1/session", {"login": "agent", "password": "right"})
    token = opened.json()["token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert rig.browser.get("/api/v1/desk", **bearer).json() == {"who": AGENT.staff_id}
    rig.browser.request("DELETE", "/api/v1/session", headers=bearer)
    assert rig.browser.get("/api/v1/desk", **bearer).status == 401


def test_language_is_chosen_and_remembered() -> None:
    rig = Rig()
    answer = rig.browser.get("/language/en?to=/sign-in")
    assert answer.headers["location"] == "/sign-in"
    assert "Login name" in rig.browser.get("/sign-in").text
    rig.browser.get("/language/zh?to=/sign-in")
    assert "工号" in rig.browser.get("/sign-in").text


@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/desk", "/desk/nowhere", "/nowhere", "/static/cti/base.css", "/static/"],
)
def test_a_site_reached_by_https_is_so_for_good(path: str) -> None:
    rig = Rig()
    plain = rig.browser.get(path)
    assert "strict-transport-security" not in plain.headers, "none over http (RFC 6797, 7.2)"
    answer = Browser(rig.browser.root, rig.office.clock, secure=True).get(path)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/desk", "/desk/nowhere", "/nowhere", "/static/cti/base.css", "/static/"],
)
def test_every_answer_carries_the_security_headers(path: str) -> None:
    answer = Rig().browser.get(path)
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_unknown_page_and_wrong_method() -> None:
    rig = Rig()
    assert rig.browser.get("/nowhere").status == 404
    assert rig.browser.get("/api/v1/nowhere").json()["error"] == "request.status_404"
    assert rig.browser.get("/desk/notes").status == 405


def test_static_files_are_revalidated_and_stay_inside_their_folder() -> None:
    browser = Rig().browser
    first = browser.get("/static/cti/live.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    modified = {"if-modified-since": first.headers["last-modified"]}
    assert browser.get("/static/cti/live.js", **modified).status == 304
    assert browser.get("/static/cti/../frame.py").status == 404
    assert browser.get("/static/cti/%2e%2e/frame.py").status == 404
    assert browser.get("/static/cti/").status == 404


@pytest.mark.parametrize(("state", "status"), [(True, 200), (False, 503)])
def test_health_tells_a_monitor(state: bool, status: int) -> None:
    answer = Rig({"database": state}).browser.get("/health")
    assert answer.status == status
    assert answer.json() == {"well": state, "database": state, "load": {"calls": 0}}


def test_session_ends_when_idle_and_at_its_longest_age() -> None:
    rig = Rig()
    rig.office.signed_in(rig.browser, AGENT)
    for _ in range(11):
        rig.office.clock.advance(3500)
        assert rig.browser.get("/desk").status == 200
    rig.office.clock.advance(3601)
    assert rig.browser.get("/desk").status == 303
    rig.office.signed_in(rig.browser, AGENT)
    for _ in range(13):
        rig.office.clock.advance(3500)
        rig.browser.get("/desk")
    assert rig.browser.get("/desk").status == 303
