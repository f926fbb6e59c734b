"""How many new calls are taken while there is more to do than can be done: what is taken is served.

    OPEN     --late twice in a row-->  LIMITED, to somewhat less than what was just let in
    LIMITED  --still late, in a while-> LIMITED, to less again, never below `least`
    LIMITED  --in time-->              LIMITED, to a little more each time
    LIMITED  --nobody refused lately--> OPEN

Between late and in time lies a range in which nothing changes. A single late sample changes nothing
either: that was a pause, not too much work. What hinders calls altogether - too many are up, the
journal cannot be written, the disk is full - is asked of others for each call.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cti.kernel.bucket import Bucket

_TO = re.compile(rb"\n(?:To|t)[ \t]*:[^\n]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OverloadRules:
    """Lags in seconds, rates in calls per second; `retry` is the least and the most a caller who is
    refused is told to wait, in seconds.
    """

    late: float = 0.3
    in_time: float = 0.1
    least: float = 30.0
    less: float = 0.85
    more: float = 1.03
    settling: float = 1.0
    """Seconds until a lower limit shows in the lag."""
    calm: float = 10.0
    """Seconds without a refusal after which there is no limit any more."""
    retry: tuple[int, int] = (2, 10)
    polite: float = 50.0
    """Calls per second that are answered 503 while there is a limit."""


class Load(Enum):
    """Whether calls are refused because of it."""

    OPEN = "open"
    LIMITED = "limited"


def begins_call(data: bytes) -> bool:
    """Whether it is an INVITE outside a dialog, from a look at its octets (1 us)."""
    if not data.startswith(b"INVITE "):
        return False
    to = _TO.search(data)
    return to is not None and b"tag=" not in to[0]


class Overload:
    """Fed with samples of how late the process is; asked for each new call."""

    def __init__(self, rules: OverloadRules) -> None:
        self.refused = 0
        """Calls that were, so far."""
        self.hindered: Callable[[], bool] = lambda: False
        """Tells whether no call can be taken now, whatever the load."""
        self.state = Load.OPEN
        self.unread = 0
        """New calls that were dropped before they were read."""
        self._rules = rules
        self._reading = Bucket.full(rules.least + rules.polite, rules.least + rules.polite, 0.0)
        self._bucket = Bucket.full(rules.least, rules.least, 0.0)
        self._admitted = 0
        self._rate = 0.0
        """Calls let in per second, over about the last second."""
        self._sampled = 0.0
        self._late = 0
        self._lowered = self._refused_at = float("-inf")

    @property
    def limit(self) -> float | None:
        """New calls per second that are taken; None: every one."""
        return None if self.state is Load.OPEN else self._bucket.rate

    def sampled(self, lag: float, now: float) -> None:
        """The process was `lag` seconds late; told about ten times a second."""
        self._measure(now)
        self._late = self._late + 1 if lag >= self._rules.late else 0
        match self.state:
            case Load.OPEN if self._late >= 2:
                self.state = Load.LIMITED
                self._refused_at = now
                self._lower(now)
            case Load.LIMITED if self._late >= 2:
                if now >= self._lowered + self._rules.settling:
                    self._lower(now)
            case Load.LIMITED if lag <= self._rules.in_time:
                self._raise(now)

    def admits(self, now: float) -> bool:
        """Whether one more call is taken; counts it, or its refusal."""
        if self.hindered() or (self.state is Load.LIMITED and not self._bucket.take(now)):
            self.refused += 1
            self._refused_at = now
            return False
        self._admitted += 1
        return True

    def reads(self, now: float) -> bool:
        """Whether one more new call of a trunk is even read: some are refused politely, but where
        refusals would take the time of calls they are dropped unread, and sent again.
        """
        if self.state is Load.OPEN or self._reading.take(now):
            return True
        self.unread += 1
        return False

    def retry_after(self, chance: float) -> int:
        """Seconds after which a caller may try again; `chance` from 0 to 1 spreads them, so that
        they do not come back at once.
        """
        least, most = self._rules.retry
        return least + round((most - least) * chance)

    # --- inside ---------------------------------------------------------------------------------

    def _measure(self, now: float) -> None:
        passed, self._sampled = now - self._sampled, now
        if passed <= 0.0:
            return
        share = min(1.0, passed)
        self._rate += share * (self._admitted / passed - self._rate)
        self._admitted = 0

    def _lower(self, now: float) -> None:
        self._lowered = now
        self._set(max(self._rules.least, self._rate * self._rules.less))

    def _raise(self, now: float) -> None:
        if now >= self._refused_at + self._rules.calm:
            self.state = Load.OPEN
        elif self._rate * 2 >= self._bucket.rate:  # a limit nobody reaches proves nothing
            self._set(self._bucket.rate * self._rules.more)

    def _set(self, rate: float) -> None:
        """Half a second's worth at once, as calls do not come evenly."""
        self._bucket.rate, self._bucket.size = rate, max(1.0, rate / 2)
        reading = rate + self._rules.polite
        self._reading.rate, self._reading.size = reading, reading / 2
