"""What open ticket pages are told at once: a ticket changed, a ticket is overdue.

The board's entities are the overdue tickets; a change of any other ticket passes through once,
so that a list or an open ticket knows it is no longer the latest.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource

from cti.kernel.bus import Bus
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.web.frame import Frame
from cti.web.live import LiveBoard
from tickets.events import TicketEvent
from tickets.search import Line, Query
from tickets.service import TicketService
from tickets.visibility import Concern, visible
from tickets.web.reach import READERS

MOST_OVERDUE = 1000


class TicketBoard:
    """Keeps the overdue tickets and tells pages of every change."""

    log = Logger()

    def __init__(self, frame: Frame, service: TicketService, bus: Bus) -> None:
        self._service = service
        self._overdue: dict[TicketNumber, Line] = {}
        self._bus = bus
        self.board = LiveBoard(frame, *READERS, snapshot=self._snapshot, visible=_visible)

    async def start(self) -> None:
        """Load the overdue tickets and listen."""
        self._bus.subscribe(TicketEvent, self._changed)
        page = await self._service.search(Query(overdue_only=True, limit=MOST_OVERDUE))
        self._overdue |= {line.number: line for line in page.lines}
        self.board.refresh()

    def resource(self) -> Resource:
        """Where the pages' WebSocket connects to."""
        return self.board.resource()

    def _snapshot(self, principal: Principal) -> dict[str, Any]:
        return {
            number: line
            for number, line in self._overdue.items()
            if _visible(principal, number, line)
        }

    def _changed(self, event: TicketEvent) -> None:
        shown = Deferred.fromCoroutine(self._show(event.number))
        shown.addErrback(lambda failure: self.log.failure("Ticket not shown", failure=failure))

    async def _show(self, number: TicketNumber) -> None:
        line = await self._service.line(number)
        if line is None:
            return
        if line.overdue:
            self._overdue[number] = line
        else:
            self._overdue.pop(number, None)
        self.board.publish(number, line)
        if not line.overdue:
            self.board.delete(number)


def _visible(principal: Principal, _key: str, value: Any) -> bool:
    return visible(principal, Concern(value.departments))
