"""A caller is verified by the IVR in the middle of a conversation, at which a supervisor listens.

Two conversations at a time: one caller keys by RFC 4733 and by SIP INFO, the other by tones alone.
What is keyed and what the IVR says is in nobody's ear, on no disk and in no page; afterwards the
conversations go on in both directions, and the recordings have a masked stretch of that length.
"""

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from cti.recording.marks import MarkKind
from cti.recording.verify import State, verify
from cti.sip.sdp import SessionDescription
from tests.integration.test_secrets import all_files, secret_in
from tests.integration.test_telephones import DIRECT_FLOW, SHIPPED_FLOW
from tests.support.audio import (
    RATE,
    Samples,
    goertzel,
    has_tone,
    level,
    read_wave,
    tone,
    write_wave,
)
from tests.support.handset import Handset
from tests.support.house import House, running_house
from tests.support.house_phone import HousePhone
from tests.support.live import LiveClient, watching
from tests.support.pcap import COLUMNS, PLACES, ROWS
from tests.support.reactor import begin, pause, run_in_reactor, until
from tests.support.who_hears_whom import STRETCHES, Ear

DIRECT = "10"
SECRETS = ("6001010101", "135790", "80000101", "246801")
KEYS = "#".join(SECRETS) + "#"
BY_KEYS, BY_TONES = "13800138000", "13900000007"
AGENT, COLLEAGUE, SUPERVISOR = "1001", "1002", "2001"
VOICES = {BY_KEYS: 620.0, BY_TONES: 660.0, AGENT: 1040.0, COLLEAGUE: 1080.0, SUPERVISOR: 1120.0}
"""Far from the tones of keys."""
MUSIC = 440.0
PATIENCE = 30.0
SETTLING = 0.3
TRIES = 3
"""Times that a caller keys everything in, at most."""
EDGE, STALL = 0.35, 2.0
"""Seconds by which the length of the masked stretch may differ from that of the loan, and by which
the worker or the server may stand still between what one says and the other does."""


class ToneCaller(Handset):
    """A caller whose line knows no telephone-event: keys are tones in its sound."""

    def description(self) -> SessionDescription:
        """Sound alone."""
        offer = super().description()
        (audio,) = offer.media
        plain = tuple(
            (name, value) for name, value in audio.attributes if not (value or "").startswith("101")
        )
        return replace(offer, media=(replace(audio, formats=("8",), attributes=plain),))


def key_tones(keys: str) -> Samples:
    """The keys' tones (ITU-T Q.23), 100 ms each, 80 ms apart."""
    parts = []
    for key in keys:
        row, column = divmod(PLACES.index(key), 3)
        pair = tone(ROWS[row], 0.1, -10.0) / 2 + tone(COLUMNS[column], 0.1, -10.0) / 2
        parts += [pair.astype(np.int16), np.zeros(RATE * 8 // 100, np.int16)]
    return np.concatenate(parts)


class Scene:
    """Two callers, two agents with their consoles, and a supervisor at the first conversation."""

    def __init__(self, house: House, folder: Path, ending: ExitStack) -> None:
        self.house = house
        self.callers = {
            BY_KEYS: Handset(BY_KEYS, VOICES[BY_KEYS]),
            BY_TONES: ToneCaller(BY_TONES, VOICES[BY_TONES]),
        }
        self.phones = {
            name: HousePhone(folder / name, name, VOICES[name])
            for name in (AGENT, COLLEAGUE, SUPERVISOR)
        }
        self.consoles = {
            name: ending.enter_context(
                watching(house.web_port, "/console/live", house.sign_in(name), PATIENCE)
            )
            for name in (AGENT, COLLEAGUE)
        }
        self.over = False
        self.secretly_heard: dict[str, Samples] = {}
        """What came to the telephones of agents and supervisor while callers were with the IVR."""
        self.wall, self.floor = (
            ending.enter_context(
                watching(house.web_port, path, house.sign_in(SUPERVISOR), PATIENCE)
            )
            for path in ("/wall/live", "/floor/live")
        )

    async def play(self) -> None:
        """The whole story."""
        for name, phone in self.phones.items():
            await phone.register(self.house.sip_port, f"demo-{name}")
        for name, agent in ((BY_KEYS, AGENT), (BY_TONES, COLLEAGUE)):
            await self.begin(name, agent)
        self.wall.say({"do": "listen", "agent_id": AGENT})
        await until(lambda: self.phones[SUPERVISOR].telephone.calls)
        looking = [reading(each, lambda _: self.over) for each in (self.wall, self.floor)]
        await self.hear({AGENT: [BY_KEYS], COLLEAGUE: [BY_TONES], SUPERVISOR: [BY_KEYS, AGENT]})
        await gatherResults(
            [
                begin(self.verify(BY_KEYS, AGENT, self.by_keys)),
                begin(self.verify(BY_TONES, COLLEAGUE, self.by_tones)),
            ]
        )
        for caller in self.callers.values():
            caller.talk_on()
        await self.hear(
            {
                AGENT: [BY_KEYS],
                COLLEAGUE: [BY_TONES],
                SUPERVISOR: [BY_KEYS, AGENT],
                BY_KEYS: [AGENT],
                BY_TONES: [COLLEAGUE],
            }
        )
        await self.leave()
        self.over = True
        await gatherResults(looking)

    async def be_restarted(self) -> None:
        """The server is killed while the first caller keys, and another goes on."""
        phone, caller = self.phones[AGENT], self.callers[BY_KEYS]
        await phone.register(self.house.sip_port, f"demo-{AGENT}")
        await self.begin(BY_KEYS, AGENT)
        self.consoles[AGENT].say({"do": "verify"})
        await reading(self.consoles[AGENT], lambda seen: f"loan/{AGENT}" in seen)
        await caller.press(f"{SECRETS[0]}#13")
        begun = phone.position()
        await deferToThread(self.house.stop, signal.SIGKILL)
        await deferToThread(self.house.start)
        await caller.press("5")
        self.secretly_heard = {AGENT: phone.heard(begun)}
        (ended,) = await deferToThread(loans_of, self.house)
        assert (ended["result"], ended["given_to"]) == ("interrupted", "agent")
        caller.talk_on()
        await self.hear({AGENT: [BY_KEYS], BY_KEYS: [AGENT]})

    async def leave(self) -> None:
        """Everybody hangs up."""
        for caller in self.callers.values():
            await caller.leave()
        for phone in self.phones.values():
            await phone.leave()

    async def begin(self, caller: str, agent: str) -> None:
        """The agent is ready, and talks with the caller."""
        console = self.consoles[agent]
        console.say({"do": "sign_in"})
        console.say({"do": "ready"})
        await reading(console, lambda seen: seen[f"agent/{agent}"]["state"] == "ready")
        self.callers[caller].dial(DIRECT, self.house.sip_port)
        await reading(console, lambda seen: seen[f"agent/{agent}"]["state"] == "busy")

    async def hear(self, wanted: dict[str, list[str]]) -> None:
        """Each of them hears the voices of those, and of nobody else."""
        ears: dict[str, Ear] = {**self.phones, **self.callers}
        wanted_of = {name: set(voices) for name, voices in wanted.items()}
        heard: dict[str, set[str]] = {}
        for _ in range(STRETCHES):
            await pause(SETTLING)
            begun = {name: ears[name].position() for name in wanted}
            await pause(0.8)
            for name, since in begun.items():
                sound = ears[name].heard(since)
                heard[name] = {each for each in VOICES if goertzel(sound, VOICES[each]) > 0.2}
            if heard == wanted_of:
                return
        raise AssertionError(f"heard {heard}, wanted {wanted_of}")

    async def verify(
        self, caller: str, agent: str, key: Callable[[Handset], Coroutine[Any, Any, None]]
    ) -> None:
        """The agent has the caller verified, again where a crowded machine mangled a key."""
        for _ in range(TRIES):
            if await self.try_to_verify(caller, agent, key) == "verified":
                return
        raise AssertionError(f"{caller} was not verified in {TRIES} times")

    async def try_to_verify(
        self, caller: str, agent: str, key: Callable[[Handset], Coroutine[Any, Any, None]]
    ) -> str:
        """What came of it; what agent and supervisor hear meanwhile is kept."""
        console, ears, loan = self.consoles[agent], [agent], f"loan/{agent}"
        ears += [SUPERVISOR] if agent == AGENT else []
        console.say({"do": "verify"})
        await reading(console, lambda seen: loan in seen and not seen[loan]["result"])
        self.callers[caller].hush()
        for name in ears:
            await until_nobody_is_heard(self.phones[name], music=name != SUPERVISOR)
        begun = {name: self.phones[name].position() for name in ears}
        await key(self.callers[caller])
        await pause(1.0)
        self.secretly_heard |= {name: self.phones[name].heard(begun[name]) for name in ears}
        result: str = await reading(console, lambda seen: seen[loan]["result"])
        return result

    async def by_keys(self, caller: Handset) -> None:
        """Account and banking number by RFC 4733, the PINs by INFO."""
        account, pin, number, banking_pin = SECRETS
        await caller.press(f"{account}#")
        await self.by_info(caller, pin)
        await caller.press(f"{number}#")
        await self.by_info(caller, banking_pin)

    @staticmethod
    async def by_info(caller: Handset, keys: str) -> None:
        for key in keys:
            caller.endpoint.send_key(caller.session, key)
            await pause(0.1)

    @staticmethod
    async def by_tones(caller: Handset) -> None:
        """All of it as tones in the sound."""
        await caller.phone.talk(key_tones(KEYS))


async def until_nobody_is_heard(phone: HousePhone, *, music: bool) -> None:
    """Return when hold music, or silence, is all that has come for a moment."""

    def nobody() -> bool:
        sound = phone.heard(max(0, phone.position() - 10))
        return has_tone(sound, MUSIC, share=0.9) if music else level(sound) < -60

    await until(nobody)


def reading(console: LiveClient, true: Callable[[Any], Any]) -> Deferred[Any]:
    """Read the console beside what goes on, until that is true of it."""
    found: Deferred[Any] = deferToThread(console.read_until, true, "what the console is to show")
    return found


@pytest.fixture
def house(tmp_path: Path, prompts: Path) -> Iterator[House]:
    """A house with a number that leads straight to the queue."""
    flows = tmp_path / "flows"
    flows.mkdir()
    for shipped in SHIPPED_FLOW.parent.glob("*.yaml"):
        (flows / shipped.name).write_text(shipped.read_text(encoding="utf-8"))
    (flows / "direct.yaml").write_text(yaml.safe_dump(DIRECT_FLOW))
    music = tmp_path / "music"
    music.mkdir()
    write_wave(music / "one.wav", tone(MUSIC, 60.0))
    changes = {
        "folders": {"flows": str(flows), "music": str(music)},
        "ivr": {"numbers": {"95588": "main", DIRECT: "direct"}},
        "media": {"orphan_time": 60},
    }
    with running_house(tmp_path / "house", prompts, changes) as house:
        yield house


def test_verified_in_mid_call_and_nobody_the_wiser(house: House, tmp_path: Path) -> None:
    with ExitStack() as ending:
        scene = Scene(house, tmp_path / "phones", ending)
        run_in_reactor(scene.play, timeout=60.0)
        boards = {**scene.consoles, "wall": scene.wall, "floor": scene.floor}
        pages = {name: "".join(each.received) for name, each in boards.items()}
        pages |= supervisors_pages(house)
    assert '"purpose":"verify"' in pages["floor"], "a supervisor sees who is with the IVR"
    check_ears(scene.secretly_heard)
    loans = loans_of(house)
    assert all(each["given_to"] == "agent" for each in loans)
    by_call = {each["call_id"]: [*loans_of_call(loans, each["call_id"])] for each in loans}
    assert [each[-1]["result"] for each in by_call.values()] == ["verified"] * 2
    supervised = [record["mode"] for kind, record in house.journal() if kind == "call.supervised"]
    assert supervised == ["listen", "stop"]
    house.stop()
    for name, text in [*pages.items(), *all_files(house)]:
        found = [secret for secret in SECRETS if secret_in(secret, text)]
        assert not found, f"{name} shows {found}"
    for of_call in by_call.values():
        check_recording(house, of_call)


def test_a_restart_gives_the_caller_back(house: House, tmp_path: Path) -> None:
    with ExitStack() as ending:
        scene = Scene(house, tmp_path / "phones", ending)

        async def story() -> None:
            await scene.be_restarted()
            await scene.leave()

        run_in_reactor(story, timeout=60.0)
    check_music(scene.secretly_heard[AGENT], least=0.5)
    written = "".join(text for _, text in all_files(house))
    assert not secret_in(SECRETS[0], written)


def supervisors_pages(house: House) -> dict[str, str]:
    """What a supervisor can look up about the calls afterwards."""
    token = house.sign_in(SUPERVISOR)
    calls = {record["call_id"] for kind, record in house.journal() if kind == "call.lent"}
    assert len(calls) == 2
    paths = ["/calls/", "/recordings/", "/wall/", "/floor/", *(f"/calls/{each}" for each in calls)]
    return {path: house.get(path, token).decode() for path in paths}


def loans_of(house: House) -> list[dict[str, Any]]:
    """What was told of the end of every loan, when all have ended."""
    found: list[dict[str, Any]] = []

    def told() -> bool:
        journal = [*house.journal()]
        found[:] = [record for kind, record in journal if kind == "call.loan_ended"]
        return 0 < len(found) == sum(kind == "call.lent" for kind, _ in journal)

    house.wait_until(told, 15, "every loan to end")
    return found


def loans_of_call(loans: list[dict[str, Any]], call_id: str) -> Iterator[dict[str, Any]]:
    """Those of one call, in their order."""
    return (each for each in loans if each["call_id"] == call_id)


def check_ears(heard: dict[str, Samples]) -> None:
    """Agents hear the hold music and nothing else, the supervisor nothing at all."""
    assert heard.keys() == {AGENT, COLLEAGUE, SUPERVISOR}
    assert level(heard[SUPERVISOR]) < -60
    for name in (AGENT, COLLEAGUE):
        check_music(heard[name])


def check_music(sound: Samples, least: float = 2.0) -> None:
    """It is the hold music and nothing else, so many seconds or more, until that ends."""
    assert len(sound) > least * RATE
    music = [has_tone(part, MUSIC, share=0.9) for part in windows(sound, RATE // 5)]
    assert np.mean(music[: len(music) - music[::-1].index(True)]) > 0.9
    assert not any(is_key(part) for part in windows(sound, RATE // 20))


def windows(sound: Samples, width: int) -> list[Samples]:
    """Stretches of that width, each half over the next."""
    return [sound[at : at + width] for at in range(0, len(sound) - width, width // 2)]


def is_key(part: Samples) -> bool:
    """Whether it is mainly the two tones of a key."""
    rows, columns = (max(goertzel(part, each) for each in group) for group in (ROWS, COLUMNS))
    return level(part) > -50 and rows + columns > 0.8 and min(rows, columns) > 0.2


def check_recording(house: House, loans: list[dict[str, Any]]) -> None:
    """A masked stretch for each loan, as long as that, without a sound on either side."""
    (file,) = [
        record["file"]
        for kind, record in house.journal()
        if kind == "call.recording_stopped" and record["call_id"] == loans[0]["call_id"]
    ]
    path = house.var / "recordings" / file
    verdict = verify(path)
    assert verdict.state is State.WHOLE
    labels = [mark for mark in verdict.marks if mark.kind is MarkKind.LABEL]
    masks = [mark for mark in verdict.marks if mark.kind is MarkKind.MASKED]
    both = read_wave(path)
    for label, masked, loan in zip(labels, masks, loans, strict=True):
        assert label.label == "secure"
        assert abs(label.start - masked.start) < RATE * EDGE
        assert abs(masked.length / RATE - loan["seconds"]) < EDGE + STALL
        assert not both[masked.start : masked.end].any()
    for talked in (both[: masks[0].start, 0], both[masks[-1].end :, 0]):
        voices = [VOICES[name] for name in (BY_KEYS, BY_TONES)]
        assert any(has_tone(part, voice) for part in windows(talked, RATE // 4) for voice in voices)
