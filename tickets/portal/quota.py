"""How often something may be done: so many at once, then at a steady rate. Pure, in seconds.

The generic cell rate algorithm (ITU-T I.371, annex A): of each key nothing is kept but the instant
at which it would have used up what it had, so memory is bounded and a look costs the same always.

Nobody uses up what belongs to others. A code for a ticket is counted by the ticket and the contact
that is named with it, so who guesses at either takes nothing from its customer; what is counted for
everybody together, tickets that are submitted, is given out by networks, none of which has it all.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

REMEMBERED = 20_000
"""Keys that are known at once; the one that was quiet longest goes first."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Quota:
    """`most` within `seconds`, by each key of that name."""

    name: str
    most: int
    seconds: float = HOUR

    @property
    def interval(self) -> float:
        """After how long one more is free again."""
        return self.seconds / self.most

    def wait(self, used_up: float, now: float) -> float:
        """How many seconds it is too early for one more; none or less where it is not."""
        return max(now, used_up) + self.interval - self.seconds - now

    def after(self, used_up: float, now: float) -> float:
        """When everything will be free again, after one more."""
        return max(now, used_up) + self.interval


POSTS = Quota("posts", 60, 600.0)
"""Forms from one address."""
POSTS_OF_NETWORK = Quota("posts-network", 600, 600.0)
CODES_OF_ADDRESS = Quota("codes-address", 10)
CODES_OF_CONTACT = Quota("codes-contact", 5)
"""Codes for tickets that are submitted."""
CODES_OF_TICKET = Quota("codes-ticket", 5)
"""Codes for one ticket and the contact that is named with it."""
NETWORKS = 5
"""How many networks together use up what everybody may."""
TRIES_OF_ADDRESS = Quota("tries-address", 30)
ACTS_OF_TICKET = Quota("acts-ticket", 20)
FILES_OF_TICKET = Quota("files-ticket", 30, 24 * HOUR)

Charge = tuple[Quota, str]


class Quotas:
    """Counts in memory what was done by quota and key; `remembered` keys at most.

    For floods, which are over when the house is: what lasts is counted in the database (`counted`).
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._used_up: OrderedDict[tuple[str, str], float] = OrderedDict()
        """By name and key: when everything it used will be free again."""

    def __len__(self) -> int:
        return len(self._used_up)

    def take(self, now: float, charges: Sequence[Charge]) -> float:
        """0.0, and each is counted; or how many seconds it is too early, and none is."""
        wait = max((self._wait(now, quota, key) for quota, key in charges), default=0.0)
        if wait <= 0.0:
            for quota, key in charges:
                self._count(now, quota, key)
            return 0.0
        return wait

    def _wait(self, now: float, quota: Quota, key: str) -> float:
        return quota.wait(self._used_up.get((quota.name, key), now), now)

    def _count(self, now: float, quota: Quota, key: str) -> None:
        place = (quota.name, key)
        self._used_up[place] = quota.after(self._used_up.pop(place, now), now)
        while len(self._used_up) > self._remembered:
            self._used_up.popitem(last=False)
