"""Time that only goes on, whatever is done to the machine's clock. Pure.

Every timer is due at an instant. Where the clock is set back by a minute, all of them, those of
milliseconds too, would be a minute late: nothing is sent again, nothing written down. So here time
goes on, a little slower than the machine's until that has caught up. A clock that is set forward
is followed at once: deadlines are instants of the day.
"""

from collections.abc import Callable

SLOWER = 0.1
"""So much of each second is made up for: a minute in ten."""


class Onward:
    """Seconds since the epoch that never go back.

    `wall` are those of the machine's clock, `steady` seconds that nobody sets, from any beginning.
    """

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall, self._steady = wall, steady
        self._seen = steady()
        self._now = wall()

    def __call__(self) -> float:
        """The time."""
        steady, wall = self._steady(), self._wall()
        passed, self._seen = max(0.0, steady - self._seen), steady
        # Both clocks are read one after the other: what passes between is no setting of a clock.
        self._now = max(wall, self._now + passed * (1.0 - SLOWER))
        return self._now
