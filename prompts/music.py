"""Hold music, composed and played here, so it belongs to nobody else.

Sixteen slow bars over four chords in G, arpeggios of plucked strings with a soft pad, rounded off
for a telephone line. The notes that still ring at the end ring on at the beginning, so the piece
repeats without a seam.
"""

import numpy as np

from prompts.sound import RATE, Samples, amplitude, limit

LEVEL_DBFS = -24.0
PEAK_DBFS = -9.0
BEAT_SECONDS = 0.625
BEATS_PER_BAR = 4
HALVES = 2
"""Notes in a beat."""

CHORDS = (
    (55, 62, 67, 71, 74),  # G
    (52, 59, 64, 67, 71),  # E minor
    (48, 60, 64, 67, 74),  # C with its ninth
    (50, 57, 62, 66, 69),  # D
)
"""MIDI note numbers; the first is the bass."""

PATTERNS = (
    (0, 2, 3, 4, 3, 2, 1, 2),
    (0, 1, 2, 4, 3, 4, 2, 3),
    (0, 3, 2, 3, 4, 3, 2, 1),
    (0, 2, 4, 3, 4, 2, 3, 1),
)
"""Which note of the chord sounds on each half beat of a bar."""

BARS = 16
MELODY = (83, 79, 76, 78, 79, 76, 74, 78, 83, 79, 76, 74, 78, 74, 76, 74)
"""One long note a bar, above the arpeggios."""


def hold_music() -> Samples:
    """The whole piece, 40 s at 8000 samples per second."""
    bar = round(BEAT_SECONDS * BEATS_PER_BAR * RATE)
    step = bar // (BEATS_PER_BAR * HALVES)
    piece = np.zeros(bar * BARS)
    for number in range(BARS):
        chord, start = CHORDS[number % len(CHORDS)], number * bar
        for index, degree in enumerate(PATTERNS[number // len(CHORDS) % len(PATTERNS)]):
            accent = 1.0 if index == 0 else 0.6
            _add(piece, start + index * step, accent * pluck(chord[degree]))
        _add(piece, start, 0.35 * pad(chord[1:4], bar))
        _add(piece, start + 2 * step, 0.5 * pluck(MELODY[number], ring=2.2))
    return limit(_levelled(piece), amplitude(PEAK_DBFS))


def pluck(note: int, ring: float = 1.4) -> Samples:
    """A plucked string: partials that fade the faster the higher they are, over `ring` seconds."""
    time = np.arange(round(ring * RATE)) / RATE
    base = frequency(note)
    tone = np.zeros_like(time)
    for partial, strength in enumerate((1.0, 0.45, 0.22, 0.1), start=1):
        if base * partial < RATE * 0.45:
            decay = np.exp(-time * (2.2 + 1.1 * partial))
            tone += strength * decay * np.sin(2 * np.pi * base * partial * time)
    attack = np.minimum(time / 0.006, 1.0)
    release = np.minimum((ring - time) / 0.15, 1.0)
    return tone * attack * release


def pad(notes: tuple[int, ...], length: int) -> Samples:
    """A soft chord that swells and dies away within `length` samples and a quarter."""
    total = length + length // 4
    time = np.arange(total) / RATE
    swell = np.sin(np.pi * np.arange(total) / total) ** 2
    tones = sum(
        np.sin(2 * np.pi * frequency(note) * detune * time)
        for note in notes
        for detune in (0.998, 1.002)
    )
    return np.asarray(tones * swell / (2 * len(notes)))


def frequency(note: int) -> float:
    """Hertz of a MIDI note number (A4 = 69 = 440 Hz, equal temperament)."""
    return float(440.0 * 2 ** ((note - 69) / 12))


def _add(piece: Samples, start: int, sound: Samples) -> None:
    # What rings beyond the end comes round to the beginning.
    np.add.at(piece, (start + np.arange(len(sound))) % len(piece), sound)


def _levelled(piece: Samples) -> Samples:
    return piece * (amplitude(LEVEL_DBFS) / float(np.sqrt(np.mean(piece**2))))
