"""The figures of a day, folded from events: per queue, per agent, and of all calls.

`fold(figures, event)` is the only way they come about, so replaying the journal gives what the
wall showed. A day is one of the bank's own time zone; what happens is counted on the day it
happens (Genesys: event-based), and calls that wait over midnight are carried into the new day, so
that at every moment, for every queue::

    carried + offered = answered + abandoned + flow_out + waiting

Queue figures are read off the call records (`monitoring.cdr`), which is why both agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, tzinfo
from enum import Enum

from agents.events import AgentState, CallAnswered, Disagreement, DisagreementHealed
from cti.call.events import CallCleared, CallEvent
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, QueueId
from monitoring import cdr
from monitoring.agent_figures import AgentEvent, AgentFigures, follow_agent
from monitoring.cdr import CallRecord, Outcome, Wait, WaitEnd
from monitoring.ticket_figures import TicketFigures, follow_ticket
from tickets.events import TicketEvent


class ServiceLevelFormula(Enum):
    """Ways in use to count service level; T is the queue's threshold in seconds."""

    ABANDONS_FAIL = "SL-A"
    """answered<=T / (answered + abandoned): the most conservative, shown unless told otherwise."""
    ANSWERED_ONLY = "SL-B"
    """answered<=T / answered."""
    EARLY_ABANDONS_REMOVED = "SL-C"
    """answered<=T / (answered + abandoned>T)."""
    EARLY_ABANDONS_SUCCEED = "SL-D"
    """(answered<=T + abandoned<=T) / (answered + abandoned)."""
    SHORT_ABANDONS_SUCCEED = "SL-E"
    """(answered<=T + short abandons) / (answered + abandoned)."""
    SHORT_ABANDONS_REMOVED = "SL-F"
    """answered<=T / (answered + abandoned - short abandons)."""


FORMULAS: Mapping[ServiceLevelFormula, str] = {
    ServiceLevelFormula.ABANDONS_FAIL: "answered≤T / (answered + abandoned)",
    ServiceLevelFormula.ANSWERED_ONLY: "answered≤T / answered",
    ServiceLevelFormula.EARLY_ABANDONS_REMOVED: "answered≤T / (answered + abandoned>T)",
    ServiceLevelFormula.EARLY_ABANDONS_SUCCEED: (
        "(answered≤T + abandoned≤T) / (answered + abandoned)"
    ),
    ServiceLevelFormula.SHORT_ABANDONS_SUCCEED: (
        "(answered≤T + short abandons) / (answered + abandoned)"
    ),
    ServiceLevelFormula.SHORT_ABANDONS_REMOVED: (
        "answered≤T / (answered + abandoned − short abandons)"
    ),
}
"""The formula as people read it beside the figure."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By which the day is counted; seconds."""

    zone: tzinfo = UTC
    """The bank's time zone, which says when a day begins."""
    thresholds: Mapping[QueueId, float] = field(default_factory=dict)
    """T of each queue; others have `threshold`."""
    threshold: float = 20.0
    short_abandon: float = 5.0
    """Who hangs up before that is a short abandon."""

    def threshold_of(self, queue_id: QueueId) -> float:
        """Seconds within which a call of that queue is answered in time."""
        return self.thresholds.get(queue_id, self.threshold)

    def day_of(self, at: datetime) -> date:
        """The bank's date at that instant."""
        return at.astimezone(self.zone).date()

    def beginning_of(self, day: date) -> datetime:
        """The instant (UTC) that date begins at the bank."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue's day; waits in seconds."""

    carried: int = 0
    """Calls already waiting when the day began."""
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    flow_out: int = 0
    """Left without answer or hang-up by the caller."""
    answered_in_time: int = 0
    abandoned_in_time: int = 0
    """Abandoned, but not later than the threshold."""
    short_abandoned: int = 0
    wait_of_answered: float = 0.0
    wait_of_abandoned: float = 0.0
    longest_wait: float = 0.0
    forecasts: int = 0
    """Answered of whom it had been expected, as they came, how long they would wait."""
    within_low: int = 0
    within_high: int = 0
    """Of those, who waited no longer than the lower and the upper end of what was expected."""

    def service_level(
        self, formula: ServiceLevelFormula = ServiceLevelFormula.ABANDONS_FAIL
    ) -> float | None:
        """Share from 0 to 1; None while there is nothing to divide by."""
        in_time, ended = self.answered_in_time, self.answered + self.abandoned
        above, below = {
            ServiceLevelFormula.ABANDONS_FAIL: (in_time, ended),
            ServiceLevelFormula.ANSWERED_ONLY: (in_time, self.answered),
            ServiceLevelFormula.EARLY_ABANDONS_REMOVED: (in_time, ended - self.abandoned_in_time),
            ServiceLevelFormula.EARLY_ABANDONS_SUCCEED: (in_time + self.abandoned_in_time, ended),
            ServiceLevelFormula.SHORT_ABANDONS_SUCCEED: (in_time + self.short_abandoned, ended),
            ServiceLevelFormula.SHORT_ABANDONS_REMOVED: (in_time, ended - self.short_abandoned),
        }[formula]
        return above / below if below else None

    @property
    def average_speed_of_answer(self) -> float | None:
        """Mean wait of those answered, in seconds."""
        return self.wait_of_answered / self.answered if self.answered else None

    @property
    def forecasts_kept(self) -> tuple[float, float] | None:
        """Shares of those within the lower and the upper end of their forecasts, None without.

        Forecasts are right where the first is about one half and the second about four fifths.
        """
        if not self.forecasts:
            return None
        return self.within_low / self.forecasts, self.within_high / self.forecasts

    def __add__(self, other: "QueueFigures") -> "QueueFigures":
        """Figures of both queues together."""
        return QueueFigures(
            carried=self.carried + other.carried,
            offered=self.offered + other.offered,
            answered=self.answered + other.answered,
            abandoned=self.abandoned + other.abandoned,
            flow_out=self.flow_out + other.flow_out,
            answered_in_time=self.answered_in_time + other.answered_in_time,
            abandoned_in_time=self.abandoned_in_time + other.abandoned_in_time,
            short_abandoned=self.short_abandoned + other.short_abandoned,
            wait_of_answered=self.wait_of_answered + other.wait_of_answered,
            wait_of_abandoned=self.wait_of_abandoned + other.wait_of_abandoned,
            longest_wait=max(self.longest_wait, other.longest_wait),
            forecasts=self.forecasts + other.forecasts,
            within_low=self.within_low + other.within_low,
            within_high=self.within_high + other.within_high,
        )


Queues = Mapping[QueueId, QueueFigures]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one day as they stand."""

    rules: Rules
    day: date | None = None
    queues: Queues = field(default_factory=dict)
    agents: Mapping[AgentId, AgentFigures] = field(default_factory=dict)
    calls: Mapping[CallId, CallRecord] = field(default_factory=dict)
    """The calls that are up now."""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    """Calls that ended today, by what became of them."""
    tickets: TicketFigures = field(default_factory=TicketFigures)
    shown_tickets: TicketFigures = field(default_factory=TicketFigures)
    """Of these all but complaints about staff: what everybody may see."""
    healed: Mapping[Disagreement, int] = field(default_factory=dict)
    """Disagreements about agents and calls that were put right today."""
    healed_last: DisagreementHealed | None = None

    def waiting(self, queue_id: QueueId) -> list[Wait]:
        """Who waits in that queue, the longest first."""
        return sorted(self.crowds().get(queue_id, ()), key=lambda wait: wait.queued)

    def crowds(self) -> dict[QueueId, list[Wait]]:
        """Who waits, by queue."""
        found: dict[QueueId, list[Wait]] = {}
        for call in self.calls.values():
            if (wait := call.waiting) is not None:
                found.setdefault(wait.queue_id, []).append(wait)
        return found

    @property
    def total(self) -> QueueFigures:
        """All queues together."""
        return sum(self.queues.values(), QueueFigures())


def fold(figures: Figures, event: Event) -> Figures:
    """The figures after the event; an event of a later day begins that day."""
    figures = turn(figures, event.at)
    if isinstance(event, AgentEvent):
        before = figures.agents.get(event.agent_id, AgentFigures())
        if (after := follow_agent(before, event)) is not before:
            figures = replace(figures, agents={**figures.agents, event.agent_id: after})
    if isinstance(event, TicketEvent):
        tickets = follow_ticket(figures.tickets, event)
        if tickets is figures.tickets:
            return figures
        shown = figures.shown_tickets
        shown = shown if event.confidential else follow_ticket(shown, event)
        return replace(figures, tickets=tickets, shown_tickets=shown)
    if isinstance(event, DisagreementHealed):
        healed = {**figures.healed, event.what: figures.healed.get(event.what, 0) + 1}
        return replace(figures, healed=healed, healed_last=event)
    return _call(figures, event) if isinstance(event, CallEvent) else figures


def turn(figures: Figures, at: datetime) -> Figures:
    """Begin the day of that instant when it is later than the figures' own; else no change."""
    day = figures.rules.day_of(at)
    if figures.day is not None and day <= figures.day:
        return figures
    begun = figures.rules.beginning_of(day)
    crowds = figures.crowds()
    return replace(
        figures,
        day=day,
        queues={
            queue_id: QueueFigures(carried=len(crowds.get(queue_id, ())))
            for queue_id in figures.queues
        },
        agents={
            agent_id: agent.begin(begun)
            for agent_id, agent in figures.agents.items()
            if agent.state is not AgentState.LOGGED_OFF
        },
        outcomes={},
        tickets=TicketFigures(),
        shown_tickets=TicketFigures(),
        healed={},
        healed_last=None,
    )


def _call(figures: Figures, event: CallEvent) -> Figures:
    before = figures.calls.get(event.call_id)
    after = cdr.fold(before, event)
    if after is None or (after is before and not isinstance(event, CallCleared)):
        return figures
    queues = _waits(figures.queues, before.waits if before else (), after.waits, figures.rules)
    if isinstance(event, CallAnswered):
        queues = _forecast(queues, event)
    calls = dict(figures.calls)
    if not isinstance(event, CallCleared):
        calls[event.call_id] = after
        return replace(figures, queues=queues, calls=calls)
    calls.pop(event.call_id, None)
    outcomes = dict(figures.outcomes)
    if after.outcome is not None and after.served:
        outcomes[after.outcome] = outcomes.get(after.outcome, 0) + 1
    return replace(figures, queues=queues, calls=calls, outcomes=outcomes)


def _forecast(queues: Queues, event: CallAnswered) -> Queues:
    """Compare what was expected as the call came with how long it waited."""
    told = event.forecast
    if told is None:
        return queues
    queue = queues.get(event.queue_id, QueueFigures())
    judged = replace(
        queue,
        forecasts=queue.forecasts + 1,
        within_low=queue.within_low + (event.waited <= told.low),
        within_high=queue.within_high + (event.waited <= told.high),
    )
    return {**queues, event.queue_id: judged}


def _waits(
    queues: Queues, before: tuple[Wait, ...], after: tuple[Wait, ...], rules: Rules
) -> Queues:
    if before is after or before == after:
        return queues
    counted = dict(queues)
    for place, wait in enumerate(after):
        queue = counted.get(wait.queue_id, QueueFigures())
        if place >= len(before):
            queue = replace(queue, offered=queue.offered + 1)
        if wait.end is not None and (place >= len(before) or before[place].end is None):
            queue = _wait_ended(queue, wait, rules)
        counted[wait.queue_id] = queue
    return counted


def _wait_ended(queue: QueueFigures, wait: Wait, rules: Rules) -> QueueFigures:
    seconds = wait.seconds or 0.0
    in_time = seconds <= rules.threshold_of(wait.queue_id)
    queue = replace(queue, longest_wait=max(queue.longest_wait, seconds))
    match wait.end:
        case WaitEnd.ANSWERED:
            return replace(
                queue,
                answered=queue.answered + 1,
                answered_in_time=queue.answered_in_time + in_time,
                wait_of_answered=queue.wait_of_answered + seconds,
            )
        case WaitEnd.ABANDONED:
            return replace(
                queue,
                abandoned=queue.abandoned + 1,
                abandoned_in_time=queue.abandoned_in_time + in_time,
                short_abandoned=queue.short_abandoned + (seconds < rules.short_abandon),
                wait_of_abandoned=queue.wait_of_abandoned + seconds,
            )
    return replace(queue, flow_out=queue.flow_out + 1)
