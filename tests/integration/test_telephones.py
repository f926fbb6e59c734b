"""The command line's telephones against a whole house, as people at three terminals use them."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import yaml
from twisted.internet.task import Clock

import config
from config.cli.phone import pitch
from cti.kernel.vocabulary import Language
from prompts.catalogue import load_catalogue
from prompts.lexicon import load_lexicon
from prompts.store import PromptStore
from prompts.synthesis import SpeechWorker
from tests.support.audio import RATE, Samples, growing_wave, has_tone, level, read_wave
from tests.support.command_line import Terminals, terminals
from tests.support.deferred import result_of
from tests.support.house import House, running_house

DIRECT = "10"
"""A number that leads straight to the queue."""
DIRECT_FLOW = {
    "start": "person",
    "unavailable": "person",
    "attempts": {
        "reasks": 3,
        "noinput": "retry.noinput",
        "nomatch": "retry.nomatch",
        "give_up": "person",
    },
    "timeouts": {"menu": 6, "first_key": 8, "between_keys": 4},
    "nodes": {"person": {"enqueue": {"queue": "general"}}},
}
RING_LIMIT, RTP_TIMEOUT, ANNOUNCE = 3.0, 3.0, 3.0
SPECIAL, UNIFORM = "13800000101", "13900000002"
WINDOW, STALL = 0.5, 1.5
"""Seconds of sound that are judged as one, and that a process may stand still."""
SHIPPED_FLOW = Path(config.__file__).parent / "flows" / "main.yaml"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    """A house with short limits and a number that leads straight to the queue."""
    folder = tmp_path_factory.mktemp("telephones")
    flows = folder / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(SHIPPED_FLOW.read_text(encoding="utf-8"))
    (flows / "direct.yaml").write_text(yaml.safe_dump(DIRECT_FLOW))
    changes = {
        "folders": {"flows": str(flows)},
        "ivr": {"numbers": {"95588": "main", DIRECT: "direct"}},
        "agents": {"ring_limit": RING_LIMIT, "after_call_limit": 1},
        "media": {"rtp_timeout": RTP_TIMEOUT},
        "queues": {
            "general": {
                "zh": "综合服务",
                "en": "General service",
                "demand": "general",
                "waiting": {"every": ANNOUNCE},
            },
            "complaints": {"zh": "投诉受理", "en": "Complaints", "demand": "complaints"},
        },
    }
    with running_house(folder / "house", prompts, changes) as running:
        yield running


@pytest.fixture
def desks(house: House) -> Iterator[Terminals]:
    """Terminals; when all have left, no call, session or leg is up and no agent at work."""
    with terminals(house) as opened:
        yield opened
    house.wait_until(lambda: not any(load(house).values()), 10, "nothing is left of any call")
    assert {state(house, agent)["state"] for agent in ("1001", "1003")} == {"logged_off"}


def load(house: House) -> dict[str, int]:
    """Calls, sessions and legs that are up."""
    counts: dict[str, int] = json.loads(house.get("/health"))["load"]
    return counts


@cache
def token(house: House, agent: str) -> str:
    """A session of that agent's beside the telephone's own."""
    return house.sign_in(agent)


def state(house: House, agent: str) -> dict[str, Any]:
    """The agent at this moment."""
    view: dict[str, Any] = json.loads(house.get("/api/v1/agent/state", token(house, agent)))
    return view


def becomes(house: House, agent: str, wanted: str, reason: str = "") -> None:
    """Wait until the agent is in that state, for that reason."""
    house.wait_until(
        lambda: (view := state(house, agent))["state"] == wanted and view["reason"] == reason,
        5,
        f"{agent} is {wanted} {reason}",
    )


def journal(house: House) -> list[tuple[str, dict[str, Any]]]:
    """Every event written so far, in order."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        rows = database.execute("SELECT kind, record FROM journal ORDER BY sequence")
        return [(kind, json.loads(record)) for kind, record in rows]


def written(house: House, kind: str, **facts: object) -> None:
    """Wait until the last event of that kind is written and says so."""

    def says() -> bool:
        records = [record for each, record in journal(house) if each == kind]
        return bool(records) and records[-1].items() >= facts.items()

    house.wait_until(says, 5, f"{kind} {facts}")


def course(samples: Samples, frequency: float) -> list[tuple[str, float]]:
    """What was heard one after the other, and for how many seconds: tone, sound or silence."""
    width = round(WINDOW * RATE)
    windows = [samples[at : at + width] for at in range(0, len(samples) - width, width)]

    def kind(window: Samples) -> str:
        if level(window) < -50:
            return "silence"
        return "tone" if has_tone(window, frequency) else "sound"

    return [(what, len(list(run)) * WINDOW) for what, run in groupby(map(kind, windows))]


def test_a_caller_reaches_the_agent_waits_on_hold_and_talks_on(
    house: House, desks: Terminals, tmp_path: Path
) -> None:
    phone = desks.phone("1001", "--answer-after", "0.2", "--hold-after", "2.5")
    saved = tmp_path / "out.wav"
    call = desks.call(
        "95588", "--keys", "1 0", "--pause", "0.5", "--talk-for", "120", "--save", str(saved)
    )
    phone.wait_for(r"ringing, from 13900000001", 15)
    phone.wait_for("holding", 10)
    phone.wait_for("talking again", 10)
    house.wait_until(lambda: talked_on(growing_wave(saved)), 10, "the agent is heard again")
    call.interrupt()
    assert call.wait() == 130
    phone.wait_for("far side hung up")
    samples = read_wave(saved)
    lasted = call.when("hung up") - call.when("answered")
    assert len(samples) / RATE == pytest.approx(lasted, abs=0.3 + STALL)
    assert f"heard {len(samples) / RATE:.1f} s" in call.text
    before, held, after = (seconds for _, seconds in merged(since_the_tone(samples)))
    answered, holding = phone.when("answered"), phone.when("holding")
    music = phone.when("talking again") - holding
    assert music >= 5.0 - WINDOW
    assert before == pytest.approx(holding - answered, abs=2 * WINDOW + STALL)
    assert held == pytest.approx(music, abs=2 * WINDOW + STALL), "five seconds of music"
    assert after >= 1.0
    written(house, "agent.wrapped_up")
    (wrapped,) = [record for kind, record in journal(house) if kind == "agent.wrapped_up"]
    assert wrapped["held"] == pytest.approx(music, abs=WINDOW + STALL)


def since_the_tone(samples: Samples) -> list[tuple[str, float]]:
    """What was heard from the agent's first word on."""
    return list(dropwhile(lambda each: each[0] != "tone", course(samples, pitch("1001"))))


def talked_on(samples: Samples) -> bool:
    """Whether the agent was heard, and again after something else."""
    parts = merged(since_the_tone(samples))
    return len(parts) == 3 and parts[-1][0] == "tone"


def merged(heard: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The same without short gaps: the agent's tone swells, music has rests, a machine pauses."""
    result: list[tuple[str, float]] = []
    for what, seconds in heard:
        if result and (seconds <= STALL or result[-1][0] == what):
            result[-1] = result[-1][0], result[-1][1] + seconds
        else:
            result.append((what, seconds))
    return result


def test_who_does_not_answer_is_not_ready_and_the_caller_keeps_the_place(
    house: House, desks: Terminals
) -> None:
    silent = desks.phone("1001", "--manual")
    first = desks.call(DIRECT, calling="13900000011")
    silent.wait_for(r"ringing, from 13900000011")
    desks.call(DIRECT, calling="13900000012")
    silent.wait_for("far side gave up", RING_LIMIT + 2)
    becomes(house, "1001", "not_ready", "no_answer")
    other = desks.phone("1003", "--answer-after", "0.2")
    other.wait_for(r"ringing, from 13900000011")
    other.wait_for("answered")
    first.interrupt()
    other.wait_for("far side hung up")
    assert first.wait() == 130
    other.wait_for(r"ringing, from 13900000012")


def test_a_caller_who_gives_up_stops_the_ringing(house: House, desks: Terminals) -> None:
    phone = desks.phone("1001", "--manual")
    call = desks.call(DIRECT)
    phone.wait_for("ringing")
    call.interrupt()
    phone.wait_for("far side gave up", 2)
    becomes(house, "1001", "ready")
    written(house, "queue.offer_ended", outcome="caller_left")
    written(house, "call.cleared", cleared_by="caller")
    written(house, "queue.abandoned", queue_id="general")


def test_a_refused_call_goes_to_the_next_agent(house: House, desks: Terminals) -> None:
    refusing, other = desks.phone("1001", "--manual"), desks.phone("1003", "--manual")
    desks.call(DIRECT)
    refusing.wait_for("ringing")
    refusing.type("x")
    refusing.wait_for("refused")
    becomes(house, "1001", "not_ready", "refused")
    other.wait_for("ringing")
    refusing.type("r")
    becomes(house, "1001", "ready")
    other.type("a")
    other.wait_for("answered")
    other.type("h")
    becomes(house, "1003", "hold")
    other.type("h")
    becomes(house, "1003", "busy")
    other.type("x")
    becomes(house, "1003", "working_after_call")
    other.type("r")
    becomes(house, "1003", "ready")
    other.type("q")
    assert other.wait() == 0
    assert "agent 1003 is signed out" in other.text


def test_keys_reach_the_agent_who_hangs_up(house: House, desks: Terminals) -> None:
    phone = desks.phone("1001", "--answer-after", "0.1")
    call = desks.call(DIRECT, "--keys", " ".join(40 * ["159#"]), "--pause", "1")
    phone.wait_for("(?s)" + ".*".join(f"far side keyed {key}" for key in "159#"))
    phone.type("x")
    call.wait_for("far side hung up")
    assert call.wait() == 0
    written(house, "call.cleared", cleared_by="agent", cause="normal")
    becomes(house, "1001", "ready")


def test_who_leaves_in_a_call_ends_it_and_signs_out(house: House, desks: Terminals) -> None:
    phone = desks.phone("1001", "--answer-after", "0.1")
    call = desks.call(DIRECT)
    phone.wait_for("answered")
    phone.interrupt()
    call.wait_for("far side hung up", 2)
    assert phone.wait() == 130
    assert phone.text.index("hung up") < phone.text.index("agent 1001 is signed out")
    assert state(house, "1001")["state"] == "logged_off", "not left in after-call work"
    assert not state(house, "1001")["phone_registered"]


def test_who_leaves_while_it_rings_leaves_the_caller_waiting(
    house: House, desks: Terminals
) -> None:
    phone = desks.phone("1001", "--manual")
    call = desks.call(DIRECT)
    phone.wait_for("ringing")
    phone.interrupt()
    assert phone.wait() == 130
    assert state(house, "1001")["state"] == "logged_off"
    other = desks.phone("1003", "--answer-after", "0.1")
    other.wait_for("answered")
    assert call.process.poll() is None


def test_the_better_served_come_first_and_hear_so(
    house: House, desks: Terminals, prompts: Path, tmp_path: Path
) -> None:
    heard = {number: tmp_path / f"{number}.wav" for number in (UNIFORM, SPECIAL)}
    before = len(told(house, "queue.queued"))
    calls = [
        desks.call(DIRECT, "--save", str(path), calling=number) for number, path in heard.items()
    ]
    house.wait_until(lambda: len(told(house, "queue.queued")) == before + 2, 20, "both queue")
    next_in_line = spoken(prompts, "queue.next")
    house.wait_until(
        lambda: contains(growing_wave(heard[SPECIAL]), next_in_line),
        3 * ANNOUNCE,
        "the better served hears that nobody comes before",
    )
    phone = desks.phone("1001", "--answer-after", "0.1", "--talk-for", "1")
    phone.wait_for(rf"ringing, from {SPECIAL}")
    phone.wait_for(rf"ringing, from {UNIFORM}", 10)
    for call in calls:
        call.wait_for("far side hung up", 10)
        assert call.wait() == 0
    callers = {each["call_id"]: each["calling"] for each in told(house, "call.started")}
    offered = [callers[each["call_id"]] for each in told(house, "queue.offered")[-2:]]
    assert [number[-11:] for number in offered] == [SPECIAL, UNIFORM], "whoever came first"
    waited = {number: read_wave(path) for number, path in heard.items()}
    assert contains(waited[SPECIAL], next_in_line)
    both_wait = [told(house, "queue.queued")[-1]["at"], told(house, "queue.offered")[-2]["at"]]
    (heard_since,) = (
        each["at"]
        for each in told(house, "call.established")
        if callers[each["call_id"]].endswith(UNIFORM) and each["party"] == "caller"
    )
    begin, end = (
        datetime.fromisoformat(each) - datetime.fromisoformat(heard_since) for each in both_wait
    )
    stalled = timedelta(seconds=STALL)
    alone, in_all = (round(each.total_seconds() * RATE) for each in (begin, end - stalled))
    assert not contains(waited[UNIFORM][alone:in_all], next_in_line)


def told(house: House, kind: str) -> list[dict[str, Any]]:
    """Every event of that kind."""
    return [record for each, record in journal(house) if each == kind]


def spoken(prompts: Path, id: str) -> Samples:
    """The first second of an announcement without blanks, in Mandarin."""

    def never(_protocol: object) -> NoReturn:
        raise AssertionError("the house has spoken everything")

    store = PromptStore(prompts, load_catalogue(), load_lexicon(), SpeechWorker(never, Clock()))
    assert result_of(store.prepare()) == 0
    path = store.path(id, Language.CHINESE)
    assert path is not None
    return read_wave(path)[:RATE]


def contains(heard: Samples, sound: Samples) -> bool:
    """Whether that very sound, sample by sample but for G.711, is somewhere in what was heard."""
    long, short = heard.astype(np.float64), sound.astype(np.float64)
    if len(long) <= len(short):
        return False
    size = 2 ** int(np.ceil(np.log2(len(long) + len(short))))
    spectrum = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    products = np.fft.irfft(spectrum, size)[: len(long) - len(short) + 1]
    powers = np.cumsum(np.concatenate([[0.0], long**2]))
    windows = powers[len(short) :] - powers[: -len(short)]
    scale = np.sqrt(np.maximum(windows, 1.0)) * np.linalg.norm(short)
    return bool(np.max(products / scale) > 0.99)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("call", "999"), "refused with 404 Not Found"),
        (("phone", "1001", "--secret", "wrong"), "refused with 403; is that telephone known"),
        (("phone", "1001", "--password", "wrong"), "Login name or password is wrong"),
        (
            ("phone", "1001", "--login", "1002", "--password", "demo-1002"),
            "Telephone 1002 is not registered",
        ),
        (("phone", "1001", "--web", "http://127.0.0.1:9"), "is the hotline running"),
        (("call", DIRECT, "--server", "127.0.0.1:9"), "is the hotline running"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    desks: Terminals, arguments: tuple[str, ...], words: str
) -> None:
    command = desks.run(*arguments)
    assert command.wait(12) == 1
    assert words in command.text
    assert "Traceback" not in command.text


def test_the_demo_fills_the_house_and_everybody_goes_home(house: House) -> None:
    before = Counter(kind for kind, _ in journal(house))
    with terminals(house) as desks:
        demo = desks.run(
            "demo", "--agents", "3", "--calls-per-minute", "90", "--minutes", "0.2",
            "--talk-for", "2", "--seed", "8",
        )  # fmt: skip
        demo.wait_for("3 agents are signed in and ready")
        house.wait_until(lambda: load(house)["calls"] > 5, 20, "many call")
        assert demo.wait(40) == 0
        placed = int(demo.wait_for(r"(\d+) calls, 0 not answered")[1])
    house.wait_until(lambda: not any(load(house).values()), 10, "nothing is left of any call")

    def counted() -> Counter[str]:
        return Counter(kind for kind, _ in journal(house)) - before

    def settled() -> bool:
        """Every call is over, and with it the work of whoever answered."""
        counts = counted()
        wrapped_up = counts["agent.wrapped_up"] == counts["queue.answered"] > 0
        return counts["call.cleared"] == placed and wrapped_up

    house.wait_until(settled, 5, "every call is written to its end")
    counts = counted()
    ends = ("queue.answered", "queue.abandoned", "queue.flowed_out")
    assert counts["queue.queued"] == sum(counts[end] for end in ends) > 0
    assert counts["queue.offered"] == counts["queue.offer_ended"]
    assert {state(house, str(agent))["state"] for agent in (1001, 1002, 1003)} == {"logged_off"}
    assert not re.search(r"#(error|critical)|Traceback", house.log())


def test_a_telephone_that_dies_ends_its_call(house: House) -> None:
    # Last of all: the BYE to the dead telephone is sent for 32 s more (RFC 3261, 17.1.2.2).
    with terminals(house) as desks:
        phone = desks.phone("1005", "--answer-after", "0.1")
        call = desks.call(DIRECT)
        phone.wait_for("answered")
        phone.process.kill()
        call.wait_for("far side hung up", RTP_TIMEOUT + 4)
        written(house, "call.cleared", cause="media_lost")
        written(house, "agent.disagreement", what="call_without_sound")
        becomes(house, "1005", "ready")
        house.post("/api/v1/agent/state", {"state": "logged_off"}, token(house, "1005"))
    counts = load(house)
    assert (counts["calls"], counts["legs"]) == (0, 0)
