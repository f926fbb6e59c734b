"""A browser's telephone in a whole house: rung by a queue, calling in, judged by tones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.audio import growing_wave, read_wave, tone, write_wave
from tests.support.house import House, running_house
from tests.support.page_phone import PagePhone
from tests.support.patience import crowding
from tests.support.reactor import run_in_reactor, until
from tests.support.screens import chromium
from tests.support.telephones import telephone
from tests.support.tone_calls import (
    AGENT,
    BROWSER,
    CALLER,
    HEARD_FOR,
    LATEST,
    NUMBER,
    WINDOW,
    caller,
    heard_twice,
    longest,
    one_call,
    ready,
    until_said,
)
from tests.support.web_phone import WebPhone


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    changes = {"agents": {"after_call_limit": 1}}
    with running_house(tmp_path_factory.mktemp("house"), prompts, changes) as house:
        yield house


@pytest.mark.needs("chromium")
def test_an_agent_in_a_browser_is_rung_holds_and_hangs_up(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with PagePhone(browser, house, "1001", BROWSER) as phone, one_call(house) as call:
        assert phone.register() == 1
        with ready(house, "1001"), caller(house, tmp_path) as heard:
            phone.wait("ringing")
            phone.do("phone.answer()")
            phone.until_heard(CALLER)
            assert phone.report()["state"] == "connected"
            place = until_said(house, heard, BROWSER)
            phone.do("phone.hold(true)")
            phone.rest(HEARD_FOR + 2 * WINDOW)
            place = until_said(house, heard, BROWSER, said=False, since=place)
            assert not phone.hears_something()
            phone.do("phone.hold(false)")
            phone.until_heard(CALLER)
            until_said(house, heard, BROWSER, since=place)
            phone.do("phone.hangUp()")
    assert heard_twice(read_wave(heard), BROWSER)
    assert (call["agent_id"], call["cleared_by"], call["cause"]) == ("1001", "agent", "normal")
    assert call["held"] > HEARD_FOR


@pytest.mark.needs("chromium")
def test_a_browser_calls_in_keys_and_is_hung_up_on(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    spoken = write_wave(tmp_path / "agent.wav", tone(AGENT, 20.0))
    habits = ("--answer-after", "0.1", "--talk-for", str(3 * crowding()), "--play", str(spoken))
    with (
        one_call(house) as call,
        telephone(house, "phone", "1002", *habits),
        PagePhone(browser, house, "1001", BROWSER) as phone,
    ):
        phone.register()
        assert phone.dial(NUMBER) == "talking"
        described = phone.do("phone.described").splitlines()
        candidates = [line for line in described if line.startswith("a=candidate:")]
        assert candidates
        assert all(".local " in line for line in candidates), "a browser hides its address"
        phone.until(phone.hears_something)
        phone.do("press('1')")
        phone.rest(0.5)
        phone.do("press('0')")
        phone.until_heard(AGENT)
        phone.wait("ended")
        assert phone.do("phone.why") == "far side hung up"
    assert (call["agent_id"], call["cleared_by"]) == ("1002", "agent")
    sound = read_wave(house.var / "recordings" / call["recording"])
    assert longest(sound[:, 0], BROWSER) > HEARD_FOR
    assert longest(sound[:, 1], AGENT) > HEARD_FOR


@pytest.mark.needs("chromium")
def test_a_browser_with_another_certificate_is_not_heard(browser: Browser, house: House) -> None:
    before = house.log()
    with PagePhone(browser, house, "1001", BROWSER) as phone, one_call(house) as call:
        phone.register()
        assert phone.dial(NUMBER, spoiled=True) == "talking"
        phone.wait("ended")
        assert phone.do("phone.why") == "far side hung up"
        assert "connected" not in phone.do("phone.connections")
    (leg,) = call["legs"]
    assert leg["packets_received"] == 0
    assert call["cause"] == "media_lost"
    warned = [
        line for line in house.log()[len(before) :].splitlines() if "media_link#warn]" in line
    ]
    assert len(warned) == 1
    assert "the certificate is not the one that was announced" in warned[0]


@pytest.mark.needs("chromium")
def test_a_page_loaded_again_is_another_telephone(browser: Browser, house: House) -> None:
    with PagePhone(browser, house, "1001", BROWSER) as phone:
        with one_call(house) as call:
            phone.register()
            assert phone.dial(NUMBER) == "talking"
            phone.until(phone.hears_something)
            phone.page.reload()
            assert phone.register() == 1, "the page's connection took its contact with it"
        assert (call["cause"], call["cleared_by"]) == ("media_lost", "system")


def test_aiortc_is_rung_by_a_queue_and_both_hear_each_other(house: House, tmp_path: Path) -> None:
    async def main() -> None:
        phone = WebPhone(house, "1001", BROWSER)
        await phone.register()
        with ready(house, "1001"), caller(house, tmp_path) as heard:
            await phone.rung()
            await phone.answer()
            report = await phone.hears(CALLER)
            assert report["state"] == "connected"
            await until(lambda: longest(growing_wave(heard)[-LATEST:], BROWSER) > HEARD_FOR, 0.5)
            await phone.hang_up()
        await phone.close()

    with one_call(house) as call:
        run_in_reactor(main, timeout=20)
    assert longest(read_wave(tmp_path / "heard.wav"), BROWSER) > HEARD_FOR
    assert (call["agent_id"], call["cleared_by"], call["cause"]) == ("1001", "agent", "normal")
