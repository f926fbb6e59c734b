"""The telephone in the console's page, in a whole house, judged by tones."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.audio import read_wave, tone, write_wave
from tests.support.house import START_SECONDS, House, running_house
from tests.support.page_desk import PageDesk
from tests.support.screens import chromium
from tests.support.telephones import telephone
from tests.support.tone_calls import (
    AGENT,
    BROWSER,
    CALLER,
    HEARD_FOR,
    WINDOW,
    caller,
    heard_twice,
    longest,
    one_call,
    times,
    until_said,
)

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    # However long a server takes to start, sound and place are kept until it is there.
    changes = {
        "agents": {"after_call_limit": 1, "return_within": 60},
        "media": {"orphan_time": START_SECONDS},
    }
    with running_house(tmp_path_factory.mktemp("house"), prompts, changes) as house:
        yield house


def test_a_shift_begins_a_call_is_answered_in_the_page_and_survives_its_reload(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with PageDesk(browser, house, "1001", BROWSER) as agent, one_call(house) as call:
        agent.begin()
        with caller(house, tmp_path) as heard:
            agent.state("Ringing")
            agent.press("answer")
            agent.until_heard(CALLER)
            expect(agent.page.locator("#phone-line")).to_contain_text("Line good")
            agent.desk.shot("page-phone-talking")
            until_said(house, heard, BROWSER)
            agent.page.reload()
            agent.until_heard(CALLER)
            agent.state("Talking")
            house.wait_until(lambda: times(heard, BROWSER) >= 2, 10, "the agent is heard again")
            agent.press("hang_up")
        agent.press("sign_out")
        assert agent.desk.errors == []
    assert (call["agent_id"], call["cleared_by"], call["cause"]) == ("1001", "agent", "normal")
    recorded = read_wave(house.var / "recordings" / call["recording"])
    assert longest(recorded[:, 0], CALLER) > 2 * HEARD_FOR, "one recording goes on through it"


def test_a_muted_page_is_heard_by_nobody_and_a_blinking_connection_changes_nothing(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with PageDesk(browser, house, "1001", BROWSER) as agent, one_call(house) as call:
        agent.begin()
        with caller(house, tmp_path) as heard:
            agent.state("Ringing")
            agent.press("answer")
            agent.until_heard(CALLER)
            place = until_said(house, heard, BROWSER)
            agent.press("mute")
            place = until_said(house, heard, BROWSER, said=False, since=place)
            agent.press("mute")
            agent.cut_sip()
            until_said(house, heard, BROWSER, since=place)
            agent.until_heard(CALLER)
            agent.registered()
            agent.press("hang_up")
            expect(agent.page.locator("#phone-line")).to_be_hidden()
        agent.press("sign_out")
        assert agent.desk.errors == []
    assert heard_twice(read_wave(heard), BROWSER)
    assert (call["cleared_by"], call["cause"]) == ("agent", "normal")


def test_a_call_that_the_agent_makes_needs_no_click_to_begin(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    spoken = write_wave(tmp_path / "colleague.wav", tone(AGENT, 20.0))
    habits = ("--answer-after", "0.1", "--talk-for", "60", "--play", str(spoken))
    with (
        PageDesk(browser, house, "1001", BROWSER) as agent,
        telephone(house, "phone", "1002", *habits) as words,
    ):
        agent.begin()
        house.wait_until(lambda: "registered" in words.read_text(), 10, "the colleague is there")
        agent.press("dial")
        agent.page.locator("#directory-search").fill("1002")
        agent.page.locator("#directory button[data-way=dial]").click()
        agent.until_heard(AGENT)
        agent.press("hang_up")
        agent.press("sign_out")


def test_a_page_of_another_browser_has_no_microphone_until_it_takes_the_call_over(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with (
        PageDesk(browser, house, "1001", BROWSER) as agent,
        PageDesk(browser, house, "1001", AGENT) as other,
        one_call(house) as call,
    ):
        agent.take_desk()
        agent.begin()
        with caller(house, tmp_path) as heard:
            agent.state("Ringing")
            agent.press("answer")
            agent.until_heard(CALLER)
            until_said(house, heard, BROWSER)
            other.take_desk()
            other.page.locator("#phone-start").click()
            other.trouble("another page")
            assert other.asked() == 0
            other.page.locator("#phone-take-over").click()
            other.until_heard(CALLER)
            assert other.asked() == 1
            agent.trouble("another page")
            until_said(house, heard, AGENT)
            other.press("hang_up")
        other.press("sign_out")
    for voice in (BROWSER, AGENT):
        assert longest(read_wave(heard), voice) >= HEARD_FOR
    assert (call["cleared_by"], call["cause"]) == ("agent", "normal")


def test_a_second_page_has_no_microphone_until_it_takes_over(
    browser: Browser, house: House
) -> None:
    with PageDesk(browser, house, "1001", BROWSER) as agent:
        agent.begin()
        second = agent.desk.context.new_page()
        second.goto(house.web + "/console")
        second.locator("#phone-start").click()
        expect(second.locator("#phone-trouble")).to_contain_text("another page")
        assert second.evaluate("window.asked") == 0
        assert agent.asked() == 1
        second.locator("#phone-take-over").click()
        expect(second.locator("#phone-said")).to_contain_text("in this page")
        assert second.evaluate("window.asked") == 1
        agent.trouble("another page")
        second.locator("button[data-do=sign_out]").click()


def test_a_page_talks_on_while_the_server_is_killed_and_is_its_telephone_again(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with PageDesk(browser, house, "1001", BROWSER) as agent, one_call(house) as call:
        agent.begin()
        with caller(house, tmp_path):
            agent.state("Ringing")
            agent.press("answer")
            agent.until_heard(CALLER)
            house.stop(signal.SIGKILL)
            agent.rest(2 * WINDOW)  # no sound of before is left in the page's ear
            agent.until_heard(CALLER)
            house.start()
            agent.until_heard(CALLER)
            agent.registered()
            agent.page.reload()
            agent.until_heard(CALLER)
            agent.state("Talking")
            agent.press("hang_up")
        agent.press("sign_out")
    assert (call["agent_id"], call["cleared_by"], call["cause"]) == ("1001", "agent", "normal")
