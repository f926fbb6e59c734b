"""The media port: keys as events and as tones, and what they cut short."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cti.media.g711 import decode
from cti.media.port import Codec, MediaPort, PlayOutcome
from cti.media.tone_detector import ToneDetector
from cti.media.tones import tone_frame
from tests.support.audio import Samples, level, silence, tone, write_wave
from tests.support.media_stage import LOOK, ONE, TWO, Stage, carried_out, end, leg, taken_in
from tests.support.reactor import until
from tests.support.rtp_phone import Ear, RtpPhone


def test_a_key_cuts_the_prompt_short_and_is_told_once(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.play(ONE, 3, [prompt], barge_in=True)
        await until(lambda: len(phone.packets) > 5)
        await phone.press("5")
        await phone.press("5")
        await until(lambda: len(ear.told) >= 3)
        await taken_in(phone)
        assert ear.told == [("play", ONE, 3, PlayOutcome.KEY), ("key", ONE, "5"), ("key", ONE, "5")]
        assert level(phone.heard()[-160:]) < -60
        await end(media, (ONE, phone))

    stage(scene)


def test_keys_pass_through_a_bridge_unless_masked(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        one, two = await leg(media, ONE), await leg(media, TWO)
        media.hear(ONE, [TWO])
        media.hear(TWO, [ONE])
        await carried_out(media)
        await one.press("1")
        await until(lambda: len(two.events()) >= 8)
        heard = [(event.code, event.end) for event in two.events()]
        assert heard == [(1, False)] * 5 + [(1, True)] * 3
        media.mask(ONE, True)
        await carried_out(media)
        await one.press("2")
        await taken_in(one)
        media.mask(ONE, False)
        await carried_out(media)
        await one.press("3")
        await until(lambda: len(two.events()) >= 16)
        assert {event.code for event in two.events()} == {1, 3}
        assert ear.told == [("key", ONE, key) for key in "123"]
        await end(media, (ONE, one), (TWO, two))

    stage(scene)


def test_sent_keys_arrive_as_events(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.send_keys(ONE, "4#")
        await until(lambda: [e.code for e in phone.events() if e.end] == [4, 4, 4, 11, 11, 11])
        await end(media, (ONE, phone))
        stamps = {p.timestamp for p in phone.packets if p.payload_type == 101}
        assert len(stamps) == 2

    stage(scene)


async def _key_as_tones(phone: RtpPhone, key: str) -> None:
    frames = [tone_frame(key, place) for place in range(0, 480, 160)]
    await phone.talk(np.concatenate([*frames, silence(0.1)]))


def test_tones_are_keys_where_no_event_was_agreed(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone, other = await leg(media, ONE), await leg(media, TWO)
        await _key_as_tones(phone, "1")
        await taken_in(phone)
        media.configure(ONE, replace(phone.target, events=None))
        media.play(ONE, 4, [prompt], barge_in=True)
        await carried_out(media)
        await _key_as_tones(phone, "5")
        await until(lambda: len(ear.told) >= 2)
        await taken_in(phone)
        media.mask(ONE, True)
        media.hear(TWO, [ONE])
        await carried_out(media)
        before = len(other.heard())
        await _key_as_tones(phone, "9")
        await until(lambda: len(ear.told) >= 3)
        await taken_in(phone)
        await taken_in(other)
        assert ear.told == [
            ("play", ONE, 4, PlayOutcome.KEY),
            ("key", ONE, "5"),
            ("key", ONE, "9"),
        ]
        assert level(other.heard()[before:]) < -60
        await end(media, (ONE, phone), (TWO, other))

    stage(scene)


@pytest.mark.parametrize("codec", list(Codec))
def test_keys_are_sent_as_tones_where_no_event_was_agreed(stage: Stage, codec: Codec) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        one, two = await leg(media, ONE, codec), await leg(media, TWO, codec)
        for name, phone in ((ONE, one), (TWO, two)):
            media.configure(name, replace(phone.target, events=None))
        media.send_keys(ONE, "4#")
        await until(lambda: _keys_in(one.heard()).endswith("#"), LOOK)
        assert _keys_in(one.heard()) == "4#"
        assert not one.events()
        await end(media, (ONE, one), (TWO, two))
        assert not ear.told

    stage(scene)


def _keys_in(heard: Samples) -> str:
    """The keys whose tones are in the sound."""
    frames, detector = range(0, len(heard) - 159, 160), ToneDetector()
    return "".join(filter(None, (detector.hear(heard[at : at + 160]) for at in frames)))


def test_a_key_silences_the_prompt_within_60_ms(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.play(ONE, 1, [prompt], barge_in=True)
        await until(lambda: level(phone.heard()[-160:]) > -30)
        pressed = len(phone.packets)
        await phone.press("1")
        await taken_in(phone)
        loud = [
            packet
            for packet in phone.packets[pressed:]
            if level(decode(packet.payload, Codec.PCMA)) > -30
        ]
        assert len(loud) <= 3, "packets of 20 ms"
        await end(media, (ONE, phone))

    stage(scene)
