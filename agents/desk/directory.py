"""Whom a call can be handed to: colleagues and queues as they are now, and one's favourites."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from agents.acd.floor import QueueView
from agents.desk.errors import favourites_full
from agents.desk.model import Favourite
from agents.desk.repository import favourites_txn, set_favourite_txn
from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallQueued,
)
from agents.timer import Timer
from agents.views import ColleagueView
from cti.database import Database
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock
from cti.kernel.identifiers import AgentId, QueueId, StaffId

SHOW_AFTER = 0.5
"""Seconds from a change to its showing: what changes meanwhile is shown once."""

MOST_FAVOURITES = 60
"""Of one person; more is no choice any more."""

QueueEvent = CallQueued | CallAnswered | CallAbandoned | CallFlowedOut
QUEUE_EVENTS: tuple[type[QueueEvent], ...] = (
    CallQueued,
    CallAnswered,
    CallAbandoned,
    CallFlowedOut,
)

Show = Callable[[str, Any], None]


class Floor(Protocol):
    """The agents and queues of the house (`agents.service.AgentService` is one)."""

    def colleagues(self) -> list[ColleagueView]: ...

    def colleague(self, agent_id: AgentId) -> ColleagueView: ...

    def knows(self, agent_id: AgentId) -> bool: ...

    def queues(self) -> list[QueueView]: ...

    def queues_of(self, agent_id: AgentId) -> list[QueueView]: ...


class Directory:
    """Entities ``directory/agent/<id>`` and ``directory/queue/<id>``, shown as they change."""

    def __init__(self, *, floor: Floor, bus: Bus, clock: Clock, show: Show) -> None:
        self._floor, self._bus, self._show = floor, bus, show
        self._entities: dict[str, Any] = {}
        self._served: dict[AgentId, list[QueueId]] = {}
        self._ready: dict[QueueId, set[AgentId]] = {}
        """Who is ready in each queue."""
        self._stale_agents: set[AgentId] = set()
        self._stale_queues: set[QueueId] = set()
        self._timer = Timer(clock)
        self._subscriptions: list[Unsubscribe] = []

    def start(self) -> None:
        """Look at everybody, then listen."""
        views = self._floor.colleagues()
        for view in views:
            served = self._floor.queues_of(view.agent_id)
            self._served[view.agent_id] = [queue.queue_id for queue in served]
            self._count(view)
        self._entities = {
            **{f"directory/agent/{view.agent_id}": self._agent(view) for view in views},
            **{f"directory/queue/{each.queue_id}": self._queue(each) for each in self._queues()},
        }
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(AgentStateChanged, self._agent_changed),
            *(
                listen(kind, lambda event: self._queue_changed(event.queue_id))
                for kind in QUEUE_EVENTS
            ),
        ]

    def stop(self) -> None:
        """Listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._timer.disarm()

    def entities(self) -> Mapping[str, Any]:
        """Everybody, and every queue, as they are shown now."""
        return dict(self._entities)

    # --- what happens -----------------------------------------------------------------------

    def _agent_changed(self, event: AgentStateChanged) -> None:
        if self._floor.knows(event.agent_id):
            self._stale_agents.add(event.agent_id)
            self._soon()

    def _queue_changed(self, queue_id: QueueId) -> None:
        self._stale_queues.add(queue_id)
        self._soon()

    def _soon(self) -> None:
        self._timer.arm_once(SHOW_AFTER, self._show_stale)

    def _show_stale(self) -> None:
        agents, self._stale_agents = self._stale_agents, set()
        queues, self._stale_queues = self._stale_queues, set()
        for agent_id in sorted(agents):
            view = self._floor.colleague(agent_id)
            self._count(view)
            queues.update(self._served[agent_id])
            self._put(f"directory/agent/{agent_id}", self._agent(view))
        for queue in self._queues():
            if queue.queue_id in queues:
                self._put(f"directory/queue/{queue.queue_id}", self._queue(queue))

    def _count(self, view: ColleagueView) -> None:
        for queue_id in self._served[view.agent_id]:
            ready = self._ready.setdefault(queue_id, set())
            if view.state is AgentState.READY:
                ready.add(view.agent_id)
            else:
                ready.discard(view.agent_id)

    def _put(self, key: str, entity: Any) -> None:
        if self._entities.get(key) != entity:
            self._entities[key] = entity
            self._show(key, entity)

    # --- what is shown ----------------------------------------------------------------------

    def _queues(self) -> list[QueueView]:
        return self._floor.queues()

    def _agent(self, view: ColleagueView) -> Mapping[str, Any]:
        return {
            "name": view.name,
            "extension": view.extension,
            "state": view.state,
            "since": view.since,
            "queues": self._served[view.agent_id],
        }

    def _queue(self, queue: QueueView) -> Mapping[str, Any]:
        return {
            "names": {language.value: name for language, name in queue.names.items()},
            "waiting": queue.waiting,
            "oldest": queue.oldest,
            "ready": len(self._ready.get(queue.queue_id, ())),
        }


class Favourites:
    """Whom everybody calls often; kept in the table, known here."""

    def __init__(self, database: Database, show: Show) -> None:
        self._database, self._show = database, show
        self._favourites: dict[StaffId, frozenset[Favourite]] = {}

    def start(self) -> Deferred[None]:
        """Fires when they are known."""
        return self._database.read(favourites_txn).addCallback(self._favourites.update)

    def entity(self, staff_id: StaffId) -> list[Mapping[str, str]]:
        """One's own, as the page gets them."""
        mine = self._favourites.get(staff_id, frozenset())
        order = sorted(mine, key=lambda each: (each.kind.value, each.target))
        return [{"kind": each.kind.value, "target": each.target} for each in order]

    async def choose(self, staff_id: StaffId, favourite: Favourite, wanted: bool) -> None:
        """Keep it, or let it go; Refused (``desk.favourites_full``) beyond `MOST_FAVOURITES`."""
        mine, it = self._favourites.get(staff_id, frozenset()), frozenset({favourite})
        if wanted and len(mine | it) > MOST_FAVOURITES:
            raise favourites_full(MOST_FAVOURITES)
        self._favourites[staff_id] = mine | it if wanted else mine - it
        await self._database.run(set_favourite_txn, staff_id, favourite, wanted)
        self._show(f"favourites/{staff_id}", self.entity(staff_id))
