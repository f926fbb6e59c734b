from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.sound import (
    FADE_SECONDS,
    PEAK_DBFS,
    RATE,
    SPEECH_DBFS,
    amplitude,
    fade,
    level,
    limit,
    read_wav,
    telephone_speech,
    trim,
    write_wav,
)

WIDE = 22_050


def talk(strength: float, seconds: float = 1.0) -> np.ndarray:
    """Something like speech: a tone in syllables, with silence before and after."""
    time = np.arange(round(seconds * WIDE)) / WIDE
    syllables = np.maximum(np.sin(2 * np.pi * 4 * time), 0)
    quiet = np.zeros(WIDE // 2)
    return np.concatenate([quiet, strength * syllables * np.sin(2 * np.pi * 440 * time), quiet])


@settings(max_examples=25, deadline=None)
@given(st.floats(0.001, 1.0))
def test_any_level_comes_out_alike(strength: float) -> None:
    sound = telephone_speech(talk(strength), WIDE)
    assert level(sound) == pytest.approx(SPEECH_DBFS, abs=1.0)
    assert np.max(np.abs(sound)) <= amplitude(PEAK_DBFS)


def test_ends_are_trimmed_to_their_pauses() -> None:
    sound = telephone_speech(talk(0.5), WIDE)
    assert not sound[: round(0.03 * RATE)].any()
    assert not sound[-round(0.23 * RATE) :].any()
    assert len(sound) / RATE == pytest.approx(1.0 + 0.05 + 0.25, abs=0.15)


def test_a_burst_at_the_beginning_is_heard_in_full() -> None:
    burst, vowel = np.full(round(0.005 * RATE), 0.3), np.full(RATE, 0.3)
    burst[1::2] *= -1
    sound = telephone_speech(np.concatenate([burst, vowel * np.sin(np.arange(RATE))]), RATE)
    begins = round(0.05 * RATE)
    assert np.max(np.abs(sound[begins : begins + len(burst)])) > 0.6 * np.max(np.abs(sound))


def test_silence_stays_silent() -> None:
    assert not telephone_speech(np.zeros(WIDE), WIDE).any()
    assert level(np.zeros(RATE)) == float("-inf")
    assert len(trim(np.zeros(10))) == 0


def test_limit_bends_only_what_is_loud() -> None:
    quiet, loud = np.array([0.1, -0.2]), np.array([0.9, -3.0])
    assert np.array_equal(limit(quiet, 0.5), quiet)
    assert np.all(np.abs(limit(loud, 0.5)) <= 0.5)
    assert np.array_equal(np.sign(limit(loud, 0.5)), np.sign(loud))


@given(st.integers(0, 1000))
def test_fades_begin_and_end_near_nothing(length: int) -> None:
    faded = fade(np.ones(length))
    assert len(faded) == length
    if length > 2 * FADE_SECONDS * RATE:
        assert faded[0] < 0.001
        assert faded[-1] < 0.001
        assert faded[length // 2] == 1


def test_files_keep_their_samples(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, 801)
    write_wav(tmp_path / "a.wav", samples)
    again, rate = read_wav(tmp_path / "a.wav")
    assert rate == RATE
    assert np.max(np.abs(again - samples)) < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
