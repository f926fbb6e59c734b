"""Desks: the one page each agent works at, however many of theirs are open.

The page opened last is where the agent works; the one before is told and looks on, until somebody
takes over there, or until the page worked at has been closed for a while. A page that only lost its
connection for a moment comes back as what it was. All that is told as an event, so the next server
knows it, too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents.errors import desk_elsewhere
from agents.events import DeskTaken
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId

REMEMBERED = 8
"""Pages of one agent that are known to look on."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Which page an agent works at, and which were it before, the newest last."""

    page: str
    before: tuple[str, ...] = ()

    def joined(self, page: str) -> "Desk":
        """The desk when that page is opened, or is back."""
        return self if page in self.before else self.taken(page)

    def taken(self, page: str) -> "Desk":
        """The desk when the agent works on at that page."""
        if page == self.page:
            return self
        before = [each for each in (*self.before, self.page) if each != page]
        return Desk(page, tuple(before[-REMEMBERED:]))


class Desks:
    """Whose desk is where, and who has been away from it for too long."""

    def __init__(
        self, clock: Clock, bus: Bus, absence: float, deserted: Callable[[AgentId], None]
    ) -> None:
        """`deserted` is told of a desk that was silent, or had no page, for `absence` seconds."""
        self._clock, self._bus, self._absence = clock, bus, absence
        self._deserted = deserted
        self._desks: dict[AgentId, Desk] = {}
        self._absent: dict[AgentId, DelayedCall] = {}
        self._open: dict[AgentId, list[str]] = {}

    def restore(self, history: Iterable[Event]) -> None:
        """Desks as the server before us left them; their pages are about to be back."""
        for event in history:
            if isinstance(event, DeskTaken):
                desk = self._desks.get(event.agent_id)
                self._desks[event.agent_id] = desk.taken(event.page) if desk else Desk(event.page)
        for agent_id in self._desks:
            self._wait(agent_id)

    def stop(self) -> None:
        """Wait for nobody any more."""
        for agent_id in tuple(self._absent):
            self._present(agent_id)

    def at(self, agent_id: AgentId) -> str | None:
        """The page the agent works at; None before the first."""
        desk = self._desks.get(agent_id)
        return desk.page if desk else None

    def joined(self, agent_id: AgentId, page: str) -> None:
        """A page of the agent is open."""
        self._closed(agent_id, page)
        self._open.setdefault(agent_id, []).append(page)
        desk = self._desks.get(agent_id)
        self._put(agent_id, desk.joined(page) if desk else Desk(page))
        if self.at(agent_id) == page:
            self._present(agent_id)

    def left(self, agent_id: AgentId, page: str) -> None:
        """A page of the agent is closed, or its connection lost."""
        self._closed(agent_id, page)
        if self.at(agent_id) == page:
            self._wait(agent_id)

    def silent(self, agent_id: AgentId, page: str, seconds: float) -> None:
        """A page has not read what it is sent for so long."""
        if self.at(agent_id) == page and seconds >= self._absence:
            self._deserted(agent_id)

    def take(self, agent_id: AgentId, page: str) -> None:
        """The agent works on at that page."""
        desk = self._desks.get(agent_id)
        self._put(agent_id, desk.taken(page) if desk else Desk(page))
        self._present(agent_id)

    def require(self, agent_id: AgentId, page: str) -> None:
        """Refused (``agent.desk_elsewhere``) unless that is where the agent works."""
        if self.at(agent_id) not in (None, page):
            raise desk_elsewhere()

    def _put(self, agent_id: AgentId, desk: Desk) -> None:
        if self.at(agent_id) != desk.page:
            self._desks[agent_id] = desk
            at = utc(self._clock)
            self._bus.publish(DeskTaken(at=at, agent_id=agent_id, page=desk.page))

    def _wait(self, agent_id: AgentId) -> None:
        self._present(agent_id)
        self._absent[agent_id] = self._clock.callLater(self._absence, self._gone, agent_id)

    def _gone(self, agent_id: AgentId) -> None:
        """Nobody is back: the agent works at the page that is open, if there is one."""
        del self._absent[agent_id]
        if others := self._open.get(agent_id):
            self.take(agent_id, others[-1])
        else:
            self._deserted(agent_id)

    def _closed(self, agent_id: AgentId, page: str) -> None:
        pages = self._open.get(agent_id, [])
        if page in pages:
            pages.remove(page)
        if not pages:
            self._open.pop(agent_id, None)

    def _present(self, agent_id: AgentId) -> None:
        timer = self._absent.pop(agent_id, None)
        if timer is not None and timer.active():
            timer.cancel()
