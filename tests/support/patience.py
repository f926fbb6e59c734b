"""How long a test waits, and how much longer everything takes where others want the processors.

A test waits for what is to come, and for what changed to come through, as long as that takes on a
machine with room; on one without, so many times longer. Nothing that is asked for becomes less.
Whoever waits for what is sure to come waits `ample` time: only what never comes costs it.
"""

import os

ORDINARY = 2.0
"""As many wanting each processor are no crowd: so it is while the tests run side by side."""
MOST = 8.0
AMPLE, LONGEST = 60.0, 240.0
"""Seconds that are waited for anything at least, and at most before a test may be ended."""


def crowding() -> float:
    """How many times longer things take now than on a machine with room: 1 on such a machine."""
    try:
        wanting = os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:  # not told on this machine
        return 1.0
    return min(MOST, max(1.0, wanting / ORDINARY))


def ample(seconds: float = AMPLE) -> float:
    """How long to wait, in seconds, for what comes within so many on a machine with room."""
    return min(LONGEST, max(AMPLE, seconds * crowding()))
