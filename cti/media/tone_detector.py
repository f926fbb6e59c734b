"""Keys heard as tones (ITU-T Q.23, Q.24), where no telephone-event was agreed.

Two windows of 12.75 ms are looked at in every frame of 20 ms, each by a Goertzel filter per tone
(here one product of matrices). A window says a key if one low and one high tone hold nearly all of
its power, stand out in their groups, and differ by no more than the twist a line may add. A key
is pressed once three windows in a row say so: tones of 40 ms always make it, of 22 ms never. It
is let go after three windows without it, so that a break of 10 ms does not press it twice.

Speech has overtones and a pitch, so its power is spread: that, and the three windows, is what
keeps talk from pressing keys.
"""

import numpy as np
from numpy.typing import NDArray

from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples
from cti.media.tones import HIGH, LOW, PAD

WINDOW = 102
"""Samples: the tones of a group, 73 Hz and more apart, do not hide each other."""
HOP = FRAME_SAMPLES // 2
PRESSED_AFTER, RELEASED_AFTER = 3, 3
"""Windows, each 10 ms after the other."""
LEAST_LEVEL = 10 ** (-34 / 10)
"""Power of each tone against full scale: some 31 dB below 1 mW (Q.24 asks for 25 to 29)."""
SHARE = 0.55
"""Of a window's power, what the two tones hold at least; a full window 1.8 % off pitch has 0.7."""
STANDS_OUT = 10 ** (6 / 10)
"""How much a tone exceeds the others of its group."""
HIGH_WEAKER, HIGH_STRONGER = 10 ** (10.5 / 10), 10 ** (6.5 / 10)
"""Twist: the high tone up to 8 dB weaker or 4 dB stronger (Q.24), and 2.5 dB because in so short
a window each tone changes what is measured of the other."""

Waves = NDArray[np.float32]


def _filters() -> Waves:
    angles = np.outer(np.arange(WINDOW), np.array(LOW + HIGH)) * 2 * np.pi / SAMPLES_PER_SECOND
    return np.concatenate((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)


_FILTERS = _filters()
_FULL_SCALE = 32768.0**2 / 2 * WINDOW * WINDOW / 2
"""What a full-scale tone gives in its filter's power: (A * WINDOW / 2) squared."""


class ToneDetector:
    """One leg's ear for keys: frames in, keys out; measured: 17 us a frame, a silent one 6."""

    def __init__(self) -> None:
        self._tail: Samples = np.zeros(WINDOW - HOP, np.int16)
        self._seen: str | None = None
        self._in_row = 0
        self._down: str | None = None
        self._without = 0

    @property
    def held(self) -> bool:
        """Whether a key is down."""
        return self._down is not None

    def hear(self, frame: Samples) -> str | None:
        """The key that goes down in these 160 samples, once for as long as it is held."""
        sound = np.concatenate((self._tail, frame)).astype(np.float32)
        self._tail = frame[HOP - WINDOW :]
        pressed = None
        for key in _keys(sound):
            pressed = self._window(key) or pressed
        return pressed

    def _window(self, key: str | None) -> str | None:
        self._in_row = self._in_row + 1 if key == self._seen else 1
        self._seen = key
        if key is not None and key == self._down:
            self._without = 0
            return None
        self._without += 1
        if self._without >= RELEASED_AFTER:
            self._down = None
        if key is None or self._in_row < PRESSED_AFTER:
            return None
        self._down, self._without = key, 0
        return key


def _keys(sound: Waves) -> tuple[str | None, str | None]:
    """What each of the two windows says; the first ends with the frame's first half."""
    windows = np.stack((sound[:WINDOW], sound[HOP : HOP + WINDOW]))
    energies = np.einsum("ij,ij->i", windows, windows)
    if energies.max() * WINDOW / 2 < LEAST_LEVEL * _FULL_SCALE:
        return None, None
    parts = windows @ _FILTERS
    powers = parts[:, :8] ** 2 + parts[:, 8:] ** 2
    return _key(powers[0], float(energies[0])), _key(powers[1], float(energies[1]))


def _key(powers: Waves, energy: float) -> str | None:
    low, high = int(powers[:4].argmax()), int(powers[4:].argmax())
    row, column = float(powers[low]), float(powers[4 + high])
    audible = min(row, column) >= LEAST_LEVEL * _FULL_SCALE
    if not audible or row + column < SHARE * energy * WINDOW / 2:
        return None
    if row > column * HIGH_WEAKER or column > row * HIGH_STRONGER:
        return None
    others = np.delete(powers, (low, 4 + high))
    if others[:3].max() * STANDS_OUT > row or others[3:].max() * STANDS_OUT > column:
        return None
    return PAD[low * 4 + high]
