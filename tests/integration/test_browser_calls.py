"""A browser's telephone in a whole house: rung by a queue, calling in, judged by tones."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.audio import RATE, Samples, has_tone, level, read_wave, tone, write_wave
from tests.support.house import House, running_house
from tests.support.page_phone import PagePhone
from tests.support.patience import crowding
from tests.support.reactor import pause, run_in_reactor
from tests.support.screens import chromium
from tests.support.telephones import telephone
from tests.support.web_phone import WebPhone

BROWSER, CALLER, AGENT = 440.0, 950.0, 620.0
WINDOW = 0.2
"""Seconds by which sound is judged."""
HEARD_FOR = 1.0
NUMBER = "95588"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    changes = {"agents": {"after_call_limit": 1}}
    with running_house(tmp_path_factory.mktemp("house"), prompts, changes) as house:
        yield house


def over(house: House) -> list[dict[str, Any]]:
    """The records of calls that are over and recorded, each with its legs."""
    with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
        database.row_factory = sqlite3.Row
        calls = database.execute("SELECT * FROM call_record WHERE NOT open ORDER BY started")
        records = [dict(call) for call in calls]
        for record in records:
            legs = "SELECT * FROM call_leg WHERE call_id = ? ORDER BY place"
            record["legs"] = [dict(leg) for leg in database.execute(legs, (record["call_id"],))]
        return records


@contextmanager
def one_call(house: House) -> Iterator[dict[str, Any]]:
    """The record of the call made in the block, filled in at the block's end."""
    before, record = len(over(house)), dict[str, Any]()
    yield record
    house.wait_until(lambda: len(over(house)) > before, 10, "the call is over")
    record |= over(house)[-1]


def stretches(samples: Samples, frequency: float) -> list[tuple[bool, float]]:
    """Whether the tone is heard and for how many seconds, one stretch after the other."""
    width = round(WINDOW * RATE)
    windows = [samples[place : place + width] for place in range(0, len(samples), width)]
    heard = [level(part) > -50 and has_tone(part, frequency) for part in windows]
    return [(said, WINDOW * len(list(same))) for said, same in groupby(heard)]


def heard_twice(samples: Samples, frequency: float) -> bool:
    """Whether the tone was heard, interrupted, and heard again."""
    long = [said for said, seconds in stretches(samples, frequency) if seconds >= HEARD_FOR]
    while long and not long[0]:
        long.pop(0)
    return long[:3] == [True, False, True]


def longest(samples: Samples, frequency: float) -> float:
    """Seconds of the longest stretch of that tone."""
    return max(
        (seconds for said, seconds in stretches(samples, frequency) if said),
        default=0.0,
    )


@contextmanager
def ready(house: House, login: str) -> Iterator[None]:
    """An agent who is signed in and ready."""
    token = house.sign_in(login)
    house.post("/api/v1/agent/state", {"state": "ready"}, token)
    try:
        yield
    finally:
        house.post("/api/v1/agent/state", {"state": "logged_off"}, token)


@contextmanager
def caller(house: House, folder: Path) -> Iterator[Path]:
    """A caller who wants a person and says a tone; the file with what they heard, at the end."""
    said = write_wave(folder / "caller.wav", tone(CALLER, 20.0))
    heard = folder / "heard.wav"
    keys = ("--keys", "1 0", "--pause", "1.5", "--talk-for", "60")
    files = ("--say", str(said), "--save", str(heard))
    with telephone(house, "call", NUMBER, *keys, *files) as words:
        yield heard
        house.wait_until(lambda: "saved to" in words.read_text(), 10, "the caller is gone")


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
            phone.rest(HEARD_FOR + 2 * WINDOW)
            phone.do("phone.hold(true)")
            phone.rest(HEARD_FOR + 2 * WINDOW)
            assert not phone.hears_something()
            phone.do("phone.hold(false)")
            phone.until_heard(CALLER)
            phone.rest(HEARD_FOR + 2 * WINDOW)
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
    assert longest(sound[:, 0], BROWSER) > 2
    assert longest(sound[:, 1], AGENT) > 2


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
    warned = [line for line in house.log()[len(before) :].splitlines() if "#warn]" in line]
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
        with ready(house, "1001"), caller(house, tmp_path):
            await phone.rung()
            await phone.answer()
            report = await phone.hears(CALLER)
            assert report["state"] == "connected"
            await pause(HEARD_FOR + WINDOW)
            await phone.hang_up()
        await phone.close()

    with one_call(house) as call:
        run_in_reactor(main, timeout=20)
    assert longest(read_wave(tmp_path / "heard.wav"), BROWSER) > HEARD_FOR
    assert (call["agent_id"], call["cleared_by"], call["cause"]) == ("1001", "agent", "normal")
