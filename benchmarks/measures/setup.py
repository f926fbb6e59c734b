"""Calls per second answered and hung up at once, and what one such call costs."""

import time
from dataclasses import replace

from benchmarks import sipp
from benchmarks.bench import Bench
from benchmarks.figures import Figure
from benchmarks.server import HANG_UP
from benchmarks.target import Target

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
    figures = _figures(bench, bench.server.target, "hotline")
    if peer := bench.peer:
        numbers = replace(peer.numbers, hang_up=peer.numbers.hang_up or HANG_UP)
        figures += _figures(bench, replace(peer, numbers=numbers), peer.name)
    return figures


def _figures(bench: Bench, target: Target, name: str) -> list[Figure]:
    found = [_highest(bench, target, name)]
    rate = max(1.0, found[0].value * STEADY_SHARE)
    before = target.cpu()
    outcome = sipp.offer(target.address, target.numbers.hang_up, rate, bench.seconds, bench.folder)
    _rest(target)
    after = target.cpu()
    if before is not None and after is not None:
        each = 1000 * (after - before) / outcome.calls
        found.append(Figure("setup", f"CPU per call at {rate:.0f}/s, {name}", each, "ms"))
    return found


def _highest(bench: Bench, target: Target, name: str) -> Figure:
    good, bad = 0.0, HIGHEST_RATE
    rate = FIRST_RATE
    while rate < HIGHEST_RATE and bad > max(good, 1.0) * NARROW:
        if _clean(bench, name, target, rate, TRIAL_SECONDS):
            good = rate
        else:
            bad = rate
        rate = good * 2 if bad == HIGHEST_RATE else (good + bad) / 2
    # A short trial may pass on what the buffers take; the rate that counts is one that lasts.
    for _ in range(CONFIRMATIONS):
        if _clean(bench, name, target, good, bench.seconds):
            break
        good = max(1.0, good * STEP_BACK)
    else:
        good = 0.0
    return Figure("setup", f"calls answered and hung up, {name}", good, "calls/s")


def _clean(bench: Bench, name: str, target: Target, rate: float, seconds: float) -> bool:
    outcome = sipp.offer(target.address, target.numbers.hang_up, rate, seconds, bench.folder)
    bench.say(f"setup, {name}: {outcome}")
    _rest(target)
    return outcome.clean


def _rest(target: Target) -> None:
    """Let the server finish what it was left with."""
    end = time.monotonic() + LONGEST_REST
    busy = 1.0
    while busy > IDLE and time.monotonic() < end:
        before = target.cpu() or 0.0
        time.sleep(LOOK)
        busy = ((target.cpu() or 0.0) - before) / LOOK
