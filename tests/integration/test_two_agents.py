"""Two agents with a browser each and callers by SIPp: a day's calls, judged by who hears whom.

One house for all of them; each test is a call of its own from the first ring to its end.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.test_secrets import all_files, secret_in
from tests.support.cued_caller import CuedCaller, calling_in
from tests.support.house import House, running_house
from tests.support.screens import chromium
from tests.support.two_agents import VOICES, Agent, until_heard
from tests.support.who_hears_whom import mutual

pytestmark = pytest.mark.needs("chromium", "sipp")

CUSTOMER, NAME = "13800000101", "王建国"
SECRETS = ("6001010101", "135790", "80000101", "246801")
KEYS = "#".join(SECRETS) + "#"
ME, COLLEAGUE = "1001", "1002"
COLLEAGUE_NAME = "张伟"
VOICE = VOICES["caller"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    changes = {"agents": {"return_within": 30}, "media": {"orphan_time": 60}}
    with running_house(tmp_path_factory.mktemp("two-agents"), prompts, changes) as house:
        yield house


@pytest.fixture(scope="module")
def agents(browser: Browser, house: House) -> Iterator[list[Agent]]:
    """Both at their desks, their telephones in their pages, the colleague on a break."""
    with ExitStack() as stack:
        seats = ((ME, "en-GB"), (COLLEAGUE, "zh-CN"))
        both = [stack.enter_context(Agent(browser, house, *seat)) for seat in seats]
        both[1].page.emulate_media(color_scheme="dark")
        for agent in both:
            agent.begin()
            agent.be_free()
        yield both
        for agent in both:
            assert agent.desk.errors == []
            agent.press("sign_out")


@contextmanager
def conversation(
    house: House, agents: list[Agent], folder: Path, cue: str = ""
) -> Iterator[CuedCaller]:
    """A customer rings at the first agent, who knows them at once, answers and talks."""
    me = agents[0]
    me.press("ready")
    me.is_in("ready")
    with calling_in(folder, house.sip_port, VOICE, calling=CUSTOMER, cue=cue) as caller:
        me.is_in("reserved")
        expect(me.page.locator("#card")).to_contain_text(NAME)
        me.desk.shot("two-agents-ringing")
        me.take_call()
        until_heard(agents, caller, mutual("caller", ME))
        yield caller
        house.wait_until(lambda: caller.process.poll() == 0, 20, "the caller was hung up on")
    for agent in agents:
        agent.lines(0)
        agent.be_free()


def test_a_caller_is_known_answered_held_and_taken_back(
    house: House, agents: list[Agent], tmp_path: Path
) -> None:
    me, _ = agents
    with conversation(house, agents, tmp_path) as caller:
        me.desk.shot("two-agents-talking")
        me.press("hold")
        me.is_in("hold")
        until_heard(agents, caller, {})
        me.desk.shot("two-agents-held")
        me.press("retrieve")
        until_heard(agents, caller, mutual("caller", ME))
        me.press("keys")
        me.page.locator("#keypad [data-tone='5']").click()
        me.page.keyboard.press("#")
        house.wait_until(lambda: caller.ear.keys() == "5#", 10, "the far side gets both keys")
        me.page.keyboard.press("Escape")
        expect(me.page.locator("#keypad")).to_be_hidden()
        me.press("mute")
        until_heard(agents, caller, {ME: {"caller"}})
        me.press("mute")
        until_heard(agents, caller, mutual("caller", ME))
        me.leave_call()
        me.desk.shot("two-agents-after")


def test_a_colleague_is_asked_joins_leaves_and_is_given_the_caller(
    house: House, agents: list[Agent], tmp_path: Path
) -> None:
    me, colleague = agents
    with conversation(house, agents, tmp_path) as caller:
        me.ask("consult", COLLEAGUE)
        colleague.take_call()
        until_heard(agents, caller, mutual(ME, COLLEAGUE))
        me.lines(2)
        me.desk.shot("two-agents-consulting")
        me.press("alternate")
        until_heard(agents, caller, mutual("caller", ME))
        me.press("conference")
        until_heard(agents, caller, mutual("caller", ME, COLLEAGUE))
        me.desk.shot("two-agents-conference")
        colleague.desk.shot("two-agents-joined")
        drops = me.page.locator("#lines [data-do=drop]")
        expect(drops).to_have_count(2)
        me.page.locator("#lines .members li", has_text=COLLEAGUE_NAME).locator("button").click()
        until_heard(agents, caller, mutual("caller", ME))
        colleague.lines(0)
        colleague.be_free()
        me.ask("consult", COLLEAGUE)
        colleague.take_call()
        until_heard(agents, caller, mutual(ME, COLLEAGUE))
        me.press("complete")
        until_heard(agents, caller, mutual("caller", COLLEAGUE))
        me.lines(0)
        expect(colleague.page.locator("#card")).to_contain_text(NAME)
        colleague.desk.shot("two-agents-transferred")
        colleague.leave_call()


def test_a_caller_is_verified_by_the_ivr_and_comes_back(
    house: House, agents: list[Agent], tmp_path: Path
) -> None:
    me, _ = agents
    with conversation(house, agents, tmp_path, KEYS) as caller:
        me.press("verify")
        expect(me.page.locator("#lines .secure")).to_be_visible()
        until_heard(agents, caller, {})
        me.desk.shot("two-agents-secure")
        caller.key()
        expect(me.page.locator("#lines .badge.level-success")).to_be_visible()
        until_heard(agents, caller, mutual("caller", ME))
        me.desk.shot("two-agents-verified")
        me.leave_call()


def test_a_reload_in_mid_call_leads_back_into_it_and_a_second_tab_has_no_microphone(
    house: House, agents: list[Agent], tmp_path: Path
) -> None:
    me, _ = agents
    with conversation(house, agents, tmp_path) as caller:
        me.page.reload()
        until_heard(agents, caller, mutual("caller", ME))
        me.is_in("busy")
        second = me.desk.context.new_page()
        second.goto(house.web + "/console")
        second.locator("#phone-start").click()
        expect(second.locator("#phone-trouble")).to_contain_text("another page")
        assert second.evaluate("window.asked") == 0
        me.desk.shot("two-agents-second-tab", second)
        second.close()
        me.take_desk()
        until_heard(agents, caller, mutual("caller", ME))
        me.leave_call()


def test_no_digit_of_it_was_shown_or_kept(house: House, agents: list[Agent]) -> None:
    shown = {agent.name: "\n".join([*agent.messages, agent.page.content()]) for agent in agents}
    assert all(len(text) > 1000 for text in shown.values())
    loans = [record for kind, record in house.journal() if kind == "call.loan_ended"]
    assert [each["result"] for each in loans] == ["verified"]
    for name, text in [*shown.items(), *all_files(house)]:
        found = [secret for secret in SECRETS if secret_in(secret, text)]
        assert not found, f"{name} shows {found}"
