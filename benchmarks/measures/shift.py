"""Eight hours of an agent in ten minutes: what their page and the server hold, call after call."""

from benchmarks.bench import Bench
from benchmarks.figures import Figure
from tests.support.long_shift import Weight, long_shift

CALLS, EVERY, WARM_UP = 300, 50, 10
MEGA = 1e6


def measure(bench: Bench) -> list[Figure]:
    """A column for every `EVERY` calls, and whether it is bounded."""
    folder = bench.folder / "shift"
    with long_shift(folder, folder / "prompts") as shift:
        weights = list[Weight]()
        for number in range(1, WARM_UP + CALLS + 1):
            shift.serve(number)
            if number == WARM_UP or (number > WARM_UP and (number - WARM_UP) % EVERY == 0):
                weights.append(shift.weigh())
                bench.say(str(weights[-1]))
    excess = weights[-1].excess(weights[0])
    bench.say("grown beyond bounds: " + ", ".join(excess) if excess else "all of it is bounded")
    return [figure for each in weights for figure in _figures(each, weights[0])]


def _figures(weight: Weight, first: Weight) -> list[Figure]:
    level = str(weight.calls - first.calls)
    lines = (
        ("JavaScript heap", weight.heap / MEGA, "MB"),
        ("DOM nodes", weight.nodes, ""),
        ("event listeners", weight.listeners, ""),
        ("sockets of the page", weight.page_sockets, ""),
        ("sockets of the server", weight.server_sockets, ""),
        ("memory of the server", weight.server_memory / MEGA, "MB"),
        ("beyond bounds", len(weight.excess(first)), ""),
    )
    return [Figure("shift", what, value, unit, level=level) for what, value, unit in lines]
