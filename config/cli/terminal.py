"""Printing what happens, with the time it happened at."""

import sys
from typing import TextIO

from cti.kernel.clock import Clock


class Terminal:
    """Lines with seconds since the beginning in front."""

    def __init__(self, clock: Clock, out: TextIO | None = None) -> None:
        self._clock = clock
        self._out = out or sys.stdout
        self._start = clock.seconds()

    def say(self, what: str) -> None:
        """Print one line at once."""
        passed = self._clock.seconds() - self._start
        print(f"{passed:8.3f} s  {what}", file=self._out, flush=True)
