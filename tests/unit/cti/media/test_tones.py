"""Keys as tones: what Q.23 and Q.24 let pass, what they forbid, and what speech may not press."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.coding import Decoder, Encoder, halved
from cti.media.g711 import FRAME_SAMPLES, Samples
from cti.media.model import Codec
from cti.media.tone_detector import ToneDetector
from cti.media.tones import PAD, pitches, tone_frame

LOUD = -12.0
KEYS = st.sampled_from(PAD)


def _pressed(
    key: str,
    milliseconds: float,
    *,
    before: int = 0,
    low: float = LOUD,
    high: float = LOUD,
    off: float = 0.0,
    noise: float | None = None,
) -> Samples:
    """The key's tones at those levels (dBFS), `off` their pitch by that share, and a pause."""
    instants = 2 * np.pi * (1 + off) * np.arange(round(milliseconds * 8)) / 8000
    one, other = pitches(key)
    wave = 10 ** (low / 20) * np.sin(one * instants) + 10 ** (high / 20) * np.sin(other * instants)
    sound = 32767 * np.concatenate((np.zeros(before), wave, np.zeros(640)))
    if noise is not None:
        sound += np.random.default_rng(1).standard_normal(len(sound)) * 23170 * 10 ** (noise / 20)
    return np.clip(sound, -32768, 32767).astype(np.int16)


def _heard(*sounds: Samples) -> str:
    detector = ToneDetector()
    sound = np.concatenate(sounds)
    frames = [sound[at : at + 160] for at in range(0, len(sound) - 159, FRAME_SAMPLES)]
    return "".join(filter(None, map(detector.hear, frames)))


@given(KEYS, st.integers(0, 400), st.floats(40, 120), st.floats(-0.015, 0.015))
def test_a_tone_of_40_ms_is_a_key(key: str, before: int, lasts: float, off: float) -> None:
    assert _heard(_pressed(key, lasts, before=before, off=off)) == key


@given(KEYS, st.integers(0, 400), st.floats(0, 20))
def test_a_tone_of_20_ms_is_none(key: str, before: int, lasts: float) -> None:
    assert _heard(_pressed(key, lasts, before=before)) == ""


@given(KEYS, st.floats(-28, -3), st.floats(-4, 8), st.integers(0, 320))
def test_levels_and_twist_of_real_lines_are_borne(
    key: str, level: float, weaker: float, before: int
) -> None:
    low, high = (level, level - weaker) if weaker > 0 else (level + weaker, level)
    low, high = max(low, -28), max(high, -28)
    assert _heard(_pressed(key, 50, before=before, low=low, high=high)) == key


@given(KEYS, st.integers(0, 320), st.sampled_from([(-12.0, -26.0), (-24.0, -12.0)]))
def test_more_twist_than_a_line_adds_is_no_key(
    key: str, before: int, levels: tuple[float, float]
) -> None:
    assert _heard(_pressed(key, 60, before=before, low=levels[0], high=levels[1])) == ""


@given(KEYS, st.integers(0, 320), st.sampled_from([-0.035, 0.035]))
def test_a_pitch_far_off_is_no_key(key: str, before: int, off: float) -> None:
    assert _heard(_pressed(key, 60, before=before, off=off)) == ""


@given(KEYS, st.integers(0, 320))
def test_noise_15_db_below_is_borne(key: str, before: int) -> None:
    assert _heard(_pressed(key, 50, before=before, noise=-24)) == key


@given(st.lists(KEYS, min_size=1, max_size=6), st.integers(0, 320))
def test_keys_one_after_the_other_are_told_once_each(keys: Sequence[str], before: int) -> None:
    presses = [_pressed(key, 50)[: 8 * 90] for key in keys]  # 40 ms between them
    assert _heard(np.zeros(before, np.int16), *presses, np.zeros(640, np.int16)) == "".join(keys)


@given(KEYS, st.integers(0, 320))
def test_a_break_of_10_ms_presses_nothing_twice(key: str, before: int) -> None:
    sound = _pressed(key, 150, before=before)
    sound[before + 560 : before + 640] = 0
    assert _heard(sound) == key


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("key", PAD)
def test_what_we_press_we_hear(codec: Codec, key: str) -> None:
    encoder, decoder = Encoder(codec), Decoder(codec)
    frames = [tone_frame(key, place) for place in range(0, 800, 160)] + [np.zeros(160, np.int16)]
    assert _heard(*(decoder.decode(encoder.encode(frame)) for frame in frames)) == key


def test_a_wideband_leg_is_heard_at_half_its_rate() -> None:
    frames = [halved(tone_frame("7", place, 16000)) for place in range(0, 800, 160)]
    assert _heard(*frames) == "7"


@given(st.floats(100, 350), st.floats(0.3, 1.5), st.integers(0, 1000))
def test_a_voice_presses_no_key(pitch: float, fall: float, seed: int) -> None:
    """Overtones of a gliding pitch under moving formants, as loud as people speak."""
    random = np.random.default_rng(seed)
    instants = np.arange(8000) / 8000
    phase = 2 * np.pi * pitch * (instants + 0.1 * np.sin(2 * np.pi * 1.5 * instants) / 1.5)
    voice = np.zeros(8000)
    for number in range(1, int(3400 / pitch) + 1):
        voice += random.uniform(0.3, 1) * number**-fall * np.sin(number * phase + random.uniform())
    loud = (voice / np.abs(voice).max() * 20000).astype(np.int16)
    assert _heard(loud) == ""
