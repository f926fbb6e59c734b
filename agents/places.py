"""Places of agents whose page is gone in mid-call: kept for a while, then their callers wait again.

A caller whom an agent's page left comes before everybody of their kind: they have waited since
they first came. The agent is not ready until they say so.
"""

from dataclasses import replace

from agents.acd.engine import Engine
from agents.events import AgentState, CallQueued
from agents.left import LeftWait
from agents.sessions import Sessions
from cti.call.control import CallControl
from cti.call.events import CallCleared
from cti.call.model import Connection
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.identifiers import CallId


class Places:
    """Implements `cti.call.control.PlaceKeeper`."""

    def __init__(
        self, bus: Bus, control: CallControl, sessions: Sessions, engine: Engine, within: float
    ) -> None:
        """`within` so many seconds a page is to be back; 0: nobody is waited for."""
        self._bus, self._control = bus, control
        self._sessions, self._engine, self._within = sessions, engine, within
        self._waits: dict[CallId, LeftWait] = {}
        """How the callers of live calls wait, or waited last, since they first came."""

    def start(self, waits: dict[CallId, LeftWait]) -> list[Unsubscribe]:
        """Listen; `waits` are those of calls from before a restart. Gives what ends it."""
        self._waits = dict(waits)
        self._control.keep_places(self)
        return [
            self._bus.subscribe(CallQueued, self._queued),
            self._bus.subscribe(CallCleared, lambda event: self._waits.pop(event.call_id, None)),
        ]

    def keeps_place(self, connection: Connection) -> float:
        """Every agent at work is waited for."""
        session = self._sessions.at(connection.device.id)
        if session is None or session.status.state is AgentState.LOGGED_OFF:
            return 0.0
        return self._within

    def place_given_up(self, connection: Connection) -> bool:
        """Whoever came by a queue waits in it again."""
        session = self._sessions.at(connection.device.id)
        if session is not None:
            session.give_place_up()
        wait, call = self._waits.get(connection.call_id), self._control.get(connection.call_id)
        if wait is None or call is None:
            return False
        self._engine.take_up(call, replace(wait, over=True))
        return True

    def _queued(self, event: CallQueued) -> None:
        before = self._waits.get(event.call_id)
        since = before.since if before is not None else event.at
        self._waits[event.call_id] = LeftWait(
            event.queue_id, since, event.service_level, event.situation
        )
