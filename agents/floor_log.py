"""What supervisors look back at: the last assignments, and alarms until somebody has seen them.

Both are folded from events, so the next server knows them, too. Pure. What has changed is told by
its key, ``offer/<id>`` or ``alarm/<id>``; what is gone by then has been forgotten.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from agents.acd.explanation import Explanation
from agents.events import (
    AgentState,
    AgentStateChanged,
    AlarmAcknowledged,
    CallOffered,
    DisagreementHealed,
    NotReadyOverlong,
    OfferEnded,
    OfferOutcome,
)
from agents.model import NotReadyReason
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, OfferId, QueueId, StaffId

ASSIGNMENTS = 40
"""So many are kept."""
ALARMS = 100
"""So many are kept; the oldest go first, seen or not."""


class AlarmKind(Enum):
    """What a supervisor should know of."""

    DISAGREEMENT = "disagreement"
    """Two who keep a part of the truth did not agree, and it was healed."""
    OVERLONG = "overlong"
    """Not ready for longer than the reason may last."""
    LAGGED = "lagged"
    """The page with the agent's telephone was silent; the agent was taken out."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`what` names the disagreement or the reason for not being ready; `over`: since when."""

    id: str
    kind: AlarmKind
    at: datetime
    what: str
    agent_id: AgentId | None = None
    call_id: CallId | None = None
    over: datetime | None = None
    seen: datetime | None = None
    seen_by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """A call given to an agent, why, and what came of it."""

    offer_id: OfferId
    at: datetime
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    why: Explanation | None
    outcome: OfferOutcome | None = None


class FloorLog:
    """The last assignments and alarms."""

    def __init__(self) -> None:
        self.assigned: dict[OfferId, Assigned] = {}
        self.alarms: dict[str, Alarm] = {}
        self._lasting: dict[AgentId, list[str]] = {}
        """Alarms that are over when that agent's state changes."""
        self.told: Callable[[Sequence[str]], None] = lambda _keys: None
        """Hears the keys of what is other than before."""

    def read(self, events: Iterable[Event]) -> None:
        """What happened before."""
        for event in events:
            self._fold(event)

    def take(self, event: Event) -> None:
        """It happens."""
        if changed := self._fold(event):
            self.told(changed)

    # --- inside -----------------------------------------------------------------------------

    def _fold(self, event: Event) -> list[str]:
        match event:
            case CallOffered():
                return self._offered(event)
            case OfferEnded():
                return self._ended(event)
            case DisagreementHealed():
                about = event.agent_id or event.about_call or ""
                name = _name(event, AlarmKind.DISAGREEMENT, f"{about}-{event.what.value}")
                what = event.what.value
                kind = AlarmKind.DISAGREEMENT
                return self._raise(
                    Alarm(name, kind, event.at, what, event.agent_id, event.about_call, event.at)
                )
            case NotReadyOverlong():
                return self._raise_lasting(event, AlarmKind.OVERLONG, event.agent_id, event.reason)
            case AgentStateChanged():
                return self._state_changed(event)
            case AlarmAcknowledged() if (alarm := self.alarms.get(event.alarm)) is not None:
                seen = replace(alarm, seen=event.at, seen_by=event.by)
                return self._put(seen)
        return []

    def _offered(self, event: CallOffered) -> list[str]:
        self.assigned[event.offer_id] = Assigned(
            event.offer_id, event.at, event.call_id, event.queue_id, event.agent_id, event.why
        )
        changed = [event.offer_id]
        if len(self.assigned) > ASSIGNMENTS:
            oldest = next(iter(self.assigned))
            del self.assigned[oldest]
            changed.append(oldest)
        return [f"offer/{each}" for each in changed]

    def _ended(self, event: OfferEnded) -> list[str]:
        assigned = self.assigned.get(event.offer_id)
        if assigned is None:
            return []
        self.assigned[event.offer_id] = replace(assigned, outcome=event.outcome)
        return [f"offer/{event.offer_id}"]

    def _state_changed(self, event: AgentStateChanged) -> list[str]:
        changed = []
        for name in self._lasting.pop(event.agent_id, []):
            if (alarm := self.alarms.get(name)) is not None:
                changed += self._put(replace(alarm, over=event.at))
        if event.state is AgentState.NOT_READY and event.reason == NotReadyReason.LAGGED:
            changed += self._raise_lasting(event, AlarmKind.LAGGED, event.agent_id, event.reason)
        return changed

    def _raise_lasting(
        self, event: Event, kind: AlarmKind, agent_id: AgentId, what: str
    ) -> list[str]:
        alarm = Alarm(_name(event, kind, agent_id), kind, event.at, what, agent_id)
        self._lasting.setdefault(agent_id, []).append(alarm.id)
        return self._raise(alarm)

    def _raise(self, alarm: Alarm) -> list[str]:
        changed = self._put(alarm)
        if len(self.alarms) > ALARMS:
            oldest = next(iter(self.alarms))
            del self.alarms[oldest]
            changed.append(f"alarm/{oldest}")
        return changed

    def _put(self, alarm: Alarm) -> list[str]:
        self.alarms[alarm.id] = alarm
        return [f"alarm/{alarm.id}"]


def _name(event: Event, kind: AlarmKind, about: str) -> str:
    """The same for every server that folds the event."""
    return f"{event.at.timestamp():.6f}-{kind.value}-{about}"
