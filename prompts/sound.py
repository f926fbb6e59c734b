"""Sound as a telephone wants it: 8000 samples per second, one level, quiet ends."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float64]
"""Mono samples between -1 and 1."""

RATE = 8000
SPEECH_DBFS = -18.0
"""Level of the active parts of speech, RMS (after ITU-T P.56, simplified)."""
PEAK_DBFS = -3.2
MUSIC_DBFS = -22.0
"""Below speech: music plays long, and under what is announced in between."""
PIECES_APART_SECONDS = 1.0
FADE_SECONDS = 0.02
LEAD_SECONDS = 0.03
TRAIL_SECONDS = 0.23
"""With the fades, sentences played one after the other are 300 ms apart."""
FRAME_SECONDS = 0.02
SILENCE_BELOW_PEAK_DB = 45.0
ACTIVE_BELOW_PEAK_DB = 30.0


def amplitude(dbfs: float) -> float:
    """-6.02 dBFS -> 0.5."""
    return float(10 ** (dbfs / 20))


def telephone_speech(samples: Samples, rate: int) -> Samples:
    """Speech of any rate, resampled, trimmed, levelled, limited and faded.

    The fades lie outside of what is said: a plosive that begins it lasts no longer than they do.
    """
    margin = round(FADE_SECONDS * RATE)
    narrow = trim(np.pad(soxr.resample(samples, rate, RATE, quality="VHQ"), margin), margin)
    levelled = limit(narrow * _gain(narrow), amplitude(PEAK_DBFS))
    return np.concatenate(
        [
            np.zeros(round(LEAD_SECONDS * RATE)),
            fade(levelled),
            np.zeros(round(TRAIL_SECONDS * RATE)),
        ]
    )


def telephone_music(pieces: Sequence[tuple[Samples, int]]) -> Samples:
    """Music of any rate, levelled piece by piece and faded, one piece after the other."""
    pause = np.zeros(round(PIECES_APART_SECONDS * RATE))
    made = []
    for samples, rate in pieces:
        narrow = soxr.resample(samples, rate, RATE, quality="VHQ")
        gain = amplitude(MUSIC_DBFS - level(narrow)) if np.isfinite(level(narrow)) else 1.0
        made += [fade(limit(narrow * gain, amplitude(PEAK_DBFS))), pause]
    return np.concatenate(made)


def trim(samples: Samples, margin: int = 0) -> Samples:
    """Without the silence at both ends, but for as many samples of it as `margin` says."""
    loud = np.flatnonzero(np.abs(samples) > _peak(samples) * amplitude(-SILENCE_BELOW_PEAK_DB))
    if not len(loud):
        return samples[:0]
    return samples[max(loud[0] - margin, 0) : loud[-1] + 1 + margin]


def limit(samples: Samples, ceiling: float) -> Samples:
    """Bend what is above half the ceiling so that nothing exceeds it, without clipping."""
    knee = ceiling / 2
    excess = np.maximum(np.abs(samples) - knee, 0.0)
    bent = knee + (ceiling - knee) * np.tanh(excess / (ceiling - knee))
    return np.where(excess > 0, np.sign(samples) * bent, samples)


def fade(samples: Samples) -> Samples:
    """Raised-cosine fades of FADE_SECONDS at both ends, so no click is heard."""
    length = min(round(FADE_SECONDS * RATE), len(samples) // 2)
    ramp = (1 - np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))) / 2
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def level(samples: Samples) -> float:
    """RMS of the active frames, in dBFS; -inf for silence."""
    size = round(FRAME_SECONDS * RATE)
    if len(samples) < size:
        return float("-inf")
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.mean(frames**2, axis=1)
    active = power[power > np.max(power) * amplitude(-ACTIVE_BELOW_PEAK_DB) ** 2]
    return float(10 * np.log10(np.mean(active))) if len(active) else float("-inf")


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples and rate of a mono 16-bit file; ValueError for another kind."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError(f"{path} is not mono 16-bit")
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return frames.astype(np.float64) / 32768, file.getframerate()


def write_wav(path: Path, samples: Samples) -> None:
    """Write 16-bit mono at 8000 samples per second; the file appears whole or not at all."""
    partial = path.with_name(path.name + ".part")
    with wave.open(str(partial), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    partial.replace(path)


def _peak(samples: Samples) -> float:
    return float(np.max(np.abs(samples), initial=0.0))


def _gain(samples: Samples) -> float:
    now = level(samples)
    return amplitude(SPEECH_DBFS - now) if np.isfinite(now) else 1.0
