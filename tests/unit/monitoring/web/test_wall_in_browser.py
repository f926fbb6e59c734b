"""The wall board's script in a real browser, with its server and its clock in the test's hands."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import cti.web
import monitoring.web
from agents.events import AgentState, AgentStateChanged, CallAnswered, CallQueued
from cti.call.events import CallStarted
from cti.call.model import Direction
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from cti.web.http import SECURITY_HEADERS
from tests.support.browsers import ORIGIN, Socket
from tests.support.monitored_houses import BEGIN, MonitoredHouse
from tests.support.needs import all_needs
from tests.support.simulated_house import AGENTS, QUEUES

pytestmark = pytest.mark.needs("chromium")

STATIC = {
    "cti": Path(cti.web.__file__).parent / "static",
    "monitoring": Path(monitoring.web.__file__).parent / "static",
}
TICK = 250
"""Milliseconds between two drawings of the running times."""
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = all_needs()["chromium"].path
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield browser
        browser.close()


class Wall:
    """A screen showing the house; time passes for both by `wait`."""

    def __init__(
        self,
        chromium: Any,
        house: MonitoredHouse,
        language: Language = Language.ENGLISH,
        size: tuple[int, int] = (1920, 1080),
    ) -> None:
        self.house = house
        self.inside = house.browser(Role.SUPERVISOR, language)
        self.errors: list[str] = []
        self.socket: Socket | None = None
        self.route: Any = None
        self.page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type == "error" else None,
        )
        # Installed, it runs until it is paused, and it cannot be paused in its past.
        self.page.clock.install(time=BEGIN - timedelta(minutes=1))
        self.page.clock.pause_at(BEGIN)
        self.page.route("**/*", self._answer)
        self.page.route_web_socket("**/wall/live", self._connect)
        self.page.goto(f"{ORIGIN}/wall")
        self.pass_on()

    def _answer(self, route: Any) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        headers = {"content-security-policy": SECURITY_HEADERS["content-security-policy"]}
        if path.startswith("/static/"):
            _, _, package, name = path.split("/")
            file = STATIC[package] / name
            headers["content-type"] = KINDS[file.suffix]
            route.fulfill(body=file.read_bytes(), headers=headers)
        else:
            headers["content-type"] = "text/html"
            route.fulfill(body=self.inside.get(path).text, headers=headers)

    def _connect(self, route: Any) -> None:
        self.route, self.socket = route, self.inside.socket("/wall/live")

    def pass_on(self) -> None:
        """What the server sent reaches the page."""
        while self.socket is None:
            self.page.wait_for_timeout(10)
        if messages := self.socket.received():
            for message in messages:
                self.route.send(json.dumps(message))
            self.page.wait_for_timeout(15)

    def wait(self, seconds: float, *, heard: bool = True) -> None:
        """Time passes; with `heard` the server's heartbeats arrive meanwhile."""
        while seconds > 0:
            step = min(seconds, 1.0)
            seconds -= step
            self.house.clock.advance(step)
            self.page.clock.run_for(round(step * 1000) - TICK)
            if heard:
                self.pass_on()
            self.page.clock.run_for(TICK)

    def publish(self, *events: Event) -> None:
        """It happens, and is drawn before any time has passed."""
        self.house.publish(*events)
        self.pass_on()

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector)).strip()

    def level(self, selector: str) -> str:
        return str(self.page.get_attribute(selector, "data-level"))


@pytest.fixture
def wall(chromium: Any, tmp_path: Path) -> Iterator[Wall]:
    wall = Wall(chromium, MonitoredHouse(tmp_path))
    yield wall
    wall.page.unroute_all(behavior="ignoreErrors")  # the icon may still be on its way
    wall.page.close()
    assert wall.errors == []


def queued(seconds: float, call: str = "c1") -> list[Event]:
    at, call_id = BEGIN + timedelta(seconds=seconds), CallId(call)
    return [
        CallStarted(
            at=at, call_id=call_id, direction=Direction.INBOUND, calling="1", called="2", trunk="t"
        ),
        CallQueued(
            at=at, call_id=call_id, queue_id=QUEUES[0], service_level=ServiceLevel.UNIFORM
        ),
    ]  # fmt: skip


GENERAL = ".queue:nth-child(1)"
LONGEST = f'{GENERAL} [data-figure="longest_wait"]'


def test_a_waiting_caller_is_counted_and_coloured(wall: Wall) -> None:
    assert wall.text(f"{GENERAL} h2") == "General"
    assert wall.page.is_hidden("#banner")
    wall.publish(*queued(0))
    assert wall.text(f'{GENERAL} [data-figure="waiting"] .value') == "1"
    wall.wait(5)
    assert wall.text(f"{LONGEST} .value") == "0:05"
    assert wall.level(LONGEST) == ""
    wall.wait(56)
    assert wall.level(LONGEST) == "warning"
    wall.wait(60)
    assert (wall.level(LONGEST), wall.level(GENERAL)) == ("critical", "critical")
    wall.publish(
        CallAnswered(
            at=BEGIN + timedelta(seconds=121), call_id=CallId("c1"), queue_id=QUEUES[0],
            agent_id=AGENTS[0], waited=121.0,
        )
    )  # fmt: skip
    assert wall.text(f"{LONGEST} .value") == "–"
    assert (wall.level(LONGEST), wall.level(GENERAL)) == ("", "")
    assert wall.text(f'{GENERAL} [data-figure="service_level"] dd') == "0%"


def test_agents_come_and_go(wall: Wall) -> None:
    assert wall.page.is_visible("#nobody")
    for agent_id in AGENTS:
        wall.publish(
            AgentStateChanged(
                at=BEGIN, agent_id=agent_id, previous=AgentState.LOGGED_OFF,
                state=AgentState.READY,
            )
        )  # fmt: skip
    assert wall.page.locator(".agent.state-ready").count() == len(AGENTS)
    wall.wait(3)
    assert wall.text(".agent:nth-child(1) .since") == "0:03"
    wall.publish(
        AgentStateChanged(
            at=BEGIN + timedelta(seconds=3), agent_id=AGENTS[0], previous=AgentState.READY,
            state=AgentState.LOGGED_OFF,
        )
    )  # fmt: skip
    assert wall.page.locator(".agent").count() == len(AGENTS) - 1


def test_silence_is_loud_and_stops_the_counting(wall: Wall) -> None:
    wall.publish(*queued(0))
    wall.wait(2)
    assert wall.page.is_hidden("#banner")
    wall.wait(2, heard=False)
    assert wall.page.is_hidden("#banner"), "two seconds may happen"
    wall.wait(1.5, heard=False)
    assert "Connection lost" in wall.text("#banner")
    assert "is-stale" in str(wall.page.get_attribute("body", "class"))
    counted = wall.text(f"{LONGEST} .value")
    wall.wait(3, heard=False)
    assert wall.text(f"{LONGEST} .value") == counted
    height = wall.page.evaluate("document.getElementById('banner').clientHeight / innerHeight")
    assert height > 0.08
    wall.wait(1)
    assert wall.page.is_hidden("#banner")
    assert wall.text(f"{LONGEST} .value") != counted


def test_key_numbers_can_be_read_from_afar(wall: Wall) -> None:
    sizes = wall.page.evaluate(
        """() => [...document.querySelectorAll(".queue .value, .queue dd, .totals dd, .clock time")]
             .map((each) => parseFloat(getComputedStyle(each).fontSize) / innerHeight)"""
    )
    assert len(sizes) > 10
    assert min(sizes) >= 0.04


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_the_board_is_as_wide_as_its_screen(
    chromium: Any, tmp_path: Path, language: Language, size: tuple[int, int]
) -> None:
    """With as many calls as a day of the largest banks has, and the longest date there is."""
    wall = Wall(chromium, MonitoredHouse(tmp_path), language, size)
    for agent_id in AGENTS:
        ready = AgentStateChanged(
            at=BEGIN, agent_id=agent_id, previous=AgentState.LOGGED_OFF, state=AgentState.READY
        )
        wall.publish(ready)
    wall.wait(1)
    told = wall.page.evaluate(
        """() => {
          document.querySelectorAll(".totals dd, .queue dd").forEach((each) => {
            const total = each.parentElement.dataset.total ?? each.parentElement.dataset.figure;
            const many = ["answered", "abandoned"].includes(total);
            each.textContent = total === "service_level" ? "100%" : many ? "12,888" : "1,288";
          });
          const longest = { zh: "9月30日星期三", en: "Wed 30 September" };
          const page = document.documentElement;
          document.getElementById("date").textContent = longest[page.lang.slice(0, 2)];
          const parts = [...document.querySelectorAll(".board *")].filter((it) => it.clientWidth);
          const outside = (it) => it.getBoundingClientRect().right > innerWidth + 0.5;
          const cut = (it) => it.scrollWidth > it.clientWidth + 1;
          const told = (which) => parts.filter(which).map((it) => it.outerHTML);
          return {
            wider: page.scrollWidth - innerWidth, outside: told(outside), cut: told(cut),
          };
        }"""
    )
    wall.page.close()
    assert told == {"wider": 0, "outside": [], "cut": []}


def test_the_way_to_the_other_pages_comes_up_while_the_mouse_moves(wall: Wall) -> None:
    def height_shown() -> float:
        box = wall.page.locator("header.site").bounding_box()
        return 1080.0 - float(box["y"]) if box else 0.0

    assert height_shown() <= 0
    wall.page.mouse.move(300, 300)
    assert height_shown() > 40
    wall.wait(4)
    assert height_shown() <= 0
    wall.page.focus("header.site a.brand")
    assert height_shown() > 40
