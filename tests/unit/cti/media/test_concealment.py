"""Concealment: a voice goes on for a moment, then fades; nothing clicks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.concealment import Concealer
from cti.media.g711 import Samples
from tests.support.audio import goertzel, level, tone


def _voice(seconds: float, rate: int = 8000) -> Samples:
    """A pitch of 125 Hz with overtones."""
    instants = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * 125 * n * instants) / n for n in range(1, 8))
    return np.asarray(wave * 5000, np.int16)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_lost_packet_of_a_voice_sounds_like_it(rate: int) -> None:
    size = rate // 50
    voice, concealer = _voice(0.4, rate), Concealer(rate)
    heard = []
    for number in range(20):
        frame = voice[number * size : (number + 1) * size]
        heard.append(concealer.lost(size) if number == 10 else concealer.good(frame))
    sound = np.concatenate(heard).astype(float)
    error = sound - voice
    lost = slice(10 * size, 11 * size)
    assert np.mean(error[lost] ** 2) < 0.05 * np.mean(voice[lost].astype(float) ** 2)
    assert not error[: 10 * size].any()
    assert not error[12 * size :].any()


def test_what_is_made_up_fades_away_within_60_ms() -> None:
    concealer = Concealer(comfort=False)
    for start in range(0, 1600, 160):
        concealer.good(_voice(0.2)[start : start + 160])
    levels = [level(concealer.lost(160)) for _ in range(5)]
    assert levels[0] > levels[1] > levels[2]
    assert levels[3:] == [float("-inf")] * 2


def test_a_long_loss_sounds_like_the_pauses_did() -> None:
    concealer = Concealer()
    hiss = np.random.default_rng(2).standard_normal(16000) * 30
    for start in range(0, 16000, 160):
        concealer.good(hiss[start : start + 160].astype(np.int16))
    made = np.concatenate([concealer.lost(160) for _ in range(50)])[800:]
    assert level(made) == pytest.approx(level(hiss.astype(np.int16)), abs=3)


def test_comfort_noise_is_as_loud_as_the_far_side_says() -> None:
    concealer = Concealer()
    concealer.good(np.zeros(160, np.int16))
    concealer.noise(60)
    made = np.concatenate([concealer.lost(160) for _ in range(20)])[640:]
    assert level(made) == pytest.approx(-57, abs=1.5)  # dBov of noise; a full sine is -3.01 dBov
    concealer.noise(0)
    assert level(concealer.lost(160)) < -40


def test_before_anything_was_heard_a_loss_is_silence() -> None:
    assert not Concealer().lost(160).any()


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([80, 160, 240, 480])), max_size=30),
    st.integers(0, 5),
)
def test_any_pattern_of_losses_keeps_length_and_bounds(
    pattern: list[tuple[bool, int]], seed: int
) -> None:
    concealer, random = Concealer(), np.random.default_rng(seed)
    for lost, size in pattern:
        frame = random.integers(-32768, 32767, size).astype(np.int16)
        heard = concealer.lost(size) if lost else concealer.good(frame)
        assert len(heard) == size
        assert heard.dtype == np.int16


def test_a_tone_through_every_fifth_packet_lost_stays_a_tone() -> None:
    concealer, sound = Concealer(), tone(500, 1)
    heard = [
        concealer.lost(160) if n % 5 == 4 else concealer.good(sound[n * 160 : (n + 1) * 160])
        for n in range(50)
    ]
    assert goertzel(np.concatenate(heard), 500) > 0.9
