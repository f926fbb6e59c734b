"""Who hears whom, as one product of matrices: a conference is a matrix without its diagonal.

A leg's own voice never comes back to it because nobody's row names itself; a listener's column is
empty, a whisper's column holds one ear. Measured: eight parties who all hear each other cost 5 us
a tick.
"""

import numpy as np
from numpy.typing import NDArray

from cti.media.g711 import Samples

KNEE = 24000.0
"""Louder than this (-2.7 dBFS) is bent gently towards full scale, so that voices do not clip."""
FULL_SCALE = 32767.0
ROOM = FULL_SCALE - KNEE

Matrix = NDArray[np.float32]


def mix(frames: NDArray[np.int16], heard: Matrix) -> NDArray[np.int16]:
    """One row of samples per hearer, from one row per source and hearers x sources of 0 and 1."""
    total = heard @ frames.astype(np.float32)
    if total.size and max(total.max(), -total.min()) > KNEE:
        total = _bent(total)
    sound: NDArray[np.int16] = np.rint(total).astype(np.int16)
    return sound


def crossfade(first: Samples, second: Samples) -> Samples:
    """One frame in place of two: it begins as the first and ends as the second."""
    ramp = np.linspace(0, 1, len(first), dtype=np.float32)
    faded: Samples = (first * (1 - ramp) + second * ramp).astype(np.int16)
    return faded


def _bent(total: Matrix) -> Matrix:
    size = np.abs(total)
    bent = np.where(size > KNEE, KNEE + ROOM * np.tanh((size - KNEE) / ROOM), size)
    signed: Matrix = np.copysign(bent, total).astype(np.float32)
    return signed
