"""How late a bare loop on this machine is with as many streams: what no server can better."""

import subprocess
import sys
from contextlib import ExitStack

from benchmarks import machine, sound, wire
from benchmarks.bench import Bench
from benchmarks.figures import Figure
from benchmarks.load import Plan

MILLISECONDS = 1e-6
SETTLE = 1.0


def measure(bench: Bench) -> list[Figure]:
    """The loop runs where the server would."""
    figures = []
    for streams in bench.levels:
        bench.say(f"bare: a bare loop sends {streams} streams for {bench.seconds:g} s")
        figures += _figures(bench, streams)
    return figures


def _figures(bench: Bench, streams: int) -> list[Figure]:
    with ExitStack() as leaving:
        ear = leaving.enter_context(wire.timed_socket())
        mouths = [leaving.enter_context(wire.timed_socket()) for _ in range(streams)]
        fds = [mouth.fileno() for mouth in mouths]
        port = ear.getsockname()[1]
        with machine.on(bench.house.cores):
            sender = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.sender",
                    f"--fds={','.join(map(str, fds))}",
                    f"--ports={','.join([str(port)] * streams)}",
                    f"--seconds={bench.seconds + 3 * SETTLE}",
                    "--slots=1",
                ],
                pass_fds=fds,
            )
        try:
            heard, _ = sound.talk([ear], Plan([], SETTLE, bench.seconds))
        finally:
            sender.kill()
            sender.wait()
    if heard.late is None:
        raise RuntimeError("the bare loop was not heard")
    test, level = "bare: a loop that does nothing but send", f"{streams} streams"
    late = heard.late
    shown = (("lateness p50", late.p50), ("p95", late.p95), ("p99", late.p99))
    return [Figure(test, what, value * MILLISECONDS, "ms", level=level) for what, value in shown]
