"""Says in the log who is not listened to: a line now and then, however many they are."""

from collections import Counter
from collections.abc import Callable

from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.access.doorkeeper import Doorkeeper

QUIET = 10.0
"""Seconds between two lines."""
NAMED = 3
"""Banned addresses that a line names, the newest."""


class DoorLog:
    """`look` is called after messages were dropped; the first is told of at once, others later.

    `banned` is called with each line that tells of a change of the bans.
    """

    log = Logger()

    def __init__(self, clock: Clock, door: Doorkeeper) -> None:
        self.banned: Callable[[], object] = lambda: None
        self._clock, self._door = clock, door
        self._said: Counter[str] = Counter()
        self._changes = door.bans.changes
        self._next: DelayedCall | None = None

    def look(self) -> None:
        """Something may have happened at the door."""
        if self._next is None and self._news:
            self._say()
            self._next = self._clock.callLater(QUIET, self._again)

    def stop(self) -> None:
        """Say what is unsaid, and nothing more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._news:
            self._say()

    @property
    def _news(self) -> bool:
        door = self._door
        return door.unheard != self._said.total() or door.bans.changes != self._changes

    def _again(self) -> None:
        self._next = None
        self.look()

    def _say(self) -> None:
        door = self._door
        dropped = door.turned_away - self._said
        bans = door.bans.current(self._clock.seconds())
        changed, self._changes = door.bans.changes != self._changes, door.bans.changes
        self._said = Counter(door.turned_away)
        self.log.warn(
            "{unheard} messages were not listened to ({reasons}); {bans} addresses are banned"
            "{newest}",
            unheard=dropped.total(),
            reasons=", ".join(f"{why}: {count}" for why, count in sorted(dropped.items())) or "-",
            bans=len(bans),
            newest="".join(f"; {ban.host} for {ban.why}" for ban in bans[:NAMED]),
        )
        if changed:
            self.banned()
