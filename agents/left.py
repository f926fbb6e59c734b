"""What a server left behind of agents and waiting callers, folded from what happened. Pure.

The next server reads what it needs in the journal, which tells all of it: nothing is written
down a second time. Whoever cannot be placed so (their call was offered too long ago to be found)
is not among those who stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from agents.acd.overflow import ToQueue
from agents.events import (
    AfterCallExtended,
    AgentPendingChanged,
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    NotReadyOverlong,
    OfferEnded,
    OfferOutcome,
)
from agents.offer import MISSED_REASONS, Offer
from agents.state import CHOSEN, Presence, Status, restored
from cti.call.events import (
    CallCleared,
)
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, DeviceId, QueueId
from cti.kernel.vocabulary import ServiceLevel, Situation

TALKING = (AgentState.BUSY, AgentState.HOLD)


@dataclass(frozen=True, slots=True)
class LeftAgent:
    """An agent at the last instant known; `idle_since` in seconds since the epoch."""

    status: Status
    since: datetime
    idle_since: float
    device_id: DeviceId | None = None
    offer: Offer | None = None
    deadline: datetime | None = None
    """The end of after-call work, where it was extended."""
    extensions: int = 0
    """How often it was."""
    misses: int = 0
    """Calls in a row that were not taken."""
    worked: float = 0.0
    """Seconds of after-call work that a call of the agent's own interrupted."""
    overlong: bool = False
    """Whether it was told that they are not ready for longer than the reason may last."""


@dataclass(frozen=True, slots=True)
class LeftWait:
    """A caller's last stay in a queue; `over` since an agent answered or they were taken out."""

    queue_id: QueueId
    since: datetime
    service_level: ServiceLevel
    situation: Situation
    over: bool = False
    head_start: float = 0.0
    visited: frozenset[QueueId] = frozenset()
    """The queues they have flowed out of on the way here."""
    to: str = ""
    """Where they flowed out to, as `CallFlowedOut.to` tells it."""


def agents_left(events: Iterable[Event]) -> dict[AgentId, LeftAgent]:
    """How agents stood after these events, oldest first; those signed off are left out."""
    agents: dict[AgentId, LeftAgent] = {}
    for event in events:
        match event:
            case AgentStateChanged():
                agents[event.agent_id] = _in_state(agents.get(event.agent_id), event)
            case CallOffered() | OfferEnded():
                if (agent := agents.get(event.agent_id)) is not None:
                    agents[event.agent_id] = _offered(agent, event)
            case AgentPendingChanged() | AfterCallExtended() | NotReadyOverlong():
                if (agent := agents.get(event.agent_id)) is not None:
                    agents[event.agent_id] = _wished(agent, event)
    return {
        agent_id: agent
        for agent_id, agent in agents.items()
        if agent.status.state is not AgentState.LOGGED_OFF
    }


def waits_left(events: Iterable[Event]) -> dict[CallId, LeftWait]:
    """The last wait of each call that is up after these events, oldest first."""
    waits: dict[CallId, LeftWait] = {}
    for event in events:
        match event:
            case CallQueued():
                waits[event.call_id] = _wait(waits.get(event.call_id), event)
            case CallAnswered() | CallAbandoned() | CallFlowedOut():
                if (wait := waits.get(event.call_id)) is not None:
                    to = event.to if isinstance(event, CallFlowedOut) else ""
                    waits[event.call_id] = replace(wait, over=True, to=to)
            case CallCleared():
                waits.pop(event.call_id, None)
    return waits


def _in_state(agent: LeftAgent | None, event: AgentStateChanged) -> LeftAgent:
    before = agent.status if agent else None
    status, instant = restored(event.state, event.reason, event.busy, before), event.at.timestamp()
    if agent is None:
        return LeftAgent(status, event.at, instant, event.device_id)
    ready = event.state is AgentState.READY
    released = event.previous is AgentState.RESERVED and agent.misses == 0
    begun = event.state is AgentState.WORKING_AFTER_CALL
    return replace(
        agent,
        status=status,
        since=event.at,
        idle_since=instant if ready and not released else agent.idle_since,
        device_id=event.device_id or agent.device_id,
        deadline=None if begun else agent.deadline,
        extensions=0 if begun else agent.extensions,
        overlong=False,
        misses=0 if event.state in CHOSEN and not ready else agent.misses,
        worked=_worked(agent, event),
    )


def _worked(agent: LeftAgent, event: AgentStateChanged) -> float:
    if event.state in CHOSEN:
        return 0.0
    interrupted = event.previous is AgentState.WORKING_AFTER_CALL
    return agent.worked + (event.at - agent.since).total_seconds() * interrupted


def _offered(agent: LeftAgent, event: CallOffered | OfferEnded) -> LeftAgent:
    match event:
        case CallOffered():
            offer = Offer(
                event.offer_id, event.agent_id, event.call_id, event.queue_id, event.at, event.at
            )
            return replace(agent, offer=offer)
        case OfferEnded() if event.outcome is OfferOutcome.ACCEPTED:
            return replace(agent, offer=None, misses=0)
    missed = event.outcome in MISSED_REASONS
    return replace(agent, offer=None, misses=agent.misses + missed)


def _wished(
    agent: LeftAgent, event: AgentPendingChanged | AfterCallExtended | NotReadyOverlong
) -> LeftAgent:
    if isinstance(event, NotReadyOverlong):
        return replace(agent, overlong=True)
    if isinstance(event, AfterCallExtended):
        return replace(agent, deadline=event.deadline, extensions=agent.extensions + 1)
    pending = Presence(event.state, event.reason)
    return replace(agent, status=replace(agent.status, next=pending))


def _wait(before: LeftWait | None, event: CallQueued) -> LeftWait:
    came_over = before is not None and before.to == str(ToQueue(event.queue_id))
    visited = {before.queue_id, *before.visited} if before and came_over else set()
    return LeftWait(
        event.queue_id,
        event.at,
        event.service_level,
        event.situation,
        head_start=event.head_start,
        visited=frozenset(visited),
    )
