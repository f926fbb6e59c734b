"""What open ticket pages are told: a ticket changed, and how many lie in each of their lists.

The board's entities are the counts of lists (``count/dispatch``, ``late/dept:cards``); each says
by `turn` that its list changed even where the number did not. A ticket that changed passes through
once (its number, its version), so that a page that shows it knows it is no longer the latest.

Changes are gathered for a moment and looked at together: one reading for all of them, which counts
only the lists that they touched and somebody has open.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource

from cti.kernel.bus import Bus
from cti.kernel.clock import DelayedCall
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.web.frame import Frame
from cti.web.live import LiveBoard
from tickets.events import TicketEvent
from tickets.search.news import Changed
from tickets.service import TicketService
from tickets.visibility import Concern, visible
from tickets.web.reach import READERS, tabs_of

SETTLE = 0.3
"""Seconds in which changes are gathered."""
MOST_REMEMBERED = 50_000
"""Tickets of which is known where they lay; of others a change touches every shared list."""
MOST_COUNTED = 999
"""A tab says 999+ beyond it."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many lie in a list: one more than `MOST_COUNTED` where there are more than that."""

    count: int
    turn: int


@dataclass(frozen=True, slots=True)
class News:
    """A ticket is no longer what a page shows of it."""

    version: int


class TicketBoard:
    """Counts lists and tells pages of every change."""

    log = Logger()

    def __init__(self, frame: Frame, service: TicketService, bus: Bus) -> None:
        self._clock, self._lists, self._bus = frame.clock, service.lists, bus
        self._changed: set[TicketNumber] = set()
        self._watched: set[str] = set()
        """Keys of the lists that some page has as a tab."""
        self._counts: dict[str, Count] = {}
        self._lay: OrderedDict[TicketNumber, frozenset[str]] = OrderedDict()
        self._concern = Concern()
        """Of the ticket that is being told."""
        self._timer: DelayedCall | None = None
        self.board = LiveBoard(frame, *READERS, snapshot=self._snapshot, visible=self._visible)

    async def start(self) -> None:
        """Listen."""
        self._bus.subscribe(TicketEvent, self._heard)

    def close(self) -> None:
        """Tell nobody any more, and let every page go."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self.board.close()

    def resource(self) -> Resource:
        """Where the pages' WebSocket connects to."""
        return self.board.resource()

    def _snapshot(self, principal: Principal) -> dict[str, Any]:
        if not self.board.audience:  # nobody was left; counts of then are of no use
            self._watched.clear()
            self._counts.clear()
        keys = _keys(principal)
        self._watched |= keys
        return {key: self._counts[key] for key in keys & self._counts.keys()}

    def _heard(self, event: TicketEvent) -> None:
        if not self.board.audience:
            self._lay.pop(event.number, None)
            return
        self._changed.add(event.number)
        if self._timer is None:
            self._timer = self._clock.callLater(SETTLE, self._look)

    def _look(self) -> None:
        looked = Deferred.fromCoroutine(self._tell(frozenset(self._changed)))
        self._changed.clear()
        looked.addErrback(lambda failure: self.log.failure("Tickets not shown", failure))
        looked.addBoth(lambda _: self._looked())

    def _looked(self) -> None:
        self._timer = self._clock.callLater(SETTLE, self._look) if self._changed else None

    async def _tell(self, numbers: frozenset[TicketNumber]) -> None:
        changes = await self._lists.changes(numbers)
        touched = {place for each in changes for place in self._touched(each)}
        keys = [key for key in self._watched if key.partition("/")[2] in touched]
        counts = await self._lists.counts(keys, MOST_COUNTED)
        for key, count in counts.items():
            before = self._counts.get(key)
            self._counts[key] = now = Count(count, before.turn + 1 if before else 1)
            self.board.publish(key, now)
        for each in changes:
            self._concern = Concern(each.departments, each.about_staff, each.about_unit)
            self.board.publish(each.number, News(each.version))
            self.board.delete(each.number)

    def _touched(self, change: Changed) -> frozenset[str]:
        """The lists in which the ticket lies, or lay before."""
        lay = self._lay.pop(change.number, None)
        self._lay[change.number] = change.places
        if len(self._lay) > MOST_REMEMBERED:
            self._lay.popitem(last=False)
        return change.places | (lay if lay is not None else change.might)

    def _visible(self, principal: Principal, key: str, _value: Any) -> bool:
        return key in _keys(principal) if "/" in key else visible(principal, self._concern)


def _keys(principal: Principal) -> set[str]:
    return {tab.key for tab in tabs_of(principal) if tab.key}
