"""How many calls a trunk carries at once, and how fast it takes new ones."""

from cti.kernel.bucket import Bucket
from cti.trunks.settings import Limits

PAUSE = 5
"""Seconds after which a caller who met a limit may try again (Retry-After)."""


class Meter:
    """The calls of one trunk, counted against its limits."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.incoming = 0
        self.outgoing = 0
        self.refused = 0
        """Calls that met a limit."""
        # Less than one call a second still lets one through.
        self._bucket = Bucket.full(limits.per_second, max(1.0, limits.per_second), now)

    @property
    def calls(self) -> int:
        """Calls that are up now."""
        return self.incoming + self.outgoing

    @property
    def most(self) -> int:
        """The most calls at once, in whatever direction; 0: any number."""
        limits = self.limits
        sides = limits.incoming + limits.outgoing if limits.incoming and limits.outgoing else 0
        return min((each for each in (limits.total, sides) if each), default=0)

    def admit(self, now: float, *, outgoing: bool) -> bool:
        """Count one more call if there is room for it."""
        here, most = (
            (self.outgoing, self.limits.outgoing)
            if outgoing
            else (self.incoming, self.limits.incoming)
        )
        full = _reached(here, most) or _reached(self.calls, self.limits.total)
        if full or (self._bucket.rate and not self._bucket.take(now)):
            self.refused += 1
            return False
        self.count(outgoing=outgoing)
        return True

    def count(self, *, outgoing: bool) -> None:
        """Count one more call, room or no room."""
        if outgoing:
            self.outgoing += 1
        else:
            self.incoming += 1

    def release(self, *, outgoing: bool) -> None:
        """A call that was counted is over."""
        if outgoing:
            self.outgoing = max(0, self.outgoing - 1)
        else:
            self.incoming = max(0, self.incoming - 1)


def _reached(count: int, most: int) -> bool:
    return 0 < most <= count
