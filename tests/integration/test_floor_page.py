"""The supervisors' desk in a browser: by keyboard into a call, heard there; and a crowded floor."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, WebSocketRoute, expect

from tests.support.baresip import Baresip, running_baresip
from tests.support.house import House, running_house
from tests.support.live import LiveClient, watching
from tests.support.pcap import Track
from tests.support.screens import WALL, Desk, chromium
from tests.support.sipp import place_call
from tests.support.who_hears_whom import wait_until_heard

pytestmark = pytest.mark.needs("sipp", "baresip", "chromium")
TONES = {"1001": 1000.0, "1004": 1260.0, "2001": 1580.0, "caller": 560.0}
"""Hz. None is a harmonic of another."""
STAY = 90.0
SECURE = {"zh": "保密中，不能监听", "en": "secure, cannot listen"}


@dataclass(frozen=True, slots=True)
class Place:
    """The house, its telephones, and two agents' consoles."""

    house: House
    phones: dict[str, Baresip]
    consoles: dict[str, LiveClient]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("floor")
    with ExitStack() as stack:
        house = stack.enter_context(running_house(folder / "house", prompts))
        phones = {
            name: stack.enter_context(
                running_baresip(folder / name, name, house.sip_port, TONES[name])
            )
            for name in ("1001", "1004", "2001")
        }
        for phone in phones.values():
            house.wait_until(lambda p=phone: p.registered, 10, f"{phone.name} registers")
        consoles = {}
        for login in ("1001", "1004"):
            live = watching(house.web_port, "/console/live", house.sign_in(login))
            page = consoles[login] = stack.enter_context(live)
            page.ask({"do": "takeover"})
            page.ask({"do": "sign_in"})
        yield Place(house, phones, consoles)


def item(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f"#menu [data-at='{name}']")


def forcers(house: House) -> list[str | None]:
    """Who forced each change of an agent's state, as the journal has it: nobody as a rule."""
    told = (record for kind, record in house.journal() if kind == "agent.state_changed")
    return [record["forced_by"] for record in told]


def open_menu(desk: Desk, agent_id: str) -> None:
    """By keyboard alone."""
    desk.page.locator(f"[data-menu='{agent_id}']").focus()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#menu")).to_be_visible()


def choose(desk: Desk, agent_id: str, name: str) -> None:
    open_menu(desk, agent_id)
    for _ in range(20):
        if item(desk, name).evaluate("(each) => each === document.activeElement"):
            break
        desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#menu")).to_be_hidden()
    expect(desk.page.locator(f"[data-menu='{agent_id}']")).to_be_focused()


def test_a_supervisor_listens_and_forces_by_keyboard(
    browser: Browser, place: Place, tmp_path: Path
) -> None:
    house = place.house
    with Desk(browser, house.web, "en-GB", WALL) as desk:
        desk.sign_in("2001", "/floor")
        page = desk.page
        one, four = (page.locator(f"[data-agent='{each}']") for each in ("1001", "1004"))
        expect(four.locator(".state-not_ready")).to_be_visible()
        open_menu(desk, "1001")
        expect(item(desk, "listen")).to_have_attribute("aria-disabled", "true")
        expect(item(desk, "listen")).to_contain_text("in no call")
        page.keyboard.press("Escape")

        assert place.consoles["1001"].ask({"do": "ready"}) == ""
        expect(one.locator(".state-ready")).to_be_visible()
        track = Track().silence(1.5).keys("1").silence(0.5).keys("0").silence(0.3)
        voice = track.tone(TONES["caller"], STAY).write(tmp_path / "caller.pcap")
        call = place_call(tmp_path, house.sip_port, voice, stay=STAY)
        expect(one.locator(".state-busy")).to_be_visible()
        offer = page.locator("#assigned li[data-offer]").first
        expect(offer).to_contain_text("the call came while agents were free")
        expect(offer).to_contain_text("nobody else qualified was free")

        assert place.consoles["1004"].ask({"do": "ready"}) == ""
        expect(four.locator(".state-ready")).to_be_visible()
        choose(desk, "1004", "not_ready-training")
        expect(four).to_contain_text("Training")
        house.wait_until(lambda: forcers(house)[-1:] == ["2001"], 10, "the journal tells who")

        choose(desk, "1001", "listen")
        expect(one).to_contain_text("Listens")
        wait_until_heard([place.phones["2001"]], TONES, {"2001": {"caller", "1001"}})
        wait_until_heard([place.phones["1001"]], TONES, {"1001": {"caller"}})
        desk.shot("floor-listening")
        choose(desk, "1001", "whisper")
        expect(one).to_contain_text("Whispers")
        wait_until_heard([place.phones["1001"]], TONES, {"1001": {"caller", "2001"}})
        choose(desk, "1001", "barge")
        expect(one).to_contain_text("Has barged in")
        wait_until_heard([place.phones["1001"]], TONES, {"1001": {"caller", "2001"}})
        wait_until_heard([place.phones["2001"]], TONES, {"2001": {"caller", "1001"}})
        choose(desk, "1001", "stop_supervising")
        expect(one).not_to_contain_text("Has barged in")

        offer.get_by_role("link").click()
        expect(page.locator(".events")).to_contain_text("nobody else qualified was free")
        page.go_back()
        choose(desk, "1001", "intercept")
        expect(one.locator(".state-working_after_call")).to_be_visible()
        wait_until_heard([place.phones["2001"]], TONES, {"2001": {"caller"}})
        open_menu(desk, "1001")
        item(desk, "sign_out_now").click()
        expect(one).to_have_count(0)
        place.phones["2001"].do("hangup")
        assert call.wait(30) in (0, 1, 255), call.output.read_text()
        assert not desk.errors


class Played:
    """A floor as the page is told of it, and what it asks for."""

    def __init__(self, entities: dict[str, Any]) -> None:
        self.entities = entities
        self.asked: list[dict[str, Any]] = []
        self._sequence = 1
        self._socket: WebSocketRoute | None = None

    def connect(self, socket: WebSocketRoute) -> None:
        self._socket, self._sequence = socket, 1
        socket.on_message(self._answer)
        self._say(seq=1, snapshot=self.entities, now=ago(0))

    def change(self, key: str, value: Any) -> None:
        self.entities[key] = value
        self._sequence += 1
        self._say(seq=self._sequence, set={key: value})

    def beat(self) -> None:
        """Say that the house is there."""
        self._say(seq=self._sequence, now=ago(0))

    def _answer(self, message: str | bytes) -> None:
        command = json.loads(message)
        self.asked.append(command)
        self._say(re=command["id"], ok=None)

    def _say(self, **message: Any) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(message))


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def agent(name: str, state: str, since: float, **more: Any) -> dict[str, Any]:
    call = {"kind": "inbound", "with": "138****8000", "queue_id": "general", "secure": None}
    call |= {"call_id": "c", "state": "connected", "since": ago(since), "answered": ago(since)}
    talks = state == "busy"
    doings = ("listen", "whisper", "barge", "intercept")
    can = dict.fromkeys(doings, "" if talks else "no_call")
    return {
        "name": name,
        "extension": "1001",
        "state": state,
        "reason": "",
        "reason_until": None,
        "busy": "inbound" if talks else None,
        "since": ago(since),
        "pending": None,
        "deadline": None,
        "phone": {"kind": "sip", "registered": True},
        "queues": ["general"],
        "call": call if talks else None,
        "held": 0,
        "quality": None,
        "supervisors": [],
        "can": {**can, "ready": "", "not_ready": "", "sign_out": ""},
    } | more


def crowded() -> dict[str, Any]:
    names = [f"座席{number:02}" for number in range(1, 19)]
    states = ("ready", "busy", "working_after_call", "busy", "not_ready", "busy")
    floor = {
        f"agent/{number}": agent(name, states[number % 6], 30 + 17 * number)
        for number, name in enumerate(names)
    }
    late = {"reason": "lunch", "reason_until": ago(60)}
    floor["agent/late"] = agent("超时", "not_ready", 3660, **late)
    near = {"reason": "break", "reason_until": ago(-60)}
    floor["agent/near"] = agent("将到", "not_ready", 840, **near)
    secret = agent("保密", "busy", 95)
    secret["call"]["secure"] = {"purpose": "verify", "since": ago(9)}
    secret["can"] |= dict.fromkeys(("listen", "whisper", "barge", "intercept"), "secure")
    floor["agent/secret"] = secret
    poor = {"quality": {"loss": 6.2, "round_trip": 420.0, "jitter": 40.0, "level": -20.0}}
    floor["agent/poor"] = agent("线路", "busy", 200, **poor)
    queue: dict[str, Any] = {
        "threshold": 20.0,
        "signed_in": 20,
        "staffed": 17,
        "free": 3,
        "call_backs": 0,
    }
    queue |= {"waiting": 0, "oldest": None, "call_backs_out": 0, "forecasts_kept": [0.52, 0.81]}
    floor["queue/general"] = queue | {"names": {"zh": "综合服务", "en": "General service"}}
    busy = {"waiting": 7, "oldest": ago(75), "free": 0, "call_backs": 3, "call_backs_out": 1}
    floor["queue/loans"] = queue | busy | {"names": {"zh": "贷款", "en": "Loans"}}
    alarm = {"call_id": None, "over": None, "seen": None, "seen_by": "", "at": ago(60)}
    floor["alarm/1"] = alarm | {"kind": "overlong", "what": "lunch", "agent_id": "late"}
    healed = {"kind": "disagreement", "what": "reserved_without_offer", "agent_id": "3"}
    floor["alarm/2"] = alarm | healed | {"at": ago(300), "call_id": "c", "over": ago(300)}
    lagged = {"kind": "lagged", "what": "lagged", "agent_id": "5", "seen": ago(20)}
    floor["alarm/3"] = alarm | lagged | {"over": ago(30), "seen_by": "郭峰"}
    why = [
        {"key": "match.by.agent_freed", "blanks": {}},
        {"key": "match.first_call", "blanks": {"among": 3, "time": 42}},
        {"key": "match.demand", "blanks": {"demand": "loans >= 5", "level": 7}},
        {"key": "match.stage", "blanks": {"stage": 2}},
    ]
    offer = {"call_id": "c", "queue_id": "loans", "why": why, "outcome": "accepted"}
    for number in range(6):
        floor[f"offer/{number}"] = offer | {"agent_id": str(number), "at": ago(20 * number)}
    return floor


@pytest.mark.parametrize(("locale", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_a_crowded_floor(browser: Browser, place: Place, locale: str, scheme: str) -> None:
    played = Played(crowded())
    with Desk(browser, place.house.web, locale, WALL) as desk:
        page = desk.page
        page.route_web_socket("**/floor/live", played.connect)
        desk.sign_in("2001", "/floor")
        if scheme == "dark":
            page.locator("#theme").click()
        rows = page.locator("#agents tr")
        expect(rows).to_have_count(22)
        first = [rows.nth(place).get_attribute("data-agent") for place in range(2)]
        assert first == ["late", "poor"]
        expect(page.locator("#queues tr").first).to_have_attribute("data-queue", "loans")
        open_menu(desk, "secret")
        expect(item(desk, "listen")).to_have_attribute("aria-disabled", "true")
        because = item(desk, "listen").locator(".because")

        def says_why() -> bool:
            played.beat()
            return because.inner_text() == SECURE[locale[:2]]

        place.house.wait_until(says_why, 10, "a page that hears the house says why")
        desk.shot(f"floor-crowded-{scheme}")
        item(desk, "listen").dispatch_event("click")
        page.keyboard.press("Escape")
        assert played.asked == []
        before = rows.nth(3).get_attribute("data-agent")
        played.change("agent/0", {**played.entities["agent/0"], "reason_until": ago(5)})
        expect(page.locator("[data-agent='0'].attention")).to_be_visible()
        assert rows.nth(3).get_attribute("data-agent") == before, "rows stay under the hand"
        page.locator("[data-acknowledge='1']").click()
        expect(page.locator("#alarms li")).to_have_count(3)
        assert [(each["do"], each["alarm"]) for each in played.asked] == [("acknowledge", "1")]
        words = page.locator("body").inner_text()
        assert [key for key in ("floor.", "match.", "console.") if key in words] == []
        assert not desk.errors
