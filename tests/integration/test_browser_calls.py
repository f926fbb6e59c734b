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
from tests.support.screens import chromium
from tests.support.telephones import telephone

pytestmark = pytest.mark.needs("chromium")

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


def last_call(house: House, count: int) -> dict[str, Any]:
    """The newest call record and its legs, once so many calls are over and recorded."""

    def over() -> list[dict[str, Any]]:
        with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
            database.row_factory = sqlite3.Row
            calls = database.execute("SELECT * FROM call_record WHERE NOT open ORDER BY started")
            legs = "SELECT * FROM call_leg WHERE call_id = ? ORDER BY place"
            return [
                dict(call)
                | {"legs": [dict(leg) for leg in database.execute(legs, (call["call_id"],))]}
                for call in calls
            ]

    house.wait_until(lambda: len(over()) >= count, 10, f"{count} calls are over")
    return over()[-1]


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


@contextmanager
def ready(house: House, login: str) -> Iterator[None]:
    """An agent who is signed in and ready."""
    token = house.sign_in(login)
    house.post("/api/v1/agent/state", {"state": "ready"}, token)
    yield
    house.post("/api/v1/agent/state", {"state": "logged_off"}, token)


def test_an_agent_in_a_browser_is_rung_holds_and_hangs_up(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    said = write_wave(tmp_path / "caller.wav", tone(CALLER, 20.0))
    heard = tmp_path / "heard.wav"
    keys = ("--keys", "1 0", "--pause", "1.5", "--talk-for", "60")
    with PagePhone(browser, house, "1001", BROWSER) as phone:
        assert phone.register() == 1
        with (
            ready(house, "1001"),
            telephone(house, "call", NUMBER, *keys, "--say", str(said), "--save", str(heard)),
        ):
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
            call = last_call(house, 1)
            house.wait_until(
                lambda: heard.exists() and len(read_wave(heard)), 5, "the caller is gone"
            )
    assert heard_twice(read_wave(heard), BROWSER)
    assert (call["agent_id"], call["cleared_by"]) == ("1001", "agent")
    assert call["held"] > HEARD_FOR


def test_a_browser_calls_in_keys_and_is_hung_up_on(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    spoken = write_wave(tmp_path / "agent.wav", tone(AGENT, 20.0))
    agent = telephone(
        house, "phone", "1002", "--answer-after", "0.1", "--talk-for", "3", "--play", str(spoken)
    )
    with PagePhone(browser, house, "1001", BROWSER) as phone, agent:
        phone.register()
        assert phone.dial(NUMBER) == "talking"
        offered = [
            line for line in phone.do("phone.described").splitlines() if "candidate:" in line
        ]
        assert offered
        assert all(".local " in line for line in offered), "a browser hides its address"
        phone.until(phone.hears_something)
        phone.do("press('1')")
        phone.rest(0.5)
        phone.do("press('0')")
        phone.until_heard(AGENT)
        phone.wait("ended")
        assert phone.do("phone.why") == "far side hung up"
    call = last_call(house, 2)
    assert (call["agent_id"], call["cleared_by"]) == ("1002", "agent")
    sound = read_wave(house.var / "recordings" / call["recording"])
    assert max(seconds for said, seconds in stretches(sound[:, 0], BROWSER) if said) > 2
    assert max(seconds for said, seconds in stretches(sound[:, 1], AGENT) if said) > 2


def test_a_browser_with_another_certificate_is_not_heard(browser: Browser, house: House) -> None:
    before = house.log()
    with PagePhone(browser, house, "1001", BROWSER) as phone:
        phone.register()
        assert phone.dial(NUMBER, spoiled=True) == "talking"
        phone.wait("ended")
        assert not phone.hears_something()
    call = last_call(house, 3)
    assert [leg["packets_received"] for leg in call["legs"]] == [0]
    assert call["cause"] == "media_lost"
    warned = [line for line in house.log()[len(before) :].splitlines() if "#warn]" in line]
    assert len(warned) == 1
    assert "the certificate is not the one that was announced" in warned[0]


def test_a_page_loaded_again_is_another_telephone(browser: Browser, house: House) -> None:
    with PagePhone(browser, house, "1001", BROWSER) as phone:
        phone.register()
        assert phone.dial(NUMBER) == "talking"
        phone.page.reload()
        assert phone.register() == 1
        call = last_call(house, 4)
        assert (call["cause"], call["cleared_by"]) == ("media_lost", "system")
