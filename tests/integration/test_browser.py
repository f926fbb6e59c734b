"""The whole house as its people see it: a call, a complaint, the wall board, the recording."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.house import House, running_house
from tests.support.screens import DESK, WALL, Desk, act, chromium, form_of
from tests.support.telephones import telephone

pytestmark = pytest.mark.needs("chromium")

CUSTOMER = "13800000101"
RING_SECONDS = "4"
ROW = "#agents .agent"
WATCH = """
(name) => {
  const seen = (window.seen = []);
  let before = null;
  const look = () => {
    const cell = [...document.querySelectorAll("#agents .agent")].find(
      (each) => each.querySelector(".name").textContent === name,
    );
    const state = [...(cell?.classList ?? [])].find((each) => each.startsWith("state-")) ?? "";
    if (before !== null && state !== before) seen.push(state.slice(6));
    before = state;
  };
  look();
  new MutationObserver(look).observe(document.getElementById("agents"), {
    subtree: true, childList: true, attributes: true,
  });
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@dataclass
class People:
    """Everybody's browser, and the house they work in."""

    house: House
    agent: Desk
    supervisor: Desk
    dispatcher: Desk
    officer: Desk

    def errors(self) -> list[str]:
        desks = (self.agent, self.supervisor, self.dispatcher, self.officer)
        return [error for desk in desks for error in desk.errors]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    changes = {"agents": {"after_call_limit": 60}}
    with running_house(tmp_path_factory.mktemp("house"), prompts, changes) as house:
        yield house


@pytest.fixture
def people(browser: Browser, house: House) -> Iterator[People]:
    with ExitStack() as stack:

        def desk(locale: str, size: ViewportSize = DESK) -> Desk:
            return stack.enter_context(Desk(browser, house.web, locale, size))

        yield People(house, desk("zh-CN"), desk("zh-CN", WALL), desk("zh-CN"), desk("en-GB"))


def test_a_complaint_from_the_first_ring_to_the_last_signature(people: People) -> None:
    house, console, wall = people.house, people.agent.page, people.supervisor.page
    phone = telephone(house, "phone", "1001", "--phone-only", "--answer-after", RING_SECONDS)
    with phone:
        get_ready(people.agent)
        people.supervisor.sign_in("2001", "/wall")
        expect(wall.locator(f"{ROW} .state")).to_have_text(["示闲"])
        wall.evaluate(WATCH, "李娜")
        keys = ("--keys", "1 0", "--talk-for", "60", "--from", CUSTOMER)
        with telephone(house, "call", "95588", *keys):
            watch_the_phone_ring(people.agent)
            talk(people)
            number = open_complaint(people.agent)
            expect(console.locator("#tickets")).to_contain_text(number)
            people.agent.shot("console-5-ticket")
            console.locator("[data-do=hang_up]").click()
            state(console, "话后处理")
        expect(wall.locator(ROW)).to_contain_text("话后处理")
        wrap_up(people.agent)
        expect(wall.locator(f"{ROW} .state")).to_have_text(["示闲"])
        check_the_wall_followed(house, wall)
    listen(people.supervisor, number)
    settle(people, number)
    assert not people.errors()


def test_a_ticket_without_a_mouse(browser: Browser, house: House) -> None:
    with Desk(browser, house.web, "zh-CN") as desk:
        page, keys = desk.page, desk.page.keyboard
        page.goto(f"{desk.web}/console")
        expect(page.locator("[name=login]")).to_be_focused()
        keys.type("1002")
        keys.press("Tab")
        keys.type("demo-1002")
        keys.press("Enter")
        page.wait_for_url("**/console")
        desk.walk("[data-do=sign_in]")
        keys.press("Enter")
        state(page, "示忙")
        keys.press("F4")
        expect(page.locator("[data-reason=break]")).to_be_focused()
        desk.walk("[data-reason=lunch]")
        desk.shot("keyboard-console")
        keys.press("Enter")
        expect(page.locator("#state-reason")).to_have_text("用餐")
        page.reload()
        desk.walk("nav a[href='/tickets']")
        keys.press("Enter")
        page.wait_for_url("**/tickets")
        desk.walk("a[href='/tickets/new']")
        keys.press("Enter")
        page.wait_for_url("**/tickets/new")
        keys.type("网点排队时间过长")
        for name, text in (
            ("text", "等了两小时。"),
            ("business", "B01"),
            ("name", "吴女士"),
            ("contact", "13900000001"),
        ):
            desk.walk(f"[name={name}]")
            keys.type(text)
        desk.walk("form.new-ticket button")
        keys.press("Enter")
        expect(page.locator(".steps .now span")).to_have_text("已登记")
        desk.walk("details:has([value=note]) > summary")
        keys.press("Enter")
        desk.walk("details:has([value=note]) textarea")
        keys.type("已致歉。")
        desk.shot("keyboard-ticket")
        desk.walk("details:has([value=note]) button")
        keys.press("Enter")
        expect(page.locator(".history")).to_contain_text("已致歉。")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not desk.errors


# --- the agent ------------------------------------------------------------------------------


def state(console: Page, word: str) -> None:
    expect(console.locator("#state-word")).to_have_text(word)


def get_ready(agent: Desk) -> None:
    """Sign in, take the seat, wait for the telephone, be ready."""
    agent.page.goto(agent.web)
    agent.shot("sign-in")
    agent.sign_in("1001", "/console")
    state(agent.page, "未签入")
    agent.page.locator("[data-do=sign_in]").click()
    state(agent.page, "示忙")
    expect(agent.page.locator("#phone-word")).to_have_text("已注册")
    agent.shot("console-1-not-ready")
    agent.page.keyboard.press("F2")
    state(agent.page, "示闲")
    expect(agent.page.locator("#no-call")).to_be_visible()
    agent.shot("console-2-ready")


def watch_the_phone_ring(agent: Desk) -> None:
    """Who calls is on the screen before the call is answered."""
    page = agent.page
    state(page, "振铃")
    expect(page.locator("#card-name")).to_have_text("王建国")
    expect(page.locator("#card-level")).to_have_text("特别")
    expect(page.locator("#card-verification")).to_have_text("号码识别")
    expect(page.locator("#card-number")).to_have_text(CUSTOMER)
    expect(page.locator("#card-path")).to_have_text("普通话 › 人工服务")
    expect(page.locator("#card-queue")).to_have_text("综合服务")
    expect(page.locator("#tickets")).to_have_text("没有未结工单")
    expect(page.locator("#called")).to_have_text("来电：王建国")
    assert page.title().startswith("☎")
    agent.shot("console-3-ringing")


def talk(people: People) -> None:
    """The call is answered, held and taken back; every change is on the wall."""
    console, wall = people.agent.page, people.supervisor.page
    state(console, "通话中")
    expect(wall.locator(ROW)).to_contain_text("通话")
    expect(wall.locator("[data-total=talking] dd")).to_have_text("1")
    people.agent.shot("console-4-talking")
    people.supervisor.shot("wall-talking")
    console.locator("[data-do=hold]").click()
    state(console, "保持")
    expect(wall.locator(ROW)).to_contain_text("保持")
    people.agent.shot("console-4-hold")
    console.locator("[data-do=retrieve]").click()
    state(console, "通话中")
    expect(wall.locator(ROW)).to_contain_text("通话")


def open_complaint(agent: Desk) -> str:
    """Open a complaint from the call, with what the call knows; its number."""
    with agent.context.expect_page() as opened:
        agent.page.locator("#complaint").click()
    form = opened.value
    expect(form.locator("[name=name]")).to_have_value("王建国")
    expect(form.locator("[name=contact]")).to_have_value(CUSTOMER)
    expect(form.locator("[name=kind][value=complaint]")).to_be_checked()
    form.locator("[name=title]").fill("信用卡被重复扣款")
    form.locator("[name=text]").fill("同一笔消费 318.00 元扣了两次，客户要求退回一笔。")
    form.locator("[name=business]").select_option("B03")
    agent.shot("ticket-1-new", form, whole=True)
    form.locator("button.primary").click()
    number = form.locator(".ticket-head .ticket-number").inner_text()
    expect(form.locator(".steps .now span")).to_have_text("已登记")
    expect(form.locator("[aria-labelledby=customer]")).to_contain_text("特别客户")
    agent.shot("ticket-2-registered", form, whole=True)
    form.close()
    return number


def wrap_up(agent: Desk) -> None:
    """Notes in after-call work, then ready for the next call."""
    page = agent.page
    page.locator("#notes").fill("已登记投诉，客户同意电话答复。")
    expect(page.locator("#notes-saved")).to_have_text("已保存")
    agent.shot("console-6-after-call")
    page.keyboard.press("F9")
    state(page, "示闲")
    expect(page.locator("#no-call")).to_be_visible()


# --- the supervisor -------------------------------------------------------------------------


def states(house: House) -> list[str]:
    """Every state an agent came into, as the journal has it."""
    return [told["state"] for kind, told in house.journal() if kind == "agent.state_changed"]


def check_the_wall_followed(house: House, wall: Page) -> None:
    """The wall showed every state the agent was in, in order, as the journal tells of them."""
    changes = ["reserved", "busy", "hold", "busy", "working_after_call", "ready"]
    assert wall.evaluate("() => window.seen") == changes
    house.wait_until(
        lambda: states(house)[-len(changes) :] == changes,
        10,
        "the journal tells of the agent's states",
    )


def listen(supervisor: Desk, number: str) -> None:
    """The recording plays on the page, as long as the call was; the ticket leads to it too."""
    page = supervisor.page
    page.goto(f"{supervisor.web}/recordings")
    page.locator("a.play").click()
    playing = "() => { const a = document.getElementById('audio'); return a.currentTime > 0.2; }"
    page.wait_for_function(playing)
    seconds = page.locator("#audio").evaluate("audio => [audio.readyState, audio.duration]")
    assert seconds[0] >= 2
    assert seconds[1] > float(RING_SECONDS)
    expect(page.locator("#unplayable")).to_be_hidden()
    supervisor.shot("recordings")
    page.locator("tbody a", has_text="详情").click()
    expect(page.locator("h1")).to_contain_text(CUSTOMER)
    supervisor.shot("call", whole=True)
    page.goto(f"{supervisor.web}/calls")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    supervisor.shot("calls")
    page.goto(f"{supervisor.web}/tickets/{number}")
    expect(page.locator("audio")).to_have_count(1)


# --- the desk and the department ------------------------------------------------------------


def settle(people: People, number: str) -> None:
    """The complaint's way: dispatched, accepted, returned, approved, told."""
    desk, officer = people.dispatcher, people.officer
    desk.sign_in("dispatcher", "/tickets")
    desk.shot("tickets-desk")
    desk.follow("信用卡被重复扣款")
    act(desk.page, "dispatch", department="cards", text="请核实是否重复入账。")
    stands(desk, "办理中", "ticket-3-dispatched")

    officer.sign_in("cards-head", "/tickets")
    officer.shot("tickets-department")
    officer.follow("信用卡被重复扣款")
    act(officer.page, "accept")
    officer.shot("ticket-4-accepted", whole=True)
    act(
        officer.page,
        "return_result",
        finding="收单行重复提交。",
        cause="C09",
        proposed_reply="已退回 318.00 元。",
    )
    stands(officer, "In progress", "ticket-5-returned")

    expect(desk.page.locator("#changed")).to_be_visible()
    with desk.page.expect_navigation():
        desk.page.locator("#changed a").click()
    act(desk.page, "approve")
    stands(desk, "已回单待答复", "ticket-6-approved")
    proposed = form_of(desk.page, "reply").locator("[name=text]")
    expect(proposed).to_have_value("已退回 318.00 元。")
    act(desk.page, "reply", channel="call", proof="通话录音")
    stands(desk, "待回访", "ticket-7-replied")
    desk.page.goto(f"{desk.web}/tickets?q={number}")
    expect(desk.page.locator("h1")).to_have_text("信用卡被重复扣款")


def stands(desk: Desk, word: str, picture: str) -> None:
    expect(desk.page.locator(".steps .now span")).to_have_text(word)
    desk.shot(picture, whole=True)
