"""Keys as pairs of tones (ITU-T Q.23): what is played where no telephone-event was agreed."""

import numpy as np

from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples

LOW = (697.0, 770.0, 852.0, 941.0)
HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
PAD = "123A456B789C*0#D"
"""Row by row as the keys stand: a key's row gives its low tone, its column its high one."""
LOW_LEVEL, HIGH_LEVEL = -12.0, -10.0
"""dBFS, some 9 and 7 below 1 mW: the higher tone 2 dB stronger, as lines weaken it more (Q.23)."""
FULL_SCALE = 32767.0


def pitches(key: str) -> tuple[float, float]:
    """The key's two frequencies in Hz; ValueError for what is no key."""
    place = PAD.index(key)
    return LOW[place // 4], HIGH[place % 4]


def tone_frame(key: str, place: int, rate: int = SAMPLES_PER_SECOND) -> Samples:
    """20 ms of the key's tones, `place` ticks of 1/8000 s after it went down."""
    size = FRAME_SAMPLES * rate // SAMPLES_PER_SECOND
    instants = 2 * np.pi * (place / SAMPLES_PER_SECOND + np.arange(size) / rate)
    low, high = pitches(key)
    wave = _amplitude(LOW_LEVEL) * np.sin(low * instants)
    wave += _amplitude(HIGH_LEVEL) * np.sin(high * instants)
    samples: Samples = np.rint(wave).astype(np.int16)
    return samples


def _amplitude(level: float) -> float:
    return FULL_SCALE * float(10 ** (level / 20))
