"""From a caller's INVITE, or an agent's BYE, to the INVITE on an agent's phone; a full house."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.floor import REST, Floor, Rush
from benchmarks.phones import Call, Unanswered
from benchmarks.server import Server
from benchmarks.switchboard import Switchboard
from benchmarks.target import Target

AIM = 20.0
MILLISECONDS = 1e-6
WAITING, ELSEWHERE = (10, 200, 500), (200, 500)
TALK = 0.05
LOST = 2.0
"""Seconds after which nobody waits for an answer any more."""
LONGEST = 120.0


def measure(bench: Bench) -> Iterator[Figure]:
    """Agents idle, agents busy with callers waiting, and idle ones while another queue is full."""
    with bench.another(recorded=False) as server:
        yield from _measure(bench, server.target, server)
    if (peer := bench.peer) and peer.numbers.queue:
        yield from _measure(bench, peer, None)


def _measure(bench: Bench, target: Target, server: Server | None) -> Iterator[Figure]:
    test = "queues" if server else f"queues, {target.name}"
    with ExitStack() as leaving:
        floor = Floor(target, server, leaving)
        bench.say(f"{test}: {bench.samples} callers find an agent idle")
        samples = _idle(bench, floor, floor.queue, target.numbers.queue)
        yield from _row(test, "an agent is idle: INVITE to INVITE", samples)
        for waiting in WAITING:
            bench.say(f"{test}: {floor.agents} agents busy, {waiting} callers wait")
            rush = Rush(floor, waiting)
            with rush.on():
                enough = partial(rush.has, bench.samples)
                floor.exchange.run_until(enough, "busy agents are offered calls", LONGEST)
            row = f"{floor.agents} agents busy, {waiting} wait: BYE to INVITE"
            yield from _row(test, row, rush.samples)
        if target.numbers.other:
            yield from _elsewhere(bench, floor, test)


def _elsewhere(bench: Bench, floor: Floor, test: str) -> Iterator[Figure]:
    for waiting in ELSEWHERE:
        bench.say(f"{test}: an agent of one queue is idle, {waiting} callers wait in another")
        with Rush(floor, waiting).on():
            samples = _idle(bench, floor, floor.other, floor.target.numbers.other)
        yield from _row(test, f"idle, {waiting} wait elsewhere: INVITE to INVITE", samples)


def _idle(bench: Bench, floor: Floor, board: Switchboard, number: str) -> list[float]:
    """One caller after the other; ns from their INVITE to that on an agent's phone."""
    return [_find(floor, board, number, 5000 + each) for each in range(bench.samples)]


def _find(floor: Floor, board: Switchboard, number: str, name: int) -> float:
    exchange, caller, offers = floor.exchange, floor.caller(name), list[Call]()
    board.on_offer = lambda _user, call: offers.append(call)
    call = caller.dial(number)
    exchange.run_until(lambda: offers and call.answered, "the caller has an agent")
    exchange.run_for(TALK)
    board.hang_up(offers[0])
    with suppress(Unanswered):  # BYE is sent once: where it was lost, that call is left behind
        exchange.run_until(lambda: call.ended, "the caller is hung up on", LOST)
    exchange.run_for(REST / 4)
    caller.close()
    return float(offers[0].offered - call.offered)


def _row(test: str, level: str, samples: list[float]) -> list[Figure]:
    of = spread(samples)
    return [
        Figure(test, "p50", of.p50 * MILLISECONDS, "ms", level=level),
        Figure(test, "p95", of.p95 * MILLISECONDS, "ms", level=level),
        Figure(test, "p99", of.p99 * MILLISECONDS, "ms", AIM, level=level),
        Figure(test, "max", of.longest * MILLISECONDS, "ms", level=level),
        Figure(test, "samples", of.count, "", level=level),
    ]
