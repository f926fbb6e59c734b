"""The mixer: everybody hears whom they should, and never themselves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cti.media.mixer import KNEE, crossfade, mix
from tests.support.audio import goertzel, tone


def test_a_conference_of_eight_is_everybody_but_oneself() -> None:
    frames = np.stack([tone(400 + 100 * n, 0.1, -26) for n in range(8)])
    heard = mix(frames, np.ones((8, 8), np.float32) - np.eye(8, dtype=np.float32))
    for hearer in range(8):
        shares = [goertzel(heard[hearer], 400 + 100 * n) for n in range(8)]
        assert shares.pop(hearer) < 0.001
        assert min(shares) > 0.12


def test_a_whisper_is_a_matrix_like_any_other() -> None:
    frames = np.array([[100], [20], [3]], np.int16)  # caller, agent, coach
    heard = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]], np.float32)
    assert mix(frames, heard).tolist() == [[20], [103], [120]]


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=12))
def test_many_loud_voices_bend_and_never_wrap(values: list[int]) -> None:
    frames = np.array([[value] for value in values], np.int16)
    (heard,) = mix(frames, np.ones((1, len(values)), np.float32))
    total = sum(values)
    assert -32767 <= heard[0] <= 32767
    if abs(total) <= KNEE:
        assert heard[0] == total
    else:
        assert np.sign(heard[0]) == np.sign(total)
        assert abs(int(heard[0])) >= KNEE - 1


def test_nobody_heard_is_silence() -> None:
    assert not mix(np.ones((2, 160), np.int16), np.zeros((2, 2), np.float32)).any()
    assert mix(np.zeros((0, 160), np.int16), np.zeros((0, 0), np.float32)).shape == (0, 160)


def test_two_frames_become_one_without_a_step() -> None:
    faded = crossfade(np.full(160, 1000, np.int16), np.full(160, -1000, np.int16))
    assert (faded[0], faded[-1]) == (1000, -1000)
    assert np.abs(np.diff(faded)).max() < 20
