"""Whom we do not listen to: addresses that probed, guessed or flooded, each for a time that grows.

Offences are points that fade; too many of them ban an address, for longer each time. What comes
by datagram may bear anybody's address, so a ban on mostly such evidence holds for datagrams alone,
and whoever is known here is not banned on it at all (that is for `doorkeeper` to see to). Nobody is
banned for mere haste in the first seconds: whoever proves a name in them is known from then on.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address

MOST_TALLIES = 10_000
"""Addresses with offences; the longest quiet are forgotten."""
MOST_BANS = 10_000
"""Addresses banned, or remembered to have been; those that end first are forgotten."""

GRACE = 2.0
"""Seconds in which an address may do what is only wrong if it goes on (`HASTY`): the telephones of
an office behind one address all come back at once after a power cut, are challenged, and answer."""

Network = IPv4Network | IPv6Network


class Offence(Enum):
    """What is counted, by the word that operators see."""

    WRONG_SECRET = "wrong secret"  # noqa: S105  (a word, not a secret)
    UNPROVEN = "no credentials"
    """A request that was challenged; everybody's first one is. Names the house does not have weigh
    the same as those it has, so that no ban tells which they are."""
    UNINVITED = "uninvited"
    """A request in no dialog that needs no credentials: OPTIONS, of a monitor or of a scanner."""
    MALFORMED = "malformed"
    FLOOD = "flood"
    """A datagram beyond what one address may send."""


WEIGHTS = {
    Offence.WRONG_SECRET: 3.0,
    Offence.UNPROVEN: 2.0,
    Offence.UNINVITED: 0.4,
    Offence.MALFORMED: 3.0,
    Offence.FLOOD: 0.1,
}
HASTY = frozenset({Offence.UNPROVEN, Offence.UNINVITED, Offence.FLOOD})
"""Offences of anybody in a hurry. The door rations what is read of them meanwhile."""
BY_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class BanRules:
    """`points` within `period` seconds ban an address, for the first of `lengths` (seconds), the
    next time for the second of them; after `forgiven` seconds without a ban it begins anew.

    Addresses of the networks `never` are not banned.
    """

    points: float = 60.0
    period: float = 120.0
    lengths: tuple[float, ...] = (60.0, 600.0, 3600.0, 86400.0)
    forgiven: float = 86400.0
    never: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Ban:
    """One address that is not listened to from `since` until `until` (seconds since the epoch).

    `count` is how many times it was banned by now; `everywhere` tells that it holds for
    connections too.
    """

    host: str
    why: str
    since: float
    until: float
    count: int = 1
    everywhere: bool = False

    @property
    def ordered(self) -> bool:
        """Whether an operator gave it: such a ban spares nobody."""
        return self.why == BY_OPERATOR

    def holds(self, now: float, *, connected: bool) -> bool:
        """Whether it does, for what comes by datagram or over a connection."""
        return now < self.until and (self.everywhere or not connected)


@dataclass(slots=True)
class _Tally:
    points: float
    proven: float
    """Of the points, those on evidence that cannot be forged."""
    at: float
    since: float
    """When it last had none."""


class Bans:
    """Every ban there is; `changes` grows with each that is made or lifted."""

    def __init__(self, rules: BanRules) -> None:
        self.changes = 0
        self._rules = rules
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()
        self._bans: dict[str, Ban] = {}

    def __len__(self) -> int:
        return len(self._bans)

    def of(self, host: str) -> Ban | None:
        """The last ban of that address, though it may be over."""
        return self._bans.get(host)

    def banned(self, host: str, now: float, *, connected: bool = False) -> bool:
        """Whether what that address sends is dropped; `connected`: it comes over a connection."""
        ban = self._bans.get(host)
        return ban is not None and ban.holds(now, connected=connected)

    def offended(self, host: str, offence: Offence, now: float, *, proven: bool) -> Ban | None:
        """Count an offence; the ban it brought, if it did.

        `proven`: the address is the sender's own, since it holds a connection or answered us.
        """
        tally = self._tallies.get(host)
        if tally is None:
            tally = self._tallies[host] = _Tally(0.0, 0.0, now, now)
            if len(self._tallies) > MOST_TALLIES:
                self._tallies.popitem(last=False)
        else:
            self._tallies.move_to_end(host)
        self._fade(tally, now)
        tally.points += WEIGHTS[offence]
        tally.proven += WEIGHTS[offence] if proven else 0.0
        if tally.points < self._rules.points or self._spared(host):
            return None
        if offence in HASTY and not proven and now < tally.since + GRACE:
            return None
        del self._tallies[host]
        return self._ban(host, offence, now, everywhere=tally.proven * 2 >= tally.points)

    def forgive(self, host: str) -> None:
        """That address proved itself: what was counted is forgotten."""
        self._tallies.pop(host, None)

    # --- what operators do ----------------------------------------------------------------------

    def current(self, now: float) -> list[Ban]:
        """The bans that hold now, the newest first."""
        held = (ban for ban in self._bans.values() if now < ban.until)
        return sorted(held, key=lambda ban: (-ban.since, ban.host))

    def add(self, host: str, seconds: float, now: float) -> Ban:
        """Ban that address, whoever it is; ValueError when it is none."""
        host = str(ip_address(host))
        count = self._count(host, now)
        return self._put(Ban(host, BY_OPERATOR, now, now + seconds, count, everywhere=True))

    def lift(self, host: str, now: float) -> bool:
        """Listen to that address again, and begin anew with it; False when it was not banned."""
        ban = self._bans.pop(host, None)
        self.forgive(host)
        self.changes += ban is not None
        return ban is not None and now < ban.until

    # --- over a restart -------------------------------------------------------------------------

    def kept(self, now: float) -> list[Ban]:
        """What is worth keeping: those that hold, and those that make the next one longer."""
        self._bans = {host: ban for host, ban in self._bans.items() if self._counts(ban, now)}
        return list(self._bans.values())

    def resume(self, bans: Iterable[Ban], now: float) -> None:
        """Take up what was kept, but nobody whom the rules now spare."""
        for ban in bans:
            if self._counts(ban, now) and (ban.ordered or not self._spared(ban.host)):
                self._put(ban)

    # --- inside ---------------------------------------------------------------------------------

    def _ban(self, host: str, offence: Offence, now: float, *, everywhere: bool) -> Ban:
        count = self._count(host, now)
        lengths = self._rules.lengths
        length = lengths[min(count, len(lengths)) - 1]
        return self._put(Ban(host, offence.value, now, now + length, count, everywhere))

    def _fade(self, tally: _Tally, now: float) -> None:
        faded = max(0.0, now - tally.at) * self._rules.points / self._rules.period
        left = max(0.0, 1 - faded / tally.points) if tally.points else 0.0
        tally.points, tally.proven, tally.at = tally.points * left, tally.proven * left, now
        if not left:
            tally.since = now

    def _put(self, ban: Ban) -> Ban:
        if len(self._bans) >= MOST_BANS and ban.host not in self._bans:
            self._make_room(ban.since)
        self._bans[ban.host] = ban
        self.changes += 1
        return ban

    def _make_room(self, now: float) -> None:
        """A tenth of them at once, so that it costs little each time."""
        ends_first = sorted(
            self._bans.values(), key=lambda ban: (self._counts(ban, now), ban.until)
        )
        for ban in ends_first[: MOST_BANS // 10]:
            del self._bans[ban.host]

    def _count(self, host: str, now: float) -> int:
        before = self._bans.get(host)
        return before.count + 1 if before is not None and self._counts(before, now) else 1

    def _counts(self, ban: Ban, now: float) -> bool:
        return now < ban.until + self._rules.forgiven

    def _spared(self, host: str) -> bool:
        if not self._rules.never:
            return False
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._rules.never)
