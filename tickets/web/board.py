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
from twisted.python.failure import Failure
from twisted.web.resource import Resource

from cti.database import report
from cti.kernel.bus import Bus
from cti.kernel.clock import DelayedCall
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.web.frame import Frame
from cti.web.live import LiveBoard
from tickets.events import LetterEvent, TicketEvent
from tickets.mail.deciding import LetterDesk
from tickets.messages import hears
from tickets.search.news import Changed
from tickets.service import TicketService
from tickets.sweeping import RETRY_AFTER
from tickets.visibility import Concern, visible
from tickets.web.reach import READERS, tabs_of
from tickets.workflow import FRONT

SETTLE = 0.3
"""Seconds in which changes are gathered."""
MOST_REMEMBERED = 50_000
"""Tickets of which is known where they lay; of others a change touches every shared list."""
LETTERS = "letters/unfiled"
UNREAD, NOTICES = "unread/", "notices/"
"""Keys of what a person has not looked at: from customers and departments, and all in all."""
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

    def __init__(
        self, frame: Frame, service: TicketService, bus: Bus, letters: LetterDesk | None = None
    ) -> None:
        """`letters` counts those that belong to no ticket, where the house takes letters."""
        self._clock, self._service, self._bus = frame.clock, service, bus
        self._lists, self._letters = service.lists, letters
        self._people: dict[StaffId, Principal] = {}
        """Whoever has a page open, or had one since the last page closed."""
        self._uncounted: set[StaffId] = set()
        """Those whose unread messages are to be counted."""
        self._letters_uncounted = False
        self._last_told: int | None = None
        self._changed: set[TicketNumber] = set()
        self._watched: set[str] = set()
        """Keys of the lists that some page has as a tab."""
        self._counts: dict[str, Count] = {}
        self._lay: OrderedDict[TicketNumber, frozenset[str]] = OrderedDict()
        self._concern = Concern()
        """Of the ticket that is being told."""
        self._timer: DelayedCall | None = None
        self.board = LiveBoard(
            frame, *READERS, snapshot=self._snapshot, visible=self._visible, owner=_owner
        )

    async def start(self) -> None:
        """Listen."""
        self._bus.subscribe(TicketEvent, self._heard)
        self._bus.subscribe(LetterEvent, self._letter)

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
            self._people.clear()
            self._last_told = None
        keys = _keys(principal)
        self._watched |= keys
        self._people[principal.staff_id] = principal
        self._letters_uncounted |= LETTERS not in self._counts
        self.recount(principal.staff_id)
        shown = keys | _waiting(principal)
        return {key: self._counts[key] for key in shown & self._counts.keys()}

    def recount(self, staff_id: StaffId) -> None:
        """Somebody read something, or has just opened a page."""
        self._uncounted.add(staff_id)
        self._soon()

    def _letter(self, _event: LetterEvent) -> None:
        self._letters_uncounted = True
        self._soon()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(SETTLE, self._look)

    def _heard(self, event: TicketEvent) -> None:
        if not self.board.audience:
            self._lay.pop(event.number, None)
            return
        self._changed.add(event.number)
        self._soon()

    def _look(self) -> None:
        changed, uncounted = frozenset(self._changed), frozenset(self._uncounted)
        letters, last_told = self._letters_uncounted, self._last_told
        self._changed.clear()

        def again(failure: Failure) -> None:
            """Nothing of it is known to be shown."""
            said = "tickets are not shown, next attempt in {seconds} s"
            report(self.log, failure, said, seconds=RETRY_AFTER)
            self._changed |= changed
            self._uncounted |= uncounted
            self._letters_uncounted |= letters
            self._last_told = last_told
            for number in changed:
                self._lay.pop(number, None)
            self._timer = self._clock.callLater(RETRY_AFTER, self._look)

        looked = Deferred.fromCoroutine(self._tell(changed))
        looked.addCallbacks(lambda _: self._looked(), again)

    def _looked(self) -> None:
        self._timer = None
        if self._changed or self._uncounted or self._letters_uncounted:
            self._soon()

    async def _tell(self, numbers: frozenset[TicketNumber]) -> None:
        if numbers:
            await self._tell_lists(numbers)
        if not self.board.audience:
            self._uncounted.clear()
            self._letters_uncounted = False
            return
        await self._tell_people()
        if self._letters_uncounted and self._letters is not None:
            self._letters_uncounted = False
            self._publish(LETTERS, await self._letters.count())
        self._letters_uncounted = False

    async def _tell_people(self) -> None:
        self._last_told, told = await self._service.told_since(self._last_told)
        asked = {
            staff_id
            for staff_id, principal in self._people.items()
            if staff_id in self._uncounted or any(hears(principal, each) for each in told)
        }
        self._uncounted.clear()
        unread = await self._service.unread([self._people[each] for each in sorted(asked)])
        for staff_id, count in unread.items():
            self._publish(f"{UNREAD}{staff_id}", count.answers)
            self._publish(f"{NOTICES}{staff_id}", count.notices)

    def _publish(self, key: str, count: int) -> None:
        before = self._counts.get(key)
        if before is None or before.count != count:
            self._counts[key] = now = Count(count, before.turn + 1 if before else 1)
            self.board.publish(key, now)

    async def _tell_lists(self, numbers: frozenset[TicketNumber]) -> None:
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
        if "/" not in key:
            return visible(principal, self._concern)
        return key in _waiting(principal) or key in _keys(principal)


def _waiting(principal: Principal) -> set[str]:
    """What waits for this person beside their lists."""
    own = {f"{UNREAD}{principal.staff_id}", f"{NOTICES}{principal.staff_id}"}
    return own | ({LETTERS} if principal.roles & FRONT else set())


def _owner(key: str) -> StaffId | None:
    what, _, whose = key.partition("/")
    return StaffId(whose) if f"{what}/" in (UNREAD, NOTICES) else None


def _keys(principal: Principal) -> set[str]:
    return {tab.key for tab in tabs_of(principal) if tab.key}
