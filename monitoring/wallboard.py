"""The wall board: what is shown of the figures, and what of it changes with each event.

The board shows entities by key: ``totals``, ``queue/<id>``, ``agent/<id>`` for whoever is signed
in, ``tickets`` (those overdue), ``ticket_day`` (how many came, and how answers were rated) and
``journal`` while it cannot be written. Running times are sent as instants; whoever shows them
counts. Nothing on it is about a customer.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.events import AgentState, DisagreementHealed
from cti.call.model import Party
from cti.database import report
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.ports import OverdueTickets, TicketPort
from cti.kernel.vocabulary import Language
from monitoring.agent_figures import AgentFigures
from monitoring.cdr import CallRecord, Outcome, Wait
from monitoring.events import JournalRecovered, JournalStalled
from monitoring.statistics import (
    Figures,
    QueueFigures,
    Rules,
    ServiceLevelFormula,
    fold,
    turn,
)
from monitoring.ticket_figures import SCORES, TicketFigures
from tickets.events import TicketEvent

DRAW_AFTER = 0.05
"""Seconds from an event to its showing: all that happens meanwhile is folded then, after the
telephone that is rung by it, and drawn at once, so that the work of drawing grows with the board,
not with the calls that come in; and nothing is drawn while nobody looks."""

LONGEST_OVERDUE = 8
"""Overdue tickets that are shown beside their number."""
ASK_AGAIN = 5.0
"""Seconds until the overdue tickets are asked for again, when nobody could tell them."""

Entity = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BoardQueue:
    """A queue as the board shows it; `threshold` in seconds."""

    queue_id: QueueId
    names: Mapping[Language, str]
    threshold: float


class Floor(Protocol):
    """What monitoring asks of the house's queues and agents (given by the composition root)."""

    def queues(self) -> Sequence[BoardQueue]:
        """Every queue, in the order to show them."""

    def serving(self, queue_id: QueueId) -> Collection[AgentId]:
        """The agents who take calls of that queue when they are ready."""

    def agent_name(self, agent_id: AgentId) -> str: ...

    def agent_extension(self, agent_id: AgentId) -> str: ...


class Audience(Protocol):
    """Whoever shows the board; `cti.web.live.LiveBoard` is one."""

    @property
    def audience(self) -> int:
        """How many look at it now."""

    def publish(self, key: str, value: Any) -> None: ...

    def delete(self, *keys: str) -> None: ...


class WallBoard:
    """Keeps today's figures and tells its audience of changes, `draw_after` seconds after them."""

    log = Logger()

    def __init__(
        self, bus: Bus, clock: Clock, rules: Rules, floor: Floor, draw_after: float = DRAW_AFTER
    ) -> None:
        self._bus, self._clock, self._rules, self._floor = bus, clock, rules, floor
        self._draw_after = draw_after
        self._shown: dict[str, Entity] = {}
        self._audiences: list[Audience] = []
        self._tickets: TicketPort | None = None
        self._asking = False
        self._ask_again = False
        self._midnight: DelayedCall | None = None
        self._drawing: DelayedCall | None = None
        self._retry: DelayedCall | None = None
        self._unfolded: deque[Event] = deque()
        self._undrawn = False
        """Whether something has happened that is not among `_shown`."""
        self._unsubscribe: list[Unsubscribe] = []
        self._figures = turn(Figures(rules), utc(clock))

    @property
    def figures(self) -> Figures:
        """Today's, with everything in them that has happened."""
        self._catch_up()
        return self._figures

    def start(self, history: Iterable[Event] = ()) -> None:
        """Fold what happened already, then listen. Nothing may be published in between."""
        for event in history:
            self._figures = fold(self._figures, event)
        self._new_day()
        self._unsubscribe = [
            self._bus.subscribe(Event, self._happened),
            self._bus.subscribe(TicketEvent, lambda _event: self._ask_tickets()),
            self._bus.subscribe(JournalStalled, self._journal_stalled),
            self._bus.subscribe(JournalRecovered, lambda _event: self._show("journal", None)),
        ]

    def stop(self) -> None:
        """Listen no more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for timer in (self._midnight, self._drawing, self._retry):
            if timer is not None and timer.active():
                timer.cancel()

    def watch_tickets(self, tickets: TicketPort) -> None:
        """Show the overdue tickets of this port, from now on."""
        self._tickets = tickets
        self._ask_tickets()

    def add_audience(self, audience: Audience) -> None:
        """Tell it of every change; it takes `snapshot` first."""
        self._audiences.append(audience)

    def snapshot(self) -> dict[str, Entity]:
        """Everything there is to show now."""
        self._catch_up()
        if self._undrawn:
            self.refresh()
        return dict(self._shown)

    def refresh(self) -> None:
        """Look at everything again, as after the floor's queues or names changed."""
        wanted = entities(self.figures, self._floor)
        self._undrawn = False
        old = {
            key
            for key in self._shown
            if key in ("healed", "ticket_day") or key.startswith(("queue/", "agent/"))
        }
        for key in old - wanted.keys():
            self._show(key, None)
        for key, value in wanted.items():
            self._show(key, value)

    # --- events -----------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        self._unfolded.append(event)
        if self._drawing is None:
            self._drawing = self._clock.callLater(self._draw_after, self._draw)

    def _catch_up(self) -> None:
        """Fold what has happened since that was done last."""
        while self._unfolded:
            event = self._unfolded.popleft()
            with self.log.failuresHandled("{event} is left out", event=type(event).__name__):
                before, self._figures = self._figures, fold(self._figures, event)
                self._undrawn = self._undrawn or self._figures is not before

    def _draw(self) -> None:
        self._drawing = None
        self._catch_up()
        if self._undrawn and any(each.audience for each in self._audiences):
            self.refresh()

    def _new_day(self) -> None:
        now = utc(self._clock)
        self._figures = turn(self.figures, now)
        self.refresh()
        tomorrow = self._rules.beginning_of(self._rules.day_of(now) + timedelta(days=1))
        left = (tomorrow - now).total_seconds()
        self._midnight = self._clock.callLater(max(left, 0.001), self._new_day)

    def _journal_stalled(self, event: JournalStalled) -> None:
        self._show("journal", {"since": event.at})

    # --- tickets ----------------------------------------------------------------------------

    def _ask_tickets(self) -> None:
        """Ask for the overdue ones; what happens during an answer leads to one more question."""
        if self._tickets is None:
            return
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        overdue = self._tickets.overdue(LONGEST_OVERDUE)
        overdue.addCallback(lambda found: self._show("tickets", tickets_entity(found)))
        overdue.addErrback(self._not_told)
        overdue.addBoth(self._asked)

    def _not_told(self, failure: Failure) -> None:
        said = "overdue tickets are not shown, next attempt in {seconds} s"
        report(self.log, failure, said, seconds=ASK_AGAIN)
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = self._clock.callLater(ASK_AGAIN, self._ask_tickets)

    def _asked(self, _result: object) -> None:
        self._asking = False
        if self._ask_again:
            self._ask_again = False
            self._ask_tickets()

    # --- showing ----------------------------------------------------------------------------

    def _show(self, key: str, value: Entity | None) -> None:
        if self._shown.get(key) == value:
            return
        if value is None:
            del self._shown[key]
            self._tell(lambda audience: audience.delete(key))
        else:
            self._shown[key] = value
            self._tell(lambda audience: audience.publish(key, value))

    def _tell(self, say: Callable[[Audience], None]) -> None:
        for audience in self._audiences:
            say(audience)


def entities(figures: Figures, floor: Floor) -> dict[str, Entity]:
    """All that is shown of the figures."""
    shown: dict[str, Entity] = {"totals": totals_entity(figures)}
    if figures.shown_tickets != TicketFigures():
        shown["ticket_day"] = ticket_day_entity(figures.shown_tickets)
    if figures.healed_last is not None:
        shown["healed"] = healed_entity(figures, figures.healed_last, floor)
    crowds = figures.crowds()
    for place, queue in enumerate(floor.queues()):
        crowd = crowds.get(queue.queue_id, ())
        shown[f"queue/{queue.queue_id}"] = queue_entity(place, queue, crowd, figures, floor)
    for agent_id, agent in figures.agents.items():
        if (entity := agent_entity(agent_id, agent, floor)) is not None:
            shown[f"agent/{agent_id}"] = entity
    return shown


def queue_entity(
    place: int, queue: BoardQueue, waiting: Sequence[Wait], figures: Figures, floor: Floor
) -> Entity:
    """A queue's tile, the `place`-th from 0; `oldest` is when its longest waiting was queued."""
    day = figures.queues.get(queue.queue_id, QueueFigures())
    states = [
        figures.agents[agent_id].state
        for agent_id in floor.serving(queue.queue_id)
        if agent_id in figures.agents
    ]
    return {
        "place": place,
        "names": {language.value: name for language, name in queue.names.items()},
        "threshold": queue.threshold,
        "waiting": len(waiting),
        "oldest": min((wait.queued for wait in waiting), default=None),
        "ready": states.count(AgentState.READY),
        "signed_in": sum(state is not AgentState.LOGGED_OFF for state in states),
        **_day_entity(day),
    }


def totals_entity(figures: Figures) -> Entity:
    """All calls, all queues and all agents together."""
    stages = Counter(stage_of(call) for call in figures.calls.values())
    states = Counter(agent.state for agent in figures.agents.values())
    waits = [wait.queued for call in figures.calls.values() if (wait := call.waiting)]
    return {
        "day": figures.day,
        "calls": len(figures.calls),
        "in_menu": stages["menu"],
        "waiting": stages["waiting"],
        "talking": stages["talking"],
        "oldest": min(waits, default=None),
        "outcomes": {each.value: figures.outcomes.get(each, 0) for each in Outcome},
        "signed_in": sum(states.values()) - states[AgentState.LOGGED_OFF],
        "ready": states[AgentState.READY],
        "states": {each.value: states[each] for each in AgentState},
        **_day_entity(figures.total),
    }


def agent_entity(agent_id: AgentId, agent: AgentFigures, floor: Floor) -> Entity | None:
    """A signed-in agent's cell; None for whoever is not."""
    if agent.state is AgentState.LOGGED_OFF:
        return None
    return {
        "name": floor.agent_name(agent_id),
        "extension": agent.device_id or floor.agent_extension(agent_id),
        "state": agent.state.value,
        "reason": agent.reason,
        "overlong": agent.overlong,
        "busy": agent.running.busy if agent.running else None,
        "since": agent.since,
        "answered": agent.answered,
        "missed": agent.missed,
    }


def healed_entity(figures: Figures, last: DisagreementHealed, floor: Floor) -> Entity:
    """Disagreements about agents and calls today, and the last of them: a fault of the house."""
    return {
        "count": sum(figures.healed.values()),
        "kinds": {what.value: count for what, count in figures.healed.items()},
        "at": last.at,
        "what": last.what.value,
        "name": floor.agent_name(last.agent_id) if last.agent_id is not None else "",
    }


def ticket_day_entity(tickets: TicketFigures) -> Entity:
    """How many came and ended today, and what customers think of the answers.

    `scores` are how often each was given, from 1 to 5.
    """
    return {
        "registered": tickets.registered,
        "ended": tickets.ended,
        "reopened": tickets.reopened,
        "rated": tickets.rated,
        "scores": [tickets.ratings.get(score, 0) for score in SCORES],
        "average": tickets.average,
        "unsolved": tickets.unsolved,
    }


def tickets_entity(overdue: OverdueTickets) -> Entity:
    """Overdue tickets, the longest overdue first; without titles, which may name people."""
    return {
        "count": overdue.count,
        "more": overdue.more,
        "overdue": [
            {"number": each.number, "kind": each.kind, "due": each.due, "state": each.state}
            for each in overdue.longest
        ],
    }


def stage_of(call: CallRecord) -> str:
    """Where a call that is up stands: ``menu``, ``waiting`` or ``talking``."""
    if call.waiting:
        return "waiting"
    agents = (leg for leg in call.legs if leg.party is Party.AGENT)
    return "talking" if any(leg.answered and not leg.ended for leg in agents) else "menu"


def _day_entity(day: QueueFigures) -> Entity:
    """Figures of the day; `ended` is how many waits the service level is a share of."""
    return {
        "offered": day.carried + day.offered,
        "answered": day.answered,
        "abandoned": day.abandoned,
        "short_abandoned": day.short_abandoned,
        "flow_out": day.flow_out,
        "longest_wait": day.longest_wait,
        "average_speed_of_answer": day.average_speed_of_answer,
        "service_level": {each.value: day.service_level(each) for each in ServiceLevelFormula},
        "ended": day.answered + day.abandoned,
    }
