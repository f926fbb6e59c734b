import numpy as np
import pytest

from prompts.music import LEVEL_DBFS, PEAK_DBFS, hold_music
from prompts.sound import RATE, Samples, amplitude


@pytest.fixture(scope="module")
def piece() -> Samples:
    return hold_music()


def test_lasts_forty_seconds(piece: Samples) -> None:
    assert len(piece) / RATE == pytest.approx(40.0)


def test_is_quieter_than_speech(piece: Samples) -> None:
    assert 20 * np.log10(np.sqrt(np.mean(piece**2))) == pytest.approx(LEVEL_DBFS, abs=0.5)
    assert np.max(np.abs(piece)) <= amplitude(PEAK_DBFS)


def test_repeats_without_a_seam(piece: Samples) -> None:
    steps = np.abs(np.diff(piece))
    assert abs(piece[0] - piece[-1]) <= np.max(steps)


def test_is_never_silent_long(piece: Samples) -> None:
    seconds = piece.reshape(-1, RATE)
    assert np.min(np.sqrt(np.mean(seconds**2, axis=1))) > amplitude(-40)


def test_is_the_same_every_time(piece: Samples) -> None:
    assert np.array_equal(piece, hold_music())
