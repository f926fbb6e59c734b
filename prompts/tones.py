"""The ringing tone a caller hears while the called telephone rings (ITU-T E.180, China)."""

import numpy as np

from prompts.sound import RATE, Samples, amplitude, fade

HERTZ = 450.0
ON_SECONDS, OFF_SECONDS = 1.0, 4.0
LEVEL_DBFS = -20.0
"""Of the sine's peak."""


def ring_back() -> Samples:
    """One ring and the silence after it, 5 s at 8000 samples per second, to be repeated."""
    time = np.arange(round(ON_SECONDS * RATE)) / RATE
    ring = amplitude(LEVEL_DBFS) * np.sin(2 * np.pi * HERTZ * time)
    return np.concatenate([fade(ring), np.zeros(round(OFF_SECONDS * RATE))])
