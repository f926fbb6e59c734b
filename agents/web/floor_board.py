"""The supervisors' live board: every agent and queue, what was assigned and why, and alarms.

Entities: ``agent/<id>``, ``queue/<id>``, ``offer/<id>`` and ``alarm/<id>``. What changes is drawn
`DRAW_AFTER` seconds later, all at once, and only while somebody looks.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agents.errors import command_unknown
from agents.events import (
    AgentPendingChanged,
    AgentState,
    AgentStateChanged,
    AlarmAcknowledged,
    CallAbandoned,
    CallAnswered,
    CallBackAttempted,
    CallBackEnded,
    CallBackPromised,
    CallFlowedOut,
    CallQueued,
    Supervised,
)
from agents.floor_log import Alarm, Assigned, FloorLog
from agents.line_quality import Lines
from agents.service import AgentService
from agents.supervision import SupervisorService, Watch
from agents.timer import Timer
from agents.web.concerned import hear_of_agents
from agents.web.floor_views import agent_entity, queue_entity
from agents.web.state_commands import text_of
from cti.call.control import CallControl
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, OfferId, QueueId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.live import Command, Handler, LiveBoard

DRAW_AFTER = 0.1
OF_QUEUES = (
    CallQueued,
    CallAnswered,
    CallAbandoned,
    CallFlowedOut,
    CallBackPromised,
    CallBackAttempted,
    CallBackEnded,
)

Kept = Callable[[QueueId], tuple[float, float] | None]
"""Shares of those within the lower and the upper end of their forecasts today."""


class FloorBoard:
    """Keeps every open floor up to date and does what supervisors wish there."""

    def __init__(
        self,
        *,
        frame: Frame,
        agents: AgentService,
        supervision: SupervisorService,
        control: CallControl,
        bus: Bus,
        log: FloorLog,
        lines: Lines,
        name_of: Callable[[StaffId], str],
        kept: Kept,
    ) -> None:
        self._clock: Clock = frame.clock
        self._agents, self._supervision, self._control = agents, supervision, control
        self._bus, self._log, self._lines = bus, log, lines
        self._name_of, self._kept = name_of, kept
        self._serves: dict[AgentId, list[QueueId]] = {}
        self._changed: set[str] = set()
        self._drawing = Timer(frame.clock)
        self._subscriptions: list[Unsubscribe] = []
        self.commands: dict[str, Handler] = {"acknowledge": self._acknowledge}
        """What pages can ask for, by name; each looks itself at who asks."""
        self.board = LiveBoard(
            frame, Role.SUPERVISOR, snapshot=lambda _who: self.entities(), handler=self._do
        )

    def start(self) -> None:
        """Begin to listen; after `AgentService.start`, whose views must be newer than ours."""
        names = [each.queue_id for each in self._agents.queues()]
        for session in self._agents.sessions:
            who = session.agent_id
            self._serves[who] = [each for each in names if self._agents.serves(who, each)]
        self._log.told = lambda keys: self._change(*keys)
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(Event, self._happened),
            *hear_of_agents(self._bus, self._control, self._agents.agent_of, self._agent_changed),
            self._lines.listen(self._agent_changed),
        ]

    def stop(self) -> None:
        """Disconnect every page and listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._drawing.disarm()
        self.board.close()

    def entities(self) -> Mapping[str, Any]:
        """Everything as it is now."""
        keys = [
            *(f"agent/{each}" for each in self._serves),
            *(f"queue/{each.queue_id}" for each in self._agents.queues()),
            *(f"offer/{each}" for each in self._log.assigned),
            *(f"alarm/{each}" for each in self._log.alarms),
        ]
        return {key: self._entity(key) for key in keys}

    # --- what happens -----------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        match event:
            case AgentStateChanged():
                served = self._serves.get(event.agent_id, [])
                self._change(f"agent/{event.agent_id}", *(f"queue/{each}" for each in served))
            case AgentPendingChanged() | Supervised():
                self._change(f"agent/{event.agent_id}")
        if isinstance(event, OF_QUEUES):
            self._change(f"queue/{event.queue_id}")

    def _agent_changed(self, agent_id: AgentId) -> None:
        self._change(f"agent/{agent_id}")

    def _change(self, *keys: str) -> None:
        if not self.board.audience:
            return
        self._changed.update(keys)
        if self._changed:
            self._drawing.arm_once(DRAW_AFTER, self._draw)

    def _draw(self) -> None:
        changed, self._changed = self._changed, set()
        for key in sorted(changed):
            value = self._entity(key)
            if value is None:
                self.board.delete(key)
            else:
                self.board.publish(key, value)

    # --- what pages see ---------------------------------------------------------------------

    def _entity(self, key: str) -> Any:
        kind, _, name = key.partition("/")
        match kind:
            case "agent":
                return self._agent(AgentId(name))
            case "queue":
                return self._queue(QueueId(name))
            case "offer":
                assigned = self._log.assigned.get(OfferId(name))
                return self._assigned(assigned) if assigned is not None else None
        alarm = self._log.alarms.get(name)
        return self._alarm(alarm) if alarm is not None else None

    def _agent(self, agent_id: AgentId) -> dict[str, Any]:
        watches: dict[StaffId, tuple[str, Watch]] = {
            each.supervisor_id: (self._name_of(each.supervisor_id), each)
            for each in self._supervision.of_agent(agent_id)
        }
        return agent_entity(
            self._agents.view(agent_id),
            self._serves.get(agent_id, []),
            watches,
            self._lines.latest(agent_id),
        )

    def _queue(self, queue_id: QueueId) -> dict[str, Any] | None:
        view = next((each for each in self._agents.queues() if each.queue_id == queue_id), None)
        if view is None:
            return None
        states = [self._state(who) for who, serves in self._serves.items() if queue_id in serves]
        return queue_entity(view, states, self._kept(queue_id))

    def _state(self, agent_id: AgentId) -> AgentState:
        return self._agents.sessions.of(agent_id).status.state

    def _assigned(self, assigned: Assigned) -> dict[str, Any]:
        why = assigned.why
        return {
            "at": assigned.at,
            "call_id": assigned.call_id,
            "queue_id": assigned.queue_id,
            "agent_id": assigned.agent_id,
            "outcome": assigned.outcome,
            "why": why.told() if why is not None else [],
        }

    def _alarm(self, alarm: Alarm) -> dict[str, Any]:
        seen_by = self._name_of(alarm.seen_by) if alarm.seen_by is not None else ""
        return {
            "kind": alarm.kind,
            "at": alarm.at,
            "what": alarm.what,
            "agent_id": alarm.agent_id,
            "call_id": alarm.call_id,
            "over": alarm.over,
            "seen": alarm.seen,
            "seen_by": seen_by,
        }

    # --- what supervisors wish --------------------------------------------------------------

    def _do(self, principal: Principal, command: Command) -> Any:
        handler = self.commands.get(command["do"])
        if handler is None:
            raise command_unknown(command["do"])
        return handler(principal, command)

    def _acknowledge(self, principal: Principal, command: Command) -> None:
        """``{"alarm": id}``: that supervisor has seen it; once is enough."""
        principal.require(Role.SUPERVISOR)
        alarm = self._log.alarms.get(text_of(command, "alarm"))
        if alarm is not None and alarm.seen is None:
            at, by = utc(self._clock), principal.staff_id
            self._bus.publish(AlarmAcknowledged(at=at, alarm=alarm.id, by=by))
