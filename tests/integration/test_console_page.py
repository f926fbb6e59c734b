"""The console's page as an agent's browser has it, in every situation of a day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, WebSocket, expect

from tests.support.console_scenes import SCENES, Entities, ago, around, card, idle, talking
from tests.support.console_stage import Stage, running_stage
from tests.support.screens import Desk, chromium

pytestmark = pytest.mark.needs("chromium")

LOW = ViewportSize(width=1280, height=720)
WIDE = ViewportSize(width=1920, height=1080)
LOOKS = [("zh-CN", "light", LOW), ("en-GB", "dark", LOW), ("zh-CN", "dark", WIDE)]
OUT_OF_PLACE = """
() => {
  const all = [...document.querySelectorAll("body *")];
  const seen = all.filter((each) => each.checkVisibility() && !each.matches(".skip"));
  const box = (each) => each.getBoundingClientRect();
  const name = (each) => each.ariaLabel || each.textContent.trim() || each.title;
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways");
  if (document.documentElement.scrollHeight > innerHeight) wrong.push("scrolls");
  for (const each of seen.filter((one) => one.matches("button, a, input, textarea, select"))) {
    const { width, height, right, left } = box(each);
    const labelled = name(each) || each.labels?.length;
    if (!labelled) wrong.push(`no name: ${each.outerHTML.slice(0, 80)}`);
    if (Math.min(width, height) < 24 && getComputedStyle(each).display !== "inline")
      wrong.push(`small: ${name(each)} ${width}x${height}`);
    if (right > innerWidth || left < 0) wrong.push(`outside: ${name(each)}`);
  }
  for (const each of document.querySelectorAll(".bar button, #state, #finish")) {
    if (each.checkVisibility() && box(each).bottom > innerHeight) wrong.push(`below: ${each.id}`);
  }
  for (const each of document.querySelectorAll("[role=status] time, [role=alert] time"))
    wrong.push(`a timer is read out: ${each.id}`);
  const words = [document.body.innerText, ...seen.map((each) => each.ariaLabel ?? "")].join(" ");
  wrong.push(...(words.match(/\\b(console|choice|agent)\\.[a-z_.]+/g) ?? []));
  return wrong;
}
"""


DRAWN_AGAIN = """
async (lists) => {
  const { draw, h } = await import("/static/agents/console/dom.js");
  const place = document.createElement("ul");
  const wrong = [];
  let before = new Map();
  for (const [index, keys] of lists.entries()) {
    const title = index % 3 ? `${index}` : null;
    draw(place, keys.map((key) => [h("li", { key, title }, key), "text"]));
    const after = new Map([...place.children].map((node) => [node.textContent, node]));
    if ([...after.keys()].join() !== keys.join()) wrong.push(`order ${index}`);
    if (place.childNodes.length !== 2 * keys.length) wrong.push(`nodes ${index}`);
    for (const [key, node] of after) {
      if (before.has(key) && before.get(key) !== node) wrong.push(`node ${index} ${key}`);
      if (node.hasAttribute("title") !== Boolean(index % 3)) wrong.push(`title ${index} ${key}`);
    }
    before = after;
  }
  return wrong;
}
"""

REFILL = """
async () => (await import("/static/agents/console/dom.js")).refill(document.activeElement, "")
"""
TYPED = 20
"""Times that a field is typed into."""


@dataclass
class Seat:
    """An agent's browser, and whoever plays the house to it."""

    desk: Desk
    stage: Stage

    @property
    def page(self) -> Page:
        return self.desk.page

    def show(self, entities: Entities) -> None:
        """Play that; it is on the screen when this returns."""
        self.stage.show(entities)
        since = entities["agent/a"]["since"]
        expect(self.page.locator(f"#state-timer[data-since='{since}']")).to_be_attached()

    def sit_down(self, entities: Entities) -> None:
        """Open the page on that."""
        self.stage.show(entities)
        self.page.goto(f"{self.stage.address}/console")
        self.show(entities)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as stage:
        yield stage


def seat_of(
    browser: Browser, stage: Stage, locale: str = "zh-CN", size: ViewportSize = LOW
) -> Seat:
    stage.clear()
    desk = Desk(browser, stage.address, locale, size)
    language = {"name": "hotline_language", "value": locale[:2], "url": stage.address}
    session = {"name": "hotline_session", "value": stage.token, "url": stage.address}
    desk.context.add_cookies([session, language])  # type: ignore[list-item]  # SetCookieParams
    return Seat(desk, stage)


@pytest.fixture
def seat(browser: Browser, stage: Stage) -> Iterator[Seat]:
    seat = seat_of(browser, stage)
    with seat.desk:
        yield seat
    assert not seat.desk.errors


@pytest.mark.parametrize(("locale", "theme", "size"), LOOKS)
def test_every_situation_fits_and_can_be_read(
    browser: Browser, stage: Stage, locale: str, theme: str, size: ViewportSize
) -> None:
    seat = seat_of(browser, stage, locale, size)
    with seat.desk as desk:
        seat.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        seat.sit_down(idle())
        for name, scene in SCENES.items():
            seat.show(scene())
            desk.shot(f"console-{name}-{theme}-{size['width']}")
            assert seat.page.evaluate(OUT_OF_PLACE) == [], name
        assert not desk.errors


def test_a_call_by_keyboard_alone(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(SCENES["off"]())
    seat.desk.walk("[data-do=sign_in]")
    seat.press("Enter")
    assert stage.asked() == {"do": "sign_in"}
    seat.show(SCENES["away"]())
    seat.press("F2")
    assert stage.asked() == {"do": "ready"}
    seat.press("F4")
    expect(page.locator("[data-reason=break]")).to_be_focused()
    seat.desk.walk("[data-reason=lunch]")
    seat.press("Enter")
    assert stage.asked() == {"do": "not_ready", "reason": "lunch"}
    seat.show(SCENES["overdue"]())
    expect(page.locator("#state")).to_have_attribute("data-late", "over")
    seat.show(SCENES["ringing"]())
    expect(page.locator("#state")).not_to_have_attribute("data-late", "over")
    expect(page.locator("#called")).to_have_text("来电：王芳")
    seat.press("F9")
    assert stage.asked() == {"do": "reject"}
    seat.show(SCENES["talking"]())
    seat.press("F8", "Alt+M", "Alt+V")
    assert [stage.asked()["do"] for _ in range(3)] == ["hold", "mute", "verify"]
    seat.press("Alt+N")
    page.keyboard.type("重复扣费 mk2?")
    assert stage.asked() == {"do": "notes", "call_id": "call-1", "text": "重复扣费 mk2?"}


def test_the_browser_forgets_what_was_typed_about_an_earlier_customer(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(SCENES["talking"]())
    session = page.context.new_cdp_session(page)

    def nodes_after_typing() -> int:
        for number in range(TYPED):
            page.keyboard.type(f"mk{number}")
            page.evaluate(REFILL)
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        return int(session.send("Memory.getDOMCounters")["nodes"])

    seat.press("Alt+N")
    before = nodes_after_typing()
    assert nodes_after_typing() < before + TYPED / 2
    expect(page.locator("#notes")).to_be_focused()
    page.keyboard.press("Control+Z")
    expect(page.locator("#notes")).to_have_value("")


def test_consulting_by_name_queue_and_number(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(talking())
    seat.press("Alt+N", "Alt+C")
    expect(page.locator("#directory-search")).to_be_focused()
    page.keyboard.type("李")
    expect(page.locator("#directory-list [role=option]")).to_have_count(1)
    stage.refuse(consult="agent.no_call")
    seat.press("Enter")
    assert stage.asked() == {"do": "consult", "number": "1002"}
    expect(page.locator("#directory-error")).to_contain_text("没有这个通话")
    stage.refuse()
    seat.press("Enter")
    assert stage.asked() == {"do": "consult", "number": "1002"}
    expect(page.locator("#directory")).to_be_hidden()
    expect(page.locator("#notes")).to_be_focused()
    seat.press("Alt+T")
    page.keyboard.type("投诉")
    seat.press("Enter")
    assert stage.asked() == {"do": "transfer", "number": "queue:complaints"}
    expect(page.locator("#directory")).to_be_hidden()
    seat.press("Alt+T")
    page.keyboard.type("021 6888 0000")
    seat.press("Enter")
    assert stage.asked() == {"do": "transfer", "number": "021 6888 0000"}


def test_nothing_lies_before_the_end_of_a_call_or_the_next_one(seat: Seat) -> None:
    directory = seat.page.locator("#directory")
    seat.sit_down(talking())
    seat.press("Alt+C")
    expect(directory).to_be_visible()
    seat.show(SCENES["wrap-up"]())
    expect(directory).to_be_hidden()
    seat.show(idle())
    seat.press("Alt+L")
    expect(directory).to_be_visible()
    seat.show(SCENES["ringing"]())
    expect(directory).to_be_hidden()
    seat.show(idle())
    seat.page.keyboard.type("?")
    expect(seat.page.locator("#help-dialog")).to_be_visible()
    seat.show(SCENES["ringing"]())
    expect(seat.page.locator("#help-dialog")).to_be_hidden()


def test_a_call_that_rings_is_taken_whatever_is_open(seat: Seat) -> None:
    seat.sit_down(SCENES["ringing"]())
    seat.page.keyboard.type("?")
    expect(seat.page.locator("#help-dialog")).to_be_visible()
    seat.press("Alt+M", "F9")
    assert seat.stage.asked() == {"do": "reject"}


def test_escape_leaves_the_directory_at_once(seat: Seat) -> None:
    directory = seat.page.locator("#directory")
    seat.sit_down(talking())
    seat.press("Alt+C")
    seat.page.keyboard.type("100")
    seat.press("Escape")
    expect(directory).to_be_hidden()


def test_who_does_not_want_to_be_called_is_asked_about(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(idle())
    stage.refuse(dial="dial.do_not_call")
    seat.press("Alt+L")
    page.keyboard.type("13900000001")
    seat.press("Enter")
    assert stage.asked() == {"do": "dial", "number": "13900000001"}
    expect(page.locator("#confirm")).to_be_visible()
    seat.press("Tab", "Enter")
    assert stage.asked() == {"do": "dial", "number": "13900000001", "override": True}


def test_two_calls_and_who_is_in_them(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(SCENES["two-calls"]())
    expect(page.locator("#lines > li")).to_have_count(2)
    expect(page.locator("#lines > .active")).to_contain_text("李娜")
    page.locator("#lines button", has_text="接通").click()
    assert stage.asked() == {"do": "alternate"}
    seat.press("Alt+J")
    assert stage.asked() == {"do": "conference"}
    seat.show(SCENES["conference"]())
    page.get_by_role("button", name="请出 李娜").click()
    assert stage.asked() == {"do": "drop", "connection_id": "leg-2"}
    page.get_by_role("button", name="取消静音").click()
    assert stage.asked() == {"do": "mute", "on": False}


def test_a_colleague_s_call_is_announced_as_well(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(idle())
    seat.show(SCENES["asked"]())
    expect(page.locator("#called")).to_have_text("来电：李娜")
    expect(page.locator("#call")).to_have_class(re.compile("ringing"))
    seat.press("F9")
    assert seat.stage.asked() == {"do": "reject"}


def test_what_is_impossible_says_why(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(SCENES["away"]())
    hold = page.locator("[data-do=hold]")
    why = page.locator(f"#{hold.get_attribute('aria-describedby')}")
    expect(hold).to_have_attribute("aria-disabled", "true")
    expect(why).to_be_hidden()
    seat.desk.walk("[data-do=hold]")
    expect(why).to_be_visible()
    expect(hold).to_have_accessible_description(why.inner_text())
    seat.press("Escape")
    expect(why).to_be_hidden()
    seat.press("Enter", "F8", "F2")
    assert seat.stage.asked() == {"do": "ready"}, "nothing was asked before"


def test_what_was_just_pressed_does_not_say_why_it_is_impossible_now(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(talking())
    hang_up = page.locator("[data-do=hang_up]")
    hang_up.click()
    assert seat.stage.asked() == {"do": "hang_up"}
    seat.show(SCENES["away"]())
    expect(hang_up).to_have_attribute("aria-disabled", "true")
    why = page.locator(f"#{hang_up.get_attribute('aria-describedby')}")
    expect(why).to_be_hidden()
    page.locator("[data-do=hold]").hover()
    hang_up.hover()
    expect(why).to_be_visible()


def test_who_the_caller_is(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(SCENES["stranger"]())
    page.get_by_role("button", name="王建国").click()
    assert stage.asked() == {"do": "card_identify", "customer_id": "c2"}
    seat.show(talking("open"))
    expect(page.locator("#products")).to_contain_text("**** 0123")
    note = page.get_by_label("新备注")
    note.fill("下午再打")
    page.get_by_label("重要").check()
    page.get_by_role("button", name="添加").click()
    assert stage.asked() == {"do": "customer_note", "text": "下午再打", "important": True}
    expect(note).to_have_value("")


def test_who_called_before_is_called_back(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(talking())
    busy = page.locator("#last-calls [data-do=call_back]").first
    expect(busy).to_have_attribute("aria-disabled", "true")
    expect(busy).to_have_accessible_description(re.compile("."))
    seat.show(SCENES["wrap-up"]())
    page.locator("#last-calls li", has_text="投诉重复扣费").get_by_role("button").click()
    assert stage.asked() == {"do": "call_back", "call_id": "old-1"}


def test_what_came_of_the_ivr_is_shown_and_said(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(SCENES["secure"]())
    expect(page.locator("#lines .secure")).to_contain_text("核实身份")
    seat.show(SCENES["returned"]())
    outcome = page.locator("#lines .badge.level-success")
    expect(page.locator("#said")).to_contain_text(outcome.inner_text())


def test_another_page_can_be_worked_in_again(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(SCENES["elsewhere"]())
    expect(page.locator("[data-do=hang_up]")).to_have_attribute("aria-disabled", "true")
    seat.press("F9")
    page.get_by_role("button", name="在此工作").click()
    assert stage.asked()["do"] == "takeover"
    written = SCENES["elsewhere"]()
    written["agent/a"]["notes"] = "在另一页写的"
    seat.show(written)
    expect(page.locator("#notes")).to_have_value("在另一页写的")
    seat.show(talking(notes="在另一页写的"))
    expect(page.locator("#notes")).to_be_editable()
    expect(page.locator("#elsewhere")).to_be_hidden()


def test_favourites_stand_first(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(talking())
    seat.press("Alt+C")
    expect(page.locator("#directory-list [role=option]").first).to_contain_text("95599")
    seat.press("ArrowDown", "ArrowDown")
    expect(page.locator("#directory-star")).to_have_attribute("aria-pressed", "false")
    page.locator("#directory-star").click()
    assert stage.asked() == {"do": "favourite", "kind": "agent", "target": "b", "on": True}


def test_the_end_of_a_call(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(SCENES["wrap-up"]())
    expect(page.locator("#notes")).to_have_value("客户反映重复扣费")
    seat.press("Alt+W")
    page.keyboard.type("额度")
    expect(page.locator("#code-list [role=option]")).to_have_count(1)
    seat.press("Enter")
    expect(page.locator("#code-path")).to_have_text("银行卡 › 额度调整")
    expect(page.locator("#follow-up")).to_have_class("wanted")
    page.locator("#follow-up").fill("2026-02-30 10:30")
    seat.press("Tab")
    expect(page.locator("#code-error")).to_contain_text("2026-03-05 10:30")
    page.locator("#follow-up").fill("2026-3-5 10:30")
    seat.press("Tab")
    expect(page.locator("#follow-up")).to_have_value("2026-03-05 10:30")
    assert stage.asked() == {
        "do": "wrap_up",
        "call_id": "call-1",
        "code": "cards.limit",
        "note": "客户反映重复扣费",
        "follow_up": "2026-03-05T10:30:00.000Z",
    }
    expect(page.locator("#follow-up")).not_to_have_class("wanted")
    seat.press("F9")
    assert stage.asked() == {"do": "finish"}


def test_a_lost_connection_loses_no_word(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(talking())
    stage.be_away(True)
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("[data-do=hang_up]")).to_have_attribute("aria-disabled", "true")
    page.locator("#notes").fill("断线时写下的")
    stage.be_away(False)
    expect(page.locator("#stale")).to_be_hidden()
    expect(page.locator("[data-do=hang_up]")).not_to_have_attribute("aria-disabled", "true")
    assert stage.asked() == {"do": "notes", "call_id": "call-1", "text": "断线时写下的"}
    expect(page.locator("#notes")).to_have_value("断线时写下的")
    seat.desk.errors = [each for each in seat.desk.errors if "WebSocket" not in each]


def test_dark_or_light_is_remembered(seat: Seat) -> None:
    page = seat.page
    seat.sit_down(idle())
    switch = page.locator("#theme")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(switch).to_have_attribute("aria-pressed", "true")


def test_shortcuts_are_listed_and_can_be_others(seat: Seat) -> None:
    page, stage = seat.page, seat.stage
    seat.sit_down(talking())
    page.keyboard.type("?")
    mine = page.locator("#keys-list [data-name=hold]")
    expect(mine).to_have_text("F8")
    mine.click()
    seat.press("Alt+H")
    expect(mine).to_have_text("Alt+H")
    seat.press("Escape", "Alt+H")
    assert stage.asked() == {"do": "hold"}
    page.reload()
    expect(page.locator("[data-do=hold]")).to_have_attribute("aria-keyshortcuts", "Alt+H")
    seat.press("F8", "Alt+H")
    assert stage.asked() == {"do": "hold"}


def test_what_is_drawn_again_keeps_its_nodes(seat: Seat) -> None:
    """Any list after any other: the order is as described, and a key finds its node again."""
    seat.sit_down(idle())
    random = Random(5)
    lists = [random.sample("abcdefgh", random.randint(0, 8)) for _ in range(200)]
    wrong = seat.page.evaluate(DRAWN_AGAIN, lists)
    assert wrong == []


def test_a_shift_of_calls_leaves_nothing_behind(seat: Seat) -> None:
    """A hundred calls, each from the first ring to the last word, on one page."""
    page, stage = seat.page, seat.stage
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    seat.sit_down(idle())
    session = seat.desk.context.new_cdp_session(page)

    def weight() -> tuple[int, int, int]:
        session.send("HeapProfiler.collectGarbage")
        counted = session.send("Memory.getDOMCounters")
        heap = session.send("Runtime.getHeapUsage")
        return counted["nodes"], counted["jsEventListeners"], int(heap["usedSize"])

    beside = around()

    def serve(number: int) -> None:
        consulted = ("two-calls", "conference") if number % 10 == 0 else ()
        for name in ("ringing", "talking", *consulted, "wrap-up"):
            scene = {**SCENES[name](), **beside}
            if "card/a" in scene:
                scene["agent/a"]["call_id"] = f"call-{number}"
                scene["card/a"] = card(call_id=f"call-{number}", offered=ago(4))
            stage.show(scene)
        seat.show({**idle(), **beside})

    for number in range(10):
        serve(number)
    before = weight()
    for number in range(10, 110):
        serve(number)
    after = weight()
    assert after[0] < before[0] * 1.2 + 70, "nodes"
    assert after[1] <= before[1] + 2, "listeners"
    assert after[2] < before[2] * 1.3 + 1_000_000, "heap"
    assert len(sockets) == 1
