"""WAV files read whole and written as they grow."""

import wave
from pathlib import Path

import numpy as np
import pytest

from cti.media.wave_file import SoundUnusable, read_samples
from tests.support.audio import tone, write_wave


def _write(path: Path, channels: int, width: int, rate: int, data: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def test_a_file_read_is_what_was_written(tmp_path: Path) -> None:
    samples = tone(440, 0.1)
    assert np.array_equal(read_samples(write_wave(tmp_path / "a.wav", samples)), samples)


def test_two_channels_are_mixed(tmp_path: Path) -> None:
    data = np.array([[100, 200], [-32768, -32768], [32767, 32767]], "<i2").tobytes()
    path = _write(tmp_path / "a.wav", 2, 2, 8000, data)
    assert read_samples(path).tolist() == [150, -32768, 32767]


@pytest.mark.parametrize(("width", "rate"), [(1, 8000), (2, 16000)])
def test_other_forms_are_refused_by_name(tmp_path: Path, width: int, rate: int) -> None:
    with pytest.raises(SoundUnusable, match=rf"a\.wav: {rate} samples per second of {8 * width}"):
        read_samples(_write(tmp_path / "a.wav", 1, width, rate, bytes(32)))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(SoundUnusable):
        read_samples(path)
