"""The matcher alone: how long a decision takes among 5,000 agents with 10,000 callers waiting.

The day is that of `tests.support.simulated_day`: 40 queues, 30 skills, stages, preferred agents.
Beside it stand the same decisions by looking at every caller for every agent who comes free,
which is what a plain queue does each time it looks.
"""

import gc
from time import perf_counter_ns

from agents.acd.matcher import AgentFree, Assignment, CallArrived, Input
from agents.acd.queue import WaitingCall
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from cti.kernel.identifiers import CallId
from tests.support.matching import Oracle, Standing
from tests.support.simulated_day import Day, Handle, day

SEED, AGENTS, WAITING = 1, 5000, 10_000
WARMING, STEPS, SCANS = 5000, 30_000, 100
AIM = 1.0
MILLISECONDS = 1e-6


class Stopwatch:
    """Hands events on to the matcher and notes how long each takes, in nanoseconds."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.calls: dict[CallId, WaitingCall] = {}
        self.frees: list[AgentFree] = []
        self.took: list[float] = []

    def __call__(self, event: Input) -> list[Assignment]:
        began = perf_counter_ns()
        pairs = self._handle(event)
        self.took.append(float(perf_counter_ns() - began))
        if isinstance(event, CallArrived):
            self.calls[event.call.call_id] = event.call
        elif isinstance(event, AgentFree):
            self.frees.append(event)
        return pairs

    def forget(self) -> None:
        """What was before is no matter."""
        self.took.clear()
        self.frees.clear()


def measure(bench: Bench) -> list[Figure]:
    """Decisions per second, their spread, and the same by a plain scan."""
    watches: list[Stopwatch] = []

    def watch(handle: Handle) -> Handle:
        watches.append(Stopwatch(handle))
        return watches[0]

    bench.say(f"acd: a day of {AGENTS} agents, {WAITING} callers waiting")
    today = day(SEED, AGENTS, WAITING, watch=watch)
    today.begin()
    _play(today, WARMING)
    watches[0].forget()
    gc.collect()
    gc.freeze()
    _play(today, STEPS)
    gc.unfreeze()
    took = watches[0].took
    what = f"a decision, {AGENTS} agents, {WAITING} waiting"
    return [
        Figure("acd", "decisions per second", len(took) / sum(took) * 1e9, "1/s"),
        *spread(took).figures("acd", what, "ms", AIM, MILLISECONDS),
        *spread(_scans(today, watches[0])).figures(
            "acd", "the same by a plain scan, agent freed", "ms", scale=MILLISECONDS
        ),
    ]


def _play(today: Day, steps: int) -> None:
    for _ in range(steps):
        today.step()


def _scans(today: Day, watch: Stopwatch) -> list[float]:
    """How long it takes to look at every caller for an agent who comes free."""
    waiting = sorted(today.waiting)
    oracle = Oracle(today.rules, today.now)
    oracle.calls = {
        call_id: Standing(watch.calls[call_id], place, waits=True)
        for place, call_id in enumerate(waiting)
    }
    took = []
    for event in watch.frees[-SCANS:]:
        began = perf_counter_ns()
        oracle.handle(event)
        took.append(float(perf_counter_ns() - began))
    return took
