"""Whether a gateway lives, by its answers to OPTIONS and to calls (RFC 3261, 11; RFC 3263, 4.3).

    UNKNOWN -- answer --> UP <-- answer ----------- SUSPECT
       |                  |                           |  ^
       |                  +-- failure ----------------+  |
       +-- failure -------------------------------> SUSPECT -- `failures` in a row --> DOWN
    DOWN -- `successes` in a row --> UP

A gateway answers if it says anything but 503: one that refuses OPTIONS with 4xx is alive, and so
is one that passes on that the called party did not answer (408). A call that fails counts like a
probe that fails. Every input gives the new state and the seconds until the next probe; the clock
is somebody else's.
"""

from dataclasses import dataclass
from enum import Enum

from cti.trunks.settings import Probing

UNAVAILABLE = 503
"""The one answer, given or stood in for, of a gateway that does not work."""


class State(Enum):
    """What is known of a gateway."""

    UNKNOWN = "unknown"
    """It was never asked, or has not answered yet: it may be used."""
    UP = "up"
    SUSPECT = "suspect"
    """It failed, not yet often enough to be given up: others go first."""
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """A gateway's state; `failures` and `successes` in a row so far, `since` when (epoch)."""

    state: State = State.UNKNOWN
    since: float = 0.0
    failures: int = 0
    successes: int = 0

    @property
    def place(self) -> int:
        """The smaller is used first; those that are down, only when nothing else is left."""
        return {State.UNKNOWN: 0, State.UP: 0, State.SUSPECT: 1, State.DOWN: 2}[self.state]


def works(status: int, *, silent: bool) -> bool:
    """Whether a gateway works that answered with `status` or, `silent`, did not answer."""
    return not silent and status != UNAVAILABLE


def heard(health: Health, rules: Probing, now: float, *, working: bool) -> Health:
    """The state after a probe, or a call, showed whether the gateway works."""
    return _answered(health, rules, now) if working else _failed(health, rules, now)


def next_probe(health: Health, rules: Probing) -> float:
    """Seconds until the gateway is asked again."""
    return rules.suspect if health.state in (State.SUSPECT, State.DOWN) else rules.every


def _answered(health: Health, rules: Probing, now: float) -> Health:
    if health.state is State.UP:
        return health
    if health.state is State.DOWN and health.successes + 1 < rules.successes:
        return Health(State.DOWN, health.since, successes=health.successes + 1)
    return Health(State.UP, now)


def _failed(health: Health, rules: Probing, now: float) -> Health:
    if health.state is State.DOWN:
        return Health(State.DOWN, health.since)
    failures = health.failures + 1
    if failures >= rules.failures:
        return Health(State.DOWN, now)
    since = health.since if health.state is State.SUSPECT else now
    return Health(State.SUSPECT, since, failures=failures)
