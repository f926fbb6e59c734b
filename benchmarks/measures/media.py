"""How late RTP packets are: sent to many callers, passed between caller and agent, and by a bare
loop on this machine in the same run."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks import machine, wire
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.measures.offer import staffed
from benchmarks.phones import Exchange, Telephone
from benchmarks.server import MUSIC, QUEUE

AIM = 5.0
MILLISECONDS = 1e-6
SETTLE = 1.0
"""Seconds the callers' sound flows before measuring."""
SPREAD, AT_ONCE = 20, 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What the receiver saw, in ns, and what it cost the server's processes, in CPU seconds."""

    late: list[float]
    transit: list[float]
    lost: int
    cpu: float


def measure(bench: Bench) -> list[Figure]:
    """Announcements, bridges and the bare loop; the ratio is of the 99th percentiles."""
    worker = next(
        (
            pid
            for pid in machine.children(bench.server.process.pid)
            if "cti.worker" in machine.command_line(pid)
        ),
        0,
    )
    bare, played, bridged = _bare(bench, worker), _played(bench), _bridged(bench)
    pairs = bench.calls // 2
    share = bench.seconds / 100
    ratio = spread(played.late).p99 / max(1.0, spread(bare.late).p99)
    return [
        *spread(played.late).figures(
            "media", f"{bench.calls} callers hear music: lateness", "ms", AIM, MILLISECONDS
        ),
        Figure("media", "the same: packets lost", played.lost, ""),
        Figure("media", "the same: CPU per call", played.cpu / bench.calls / share, "% core"),
        *spread(bare.late).figures("media", "bare loop: lateness", "ms", None, MILLISECONDS),
        Figure("media", "p99 of the hotline / p99 of the bare loop", ratio, "times"),
        *spread(bridged.transit).figures(
            "media", f"{pairs} bridged calls: way through us", "ms", AIM, MILLISECONDS
        ),
        Figure("media", "the same: packets lost", bridged.lost, ""),
        Figure("media", "the same: CPU per call", bridged.cpu / pairs / share, "% core"),
    ]


def _bare(bench: Bench, worker: int) -> Heard:
    bench.say(f"media: a bare loop sends {bench.calls} streams for {bench.seconds:g} s")
    ears = [wire.timed_socket() for _ in range(bench.calls)]
    mouths = [wire.timed_socket() for _ in range(bench.calls)]
    try:
        ports = [ear.getsockname()[1] for ear in ears]
        return _listen(bench, ears, mouths, ports, AT_ONCE, worker)
    finally:
        for sock in (*ears, *mouths):
            sock.close()


def _played(bench: Bench) -> Heard:
    bench.say(f"media: {bench.calls} callers hear music and talk for {bench.seconds:g} s")
    exchange = Exchange()
    with ExitStack() as leaving:
        callers = _call(bench, exchange, bench.calls, MUSIC, leaving)
        return _talk(bench, callers)


def _bridged(bench: Bench) -> Heard:
    pairs = bench.calls // 2
    bench.say(f"media: {pairs} callers talk with as many agents for {bench.seconds:g} s")
    exchange = Exchange()
    with ExitStack() as leaving:
        phones, _ = leaving.enter_context(staffed(bench, exchange, pairs, ready=True))
        for phone in phones:
            phone.on_offer = Telephone.answer
        callers = _call(bench, exchange, pairs, QUEUE, leaving)
        exchange.run_until(lambda: all(phone.call for phone in phones), "agents answer")
        exchange.run_for(SETTLE)
        return _talk(bench, [*callers, *phones])


def _call(
    bench: Bench, exchange: Exchange, number: int, called: str, leaving: ExitStack
) -> list[Telephone]:
    callers = [Telephone(exchange, bench.server.address, f"7{each:03}") for each in range(number)]
    for caller in callers:
        leaving.callback(caller.close)
        call = caller.dial(called)
        exchange.run_until(partial(getattr, call, "answered"), "the caller is answered")
    leaving.callback(_end, exchange, callers)
    return callers


def _end(exchange: Exchange, callers: Sequence[Telephone]) -> None:
    for caller in callers:
        if caller.call is not None:
            caller.hang_up()
    exchange.run_for(SETTLE)


def _talk(bench: Bench, phones: Sequence[Telephone]) -> Heard:
    """Everybody sends and hears on the telephones' own sockets."""
    sounds = [phone.sound for phone in phones]
    ports = [phone.call.media[1] for phone in phones if phone.call]
    return _listen(bench, sounds, sounds, ports, SPREAD, 0)


def _listen(
    bench: Bench,
    ears: Sequence[socket.socket],
    mouths: Sequence[socket.socket],
    ports: Sequence[int],
    slots: int,
    like: int,
) -> Heard:
    pid, lasts = bench.server.process.pid, bench.seconds
    sender = _start(
        "sender",
        mouths,
        f"--ports={','.join(map(str, ports))}",
        f"--seconds={lasts + 2 * SETTLE}",
        f"--slots={slots}",
        f"--like={like}",
    )
    try:
        time.sleep(SETTLE)
        before = machine.cpu_seconds(pid)
        receiver = _start("receiver", ears, f"--seconds={lasts}")
        said, _ = receiver.communicate(timeout=lasts + 30)
        cpu = machine.cpu_seconds(pid) - before
    finally:
        sender.kill()
        sender.wait()
    found = json.loads(said)
    if not found["late"]:
        raise RuntimeError("no RTP was heard")
    return Heard(found["late"], found["transit"], found["lost"], cpu)


def _start(
    program: str, sockets: Sequence[socket.socket], *options: str
) -> subprocess.Popen[bytes]:
    fds = [sock.fileno() for sock in sockets]
    command = [sys.executable, "-m", f"benchmarks.{program}", f"--fds={','.join(map(str, fds))}"]
    return subprocess.Popen([*command, *options], pass_fds=fds, stdout=subprocess.PIPE)
