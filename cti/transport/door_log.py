"""Says in the log who is not listened to: a line now and then, however many they are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.access.bans import Ban
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
        """Say whom nobody listened to since the last line, and nothing more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._door.unheard != self._said.total():
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
            "{said}",
            said="; ".join(said(dropped, bans)),
            unheard=dropped.total(),
            bans=len(bans),
        )
        if changed:
            self.banned()


def said(dropped: Mapping[str, int], bans: Sequence[Ban]) -> Iterator[str]:
    """What was dropped, by why, and who is banned, the newest first, in words."""
    if count := sum(dropped.values()):
        reasons = ", ".join(f"{why}: {some}" for why, some in sorted(dropped.items()))
        yield f"{count} {'message was' if count == 1 else 'messages were'} not read ({reasons})"
    if not bans:
        yield "nobody is banned"
        return
    named = ", ".join(f"{ban.host} ({_why(ban)})" for ban in bans[:NAMED])
    more = f" and {len(bans) - NAMED} more" if len(bans) > NAMED else ""
    yield f"banned, the newest first: {named}{more}; `hotline bans` shows and lifts"


def _why(ban: Ban) -> str:
    return "by an operator" if ban.ordered else ban.why
