"""Calls under a flood: what their sound loses, what honest callers wait, what it costs and logs."""

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks import machine, rtp
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.phones import Exchange, Telephone
from benchmarks.server import HANG_UP, MUSIC

CALLS, RATE, SOURCES = 50, 5000.0, 500
MOST_LOST, MOST_LINES, LONGEST_WAIT = 1.0, 10.0, 500.0
EVERY = 0.25
"""Seconds between two honest calls."""
MILLISECONDS = 1e-6
MOST_LATE = 25
"""Packets that may be under way; when more are missing at the end, the call went silent."""
SETTLE = 1.0
NUMBERS = count(8000)
"""Honest callers': no two have the same, so that none is taken for another."""
FLOODER = "benchmarks.flooder"
FLOODS = {
    "malformed": ("--kind=malformed",),
    "unauthorised": ("--kind=unauthorised",),
    "RTP of strangers": ("--kind=rtp",),
    "a trunk's address": ("--own",),
}
"""How the flooder is told of each."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of the server itself and of its media workers, and MiB of memory of them all."""

    server: float
    workers: float
    memory: float

    @classmethod
    def of(cls, pid: int) -> "Cost":
        """So far."""
        workers = machine.children(pid)
        return cls(
            machine.own_seconds(pid),
            sum(map(machine.own_seconds, workers)),
            sum(map(machine.memory, [pid, *workers])),
        )


@dataclass(slots=True)
class Stream:
    """The sound one caller hears."""

    numbers: list[int] = field(default_factory=list)
    """Sequence numbers, in the order they came."""
    last: int = 0
    """When the last one came (CLOCK_REALTIME, ns)."""

    def take(self, data: bytes, at: int) -> None:
        """Note a packet."""
        if rtp.is_audio(data):
            self.numbers.append(rtp.HEADER.unpack_from(data)[2])
            self.last = at

    def lost(self, until: int) -> float:
        """Per cent of the packets that never came up to that instant, at which it still sounds."""
        if not self.numbers:
            return 100.0
        steps = (
            (now - before) & 0xFFFF
            for before, now in zip(self.numbers, self.numbers[1:], strict=False)
        )
        silent = (until - self.last) // rtp.FRAME_NS
        sent = 1 + sum(steps) + (silent if silent > MOST_LATE else 0)
        return 100.0 * (sent - len(self.numbers)) / sent


def measure(bench: Bench) -> list[Figure]:
    """Floods of strangers, one kind after the other, then one that bears the trunk's address."""
    figures = []
    for name, more in FLOODS.items():
        bench.say(f"flood: {CALLS} calls beside {RATE:g} datagrams/s, {name}")
        figures += _under(bench, name, more)
    return figures


def _under(bench: Bench, name: str, more: tuple[str, ...]) -> list[Figure]:
    exchange = Exchange()
    pid, seconds = bench.server.process.pid, bench.seconds
    with ExitStack() as leaving:
        callers: list[Telephone] = []
        leaving.callback(_end, exchange, callers)
        streams = [_listen(bench, exchange, number, callers) for number in range(CALLS)]
        honest = Telephone(exchange, bench.server.address, f"{next(NUMBERS)}")
        leaving.callback(honest.close)
        _dial(exchange, honest)
        exchange.run_for(SETTLE)
        logged, before = _lines(bench.server.folder), Cost.of(pid)
        flooder = _flood(bench, more, _media(callers))
        leaving.callback(flooder.wait)
        leaving.callback(flooder.kill)
        waits = _honest(exchange, honest, seconds)
        until = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after, lines = Cost.of(pid), _lines(bench.server.folder) - logged
        sent = int(flooder.communicate(timeout=30)[0])
    lost = max(stream.lost(until) for stream in streams)
    title, share = f"flood, {name}", 100 / seconds
    return [
        Figure("flood", f"{title}: sent", sent / seconds, "/s"),
        Figure("flood", f"{title}: worst call lost", lost, "%", MOST_LOST),
        Figure("flood", f"{title}: log grew", lines / seconds, "lines/s", MOST_LINES),
        Figure("flood", f"{title}: server", (after.server - before.server) * share, "% core"),
        Figure("flood", f"{title}: workers", (after.workers - before.workers) * share, "% core"),
        Figure("flood", f"{title}: memory grew", after.memory - before.memory, "MiB"),
        *spread(waits).figures(
            "flood", f"{title}: honest INVITE to 200", "ms", LONGEST_WAIT, MILLISECONDS
        ),
    ]


def _listen(bench: Bench, exchange: Exchange, number: int, callers: list[Telephone]) -> Stream:
    """A caller who hears music, and what is heard."""
    caller, stream = Telephone(exchange, bench.server.address, f"7{number:03}"), Stream()
    exchange.add(caller.sound, stream.take)
    call = caller.dial(MUSIC)
    exchange.run_until(partial(getattr, call, "answered"), "the caller is answered")
    callers.append(caller)
    return stream


def _end(exchange: Exchange, callers: list[Telephone]) -> None:
    """All hang up; ports are given back when nothing is under way to them any more."""
    for caller in callers:
        if caller.call is not None:
            caller.hang_up()
    exchange.run_for(SETTLE)
    for caller in callers:
        exchange.remove(caller.sound)
        caller.close()


def _media(callers: list[Telephone]) -> str:
    """The ports of ours where the callers' sound comes to."""
    return ",".join(f"{each.call.media[1]}" for each in callers if each.call is not None)


def _flood(bench: Bench, more: tuple[str, ...], media: str) -> subprocess.Popen[bytes]:
    host, port = bench.server.address
    ports = media if "--kind=rtp" in more else f"{port}"
    command = [sys.executable, "-m", FLOODER, host, ports, f"--rate={RATE}"]
    length = [f"--seconds={bench.seconds}", f"--sources={SOURCES}"]
    return subprocess.Popen([*command, *length, *more], stdout=subprocess.PIPE)


def _honest(exchange: Exchange, caller: Telephone, seconds: float) -> list[float]:
    """Nanoseconds from INVITE to 200 of calls placed one after the other meanwhile."""
    end, waits = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        waits.append(_dial(exchange, caller))
        exchange.run_for(EVERY)
    return waits


def _dial(exchange: Exchange, caller: Telephone) -> float:
    """A call that is answered and ended by the house."""
    call = caller.dial(HANG_UP)
    exchange.run_until(partial(getattr, call, "ended"), "an honest caller is served")
    return float(call.answered - call.offered)


def _lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (folder / "var").glob("*.log*"))
