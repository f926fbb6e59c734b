"""The engine's own promises: mistakes stay in one leg, ports run out politely."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, MediaTarget, MediaUnavailable, PlayOutcome
from cti.worker.engine import MediaEngine
from cti.worker.leg import Leg
from cti.worker.settings import MediaSettings
from cti.worker.slices import FEW
from tests.support.audio import Samples, has_tone, tone, write_wave
from tests.support.reactor import pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=33000, last_port=33198)
CALL = CallId("call")
ONE, TWO, THREE = (ConnectionId(name) for name in ("one", "two", "three"))


@pytest.mark.parametrize("method", ["tick", "datagram"])
def test_a_mistake_in_one_leg_ends_that_leg_alone(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = getattr(Leg, method)

    def mistaken(leg: Leg, *args: Any) -> None:
        if leg.name == ONE:
            raise ZeroDivisionError
        usual(leg, *args)

    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), SETTINGS, ear)
        monkeypatch.setattr(Leg, method, mistaken)
        phones = []
        for name in (ONE, TWO):
            phone = RtpPhone(Codec.PCMA)
            address = await engine.open(name, CALL)
            phone.call(address.host, address.port)
            engine.configure(name, phone.target)
            phones.append(phone)
        for phone in phones:
            await phone.press("1")
        await until(lambda: len(ear.told) >= 2)
        assert ("lost", ONE) in ear.told
        assert ("key", TWO, "1") in ear.told
        assert len(phones[1].packets) > 5
        monkeypatch.undo()
        await engine.shut_down()
        for phone in phones:
            await phone.hang_up()

    run_in_reactor(main, allow_errors=True)


def test_a_mistake_in_one_party_of_a_conference_ends_that_party_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = Leg.frame

    def mistaken(leg: Leg, now: float) -> Samples:
        if leg.name == ONE:
            raise ZeroDivisionError
        return usual(leg, now)

    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), SETTINGS, ear)
        phones = []
        for name in (ONE, TWO, THREE):
            phone = RtpPhone(Codec.PCMA)
            address = await engine.open(name, CALL)
            phone.call(address.host, address.port)
            engine.configure(name, phone.target)
            phones.append(phone)
        for name in (ONE, TWO, THREE):
            engine.hear(name, [each for each in (ONE, TWO, THREE) if each != name])
        monkeypatch.setattr(Leg, "frame", mistaken)
        await phones[1].talk(tone(500, 0.3))
        assert ear.told == [("lost", ONE)]
        assert has_tone(phones[2].heard()[-800:], 500, share=0.9)
        monkeypatch.undo()
        engine.hear(ONE, [TWO])
        await engine.shut_down()
        for phone in phones:
            await phone.hang_up()

    run_in_reactor(main, allow_errors=True)


def test_when_every_port_is_taken_no_leg_opens() -> None:
    async def main() -> None:
        engine = MediaEngine(reactor(), replace(SETTINGS, last_port=33002), Ear())
        await engine.open(ONE, CALL)
        await engine.open(TWO, CALL)
        with pytest.raises(MediaUnavailable):
            await engine.open(THREE, CALL)
        await engine.close(ONE)
        await engine.open(THREE, CALL)
        await engine.shut_down()

    run_in_reactor(main)


def test_the_last_round_is_said_before_the_next_is_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, float]] = []
    monkeypatch.setattr(Leg, "tick", lambda _leg, now: said.append(("said", now)))

    async def main() -> None:
        engine = MediaEngine(reactor(), replace(SETTINGS, last_port=33398), Ear())
        monkeypatch.setattr(engine, "_mix", lambda now: said.append(("mixed", now)))
        for number in range(FEW + 1):
            await engine.open(ConnectionId(f"leg-{number}"), CALL)
        engine._pacer.stop()
        said.clear()
        for now in (1.0, 1.02):
            engine._tick(now)
        await engine.shut_down()

    run_in_reactor(main)
    mixed = [place for place, each in enumerate(said) if each[0] == "mixed"]
    assert mixed == [0, 1 + FEW + 1], "all legs say the one mixture before there is another"


def test_an_address_that_is_not_ours_opens_no_leg() -> None:
    async def main() -> None:
        engine = MediaEngine(reactor(), replace(SETTINGS, bind="192.0.2.1"), Ear())
        with pytest.raises(MediaUnavailable, match=r"192\.0\.2\.1"):
            await engine.open(ONE, CALL)

    run_in_reactor(main)


def test_the_advertised_address_is_given_out() -> None:
    async def main() -> None:
        engine = MediaEngine(reactor(), replace(SETTINGS, advertised="203.0.113.5"), Ear())
        address = await engine.open(ONE, CALL)
        assert address.host == "203.0.113.5"
        await engine.shut_down()

    run_in_reactor(main)


@pytest.mark.parametrize(
    ("host", "port"), [("0.0.0.0", 4000), ("phone.example", 4000), ("127.0.0.1", 0)]
)
def test_a_target_nobody_can_send_to_is_listened_to(host: str, port: int, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 0.1))

    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), SETTINGS, ear)
        phone = RtpPhone(Codec.PCMA)
        address = await engine.open(ONE, CALL)
        phone.call(address.host, address.port)
        engine.configure(ONE, MediaTarget(host, port, Codec.PCMA, 101))
        engine.play(ONE, 1, [prompt])
        await phone.press("1")
        await until(lambda: len(ear.told) == 2)
        assert set(ear.told) == {("key", ONE, "1"), ("play", ONE, 1, PlayOutcome.FINISHED)}
        assert not phone.packets
        await engine.shut_down()
        await phone.hang_up()

    run_in_reactor(main)


def test_the_old_sign_for_hold_forgets_no_address() -> None:
    async def main() -> None:
        engine = MediaEngine(reactor(), SETTINGS, Ear())
        phone = RtpPhone(Codec.PCMA)
        await engine.open(ONE, CALL)
        engine.configure(ONE, phone.target)
        await until(lambda: phone.packets)
        engine.configure(ONE, replace(phone.target, host="0.0.0.0"))
        assert engine._legs[ONE].target == replace(phone.target, sending=False)
        await pause(0.05)
        heard = len(phone.packets)
        await pause(0.1)
        assert len(phone.packets) == heard
        engine.configure(ONE, phone.target)
        await until(lambda: len(phone.packets) > heard)
        await engine.shut_down()
        await phone.hang_up()

    run_in_reactor(main)


def test_an_engine_without_legs_has_no_timer() -> None:
    async def main() -> None:
        engine = MediaEngine(reactor(), SETTINGS, Ear())
        await engine.open(ONE, CALL)
        await engine.close(ONE)
        await pause(0)
        assert engine.legs == 0
        assert not [call for call in reactor().getDelayedCalls() if "Pacer" in str(call)]

    run_in_reactor(main)
