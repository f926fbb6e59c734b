"""One agent's day, folded from events: times in each state, calls, talking and holding. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from agents.events import (
    AgentState,
    AgentStateChanged,
    BusyKind,
    CallAnswered,
    CallCoded,
    CallOffered,
    CallWrappedUp,
    NotReadyOverlong,
    OfferEnded,
    OfferOutcome,
)
from agents.intervals import Interval, follow
from cti.kernel.identifiers import DeviceId

AgentEvent = (
    AgentStateChanged
    | NotReadyOverlong
    | CallOffered
    | OfferEnded
    | CallAnswered
    | CallCoded
    | CallWrappedUp
)
"""What an agent's figures are folded from."""

K = TypeVar("K")

HANDLING = (AgentState.BUSY, AgentState.HOLD, AgentState.WORKING_AFTER_CALL)

HANDLED = (BusyKind.INBOUND, BusyKind.OUTBOUND)
"""Calls with somebody the house serves: consultations and calls among colleagues are none."""

MISSED = frozenset(
    {OfferOutcome.NO_ANSWER, OfferOutcome.REFUSED, OfferOutcome.PHONE_UNREACHABLE},
)


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent's state and day; times in seconds."""

    running: Interval | None = None
    """The state the agent is in, be it since yesterday; None while signed off."""
    counted: datetime | None = None
    """Since when the running state is not yet in `seconds`."""
    device_id: DeviceId | None = None
    seconds: Mapping[AgentState, float] = field(default_factory=dict)
    """Time in each state today, without the running one."""
    reasons: Mapping[str, float] = field(default_factory=dict)
    """Time not ready for each reason, of which `seconds` holds the sum."""
    kinds: Mapping[BusyKind, float] = field(default_factory=dict)
    """Time in calls, talking and holding, by their kind."""
    overlong: bool = False
    """Whether the running state has lasted longer than its reason may."""
    offered: int = 0
    missed: int = 0
    """Offers the agent let ring or refused, or whose phone was unreachable."""
    answered: int = 0
    wrapped_up: int = 0
    """Calls whose after-call work is done."""
    coded: int = 0
    """Calls that the agent gave a code."""
    talked: float = 0.0
    held: float = 0.0
    after_call: float = 0.0

    @property
    def state(self) -> AgentState:
        """What the agent does now."""
        return self.running.state if self.running else AgentState.LOGGED_OFF

    @property
    def reason(self) -> str:
        """Why the agent is not ready."""
        return self.running.reason if self.running else ""

    @property
    def since(self) -> datetime | None:
        """Since when the agent is in that state, be it yesterday; None while signed off."""
        return self.running.since if self.running else None

    def until(self, at: datetime) -> "AgentFigures":
        """The same with the running state counted until `at`."""
        if self.running is None or self.counted is None:
            return self
        passed = max(0.0, (at - self.counted).total_seconds())
        run = self.running
        reason = {run.reason: passed} if run.state is AgentState.NOT_READY else {}
        return replace(
            self,
            counted=max(at, self.counted),
            seconds=_more(self.seconds, {run.state: passed}),
            reasons=_more(self.reasons, reason),
            kinds=_more(self.kinds, {run.busy: passed} if run.busy else {}),
        )

    @property
    def signed_in(self) -> float:
        """Time at work today, as far as counted."""
        return sum(self.seconds.values())

    @property
    def occupancy(self) -> float | None:
        """Handling / (handling + waiting for calls), from 0 to 1; None without either.

        Handling is talking, holding and after-call work; ringing is in neither.
        """
        handling = sum(self.seconds.get(state, 0.0) for state in HANDLING)
        either = handling + self.seconds.get(AgentState.READY, 0.0)
        return handling / either if either else None

    def begin(self, day: datetime) -> "AgentFigures":
        """Nothing counted yet of the day that begins at that instant."""
        return AgentFigures(
            running=self.running, counted=day, device_id=self.device_id, overlong=self.overlong
        )


def follow_agent(agent: AgentFigures, event: AgentEvent) -> AgentFigures:
    """The figures after the event, which is about this agent."""
    match event:
        case AgentStateChanged():
            return _in_state(agent, event)
        case NotReadyOverlong() if agent.since == event.since:
            return replace(agent, overlong=True)
        case CallOffered():
            return replace(agent, offered=agent.offered + 1)
        case OfferEnded() if event.outcome in MISSED:
            return replace(agent, missed=agent.missed + 1)
        case CallAnswered():
            return replace(agent, answered=agent.answered + 1)
        case CallCoded():
            return agent if event.again else replace(agent, coded=agent.coded + 1)
        case CallWrappedUp():
            return replace(
                agent,
                wrapped_up=agent.wrapped_up + (event.busy in HANDLED),
                talked=agent.talked + event.talked,
                held=agent.held + event.held,
                after_call=agent.after_call + event.after_call,
            )
    return agent


def _in_state(agent: AgentFigures, event: AgentStateChanged) -> AgentFigures:
    step = follow(agent.running, event)
    if step.over is not None and step.over.until is not None:
        agent = agent.until(step.over.until)
    if step.running is not agent.running:
        begun = step.running.since if step.running else None
        agent = replace(agent, running=step.running, counted=begun, overlong=False)
    return replace(agent, device_id=event.device_id or agent.device_id)


def _more(seconds: Mapping[K, float], added: Mapping[K, float]) -> Mapping[K, float]:
    return {**seconds, **{key: seconds.get(key, 0.0) + more for key, more in added.items()}}
