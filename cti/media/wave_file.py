"""WAV files of 16-bit linear sound at 8000 samples per second: read whole, or written as it comes.

A file being written is a true WAV file at every moment: its header is rewritten after the data
it counts.
"""

import struct
import wave
from pathlib import Path

import numpy as np

from cti.kernel.errors import HotlineError
from cti.media.g711 import SAMPLES_PER_SECOND, Samples

SAMPLE_OCTETS = 2
PCM = 1
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class SoundUnusable(HotlineError):  # noqa: N818  (it is a file that is unusable, not a mistake)
    """A sound file is missing, damaged, or not 16-bit linear at 8000 samples per second."""


def read_samples(path: Path) -> Samples:
    """The file's samples; the mean of its channels when it has several. SoundUnusable."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getparams()[:3]
            data = file.readframes(file.getnframes())
    except OSError as error:
        raise SoundUnusable(f"{path}: {error.strerror}") from error
    except (EOFError, wave.Error) as error:
        raise SoundUnusable(f"{path} is no WAV file: {error or 'it ends too early'}") from error
    if width != SAMPLE_OCTETS or rate != SAMPLES_PER_SECOND:
        raise SoundUnusable(f"{path}: {rate} samples per second of {8 * width} bits")
    whole = len(data) - len(data) % (SAMPLE_OCTETS * channels)
    samples = np.frombuffer(data[:whole], "<i2")
    if channels == 1:
        return samples
    mixed: Samples = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return mixed


def header(channels: int, octets: int) -> bytes:
    """The 44 octets before `octets` octets of samples."""
    frame = SAMPLE_OCTETS * channels
    return HEADER.pack(
        b"RIFF",
        HEADER.size - 8 + octets,
        b"WAVE",
        b"fmt ",
        16,
        PCM,
        channels,
        SAMPLES_PER_SECOND,
        SAMPLES_PER_SECOND * frame,
        frame,
        8 * SAMPLE_OCTETS,
        b"data",
        octets,
    )


class WaveWriter:
    """A WAV file that grows. OSError where the disk refuses."""

    def __init__(self, path: Path, channels: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._channels = channels
        self._octets = 0
        self._file = path.open("wb", buffering=0)
        self._write(0, header(channels, 0))

    @property
    def seconds(self) -> float:
        """How much sound the file holds."""
        return self._octets / (SAMPLE_OCTETS * self._channels * SAMPLES_PER_SECOND)

    def append(self, data: bytes) -> None:
        """Write interleaved little-endian samples, then the header that counts them."""
        self._write(HEADER.size + self._octets, data)
        self._write(0, header(self._channels, self._octets + len(data)))
        self._octets += len(data)

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()

    def _write(self, place: int, data: bytes) -> None:
        self._file.seek(place)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
