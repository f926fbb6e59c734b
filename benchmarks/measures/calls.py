"""Calls with sound, more and more of them: CPU per call, lateness and loss at each level."""

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Line, Spread
from benchmarks.stage import Stage, Talk
from benchmarks.target import Target

AIM = 5.0
MILLISECONDS = 1e-6
STRAIGHT = 3
"""Levels that a line is drawn through at least."""


def music(bench: Bench) -> Iterator[Figure]:
    """Callers who hear music and talk; without and with their recordings."""
    return _all(bench, bridged=False)


def bridge(bench: Bench) -> Iterator[Figure]:
    """Callers who talk with as many others; without and with their recordings."""
    return _all(bench, bridged=True)


def workers(bench: Bench) -> Iterator[Figure]:
    """The same bridged calls by one media worker and by two."""
    for number in (1, 2):
        with bench.another(recorded=False, workers=number) as server:
            what = f"{number} media worker{'s' if number > 1 else ''}, {bench.layout}"
            yield from _levels(bench, server.target, f"workers: bridged calls, {what}", True)


def _all(bench: Bench, *, bridged: bool) -> Iterator[Figure]:
    test = "bridge: bridged calls" if bridged else "music: callers hear music and talk"
    for recorded in (False, True):
        with bench.another(recorded=recorded) as server:
            yield from _levels(bench, server.target, f"{test}, {server.target.name}", bridged)
    if peer := bench.peer:
        yield from _levels(bench, peer, f"{test}, {peer.name}", bridged)


def _levels(bench: Bench, target: Target, test: str, bridged: bool) -> Iterator[Figure]:
    if not (target.numbers.direct if bridged else target.numbers.music):
        bench.say(f"{test}: {target.name} has no number for it (PEER_NUMBERS)")
        return
    points = []
    with ExitStack() as leaving:
        stage = Stage(bench, target, leaving, bridged=bridged)
        for calls in bench.levels:
            bench.say(f"{test}: {calls} calls for {bench.seconds:g} s")
            stage.raise_to(calls)
            talk = stage.talk()
            yield from _figures(test, calls, talk, bridged)
            if not talk.whole:
                bench.say(f"{test}: {calls} calls are more than it can carry")
                break
            if talk.cpu is not None:
                points.append((float(calls), talk.cpu))
    yield from _line(test, points)


def _figures(test: str, calls: int, talk: Talk, bridged: bool) -> list[Figure]:
    level = f"{calls} calls"
    figures = []
    if talk.cpu is not None:
        figures.append(Figure(test, "CPU per call", talk.cpu / calls, "% core", level=level))
    heard = talk.heard
    judged = heard.variation if bridged and heard.variation else heard.late
    figures += _spread(test, level, "delay variation" if bridged else "lateness", judged)
    if bridged and heard.transit:
        way = heard.transit.p50 * MILLISECONDS
        figures.append(Figure(test, "way through us p50", way, "ms", level=level))
    return [
        *figures,
        Figure(test, "lost", talk.lost, "%", level=level),
        Figure(test, "generators late p99", heard.own.p99 * MILLISECONDS, "ms", level=level),
    ]


def _spread(test: str, level: str, what: str, of: Spread | None) -> list[Figure]:
    if of is None:
        return []
    return [
        Figure(test, f"{what} p50", of.p50 * MILLISECONDS, "ms", level=level),
        Figure(test, "p95", of.p95 * MILLISECONDS, "ms", level=level),
        Figure(test, "p99", of.p99 * MILLISECONDS, "ms", AIM, level=level),
    ]


def _line(test: str, points: list[tuple[float, float]]) -> list[Figure]:
    if len(points) < STRAIGHT:
        return []
    line = Line.through(points)
    return [
        Figure(test, "straight line: each further call", line.slope, "% core"),
        Figure(test, "straight line: without any call", line.base, "% core"),
        Figure(test, "the farthest from it, of the highest", 100 * line.residual, "%"),
    ]
