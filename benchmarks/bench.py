"""What every measurement is given: the server, how much to measure, and where to say so."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import Server


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmarks."""

    server: Server
    folder: Path
    seconds: float
    """How long a steady load lasts."""
    calls: int
    """How many calls are up while RTP is measured."""
    samples: int
    """How many times each delay is measured."""

    def say(self, what: str) -> None:
        """Tell whoever waits what goes on."""
        print(what, file=sys.stderr, flush=True)
