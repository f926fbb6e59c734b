import numpy as np
import pytest

from prompts.sound import RATE, amplitude
from prompts.tones import ring_back


def test_a_ring_of_a_second_and_four_of_silence() -> None:
    seconds = ring_back().reshape(5, RATE)
    assert np.max(np.abs(seconds[0])) == pytest.approx(amplitude(-20), rel=0.01)
    assert not seconds[1:].any()


def test_its_pitch() -> None:
    spectrum = np.abs(np.fft.rfft(ring_back()[:RATE]))
    assert np.argmax(spectrum) == 450
    others = np.delete(spectrum, range(440, 461))
    assert np.max(others) < 0.02 * np.max(spectrum)
