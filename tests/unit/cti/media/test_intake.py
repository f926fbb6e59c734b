"""A leg's voice as an even flow: over a link that loses, delays and doubles, in every codec."""

import random

import numpy as np
import pytest

from cti.media.coding import WIDEBAND, Encoder
from cti.media.g711 import FRAME_SAMPLES, Samples
from cti.media.intake import Intake
from cti.media.mixer import mix
from cti.media.model import Codec
from cti.media.rtp import RtpPacket
from tests.support.audio import goertzel, has_tone, level, tone

TICK = 0.02


class LossyLink:
    """Brings one telephone's tone to an intake; everything follows from the seed."""

    def __init__(self, pitch: float, codec: Codec, seed: int, seconds: float = 2) -> None:
        self.intake = Intake()
        chance, encoder = random.Random(seed), Encoder(codec)
        sound = tone(pitch, seconds, -24)
        self._codec = codec
        self._arrivals = []
        for number in range(round(seconds / TICK)):
            payload = encoder.encode(sound[number * 160 : (number + 1) * 160])
            packet = RtpPacket(codec.value, number, number * 160, seed, payload)
            if chance.random() > 0.05:
                for _ in range(1 + (chance.random() < 0.05)):
                    late = chance.random() * 0.04
                    self._arrivals.append((number * TICK + late, packet))
        self._arrivals.sort(key=lambda each: each[0])

    def frame(self, now: float) -> Samples:
        while self._arrivals and self._arrivals[0][0] <= now:
            at, packet = self._arrivals.pop(0)
            self.intake.put(packet, self._codec, at)
        return self.intake.frame(now)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_tone_is_heard_through_loss_jitter_and_copies(codec: Codec) -> None:
    link = LossyLink(600, codec, seed=3)
    heard = [link.frame(n * TICK) for n in range(100)]
    assert {len(frame) for frame in heard} == {FRAME_SAMPLES}
    assert goertzel(np.concatenate(heard[20:95]), 600) > 0.85
    assert min(map(level, heard[20:95])) > -32


@pytest.mark.parametrize("parties", [4, 8])
def test_who_hears_whom_in_a_conference_over_bad_links(parties: int) -> None:
    pitches = [450 + 130 * n for n in range(parties)]
    links = [LossyLink(pitch, list(Codec)[n % 3], seed=n) for n, pitch in enumerate(pitches)]
    others = np.ones((parties, parties), np.float32) - np.eye(parties, dtype=np.float32)
    ticks = [mix(np.stack([link.frame(n * TICK) for link in links]), others) for n in range(95)]
    heard = np.concatenate(ticks[20:], axis=1)
    for hearer in range(parties):
        shares = [goertzel(heard[hearer], pitch) for pitch in pitches]
        assert shares.pop(hearer) < 0.01
        assert min(shares) > 0.5 / len(shares)


def test_wideband_keeps_what_a_telephone_cuts_off() -> None:
    instants = np.arange(WIDEBAND) / WIDEBAND
    sound = (8000 * np.sin(2 * np.pi * 6000 * instants)).astype(np.int16)
    encoder, intake = Encoder(Codec.G722, WIDEBAND), Intake(WIDEBAND)
    heard = []
    for number in range(50):
        payload = encoder.encode(sound[number * 320 : (number + 1) * 320])
        packet = RtpPacket(9, number, number * 160, 1, payload)
        intake.put(packet, Codec.G722, number * TICK)
        heard.append(intake.frame(number * TICK))
    tail = np.concatenate(heard[20:]).astype(float)
    spectrum = np.abs(np.fft.rfft(tail))
    assert abs(np.argmax(spectrum) * WIDEBAND / len(tail) - 6000) < 20


def test_whoever_falls_silent_leaves_comfort_noise_and_no_click() -> None:
    intake, encoder = Intake(), Encoder(Codec.PCMA)
    sound = tone(300, 1)
    heard = []
    for number in range(100):
        if number < 50:
            payload = encoder.encode(sound[number * 160 : (number + 1) * 160])
            packet = RtpPacket(8, number, number * 160, 1, payload)
            intake.put(packet, Codec.PCMA, number * TICK)
        if number == 50:
            intake.comfort_noise(bytes((65,)))
            intake.comfort_noise(b"")
        heard.append(intake.frame(number * TICK))
    assert has_tone(np.concatenate(heard[10:50]), 300, share=0.99)
    assert level(np.concatenate(heard[60:])) == pytest.approx(-62, abs=2)
    steps = np.abs(np.diff(np.concatenate(heard[2:]).astype(int)))
    assert steps.max() < 1.6 * np.abs(np.diff(sound.astype(int))).max()


def test_a_codec_changed_in_the_middle_is_followed() -> None:
    intake = Intake()
    sound = tone(700, 1)
    coders = {codec: Encoder(codec) for codec in Codec}
    heard = []
    for number in range(50):
        codec = list(Codec)[number // 17]
        payload = coders[codec].encode(sound[number * 160 : (number + 1) * 160])
        intake.put(RtpPacket(codec.value, number, number * 160, 1, payload), codec, number * TICK)
        heard.append(intake.frame(number * TICK))
    assert has_tone(np.concatenate(heard[5:]), 700, share=0.9)
