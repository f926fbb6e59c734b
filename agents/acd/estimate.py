"""How long a caller will wait: a range, from their place and the agents who serve the queue.

While every agent is busy, calls are taken at the rate of agents per handling time, so the wait
of the call at place p is gamma distributed with shape p and scale handling / agents. The range
runs from its median to its 80th percentile (by the cube-root approximation of Wilson and
Hilferty, 1931): half of the callers wait less than the first, four of five less than the second.
A mean of past waits is not used, it tells of a queue that is no more.
"""

from dataclasses import dataclass
from math import sqrt

MEDIAN, PERCENTILE_80 = 0.0, 0.8416
"""Standard normal quantiles."""

MEMORY = 0.1
"""Weight of the newest call in the running average: about the last twenty calls count."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Expected wait in seconds: half wait less than `low`, four of five less than `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """Running average of seconds an agent is taken by a call: talk, hold, after-call work."""

    average: float

    def after(self, seconds: float) -> "HandlingTime":
        """The average with one more call in it."""
        return HandlingTime(self.average + MEMORY * (seconds - self.average))


def expected_wait(position: int, staffed: int, handling: float) -> Wait | None:
    """The wait of the call at that place (1 is next); None when nobody serves the queue."""
    if staffed <= 0 or position <= 0:
        return None
    scale = handling / staffed
    return Wait(
        _gamma_quantile(position, MEDIAN) * scale,
        _gamma_quantile(position, PERCENTILE_80) * scale,
    )


def _gamma_quantile(shape: int, normal: float) -> float:
    spread = 1.0 / (9.0 * shape)
    return float(shape * (1.0 - spread + normal * sqrt(spread)) ** 3)
