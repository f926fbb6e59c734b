"""Guessing made slow: who gave wrong secrets is refused for a while, whatever they say next.

Counted are hosts, and accounts. An account under attack stays open to the hosts it last signed in
from: a stranger can slow down their own guesses, and keep nobody from their telephone.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import Any

REMEMBERED = 10_000
"""Hosts and accounts with wrong secrets, and hosts with right ones."""


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """After so many wrong secrets within `period` seconds nothing is looked at for `hold` seconds.

    A host may stand for a whole office behind one address, so it is allowed more than an account.
    """

    per_account: int = 5
    per_host: int = 20
    period: float = 60.0
    hold: float = 30.0


@dataclass(frozen=True, slots=True)
class _Tally:
    wrong: int
    since: float
    held_until: float = 0.0


_Key = tuple[str, ...]


class Attempts:
    """Who failed to sign in lately; the memory is bounded, the longest unused are forgotten."""

    def __init__(self, limits: AttemptLimits) -> None:
        self._limits = limits
        self._tallies: OrderedDict[_Key, _Tally] = OrderedDict()
        self._homes: OrderedDict[_Key, None] = OrderedDict()

    def held(self, account: str, host: str, now: float) -> int:
        """Seconds until that host may try this account again, rounded up; 0: now."""
        tallies = (self._tallies.get(key) for key, _ in self._counted(account, host))
        return max([0, *(ceil(each.held_until - now) for each in tallies if each)])

    def wrong(self, account: str, host: str, now: float) -> None:
        """That host gave a wrong secret for the account."""
        for key, most in self._counted(account, host):
            tally = self._tallies.get(key)
            if tally is None or now - tally.since > self._limits.period:
                tally = _Tally(0, now)
            wrong = tally.wrong + 1
            until = now + self._limits.hold if wrong >= most else tally.held_until
            self._tallies[key] = _Tally(wrong, tally.since, until)
            _bound(self._tallies, key)

    def right(self, account: str, host: str) -> None:
        """That host gave the right secret: it is at home in the account from now on."""
        home = account, host
        self._tallies.pop(home, None)
        self._homes[home] = None
        _bound(self._homes, home)

    def _counted(self, account: str, host: str) -> tuple[tuple[_Key, int], ...]:
        """Whose tally it goes on, and how many are too many."""
        limits = self._limits
        if (account, host) in self._homes:
            return (((account, host), limits.per_account),)
        return (("host", "", host), limits.per_host), (("account", "", account), limits.per_account)


def _bound(memory: OrderedDict[_Key, Any], key: _Key) -> None:
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
