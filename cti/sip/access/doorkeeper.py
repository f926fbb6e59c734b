"""Who is listened to, decided before anything is read: a look at the address is all a flood costs.

Three sorts of senders. Those **known** - trunks, telephones that are registered, whoever is in a
dialog or proved a name lately - are always let in. **Banned** addresses are not. All others are
**strangers**: each has a bucket of messages of its own, and the datagrams of all of them share
another, so that a flood from addresses made up one by one starves strangers at worst, and nobody
who is known.

A datagram may bear a known address and come from elsewhere. So what is wrong with it bans nobody
known; but ports of such an address that never proved anything are rationed (see `conduct`).
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cti.kernel.bucket import Bucket
from cti.sip.access.bans import WEIGHTS, Ban, BanRules, Bans, Offence
from cti.sip.access.conduct import Conduct

MOST_KNOWN = 20_000
MOST_SOURCES = 10_000
"""Strangers with a bucket of their own; the longest quiet are forgotten, and begin anew."""
VOUCHED = 600.0
"""Seconds an address stays known after it proved itself; bindings and dialogs keep it longer."""
CENSUS = 10.0
"""Seconds between two looks at who is registered or in a dialog, while strangers are refused."""
COMPLAINTS = 100.0
"""Malformed messages a second that are answered 400."""


@dataclass(frozen=True, slots=True)
class DoorRules:
    """Datagrams per second of one stranger and of all of them together, and so many seconds' worth
    at once; `bans` tells who is banned.
    """

    each: float = 50.0
    strangers: float = 400.0
    burst: float = 2.0
    bans: BanRules = field(default_factory=BanRules)


class Doorkeeper:
    """Asked before each message; told what came of it. `turned_away` counts by reason."""

    def __init__(self, rules: DoorRules, trunks: Mapping[str, str], now: float = 0.0) -> None:
        """`trunks`: the trunk's name by address, as it stands when it is asked."""
        self.bans = Bans(rules.bans)
        self.residents: Callable[[], Iterable[str]] = tuple
        """Gives the addresses of everybody registered or in a dialog."""
        self.turned_away: Counter[str] = Counter()
        self.unheard = 0
        """How many messages were dropped."""
        self._rules, self._trunks = rules, trunks
        self._known: OrderedDict[str, float] = OrderedDict()
        self._census: frozenset[str] = frozenset()
        self._census_due = float("-inf")
        self._unknown: set[str] = set()
        """Who was not known when it was looked up, since the last census."""
        self._sources: OrderedDict[str, Bucket] = OrderedDict()
        self._conduct = Conduct()
        self._strangers = Bucket.full(rules.strangers, rules.strangers * rules.burst, now)
        self._complaints = Bucket.full(COMPLAINTS, COMPLAINTS, now)

    # --- asked -----------------------------------------------------------------------------------

    def admits(self, host: str, port: int, now: float, *, connected: bool = False) -> bool:
        """Whether a message from there is read; `connected`: it came over a connection."""
        ban = self.bans.of(host)
        if ban is not None and ban.holds(now, connected=connected):
            return self._spared(ban, now) or self._turn_away("banned")
        if self._known.get(host, 0.0) > now:
            heard = connected or self._conduct.tolerates(host, port, now)
            return heard or self._turn_away("flood")
        bucket = self._sources.get(host)
        if bucket is None:
            return self._first(host, now, connected=connected)
        if not bucket.take(now):
            if self._resident(host, now):
                return True
            self.bans.offended(host, Offence.FLOOD, now, proven=connected)
            return self._turn_away("flood")
        if connected or self._strangers.take(now) or self._resident(host, now):
            return True
        return self._turn_away("crowd")

    def admits_connection(self, host: str, now: float) -> bool:
        """Whether a connection from there is taken."""
        ban = self.bans.of(host)
        if ban is None or not ban.holds(now, connected=True):
            return True
        return self._spared(ban, now) or self._turn_away("banned")

    def complains(self, now: float) -> bool:
        """Whether one more malformed message is answered."""
        return self._complaints.take(now)

    # --- told ------------------------------------------------------------------------------------

    def vouch(self, host: str, port: int, now: float) -> None:
        """A name was proved from there."""
        self._know(host, now)
        self._conduct.proved(host, port)
        self.bans.forgive(host)
        self._sources.pop(host, None)

    def proved(self, host: str, port: int) -> None:
        """A request in a dialog of ours came from there: what we send there arrives."""
        self._conduct.proved(host, port)

    def called(self, host: str, port: int, now: float) -> None:
        """A call came by a trunk from there, or so it says."""
        self._know(host, now)
        self._conduct.offended(host, port, WEIGHTS[Offence.UNPROVEN], now)

    def expect(self, host: str, port: int, now: float) -> None:
        """We asked that address for something."""
        self._conduct.proved(host, port)
        if self._known.get(host, 0.0) < now + VOUCHED / 2:
            self._know(host, now)

    def offended(
        self, host: str, port: int, offence: Offence, now: float, *, proven: bool
    ) -> Ban | None:
        """What came from there was wrong; the ban it brought, if it did."""
        if self._resident(host, now):
            self._conduct.offended(host, port, WEIGHTS[offence], now)
            return None
        return self.bans.offended(host, offence, now, proven=proven)

    # --- inside ----------------------------------------------------------------------------------

    def _first(self, host: str, now: float, *, connected: bool) -> bool:
        """A message of somebody who is not kept in mind, perhaps with an address made up."""
        if self._resident(host, now):
            return True
        if not connected and not self._strangers.take(now):
            return self._turn_away("crowd")
        rate = self._rules.each
        bucket = self._sources[host] = Bucket.full(rate, rate * self._rules.burst, now)
        bucket.take(now)
        if len(self._sources) > MOST_SOURCES:
            self._sources.popitem(last=False)
        return True

    def _spared(self, ban: Ban, now: float) -> bool:
        """Whether the ban is of somebody who has become known since, and no operator wants it."""
        return not ban.ordered and self._resident(ban.host, now)

    def _resident(self, host: str, now: float) -> bool:
        """Whether that address is known after all; kept in mind if so."""
        if self._known.get(host, 0.0) > now:
            return True
        if now >= self._census_due:
            self._census, self._census_due = frozenset(self.residents()), now + CENSUS
            self._unknown.clear()
        if host in self._unknown:
            return False
        if host in self._census or host in self._trunks:
            self._know(host, now)
            return True
        if len(self._unknown) < MOST_SOURCES:
            self._unknown.add(host)
        return False

    def _know(self, host: str, now: float) -> None:
        self._known[host] = now + VOUCHED
        self._known.move_to_end(host)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _turn_away(self, why: str) -> bool:
        self.turned_away[why] += 1
        self.unheard += 1
        return False
