"""Where new calls wait while there is more to do, and who of them is taken, refused or not heard.

What belongs to calls that are up is worked off first, and so are calls for help; new calls get the
time that is left, in the order in which they came. How long they wait is the one thing that tells
whether there are too many, and it needs no figure of what the house can do. So the law is that of
controlled delay (K. Nichols and V. Jacobson, RFC 8289, as B. Maurer, "Fail at scale", ACM Queue
13/8, made it a rule for requests):

    somebody was taken soon lately   --> a call may wait `burst` seconds: it is a burst
    nobody was for `standing` seconds --> it may wait `patience` seconds: there are too many

Whoever waited longer is refused 503, which is to take no more than a share of the time, and
beyond that share not heard at all. So what is served stays what can be served, whatever is offered.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cti.sip.access.glance import begins_call, call_id, dialled
from cti.sip.events import Endpoint

MOST_NUMBERS = 4096
"""Numbers dialled of which is kept in mind whether they are for help."""

Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class OverloadRules:
    """How long new calls wait, in seconds, and how many do; who waits `soon` was taken soon.

    `refusing` is the share of the time that refusals may take; `retry` is the least and the most
    a caller who is refused is told to wait, in seconds.
    """

    burst: float = 1.0
    patience: float = 0.2
    """Shorter than it takes until the caller asks again (T1, RFC 3261, 17.1.1.1)."""
    soon: float = 0.1
    standing: float = 1.0
    most: int = 4000
    refusing: float = 0.03
    retry: tuple[int, int] = (2, 10)


@dataclass(frozen=True, slots=True)
class NewCall:
    """An INVITE outside a dialog that waits since `came`."""

    data: bytes
    source: Endpoint
    came: float


class Antechamber:
    """Every new call that waits; `passed` counts what became of those that were not taken."""

    def __init__(self, rules: OverloadRules) -> None:
        self.urgent: Callable[[str], bool] = lambda _number: False
        """Whether whoever dials this calls for help: such calls are always taken, and at once."""
        self.hindered: Callable[[], bool] = lambda: False
        """Tells whether no call can be taken now, whatever the load."""
        self.passed: Counter[str] = Counter()
        self._rules = rules
        self._for_help: dict[str, bool] = {}
        self._waiting: OrderedDict[Key, NewCall] = OrderedDict()
        self._soon_at = float("-inf")
        """When nobody waited the last time, or somebody was taken who had not waited long."""
        self._share = _Share(rules.refusing)

    def __len__(self) -> int:
        return len(self._waiting)

    def holds(self, data: bytes) -> bool:
        """Whether that message is one that waits: a new call, unless it is for help."""
        return begins_call(data) and not self._helps(dialled(data))

    def enter(self, call: NewCall) -> None:
        """Have a new call wait; one that does already keeps its place."""
        key = call.source.host, call_id(call.data)
        if key in self._waiting:
            self.passed["repeated"] += 1
            return
        if not self._waiting:
            self._soon_at = call.came
        if len(self._waiting) >= self._rules.most:
            self.passed["unheard"] += 1
            return
        self._waiting[key] = call

    def ahead_of(self, data: bytes, source: Endpoint) -> NewCall | None:
        """The call that a CANCEL is about, where it still waits: it is to be taken first."""
        if not self._waiting or not data.startswith(b"CANCEL "):
            return None
        return self._waiting.pop((source.host, call_id(data)), None)

    def next(self, now: float) -> NewCall | None:
        """Whose turn it is: the first that did not wait too long; None when nobody waits.

        Ask `late` first, which takes away those that did.
        """
        if not self._waiting:
            self._soon_at = now
            return None
        _, call = self._waiting.popitem(last=False)
        if now - call.came <= self._rules.soon:
            self._soon_at = now
        return call

    def late(self, now: float) -> NewCall | None:
        """One that waited too long, and waits no more; None when there is none left."""
        call = next(iter(self._waiting.values()), None)
        if call is None or now - call.came <= self.limit(now):
            return None
        return self._waiting.popitem(last=False)[1]

    def limit(self, now: float) -> float:
        """Seconds that a call may wait."""
        rules = self._rules
        return rules.patience if now - self._soon_at > rules.standing else rules.burst

    def refuses(self, now: float) -> bool:
        """Whether there is time for one more refusal."""
        if self._share.left(now):
            self.passed["refused"] += 1
            return True
        self.passed["unheard"] += 1
        return False

    def refused_in(self, seconds: float) -> None:
        """A refusal took that long."""
        self._share.spend(seconds)

    def _helps(self, number: str) -> bool:
        """As `urgent` says, which takes 200 us, about the numbers that are dialled again."""
        known = self._for_help.get(number)
        if known is None:
            if len(self._for_help) >= MOST_NUMBERS:
                self._for_help.clear()
            known = self._for_help[number] = self.urgent(number)
        return known

    def retry_after(self, chance: float) -> int:
        """Seconds after which a caller may try again; `chance` from 0 to 1 spreads them, so that
        they do not come back at once.
        """
        least, most = self._rules.retry
        return least + round((most - least) * chance)


class _Share:
    """A share of the time; what is not used is kept for a second."""

    def __init__(self, share: float) -> None:
        self._share, self._left, self._at = share, share, 0.0

    def left(self, now: float) -> bool:
        self._left = min(self._share, self._left + max(0.0, now - self._at) * self._share)
        self._at = now
        return self._left > 0.0

    def spend(self, seconds: float) -> None:
        self._left -= seconds
