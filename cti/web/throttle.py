"""Slows down guessing: after some failures the next attempt waits, twice as long each time."""

from collections import OrderedDict

from cti.kernel.clock import Clock
from cti.kernel.errors import Refused

FREE_FAILURES = 5
FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
REMEMBERED = 10_000


class Throttle:
    """Counts failures by key (a login name, an address); seconds throughout."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, *keys: str) -> None:
        """Refused while one of the keys has to wait."""
        wait = max((self._wait(key) for key in keys), default=0.0)
        if wait > 0:
            raise Refused("access.too_many_attempts", seconds=int(wait) + 1)

    def failed(self, *keys: str) -> None:
        """Count a failure for each key; the oldest keys are forgotten when there are many."""
        now = self._clock.seconds()
        for key in keys:
            count = self._failures.pop(key, (0, 0.0))[0] + 1
            over = count - FREE_FAILURES
            wait = min(FIRST_WAIT * 2**over, LONGEST_WAIT) if over >= 0 else 0.0
            self._failures[key] = (count, now + wait)
            if len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget what these keys did before."""
        for key in keys:
            self._failures.pop(key, None)

    def _wait(self, key: str) -> float:
        return self._failures.get(key, (0, 0.0))[1] - self._clock.seconds()
