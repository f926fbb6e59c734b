"""How much longer everything takes where others want the processors too.

A test waits for what is to come, and for what changed to come through, as long as that takes on a
machine with room; on one without, so many times longer. Nothing that is asked for becomes less.
"""

import os

ORDINARY = 2.0
"""As many wanting each processor are no crowd: so it is while the tests run side by side."""
MOST = 8.0


def crowding() -> float:
    """How many times longer things take now than on a machine with room: 1 on such a machine."""
    try:
        wanting = os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:  # not told on this machine
        return 1.0
    return min(MOST, max(1.0, wanting / ORDINARY))
