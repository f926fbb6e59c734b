"""The life of a ticket without a mouse, in a browser; and nothing that was typed is lost."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.support.house import House, running_house
from tests.support.leaping_house import Clerk
from tests.support.screens import Desk, chromium

pytestmark = pytest.mark.needs("chromium")

TITLE, TEXT = "建议增加大字版", "老人看不清手机银行的字。"
TYPED = "客户下周一出差，请先打手机。"
NUMBER = re.compile(r"/tickets/(\d{11})")
OUT_OF_SIGHT = """
() => {
  const row = document.querySelector(".tabs a").offsetTop;
  const lists = [...document.querySelectorAll(".tabs a")].filter((each) => each.offsetTop !== row);
  const places = [...document.querySelectorAll("header nav a, header .account > :not(link)")];
  const cut = places.filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    const room = each.parentElement.getBoundingClientRect();
    return right > Math.min(room.right, innerWidth) + 1 || left < room.left - 1;
  });
  return [...lists, ...cut].map((each) => each.textContent.trim());
}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), prompts) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def number(house: House, browser: Browser) -> str:
    """A suggestion, written down by keys alone."""
    with Desk(browser, house.web, "zh-CN") as desk:
        desk.sign_in("1001", "/tickets")
        page = desk.page
        _press_for(page, "n", "**/tickets/new")
        page.locator("[name=kind][value=suggestion]").focus()
        with page.expect_navigation():  # another kind is another form
            page.keyboard.press("Space")
        expect(page.locator("[name=area]")).to_be_visible()
        expect(page.locator("[name=title]")).to_be_focused()
        for name, words in {"title": TITLE, "text": TEXT, "name": "王芳"}.items():
            _reach(desk, f"[name={name}]")
            page.keyboard.insert_text(words)
        desk.walk("[name=contact]")
        page.keyboard.type("13800138000")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        found = NUMBER.search(page.url)
        assert found, page.locator("[role=alert]").all_inner_texts()
        assert desk.errors == []
        return found[1]


def test_a_ticket_lives_by_keys_alone(house: House, browser: Browser, number: str) -> None:
    lives = (
        ("dispatcher", ()),
        ("cards-1", ()),
        ("cards-1", ("finding", "proposed_reply")),
        ("cards-head", ()),
        ("dispatcher", ()),
        ("1001", ("proof",)),
    )
    with ExitStack() as stack:
        desks: dict[str, Desk] = {}
        for login, fields in lives:
            if login not in desks:
                desks[login] = stack.enter_context(Desk(browser, house.web, "zh-CN"))
                desks[login].sign_in(login, "/tickets?view=all")
            desk, page = desks[login], desks[login].page
            page.goto(f"{house.web}/tickets?view=all")
            page.keyboard.press("j")
            expect(page.locator("tr.chosen a.matter")).to_be_focused()
            _press_for(page, "Enter", f"**/tickets/{number}")
            page.keyboard.press("a")
            form = ".acts details[open] form "
            expect(page.locator(f"{form} :focus")).to_be_attached()
            if page.locator(f"{form}[name=department]").count():
                _choose(page, f"{form}[name=department][value=cards]")
            for field in fields:
                _reach(desk, f"{form}[name={field}]")
                page.keyboard.insert_text("已核实")
            _reach(desk, f"{form}button")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            expect(page.locator("#done")).not_to_be_empty()
            expect(page.locator("#acts")).to_be_focused()
            _press_for(page, "u", "**/tickets?view=all")
            expect(page.locator("tr.chosen a.matter")).to_be_focused()
            assert desk.errors == [], login
        page.goto(f"{house.web}/tickets/{number}")
        expect(page.locator(".steps .now")).to_have_text(re.compile("已答复|待回访"))


def test_the_keys_are_listed_and_what_is_open_closes(
    house: House, browser: Browser, number: str
) -> None:
    with Desk(browser, house.web, "en-GB") as desk:
        desk.sign_in("1001", "/tickets")
        page = desk.page
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type("?j")
        expect(page.locator("#search")).to_have_value("?j")
        page.goto(f"{house.web}/tickets/{number}")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_contain_text("Write a note")
        desk.shot("ticket-keys")
        page.keyboard.press("n")
        expect(page.locator("form[data-act=note] textarea")).not_to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()
        page.keyboard.press("n")
        expect(page.locator("form[data-act=note] textarea")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("form[data-act=note]")).to_be_hidden()
        expect(page.locator("details:has(form[data-act=note]) > summary")).to_be_focused()
        assert desk.errors == []


def test_why_a_deadline_is_when_it_is_stands_there_once_it_is_asked_for(
    house: House, browser: Browser
) -> None:
    fresh = Clerk(house, "1001").register(
        kind="complaint",
        title="何时答复",
        text=TEXT,
        business="B01",
        name="李明",
        contact="13800138003",
    )
    with Desk(browser, house.web, "zh-CN") as desk:
        desk.sign_in("1001", f"/tickets/{fresh}")
        why = desk.page.locator("details.why").first
        expect(why.locator("ol")).to_have_count(0)
        why.locator("summary").focus()
        desk.page.keyboard.press("Enter")
        expect(why.locator("ol li .sum").last).to_be_visible()
        expect(why.locator("a")).to_have_count(0)
        desk.shot("ticket-why")
        assert desk.errors == []


def test_what_was_typed_outlives_a_reload_a_lost_connection_and_a_refusal(
    house: House, browser: Browser, number: str
) -> None:
    with Desk(browser, house.web, "zh-CN") as desk:
        desk.sign_in("1001", f"/tickets/{number}")
        page, note = desk.page, desk.page.locator("form[data-act=note] textarea")
        page.keyboard.press("n")
        page.keyboard.insert_text(TYPED)
        page.reload()
        expect(note).to_have_value(TYPED)
        expect(note).to_be_visible()
        desk.shot("ticket-typed", whole=True)
        desk.context.set_offline(True)
        page.locator("form[data-act=note] button").last.click()
        page.wait_for_url("chrome-error://**")
        desk.context.set_offline(False)
        page.goto(f"{house.web}/tickets/{number}")
        expect(note).to_have_value(TYPED)
        note.fill(" ")
        page.locator("form[data-act=note] button").last.click()
        expect(note).to_have_attribute("aria-invalid", "true")
        expect(note).to_be_focused()
        note.fill(TYPED)
        page.locator("form[data-act=note] button").last.click()
        expect(page.locator(".history")).to_contain_text(TYPED)
        page.reload()
        expect(note).to_have_value("")
        page.goto(f"{house.web}/tickets/new")
        page.locator("[name=title]").fill(TITLE)
        page.locator("form[action='/sign-out'] button").click()
        page.wait_for_url("**/sign-in*")
        kept = page.evaluate("Object.keys(sessionStorage)")
        assert not [each for each in kept if each.startswith("hotline.typed/")]


def test_what_was_done_without_an_answer_is_not_done_again(
    house: House, browser: Browser, number: str
) -> None:
    with Desk(browser, house.web, "zh-CN") as desk:
        desk.sign_in("1001", f"/tickets/{number}")
        page, said = desk.page, "客户补充：此条只应出现一次"
        page.route("**/act", _lose_the_answer)
        page.keyboard.press("n")
        page.keyboard.insert_text(said)
        page.locator("form[data-act=note] button").last.click()
        page.wait_for_url("chrome-error://**")
        page.unroute("**/act")
        desk.context.clear_cookies(name="hotline_done")  # it came with the answer that was lost
        page.goto(f"{house.web}/tickets/{number}")
        expect(page.locator(".history li", has_text=said)).to_have_count(1)
        expect(page.locator("form[data-act=note] .typed")).to_contain_text("不会重复办理")
        with page.expect_navigation():
            page.locator("form[data-act=note] button").last.click()
        expect(page.locator("form[data-act=note] .typed")).to_have_count(0)
        expect(page.locator(".history li", has_text=said)).to_have_count(1)
        assert desk.errors == []


def test_a_list_that_changes_under_a_pressed_button_loses_no_click(
    house: House, browser: Browser
) -> None:
    agent = Clerk(house, "1001")
    matter = {"kind": "complaint", "text": TEXT, "business": "B01"}
    first = agent.register(title="先到", name="李芳", contact="13800138001", **matter)
    with Desk(browser, house.web, "zh-CN") as desk:
        page = desk.page
        with page.expect_websocket(lambda socket: socket.url.endswith("/live")) as live:
            desk.sign_in("dispatcher", "/tickets")
        live.value.wait_for_event("framereceived")
        page.locator(f"a.matter[href$='{first}']").hover()
        page.mouse.down()
        with page.expect_response(f"{house.web}/tickets") as fetched:
            agent.register(title="后到", name="李芬", contact="13800138002", **matter)
        fetched.value.finished()
        with page.expect_navigation(url=f"**/tickets/{first}"):
            page.mouse.up()
        page.go_back()
        expect(page.get_by_role("link", name="后到")).to_be_visible()
        assert desk.errors == []


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_all_lists_and_places_are_in_sight_on_a_small_screen(
    house: House, browser: Browser, locale: str
) -> None:
    with Desk(browser, house.web, locale, ViewportSize(width=1280, height=720)) as desk:
        desk.sign_in("2001", "/tickets")
        assert desk.page.evaluate(OUT_OF_SIGHT) == []
        desk.shot("tickets-small")
        assert desk.errors == []


def _lose_the_answer(route: Route) -> None:
    """Let the house do what is asked, and its answer never come."""
    route.fetch(max_redirects=0)
    route.abort()


def _reach(desk: Desk, selector: str) -> None:
    """Go there by Tab, unless the focus is there already."""
    if not desk.page.locator(selector).evaluate("it => it === document.activeElement"):
        desk.walk(selector)


def _choose(page: Page, selector: str) -> None:
    """Choose that one of a group of which one has the focus."""
    for _ in range(page.locator("[name=department]").count()):
        if page.locator(selector).is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows never reach {selector}")


def _press_for(page: Page, key: str, address: str) -> None:
    page.keyboard.press(key)
    page.wait_for_url(address)
