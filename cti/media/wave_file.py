"""WAV files read whole: any rate, 8 to 32 bits linear, floating point, A-law and mu-law.

Chunks are those of RIFF (Microsoft's "Multimedia Programming Interface", 1991); the extensible
form names its coding in the first two octets of a GUID.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from cti.kernel.errors import HotlineError
from cti.media import g711
from cti.media.g711 import SAMPLES_PER_SECOND, Samples
from cti.media.model import Codec

Signal = NDArray[np.float32]
"""Samples between -1 and 1."""

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
CHUNK = struct.Struct("<4sI")
FORMAT = struct.Struct("<HHIIHH")
CODING_IN_EXTENSION = 24
"""Octets of the format chunk before the GUID."""
RATES = (1000, 384_000)
MOST_CHANNELS = 32
FULL_SCALE = 32768.0
PIECE_FRAMES = 16_384
"""What is converted at once: whoever shares the interpreter waits no longer than for that."""


class SoundUnusable(HotlineError):  # noqa: N818  (it is a file that is unusable, not a mistake)
    """A sound file is missing or damaged, or holds something we cannot read."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What a file holds: octets of interleaved samples and what they mean."""

    coding: int
    bits: int
    channels: int
    rate: int
    data: bytes

    @property
    def is_ours(self) -> bool:
        """Whether it needs no conversion: 16-bit linear at 8000 samples per second."""
        return (self.coding, self.bits, self.rate) == (PCM, 16, SAMPLES_PER_SECOND)

    def mono(self) -> Iterator[Signal]:
        """The mean of its channels, piece by piece. KeyError for a coding nobody knows."""
        decode = _CODINGS[self.coding, self.bits]
        frame = self.channels * self.bits // 8
        end = len(self.data) - len(self.data) % frame
        for start in range(0, end, PIECE_FRAMES * frame):
            samples = decode(self.data[start : min(end, start + PIECE_FRAMES * frame)])
            yield samples.reshape(-1, self.channels).mean(axis=1, dtype=np.float32)


def read_wave(path: Path) -> Wave:
    """What stands in the file; SoundUnusable, which names it and says why."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SoundUnusable(f"{path}: {error.strerror}") from error
    try:
        wave = parse(data)
    except ValueError as error:
        raise SoundUnusable(f"{path} is no WAV file: {error}") from error
    if (wave.coding, wave.bits) not in _CODINGS:
        raise SoundUnusable(f"{path}: {wave.bits} bits of coding {wave.coding} cannot be read")
    if not RATES[0] <= wave.rate <= RATES[1] or not 1 <= wave.channels <= MOST_CHANNELS:
        raise SoundUnusable(f"{path}: {wave.channels} channels at {wave.rate} samples per second")
    return wave


def read_sound(path: Path, rate: int = SAMPLES_PER_SECOND) -> Signal:
    """The file's sound at that rate, its channels mixed, at its own level; SoundUnusable."""
    wave = read_wave(path)
    resampler = soxr.ResampleStream(wave.rate, rate, 1, quality="HQ")
    made: list[Signal] = []
    for piece in wave.mono():
        if not np.isfinite(piece).all():
            raise SoundUnusable(f"{path}: holds samples that are no numbers")
        made.append(piece if wave.rate == rate else resampler.resample_chunk(piece))
    if wave.rate != rate:
        made.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(made) if made else np.zeros(0, np.float32)


def read_samples(path: Path) -> Samples:
    """The file's sound as 16-bit samples at 8000 per second; SoundUnusable."""
    wave = read_wave(path)
    if wave.is_ours and wave.channels == 1:
        return np.frombuffer(wave.data, "<i2", len(wave.data) // 2)
    scaled = read_sound(path) * FULL_SCALE
    samples: Samples = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return samples


def parse(data: bytes) -> Wave:
    """The sound of a RIFF WAVE file, as far as it goes; ValueError says what is the matter."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("it does not begin as one")
    place, form = 12, None
    while place + CHUNK.size <= len(data):
        name, size = CHUNK.unpack_from(data, place)
        place += CHUNK.size
        if name == b"fmt ":
            form = _format(data[place : place + size])
        elif name == b"data":
            if form is None:
                raise ValueError("its samples come before their description")
            return Wave(*form, data[place : place + size])
        place += size + size % 2
    raise ValueError("it ends too early")


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    if len(chunk) < FORMAT.size:
        raise ValueError("it does not say what it holds")
    coding, channels, rate, _, _, bits = FORMAT.unpack_from(chunk)
    if coding == EXTENSIBLE and len(chunk) >= CODING_IN_EXTENSION + 2:
        (coding,) = struct.unpack_from("<H", chunk, CODING_IN_EXTENSION)
    return coding, bits, channels, rate


def _linear(kind: str, scale: float) -> Callable[[bytes], Signal]:
    return lambda data: np.frombuffer(data, kind).astype(np.float32) / np.float32(scale)


def _linear_8(data: bytes) -> Signal:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)


def _linear_24(data: bytes) -> Signal:
    octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(octets), 4), np.uint8)
    wide[:, 1:] = octets
    return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)


def _law(codec: Codec) -> Callable[[bytes], Signal]:
    return lambda data: g711.decode(data, codec).astype(np.float32) / np.float32(FULL_SCALE)


_CODINGS: dict[tuple[int, int], Callable[[bytes], Signal]] = {
    (PCM, 8): _linear_8,
    (PCM, 16): _linear("<i2", FULL_SCALE),
    (PCM, 24): _linear_24,
    (PCM, 32): _linear("<i4", 2**31),
    (FLOAT, 32): _linear("<f4", 1),
    (FLOAT, 64): _linear("<f8", 1),
    (A_LAW, 8): _law(Codec.PCMA),
    (MU_LAW, 8): _law(Codec.PCMU),
}
"""By coding and bits."""
