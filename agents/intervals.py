"""An agent's shift as intervals without a gap, folded from the journal's events alone. Pure.

Each interval ends at the instant the next one begins, so whatever happens (restarts, kills, a
clock that was set back, events that were lost) the intervals of a shift add up to the time the
agent was signed in, exactly: the events carry instants, never lengths.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agents.events import AgentState, AgentStateChanged, BusyKind
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in one state; `until` is None while it lasts."""

    agent_id: AgentId
    state: AgentState
    since: datetime
    until: datetime | None = None
    reason: str = ""
    busy: BusyKind | None = None
    call_id: CallId | None = None

    def length(self, at: datetime) -> timedelta:
        """How long it was, or has been until `at`."""
        return (self.until or max(at, self.since)) - self.since

    def ended(self, at: datetime) -> "Interval":
        """The interval that ends at `at`, or at once where a clock was set back."""
        return replace(self, until=max(at, self.since))


@dataclass(frozen=True, slots=True)
class Step:
    """What an event does to an agent's intervals: one ends, another begins."""

    over: Interval | None
    running: Interval | None


def follow(running: Interval | None, event: AgentStateChanged) -> Step:
    """The agent's intervals after the event; `running` is None while they are signed off."""
    begun = None if running is None else running.since
    at = event.at if begun is None else max(event.at, begun)
    following = Interval(
        event.agent_id,
        event.state,
        at,
        reason=event.reason,
        busy=event.busy,
        call_id=event.call_id,
    )
    if running is not None and replace(following, since=running.since) == running:
        return Step(None, running)
    off = event.state is AgentState.LOGGED_OFF
    return Step(running.ended(at) if running else None, None if off else following)


def intervals(events: Iterable[Event]) -> dict[AgentId, list[Interval]]:
    """Every agent's intervals in order; the last one runs where the agent is signed in still."""
    found: dict[AgentId, list[Interval]] = {}
    running: dict[AgentId, Interval | None] = {}
    for event in events:
        if isinstance(event, AgentStateChanged):
            step = follow(running.get(event.agent_id), event)
            running[event.agent_id] = step.running
            if step.over is not None:
                found.setdefault(event.agent_id, []).append(step.over)
    for agent_id, last in running.items():
        if last is not None:
            found.setdefault(agent_id, []).append(last)
    return found


def signed_in(log: Iterable[Interval], at: datetime) -> timedelta:
    """How long those intervals were in all, until `at`."""
    return sum((each.length(at) for each in log), timedelta())
