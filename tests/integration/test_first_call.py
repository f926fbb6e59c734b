"""The whole road over real sockets: SIPp calls, keys, signs in, waits; baresip answers."""

import json
import sqlite3
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from twisted.internet.task import Clock

from cti.kernel.vocabulary import Language
from prompts.catalogue import load_catalogue
from prompts.lexicon import load_lexicon
from prompts.store import PromptStore
from prompts.synthesis import SpeechWorker
from tests.support.audio import Samples, has_tone, level, loudest, read_wave
from tests.support.baresip import running_baresip
from tests.support.deferred import result_of
from tests.support.house import House, free_port, running_house
from tests.support.live import watching
from tests.support.pcap import Track
from tests.support.sipp import listening, place_call

AGENT, CALLER = 1000.0, 600.0
ACCOUNT, PIN, BANKING, BANKING_PIN = "6001010101", "135790", "80000101", "246801"
RATE = 8000
PART = RATE // 2
TALK, JUDGED = 4.0, 2.0
"""Seconds in which they hear each other, and that are found again: packets are late here and there
where a machine stands still, and what was heard in one half second was recorded in two.
"""
LONGEST_TALK = 240.0


def caller_track(folder: Path) -> Path:
    """Mandarin, account service, sign in, the balance, `#`, a person, and a tone to them."""
    track = Track().silence(5.0).keys("1").silence(1.5).keys("2").silence(1.0)
    for secret in (ACCOUNT, PIN, BANKING, BANKING_PIN):
        track.silence(0.5).keys(f"{secret}#", quick=True)
    track.silence(3.0).keys("0").silence(0.5).tone(CALLER, LONGEST_TALK)
    return track.write(folder / "caller.pcap")


def never(_protocol: object) -> NoReturn:
    """Spawns no speech process: what is looked up was spoken by the house."""
    raise AssertionError("nothing is to be spoken here")


def journal(house: House) -> list[tuple[str, dict[str, Any]]]:
    """Every event written so far, in order."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        rows = database.execute("SELECT kind, record FROM journal ORDER BY sequence")
        return [(kind, json.loads(record)) for kind, record in rows]


def record(house: House) -> dict[str, Any]:
    """The only call record there is."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM call_record")]
        legs = [dict(row) for row in database.execute("SELECT * FROM call_leg ORDER BY place")]
    assert len(rows) == 1
    return rows[0] | {"legs": legs}


@pytest.mark.needs("sipp", "baresip")
def test_the_first_call(tmp_path: Path, prompts: Path) -> None:
    media = caller_track(tmp_path)
    with (
        running_house(tmp_path / "house", prompts, {"agents": {"after_call_limit": 1}}) as house,
        running_baresip(tmp_path / "phone", "1001", house.sip_port, AGENT) as phone,
    ):
        house.wait_until(lambda: phone.registered, 10, "the phone registers")
        agent, supervisor = house.sign_in("1001"), house.sign_in("2001")
        house.post("/api/v1/agent/state", {"state": "ready"}, agent)
        port = free_port()
        with watching(house.web_port, "/wall/live", supervisor) as wall, listening(port) as ear:
            call = place_call(tmp_path, house.sip_port, media, media_port=port, cued=True)
            wall.read_until(lambda entities: talking(entities), "the agent talks on the wall")
            house.wait_until(
                lambda: says(phone.heard(0), CALLER, TALK) and says(ear.samples(), AGENT, TALK),
                20,
                "both hear each other",
            )
            call.hang_up()
            assert call.wait(60) == 0, call.output.read_text()
            answered = wall.read_until(lambda entities: counted(entities), "one answered call")
        house.wait_until(
            lambda: any(kind == "agent.wrapped_up" for kind, _ in journal(house)), 10, "wrapped up"
        )
        heard_by_agent = phone.heard()
    assert says(heard_by_agent, CALLER)
    check_what_the_caller_heard(ear.samples(), prompts)
    check_records(house)
    assert answered
    check_no_secret_anywhere(house)


def says(heard: Samples, frequency: float, seconds: float = JUDGED) -> bool:
    """Whether that tone alone was heard for so many seconds, half a second at a time."""
    starts = range(0, len(heard) - PART + 1, PART)
    return sum(has_tone(heard[at : at + PART], frequency) for at in starts) >= seconds * RATE / PART


def talking(entities: dict[str, Any]) -> bool:
    """Whether the wall shows the agent in a call."""
    return any(
        value.get("state") == "busy" for key, value in entities.items() if key.startswith("agent")
    )


def counted(entities: dict[str, Any]) -> Any:
    """The general queue's figures once they count the call as answered."""
    return next(
        (
            value
            for key, value in entities.items()
            if key.startswith("queue") and value.get("answered") == 1
        ),
        None,
    )


def check_what_the_caller_heard(heard: Samples, prompts: Path) -> None:
    """The first announcement sample by sample, and at the end the agent's tone."""
    store = PromptStore(prompts, load_catalogue(), load_lexicon(), SpeechWorker(never, Clock()))
    assert result_of(store.prepare()) == 0, "the house has spoken everything"
    path = store.path("language.choice", Language.CHINESE)
    assert path is not None
    asked = read_wave(path)[: 2 * RATE].astype(np.float64)
    window = heard[: 10 * RATE].astype(np.float64)
    power = np.convolve(window**2, np.ones(len(asked)), "valid")
    likeness = np.correlate(window, asked, "valid") / np.sqrt((power + 1) * np.dot(asked, asked))
    place = int(np.argmax(likeness))
    arrived = window[place : place + len(asked)]
    assert likeness[place] > 0.999
    # A-law keeps each sample within 1/32 of itself, and small ones within 16 (ITU-T G.711).
    assert np.all(np.abs(arrived - asked) <= np.maximum(np.abs(asked) / 32, 16) + 1)
    assert says(heard, AGENT)


def check_records(house: House) -> None:
    """Journal, call record and stereo recording tell the same story."""
    events = journal(house)
    kinds = [kind for kind, _ in events]
    call = record(house)
    for kind in ("ivr.sign_in", "queue.queued", "queue.answered", "call.cleared"):
        assert kinds.count(kind) == 1, kind
    assert dict(events)["ivr.sign_in"]["outcome"] == "verified"
    used = [each["service"] for kind, each in events if kind == "ivr.service_used"]
    assert "balance" in used
    assert (call["outcome"], call["agent_id"], call["queue_id"]) == ("answered", "1001", "general")
    assert call["cleared_by"] == "caller"
    assert {leg["party"] for leg in call["legs"]} == {"caller", "agent"}
    assert all(leg["packets_received"] > 100 for leg in call["legs"])
    sound = read_wave(house.var / "recordings" / call["recording"])
    assert sound.shape[1] == 2
    assert len(sound) / RATE == pytest.approx(call["recording_seconds"], abs=0.05)
    assert says(sound[:, 0], CALLER)
    assert says(sound[:, 1], AGENT)
    assert level(loudest(sound[: 4 * RATE, 1], 1.0)) > -30


def check_no_secret_anywhere(house: House) -> None:
    """Neither a PIN nor the keyed numbers stand in the log, the journal or the output."""
    everything = house.log() + house.output.read_text().split("The hotline is up")[0]
    everything += json.dumps(journal(house))
    for secret in (PIN, BANKING_PIN, ACCOUNT):
        assert secret not in everything
