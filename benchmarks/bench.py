"""What every measurement is given: servers, how much to measure, and where to say so."""

import sys
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.server import House, Server, running_server
from benchmarks.target import Target


@dataclass(slots=True)
class Bench:
    """One run of the benchmarks. `house` is how a server is set up where nothing else is asked."""

    folder: Path
    leaving: ExitStack
    house: House
    peer: Target | None
    seconds: float
    """How long a steady load lasts."""
    levels: tuple[int, ...]
    """How many calls are up while RTP is measured."""
    samples: int
    """How many times each delay is measured."""
    tickets: int
    """How many tickets there are where they are asked for."""
    keep: Path | None = None
    """Where the tickets are kept between runs."""
    _server: Server | None = None
    _numbers: "count[int]" = field(default_factory=count)

    @property
    def server(self) -> Server:
        """The one that is there for all who need no other; started when first asked for."""
        if self._server is None:
            self._server = self.leaving.enter_context(self.another())
        return self._server

    @contextmanager
    def another(self, **differences: Any) -> Iterator[Server]:
        """A server of its own, set up otherwise."""
        house = replace(self.house, **differences)
        folder = self.folder / f"house-{next(self._numbers)}"
        folder.mkdir()
        self.say("starting a hotline")
        with running_server(folder, house) as server:
            yield server

    @property
    def layout(self) -> str:
        """Who runs where, in words."""
        ours, theirs = self.house.cores, machine.divided(len(self.house.cores))[1]
        if ours & theirs:
            return "server and generators share the only core: no figure is the server's alone"
        return f"server on core {_cores(ours)}, generators on core {_cores(theirs)}"

    def say(self, what: str) -> None:
        """Tell whoever waits what goes on."""
        print(what, file=sys.stderr, flush=True)


def _cores(numbers: Set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
