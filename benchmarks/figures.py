"""Figures: percentiles, and the table that a person reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import ceil
from statistics import linear_regression
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `aim` is what it should stay below, None where nothing is asked."""

    test: str
    what: str
    value: float
    unit: str
    aim: float | None = None
    level: str = ""
    """Which of several loads it was measured at: figures of one test with levels make a grid."""

    @property
    def verdict(self) -> str:
        """Whether the aim is met, empty without one."""
        if self.aim is None:
            return ""
        return f"{'MISSED' if self.missed else 'met'} (< {self.aim:g} {self.unit})"

    @property
    def missed(self) -> bool:
        """Whether there is an aim and it is not met."""
        return self.aim is not None and not self.value < self.aim


@dataclass(frozen=True, slots=True)
class Spread:
    """How a set of samples lies, in the samples' unit."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    def figures(
        self, test: str, what: str, unit: str, aim: float | None = None, scale: float = 1.0
    ) -> list[Figure]:
        """A line for each percentile; the aim is one for p99."""
        lines = (("p50", self.p50), ("p95", self.p95), ("p99", self.p99), ("max", self.longest))
        return [
            Figure(test, f"{what}, {name}", value * scale, unit, aim if name == "p99" else None)
            for name, value in lines
        ]


def spread(samples: Sequence[float]) -> Spread:
    """Percentiles by nearest rank; ValueError without samples."""
    if not samples:
        raise ValueError("nothing was measured")
    ordered = sorted(samples)

    def rank(share: float) -> float:
        return ordered[max(0, ceil(share * len(ordered)) - 1)]

    return Spread(len(ordered), rank(0.50), rank(0.95), rank(0.99), ordered[-1])


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line that lies nearest to points, by least squares.

    `residual` is how far the farthest point is from it, as a share of the highest value.
    """

    slope: float
    base: float
    residual: float

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> "Line":
        """The line; ValueError for fewer than three points, which say nothing of straightness."""
        if len(points) < 3:
            raise ValueError("a line needs three points")
        xs, ys = zip(*points, strict=True)
        slope, base = linear_regression(xs, ys)
        worst = max(abs(y - base - slope * x) for x, y in points)
        return cls(slope, base, worst / max(ys))


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, a blank line between tests; what has levels as a grid."""
    width = max((len(each.what) for each in figures if not each.level), default=0)
    lines = []
    for test, of_test in groupby(figures, lambda each: each.test):
        lines += ["", test]
        for in_grid, of_kind in groupby(of_test, lambda each: bool(each.level)):
            group = list(of_kind)
            lines += _grid(group) if in_grid else _list(group, width)
    return "\n".join(lines)


def _list(figures: Sequence[Figure], width: int) -> list[str]:
    return [
        f"  {each.what:<{width}}  {each.value:>10.2f} {each.unit:<8} {each.verdict}".rstrip()
        for each in figures
    ]


def _grid(figures: Sequence[Figure]) -> list[str]:
    """A row for each level, a column for each thing measured; ! where an aim is missed."""
    levels = list(dict.fromkeys(each.level for each in figures))
    whats = list(dict.fromkeys(each.what for each in figures))
    cells = {
        (each.level, each.what): f"{each.value:.2f}{'!' if each.missed else ' '}"
        for each in figures
    }
    units = {each.what: f"{each.unit} " for each in figures}
    rows = [
        ["", *(f"{what} " for what in whats)],
        ["", *(units[what] for what in whats)],
        *([level, *(cells.get((level, what), "- ") for what in whats)] for level in levels),
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(whats) + 1)]
    return [
        "  ".join(
            ["", row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])],
        ).rstrip()
        for row in rows
    ]


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The figures for a program."""
    return [asdict(each) for each in figures]
