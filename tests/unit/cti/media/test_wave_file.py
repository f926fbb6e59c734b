"""WAV files read whole and written as they grow."""

import struct
import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cti.media.g711 import encode
from cti.media.model import Codec
from cti.media.wave_file import SoundUnusable, parse, read_samples
from tests.support.audio import has_tone, level, tone, write_wave


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


RATES = (8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000)


def _coded(samples: NDArray[np.float64], coding: int, bits: int) -> bytes:
    """Samples between -1 and 1 in that form."""
    match coding, bits:
        case 1, 8:
            return np.round(samples * 127 + 128).astype(np.uint8).tobytes()
        case 1, 24:
            wide = np.round(samples * (2**31 - 256)).astype("<i4").view(np.uint8).reshape(-1, 4)
            return bytes(wide[:, 1:].tobytes())
        case 1, _:
            return bytes(np.round(samples * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}"))
        case 3, _:
            return bytes(samples.astype(f"<f{bits // 8}"))
    law = Codec.PCMA if coding == 6 else Codec.PCMU
    return encode(np.round(samples * 32767).astype(np.int16), law)


def _made(
    path: Path, sound: NDArray[np.float64], form: tuple[int, int, int], *, extensible: bool
) -> Path:
    coding, bits, rate = form
    data = _coded(sound.reshape(-1), coding, bits)
    channels = sound.shape[1]
    frame = channels * bits // 8
    named = 0xFFFE if extensible else coding
    form_chunk = struct.pack("<HHIIHH", named, channels, rate, rate * frame, frame, bits)
    if extensible:
        form_chunk += struct.pack("<HHIH14x", 22, bits, 3, coding)
    body = b"WAVE" + struct.pack("<4sI", b"LIST", 3) + b"abc\0"
    body += struct.pack("<4sI", b"fmt ", len(form_chunk)) + form_chunk
    body += struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("coding", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_common_form_is_read(
    tmp_path: Path, rate: int, coding: int, bits: int, channels: int
) -> None:
    instants = np.arange(round(rate * 0.5)) / rate
    sound = np.repeat(0.5 * np.sin(2 * np.pi * 700 * instants)[:, None], channels, axis=1)
    extensible = bits in (24, 32)
    path = _made(tmp_path / "a.wav", sound, (coding, bits, rate), extensible=extensible)
    samples = read_samples(path)
    assert len(samples) == pytest.approx(4000, abs=2)
    assert level(samples) == pytest.approx(-6, abs=0.3)
    assert has_tone(samples, 700, share=0.95)


@pytest.mark.parametrize(
    ("coding", "bits", "rate", "why"),
    [
        (1, 12, 8000, "12 bits of coding 1"),
        (2, 4, 8000, "4 bits of coding 2"),
        (1, 16, 0, "1 channels at 0 samples"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, coding: int, bits: int, rate: int, why: str
) -> None:
    path = tmp_path / "a.wav"
    form = struct.pack("<HHIIHH", coding, 1, rate, 0, 0, bits)
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", 16) + form + struct.pack("<4sI", b"data", 0)
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    with pytest.raises(SoundUnusable, match=rf"a\.wav: {why}"):
        read_samples(path)


@given(st.binary(max_size=80))
def test_any_octets_are_a_wav_file_or_refused(data: bytes) -> None:
    for head in (b"", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0"):
        with suppress(ValueError):
            assert parse(head + data).data in data


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(SoundUnusable):
        read_samples(path)
