"""Figures: percentiles, and the table that a person reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `aim` is what it should stay below, None where nothing is asked."""

    test: str
    what: str
    value: float
    unit: str
    aim: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the aim is met, empty without one."""
        if self.aim is None:
            return ""
        return f"{'met' if self.value < self.aim else 'MISSED'} (< {self.aim:g} {self.unit})"


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


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, a blank line between tests."""
    width = max((len(each.what) for each in figures), default=0)
    lines, test = [], ""
    for each in figures:
        if each.test != test:
            test = each.test
            lines += ["", test]
        lines.append(
            f"  {each.what:<{width}}  {each.value:>10.2f} {each.unit:<8} {each.verdict}".rstrip()
        )
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The figures for a program."""
    return [asdict(each) for each in figures]
