"""Lets a process of its own talk and listen on our sockets (`load`), and asks what it cost."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import IO

from benchmarks.figures import Spread
from benchmarks.load import Heard, Plan

SPREADS = "late", "transit", "variation", "own"


def talk(
    sockets: Sequence[socket.socket], plan: Plan, cpu: Callable[[], float | None] = lambda: None
) -> tuple[Heard, float | None]:
    """What was heard, and the processor seconds that `cpu` grew by while it was measured."""
    fds = [each.fileno() for each in sockets]
    load = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", f"--fds={','.join(map(str, fds))}"],
        pass_fds=fds,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert load.stdin is not None
    assert load.stdout is not None
    with load:
        try:
            load.stdin.write(json.dumps(asdict(plan)) + "\n")
            load.stdin.flush()
            _expect(load.stdout, "steady")
            before = cpu()
            _expect(load.stdout, "over")
            after = cpu()
            heard = _heard(load.stdout.readline())
        except BaseException:
            load.kill()
            raise
    return heard, None if before is None or after is None else after - before


def _expect(said: IO[str], word: str) -> None:
    line = said.readline().strip()
    if line != word:
        raise RuntimeError(f"the load said {line!r} in place of {word!r}")


def _heard(text: str) -> Heard:
    values = json.loads(text)
    spreads = {name: values[name] and Spread(**values[name]) for name in SPREADS}
    return Heard(**(values | spreads))
