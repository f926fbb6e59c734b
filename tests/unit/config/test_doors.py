"""Every door of staff beside the ticket pages', as ``tests/data/house_doors.txt`` tells.

Routes and commands are read off the site itself, so one that has no line there fails.
"""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import agents
import cti.web
import monitoring
from agents.web.console import Console
from agents.web.floor_board import FloorBoard
from cti.kernel.identifiers import AgentId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from monitoring.web.wall import WallPages
from tests.support.browsers import ORIGIN, Answer, Browser
from tests.support.house_site import BOSS_PHONE, SOUND, HouseSite, staff
from tests.support.routes import pages_of, routes_of
from tests.unit.tickets.test_doors import (
    FREE,
    check_line,
    knocked,
)
from tests.unit.tickets.test_doors import LINES as TICKET_LINES

A = AgentId("a")
METHODS = ("GET", "POST", "DELETE", "WS")
NOBODY = "nobody"
STAFF: dict[str, Principal] = {
    "agent": staff(Role.AGENT, "a"),
    "supervisor": staff(Role.SUPERVISOR, extension=BOSS_PHONE),
    **{
        role.value: staff(role)
        for role in (
            Role.DISPATCHER,
            Role.QUALITY,
            Role.ADMINISTRATOR,
            Role.OFFICER,
            Role.HEAD,
            Role.PROTECTION,
            Role.EXECUTIVE,
        )
    },
}
PEOPLE = (NOBODY, *STAFF)
DATA = Path(__file__).parents[2] / "data" / "house_doors.txt"
TABLE = [line.split() for line in DATA.read_text().splitlines() if not line.startswith("#")]
LINES = {(how, where): cells for how, where, *cells in filter(None, TABLE)}
ROUTES = {door: cells for door, cells in LINES.items() if door[0] in METHODS}
COMMANDS = {door: cells for door, cells in LINES.items() if door[0] not in METHODS}
SOCKETS = sorted({where for how, where in LINES if how == "WS"})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HouseSite]:
    site = HouseSite(tmp_path_factory.mktemp("house"))
    yield site
    site.stop()


def browser_of(site: HouseSite, who: str) -> Browser:
    return site.browser(STAFF.get(who))


def path_of(site: HouseSite, template: str) -> str:
    path = template.replace("<call_id>", site.recorded).replace("<code>", "en")
    return path.replace("<number>", "T20261123-0001")


def csrf_of(site: HouseSite, browser: Browser) -> str:
    session = site.sessions.find(browser.cookies.get("hotline_session", ""))
    return session.csrf if session else ""


def knock(site: HouseSite, who: str, method: str, template: str) -> Answer:
    browser = browser_of(site, who)
    return knocked(browser, method, path_of(site, template), csrf_of(site, browser))


def commands_of(handler: Any) -> set[str]:
    """What can be asked of the board with that handler."""
    owner = getattr(handler, "__self__", None)
    return set(owner.commands) if isinstance(owner, Console | FloorBoard | WallPages) else set()


def test_every_route_of_the_site_has_a_line(site: HouseSite) -> None:
    found = {(each.method, each.path) for each in routes_of(site.resource)}
    found |= {("WS", path) for path in site.boards}
    assert found - set(TICKET_LINES) == set(ROUTES) - set(TICKET_LINES)
    entrance = {each for each in ROUTES if each in TICKET_LINES}
    assert {path for _, path in entrance} <= {"/sign-in", "/sign-out", "/api/v1/session"}


def test_every_page_of_staff_is_on_the_site(site: HouseSite) -> None:
    mounted = {each.pages for each in routes_of(site.resource)}
    assert pages_of(agents, monitoring, cti.web) <= mounted


def test_every_command_of_every_board_has_a_line(site: HouseSite) -> None:
    found = {
        (command, path)
        for path, board in site.boards.items()
        for command in commands_of(board._handler)
    }
    assert found == set(COMMANDS)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_everybody_is_answered_as_the_line_says(site: HouseSite, route: tuple[str, str]) -> None:
    answers = {who: knock(site, who, *route) for who in PEOPLE}
    check_line(answers, dict(zip(PEOPLE, LINES[route], strict=True)))


@pytest.mark.parametrize("path", sorted({path for _, path in COMMANDS}))
def test_commands_are_for_those_of_whom_the_line_says_so(site: HouseSite, path: str) -> None:
    told: dict[str, dict[str, str]] = {}
    for who in PEOPLE:
        asked = asking(site, who, path)
        for command in (each for each, where in COMMANDS if where == path):
            told.setdefault(command, {})[who] = asked(command)
    assert told == {
        command: dict(zip(PEOPLE, COMMANDS[command, path], strict=True)) for command in told
    }


def asking(site: HouseSite, who: str, path: str) -> Any:
    """What becomes of commands of that person's page."""
    browser = browser_of(site, who)
    if knocked(browser, "WS", path, "").status != 101:
        return lambda _command: "401"
    socket = browser.socket(path)
    socket.received()

    def ask(command: str) -> str:
        socket.send({"id": 1, "do": command, "agent_id": "nobody", "state": "ready"})
        answers = [each for each in socket.received() if each.get("re") == 1]
        error = answers[0].get("error", "") if answers else "later"
        return "no" if error.startswith("access.") else "heard"

    return ask


PROGRAMS = [("POST", "/api/v1/agent/state"), ("POST", "/sign-out")]


def test_nothing_is_done_for_another_site(site: HouseSite) -> None:
    """Not by forms, nor by programs' doors, which a page of any site could knock at."""
    assert {each for each in ROUTES if each[0] == "POST"} - FREE == set(PROGRAMS)
    before = site.centre.service.view(A)
    for method, path in PROGRAMS:
        browser = browser_of(site, "agent")
        answer = knocked(browser, method, path, csrf_of(site, browser), "https://evil.example")
        assert answer.status == 403, path
        assert site.sessions.find(browser.cookies["hotline_session"]) is not None
    for sent in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"content-type": sent, "origin": ORIGIN}
        answer = browser_of(site, "agent").request("POST", PROGRAMS[0][1], b"{}", headers)
        assert answer.status == 415, sent
    assert site.centre.service.view(A) == before


@pytest.mark.parametrize("path", SOCKETS)
def test_no_socket_is_opened_for_another_site(site: HouseSite, path: str) -> None:
    """Nor for one that does not say where it comes from, but for programs with their token."""
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil.example", ""):
        for who in ("agent", "supervisor"):
            answer = knocked(browser_of(site, who), "WS", path, "", origin)
            assert (answer.status, answer.body) == (403, b"not admitted"), (who, origin)


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES} - set(SOCKETS)))
def test_asking_otherwise_does_nothing(site: HouseSite, path: str) -> None:
    asked = path_of(site, path)
    for who in (NOBODY, "supervisor"):
        browser = browser_of(site, who)
        for method in ("OPTIONS", "PUT", "DELETE"):
            if (method, path) not in ROUTES:
                assert browser.request(method, asked).status >= 400, method
        if ("GET", path) in ROUTES:
            head, whole = browser.request("HEAD", asked), browser.get(asked)
            assert (head.status, head.body) == (whole.status, b"")


NAMES = (
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "..%5c..%5cboot.ini",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "a%0d%0aset-cookie:x=1",
    "%00",
    "C:%5cwindows",
    "x" * 5000,
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_leads_out_of_a_folder(site: HouseSite, name: str) -> None:
    """Neither recordings nor static files, nor calls, which are found in the database alone."""
    browser = browser_of(site, "supervisor")
    for path in (
        f"/recordings/{name}/audio",
        f"/recordings/{name}/verdict",
        f"/recordings/{site.recorded}/message/{name}",
        f"/calls/{name}",
        f"/static/{name}",
        f"/static/agents/{name}",
        f"/static/agents/console/{name}",
    ):
        answer = browser.get(path)
        assert answer.status in (404, 409), path
        assert "x" not in "".join(answer.cookies)
        assert b"root:" not in answer.body


RANGES = (
    "bytes=" + ",".join(f"{at}-{at}" for at in range(300)),
    "bytes=0-,0-,0-,0-,0-",
    "bytes=-0",
    "bytes=5-1",
    "bytes=" + "9" * 17 + "-",
    "lines=1-2",
)


@pytest.mark.parametrize("asked", RANGES, ids=range(len(RANGES)))
def test_ranges_give_at_most_the_file(site: HouseSite, asked: str) -> None:
    answer = browser_of(site, "quality").get(f"/recordings/{site.recorded}/audio", range=asked)
    assert answer.status in (200, 416)
    assert answer.body == (SOUND if answer.status == 200 else b"")
    assert answer.headers.get("content-type", "audio/wav") == "audio/wav"
    assert "no-store" in answer.headers["cache-control"]


def test_what_a_browser_brought_is_nobodys_session(site: HouseSite) -> None:
    """A token planted before the sign-in opens nothing after it; the one before is over."""
    site.people.people[("a", "right")] = STAFF["agent"]
    browser = site.browser()
    browser.address = "192.0.2.77"  # where nobody has guessed
    browser.cookies["hotline_session"] = "0" * 64
    assert browser.post("/sign-in", {"login": "a", "password": "right"}).status == 303
    first = browser.cookies["hotline_session"]
    assert site.sessions.find("0" * 64) is None
    assert browser.post("/sign-in", {"login": "a", "password": "right"}).status == 303
    assert browser.cookies["hotline_session"] != first
    assert site.sessions.find(first) is None


JUNK: tuple[object, ...] = (
    None,
    True,
    -1,
    1e308,
    "",
    "\0",
    "x" * 9000,
    [[]],
    {"a": {}},
    "nobody",
    "\ud800",
    "1001",
)
ALONE: tuple[object, ...] = (None, [[]], "nobody", -1)
VALID: dict[str, object] = {
    "agent_id": "a",
    "alarm": "1",
    "at_once": False,
    "call_id": "",
    "code": "card.lost",
    "connection_id": "",
    "customer_id": "c1",
    "flow": "self_service",
    "follow_up": "2026-11-24T09:00:00+00:00",
    "important": False,
    "jitter": 1.5,
    "keys": "1",
    "kind": "agent",
    "level": -20.0,
    "loss": 0.0,
    "note": "卡已挂失",
    "number": "1002",
    "on": True,
    "override": False,
    "queue_id": "general",
    "reason": "lunch",
    "rtt": 20.0,
    "state": "not_ready",
    "takeover": False,
    "target": "b",
    "text": "卡已挂失",
}
"""Every field that a command reads."""
LAST = {"sign_out", "finish", "next", "stop_supervising"}
"""What leaves little to try."""


@pytest.mark.parametrize("path", sorted({path for _, path in COMMANDS}))
def test_no_command_is_a_bug_whatever_stands_in_it(tmp_path: Path, path: str) -> None:
    """Each is done or refused in words; none ends in an incident."""
    site = HouseSite(tmp_path)
    console = path.startswith("/console")
    socket = browser_of(site, "agent" if console else "supervisor").socket(path)
    known = {command for command, where in COMMANDS if where == path}
    line = site.centre.phone(site.lending.call_id)
    valid = VALID | {"call_id": line.call_id, "connection_id": line.id}
    wrong = [dict.fromkeys(VALID, junk) for junk in JUNK]
    wrong += [valid | {field: junk} for field in VALID for junk in ALONE]
    tried = [
        {"id": number, "do": command, **fields}
        for number, (command, fields) in enumerate(
            product((*sorted(known - LAST), "", "__init__", "x" * 9000, *sorted(LAST)), wrong)
        )
    ]
    for each in tried:
        socket.send(each)
        for answer in socket.received():
            assert answer.get("error") != "request.incident", each
    assert socket.closed is None
    assert site.centre.errors == []
    site.stop()


def test_fields_of_commands_are_all_tried() -> None:
    """None is read that is not filled with junk above."""
    read = set[str]()
    for package in ("agents/web", "agents/line_quality.py"):
        place = Path(agents.__file__).parents[1] / package
        for file in [place] if place.is_file() else place.glob("*.py"):
            text = file.read_text()
            read |= set(re.findall(r'(?:command|said|plain)\.get\("(\w+)"', text))
            read |= set(re.findall(r'(?:text_of|instant_of)\(\w+, "(\w+)"', text))
    assert read - {"do"} == set(VALID)
