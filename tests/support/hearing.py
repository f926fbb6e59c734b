"""Announcements found again in what arrived at a telephone, by their sound."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cti.kernel.vocabulary import Language
from prompts.catalogue import load_catalogue
from prompts.lexicon import load_lexicon
from prompts.store import PromptStore
from prompts.synthesis import Process, SpeechWorker
from tests.support.audio import RATE, Samples, read_wave
from tests.support.deferred import result_of
from tests.support.reactor import reactor

SURE = 0.9
"""Correlation from which on a sound is the announcement: others reach 0.4, silence none."""
SURE_OF_SHAPE = 0.95
STEP = RATE // 100
"""Samples of which one loudness is taken."""
PHASES = 4
"""Beginnings within a step from which a sound is looked for."""
PIECE = 0.8
"""Seconds of an announcement by which it is known."""
MOST_PIECES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Where an announcement begins in what was heard (samples), and how alike both are."""

    at: int
    likeness: float


class Announced:
    """The announcements of a house, as they were made for it."""

    def __init__(self, prompts: Path) -> None:
        speech = SpeechWorker(_nobody_speaks, reactor())
        self._store = PromptStore(prompts, load_catalogue(), load_lexicon(), speech)
        assert result_of(self._store.prepare()) == 0, "every announcement is there already"

    def sound(self, id: str, language: Language = Language.CHINESE) -> Samples:
        """What is said, from its first word to its last."""
        return _spoken(cast(Path, self._store.path(id, language)))

    def pieces(self, id: str, language: Language = Language.CHINESE) -> list[Samples]:
        """Those by which it is known, from its opening on: one may be lost on its way."""
        sound, size = self.sound(id, language), round(PIECE * RATE)
        starts = range(0, min(MOST_PIECES * size, max(1, len(sound) - size + 1)), size)
        return [sound[start : start + size] for start in starts]


def find(sound: Samples, heard: Samples) -> Found:
    """The place where it is heard best; a likeness of 1 is the very same at any level."""
    if len(heard) < len(sound):
        return Found(0, 0.0)
    needle, hay = sound.astype(np.float64), heard.astype(np.float64)
    size = 1 << (len(hay) + len(needle)).bit_length()
    product = np.fft.irfft(np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size)), size)
    places = len(hay) - len(needle) + 1
    energy = np.concatenate(([0.0], np.cumsum(hay**2)))
    power = energy[len(needle) :][:places] - energy[:places]
    scale = np.sqrt(np.maximum(power, 1.0) * float(np.sum(needle**2)))
    likeness: NDArray[np.float64] = product[:places] / scale
    at = int(np.argmax(likeness))
    return Found(at, float(likeness[at]))


def find_shape(sound: Samples, heard: Samples) -> Found:
    """The place where its loudness rises and falls alike.

    No sentence is spoken twice with the same waves, as breath is noise; one with another figure in
    it reaches 0.93. Between two steps the same sentence would not reach more either, so what was
    heard is looked at from several beginnings.
    """
    starts = range(0, STEP, STEP // PHASES)
    return max((_shaped(sound, heard, start) for start in starts), key=lambda found: found.likeness)


def _shaped(sound: Samples, heard: Samples, start: int) -> Found:
    """The place among those a whole number of steps after `start`."""
    needle, hay = _loudness(sound), _loudness(heard[start:])
    if len(hay) < len(needle):
        return Found(0, 0.0)
    needle = needle - needle.mean()
    windows = np.lib.stride_tricks.sliding_window_view(hay, len(needle))
    centred = windows - windows.mean(axis=1, keepdims=True)
    scale = np.linalg.norm(centred, axis=1) * np.linalg.norm(needle)
    likeness: NDArray[np.float64] = (centred @ needle) / np.maximum(scale, 1e-9)
    at = int(np.argmax(likeness))
    return Found(at * STEP + start, float(likeness[at]))


def _loudness(samples: Samples) -> NDArray[np.float64]:
    steps = samples[: len(samples) // STEP * STEP].astype(np.float64).reshape(-1, STEP)
    loudness: NDArray[np.float64] = np.sqrt(np.mean(steps**2, axis=1))
    return loudness


def sounding(samples: Samples) -> Samples:
    """Without the silence before and behind."""
    loud = np.flatnonzero(samples)
    return samples[loud[0] : loud[-1] + 1]


@cache
def _spoken(path: Path) -> Samples:
    return sounding(read_wave(path))


def _nobody_speaks(_protocol: object) -> Process:
    raise AssertionError("an announcement of the house is missing")
