"""Our registration with a carrier: its state, and when to try again after a failure.

The user agent refreshes a registration that stands; one that failed is asked for again after
longer and longer pauses, each shortened by chance so that a thousand clients of a carrier that
restarts do not come back at once (RFC 5626, 4.5).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

BASE = 30.0
"""Seconds of the first pause (RFC 5626, 4.5: none of our ways in works)."""
LONGEST = 1800.0
"""Seconds of the longest."""

Chance = Callable[[], float]
"""Gives a number from 0 to 1, evenly."""


class Standing(Enum):
    """What a carrier knows of us."""

    UNREGISTERED = "unregistered"
    TRYING = "trying"
    REGISTERED = "registered"
    REFUSED = "refused"
    """It said no, or nothing; asked again later."""


@dataclass(frozen=True, slots=True)
class Registering:
    """One registration; `since` in seconds of the epoch, `status` of the last failure."""

    standing: Standing = Standing.UNREGISTERED
    since: float = 0.0
    failures: int = 0
    status: int = 0


def begun(state: Registering, now: float) -> Registering:
    """It was asked for."""
    since = now if state.standing is Standing.UNREGISTERED else state.since
    return replace(state, standing=Standing.TRYING, since=since)


def succeeded(state: Registering, now: float) -> Registering:
    """The carrier granted it, anew or once more."""
    if state.standing is Standing.REGISTERED:
        return state
    return Registering(Standing.REGISTERED, now)


def failed(
    state: Registering, status: int, now: float, chance: Chance, base: float = BASE
) -> tuple[Registering, float]:
    """The carrier refused it or is not there; the seconds until it is asked for again.

    The upper bound doubles with every failure, the pause is between half of it and all of it.
    """
    bound = min(LONGEST, base * 2 ** min(state.failures, 16))
    after = Registering(Standing.REFUSED, now, state.failures + 1, status)
    return after, bound * (0.5 + 0.5 * chance())
