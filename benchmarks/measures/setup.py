"""Calls per second answered and hung up at once, and what one such call costs."""

import os
import time
from pathlib import Path

from benchmarks import machine, sipp
from benchmarks.bench import Bench
from benchmarks.figures import Figure
from benchmarks.server import HANG_UP
from benchmarks.wire import Address

FIRST_RATE, HIGHEST_RATE = 50.0, 6400.0
NARROW = 1.15
"""The search ends when what failed is at most so many times what went well."""
TRIAL_SECONDS = 4.0
CONFIRMATIONS, STEP_BACK = 6, 0.85
STEADY_SHARE = 0.5
"""CPU is measured at this share of the highest rate."""
LOOK, IDLE, LONGEST_REST = 0.4, 0.15, 8.0


def measure(bench: Bench) -> list[Figure]:
    """The highest rate without a failure, the same of the peer if there is one, and CPU."""
    figures = [_highest(bench, "hotline", bench.server.address, HANG_UP)]
    rate = max(1.0, figures[0].value * STEADY_SHARE)
    before = machine.cpu_seconds(bench.server.process.pid)
    outcome = sipp.offer(bench.server.address, HANG_UP, rate, bench.seconds, bench.folder)
    _rest(bench.server.process.pid)
    cost = machine.cpu_seconds(bench.server.process.pid) - before
    figures.append(
        Figure("setup", f"CPU per call, at {rate:.0f}/s", 1000 * cost / outcome.calls, "ms")
    )
    if peer := os.environ.get("PEER"):
        number, _, address = peer.rpartition("@")
        host, _, port = address.partition(":")
        figures.append(
            _highest(bench, f"peer {peer}", (host, int(port or 5060)), number or HANG_UP)
        )
    return figures


def _highest(bench: Bench, name: str, server: Address, number: str) -> Figure:
    good, bad = 0.0, HIGHEST_RATE
    rate = FIRST_RATE
    while rate < HIGHEST_RATE and bad > max(good, 1.0) * NARROW:
        if _clean(bench, name, server, number, rate, TRIAL_SECONDS):
            good = rate
        else:
            bad = rate
        rate = good * 2 if bad == HIGHEST_RATE else (good + bad) / 2
    # A short trial may pass on what the buffers take; the rate that counts is one that lasts.
    for _ in range(CONFIRMATIONS):
        if _clean(bench, name, server, number, good, bench.seconds):
            break
        good = max(1.0, good * STEP_BACK)
    else:
        good = 0.0
    return Figure("setup", f"calls answered and hung up, {name}", good, "calls/s")


def _clean(
    bench: Bench, name: str, server: Address, number: str, rate: float, seconds: float
) -> bool:
    outcome = sipp.offer(server, number, rate, seconds, Path(bench.folder))
    bench.say(f"setup, {name}: {outcome}")
    _rest(bench.server.process.pid)
    return outcome.clean


def _rest(pid: int) -> None:
    """Let the server finish what it was left with."""
    end = time.monotonic() + LONGEST_REST
    busy = 1.0
    while busy > IDLE and time.monotonic() < end:
        before = machine.cpu_seconds(pid)
        time.sleep(LOOK)
        busy = (machine.cpu_seconds(pid) - before) / LOOK
