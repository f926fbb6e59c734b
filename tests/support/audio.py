"""Sound for tests: tones made and found again, levels, and WAV files read.

Samples are 16-bit integers at 8000 per second.
"""

import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FULL_SCALE = 32768.0

Samples = NDArray[np.int16]


def tone(frequency: float, seconds: float, level: float = -10.0) -> Samples:
    """A sine of that frequency (Hz); `level` in dBFS, where a full-scale sine has 0."""
    instants = np.arange(round(seconds * RATE)) / RATE
    amplitude = (FULL_SCALE - 1) * 10 ** (level / 20)
    return np.round(amplitude * np.sin(2 * np.pi * frequency * instants)).astype(np.int16)


def silence(seconds: float) -> Samples:
    """No sound."""
    return np.zeros(round(seconds * RATE), np.int16)


def level(samples: Samples) -> float:
    """Level in dBFS, where a full-scale sine has 0; -inf for digital silence."""
    power = np.mean(np.square(samples.astype(np.float64))) if len(samples) else 0.0
    return float(10 * np.log10(2 * power / FULL_SCALE**2)) if power > 0 else float("-inf")


def goertzel(samples: Samples, frequency: float) -> float:
    """How much of the samples' power lies at that frequency, 0 to 1 (Goertzel)."""
    values = samples.astype(np.float64)
    total = float(np.dot(values, values))
    if total == 0:
        return 0.0
    power = sum(float(np.dot(values, part)) ** 2 for part in _waves(len(values), frequency))
    return 2 * power / (len(values) * total)


@lru_cache(maxsize=32)
def _waves(length: int, frequency: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    turns = 2 * np.pi * frequency / RATE * np.arange(length)
    return np.cos(turns), np.sin(turns)


def has_tone(samples: Samples, frequency: float, *, share: float = 0.5) -> bool:
    """Whether that tone is what is mainly heard."""
    return goertzel(samples, frequency) >= share


def loudest(samples: Samples, seconds: float) -> Samples:
    """The loudest stretch of so many seconds."""
    width = round(seconds * RATE)
    energy = np.cumsum(np.concatenate(([0.0], samples.astype(np.float64) ** 2)))
    start = int(np.argmax(energy[width:] - energy[:-width]))
    return samples[start : start + width]


def had_tone(samples: Samples, frequency: float) -> bool:
    """Whether that tone is what was mainly heard for a second, whenever it was."""
    seconds = [samples[start : start + RATE] for start in range(0, len(samples) - RATE, RATE // 2)]
    return any(has_tone(part, frequency) for part in seconds)


def parts_with(samples: Samples, frequency: float, size: int = 800) -> list[Samples]:
    """The stretches of that many samples in which nothing but the tone is heard."""
    parts = (samples[at : at + size] for at in range(0, len(samples) - size + 1, 80))
    return [part for part in parts if level(part) > -40 and has_tone(part, frequency, share=0.95)]


def tone_begins(samples: Samples, frequency: float, *, window: float = 0.01) -> float | None:
    """Seconds until the tone is first heard, to the window (seconds); None when it never is."""
    width = round(window * RATE)
    for start in range(0, len(samples) - width + 1, width):
        part = samples[start : start + width]
        if level(part) > -40 and has_tone(part, frequency):
            return start / RATE
    return None


def read_wave(path: Path) -> Samples:
    """The file's samples; one column per channel (left, right) when it has several."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getsampwidth()) == (RATE, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples if file.getnchannels() == 1 else samples.reshape(-1, file.getnchannels())


def growing_wave(path: Path) -> Samples:
    """The samples that are in a file already; none before it is begun."""
    try:
        return read_wave(path)
    except (FileNotFoundError, EOFError):
        return silence(0)


def write_wave(path: Path, samples: Samples, rate: int = RATE) -> Path:
    """Write a mono file and give its path back."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
