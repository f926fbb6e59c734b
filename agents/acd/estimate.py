"""How long a caller will wait: a range, from their place and what the agents who may serve do now.

The call at place p is served when p agents have come free. How many have by a time t is counted
agent by agent: who is taken since e seconds comes free by t with the probability that a handling
time known to exceed e is below e + t, and again after each handling time from then on (a renewal
process). Handling times are lognormal, as call centres find theirs to be (Brown et al. 2005, 4.2),
so who talks long already is likely to talk on for longer.

Of that count, mean m and dispersion d (variance to mean) are known, and the wait is below t as
often as the count has reached p. The range runs from the median to the 80th percentile, by Wilson
and Hilferty's cube root (1931), which is good for a Poisson count (d = 1), made narrower for one
that is more regular. A mean of past waits is not used: it tells of a queue that is no more.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import erf, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from agents.acd.queue import Wait

Array = NDArray[np.float64]

PERCENTILE_80 = 0.8416
"""Standard normal quantile; that of the median is 0."""

MEMORY = 0.05
"""Weight of the newest call in the running figures: about the last forty calls count."""
USUAL_SPREAD = 0.4
"""Variance of the logarithm of handling times until calls have shown their own."""
SPREADS = 0.01, 2.0
LONGEST_ELAPSED = 3.0
"""Standard deviations: who is taken for longer than 999 of 1,000 is taken for as long as they."""

_NORMAL = np.linspace(-8.0, 8.0, 1601)
_BELOW = np.array([0.5 * (1.0 + erf(z / sqrt(2.0))) for z in _NORMAL])
_STEP, _HORIZON = 0.02, 8.0
"""Of the renewal function, in mean handling times."""
_GRID = np.linspace(0.0, 1.0, 65) ** 2 * 4.0
"""Instants at which agents are counted, in mean handling times: closer where waits are short."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How long calls take an agent: mean and variance of the logarithm of seconds."""

    centre: float
    spread: float

    @classmethod
    def expected(cls, mean: float) -> "Handling":
        """Of calls that take so many seconds on average, as widely spread as is usual."""
        return cls(log(mean) - USUAL_SPREAD / 2.0, USUAL_SPREAD)

    def after(self, seconds: float) -> "Handling":
        """With one more call in it; seconds above zero."""
        off = log(max(seconds, 1.0)) - self.centre
        spread = (1.0 - MEMORY) * (self.spread + MEMORY * off * off)
        return Handling(self.centre + MEMORY * off, min(max(spread, SPREADS[0]), SPREADS[1]))

    @property
    def mean(self) -> float:
        """Seconds."""
        return exp(self.centre + self.spread / 2.0)

    def longer(self, seconds: Array) -> Array:
        """The share of calls that take longer than each of these."""
        logs = np.log(np.maximum(seconds, 1e-9))
        below: Array = np.interp((logs - self.centre) / sqrt(self.spread), _NORMAL, _BELOW)
        return 1.0 - below


@dataclass(frozen=True, slots=True)
class Taken:
    """So many agents, taken since `elapsed` seconds by calls of that kind."""

    agents: int
    elapsed: float
    handling: Handling


class Outlook:
    """How many agents come free by when, counted from now: for every place of one lane."""

    def __init__(self, handling: Handling, taken: Iterable[Taken], free: int = 0) -> None:
        """`handling` is of the calls that wait, `free` counts who could serve at once."""
        self._mean = handling.mean
        self._times = _GRID * self._mean
        groups = list(taken)
        self.agents = free + sum(each.agents for each in groups)
        first, variance = _first_ends(groups, self._times)
        first += free
        self._count = _with_renewals(first, handling)
        share = first / max(self.agents, 1)
        irregular = exp(handling.spread) - 1.0
        self._dispersion = variance / np.maximum(first, 1e-9) + share * irregular

    def wait(self, position: float) -> Wait | None:
        """Of the call at that place (1 is next); None when nobody serves the queue."""
        if self.agents == 0:
            return None
        low = self._reached(_count_quantile(position, 0.0, self._dispersion))
        high = self._reached(_count_quantile(position, PERCENTILE_80, self._dispersion))
        return Wait(low, max(low, high))

    def surely(self, within: float) -> int:
        """So many come free within that many seconds, four times of five; nobody counts twice."""
        return bisect_right(range(1, self.agents + 1), within, key=self._high)

    def _high(self, position: float) -> float:
        wait = self.wait(position)
        assert wait is not None
        return wait.high

    def _reached(self, wanted: Array) -> float:
        """When the count has reached what is wanted at that time, in seconds from now."""
        lacking = wanted - self._count
        if lacking[-1] > 0.0:
            return float(self._times[-1] + lacking[-1] * self._mean / self.agents)
        after = int(np.argmax(lacking <= 0.0))
        if after == 0:
            return 0.0
        before = after - 1
        part = lacking[before] / (lacking[before] - lacking[after])
        return float(self._times[before] + part * (self._times[after] - self._times[before]))


def _count_quantile(position: float, normal: float, dispersion: Array) -> Array:
    """The mean count at which the place is reached with the probability of that normal quantile.

    The median count is a third below the place where it is Poisson, and half where it is certain.
    """
    below = (0.5 - dispersion / 6.0) / (3.0 * position)
    root = np.maximum(1.0 - below + normal * np.sqrt(dispersion / (9.0 * position)), 0.0)
    return np.asarray(position * root**3)


def _first_ends(groups: Sequence[Taken], times: Array) -> tuple[Array, Array]:
    """How many of them all have come free for the first time by then: mean and variance."""
    mean, variance = np.zeros(len(times)), np.zeros(len(times))
    for handling in {each.handling for each in groups}:
        alike = [each for each in groups if each.handling == handling]
        longest = exp(handling.centre + LONGEST_ELAPSED * sqrt(handling.spread))
        elapsed = np.clip([each.elapsed for each in alike], 0.0, longest)
        longer = handling.longer(elapsed[:, None] + np.append(times, 0.0)[None, :])
        agents = np.array([float(each.agents) for each in alike])
        not_yet = longer[:, :-1] / longer[:, -1:]
        mean += agents @ (1.0 - not_yet)
        variance += agents @ (not_yet * (1.0 - not_yet))
    return mean, variance


def _with_renewals(first: Array, handling: Handling) -> Array:
    """The count of all who came free, those included who served another call meanwhile."""
    renewals = _renewals(round(handling.spread, 2))
    instants = np.arange(len(renewals)) * _STEP
    ends = np.diff(first, prepend=0.0)
    middles = np.concatenate(([0.0], (_GRID[1:] + _GRID[:-1]) / 2.0))
    since = np.maximum(_GRID[:, None] - middles[None, :], 0.0)
    return np.asarray(first + np.interp(since, instants, renewals) @ ends)


@cache
def _renewals(spread: float) -> Array:
    """How many handling times end by each step, on average, of one after the other; mean 1.

    Solves the renewal equation M(t) = F(t) + integral of M(t - u) dF(u), by trapezoids: a product
    of power series in the step, so that M is their quotient and no loop goes over the steps.
    """
    handling = Handling(-max(spread, SPREADS[0]) / 2.0, max(spread, SPREADS[0]))
    ended = 1.0 - handling.longer(np.arange(0.0, _HORIZON, _STEP))
    steps = np.diff(ended, append=ended[-1:])
    middles = (steps + np.append(0.0, steps[:-1])) / 2.0
    return _product(ended, _reciprocal(np.append(1.0, np.zeros(len(ended) - 1)) - middles))


def _reciprocal(series: Array) -> Array:
    """The power series 1 / series, as long: Newton's method doubles the terms that are right.

    The constant of the series must not be 0.
    """
    found = 1.0 / series[:1]
    while len(found) < len(series):
        wider = np.append(found, np.zeros(min(len(found), len(series) - len(found))))
        found = 2.0 * wider - _product(series[: len(wider)], _product(wider, wider))
    return found


def _product(one: Array, other: Array) -> Array:
    """The product of two power series of the same length, as long."""
    return np.asarray(np.convolve(one, other)[: len(one)])
