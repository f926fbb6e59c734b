"""A busy hour in miniature, counted by hand: journal, figures, records and wall board agree."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallQueued,
    CallWrappedUp,
    OfferEnded,
    OfferOutcome,
)
from agents.repository import load_queues_txn
from cti.call.events import CallCleared, CallEvent, CallStarted
from cti.database import connect
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, QueueId
from monitoring.cdr import CallRecord, Outcome, record_of
from monitoring.repository import CallFilter, find_calls_txn, read_journal_txn
from monitoring.statistics import Figures, Rules, ServiceLevelFormula, fold
from tests.support.house import House, running_house
from tests.support.live import watching
from tests.support.telephones import telephone

E = TypeVar("E", bound=Event)

LATE = 1.0
"""Seconds from the end of a talk to the change of state, on a machine that others want too."""
PATIENCE = 20.0
LIMITS = {"ring_limit": 3, "after_call_limit": 1}
ANSWERS, IGNORES = "1001", "1006"
SPECIAL, PRIORITY, NOBODY, OTHER = "13800000101", "13800000106", "13811110001", "13811110002"
LEFT = (AgentId(IGNORES), AgentState.LOGGED_OFF)
GENERAL, COMPLAINTS = QueueId("general"), QueueId("complaints")


@dataclass(slots=True)
class Hour:
    """Everybody on the telephone, and the journal to see how far they are."""

    house: House
    lines: dict[str, ExitStack] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    callers: dict[CallId, str] = field(default_factory=dict)

    def dial(self, calling: str, keys: str, stay: float = 600.0) -> None:
        """Somebody calls and keys."""
        words = ("95588", "--keys", keys, "--pause", "1", "--talk-for", str(stay))
        line = self.lines[calling] = ExitStack()
        line.enter_context(telephone(self.house, "call", *words, "--from", calling))

    def hang_up(self, calling: str) -> None:
        """That caller hangs up; returns when their call is over."""
        self.lines.pop(calling).close()
        self.until(CallCleared, self.of(calling))

    def everybody_leaves(self) -> None:
        """Whoever is still on the telephone hangs up."""
        while self.lines:
            self.lines.popitem()[1].close()

    def choose(self, agent: str, state: str) -> None:
        """The agent is ready or not, or leaves."""
        self.house.post("/api/v1/agent/state", {"state": state}, self.tokens[agent])

    def until(self, kind: type[E], true: Callable[[E], bool] = lambda _: True) -> None:
        """Wait for an event of that kind for which it is true."""

        def come() -> bool:
            events = journal(self.house)
            self.callers |= {
                event.call_id: event.calling for event in events if isinstance(event, CallStarted)
            }
            return any(isinstance(event, kind) and true(event) for event in events)

        self.house.wait_until(come, PATIENCE, kind.kind)

    def of(self, calling: str) -> Callable[[CallEvent], bool]:
        """Whether an event is about that caller's call."""
        return lambda event: self.callers[event.call_id] == f"+86{calling}"


def journal(house: House) -> list[Event]:
    """Every event written so far, in order."""
    return [entry.event for entry in asked(house, read_journal_txn)]


def asked(house: House, transaction: Callable[..., Any], *arguments: Any) -> Any:
    """What a transaction finds in that house's database."""
    engine = connect(f"sqlite:///{house.var / 'hotline.sqlite'}")
    with Session(engine) as session:
        found = transaction(session, *arguments)
    engine.dispose()
    return found


def live_through(hour: Hour) -> None:
    """Seven calls: three self-served, two answered, two given up."""
    for calling, keys in (("13811110011", "1 1 1"), ("13811110012", "2 1 2"), ("13811110013", "1")):
        hour.dial(calling, keys, stay=2.0)
    # Two want a person: one is gone at once, one waits on.
    hour.dial(OTHER, "1 0")
    hour.dial(NOBODY, "1 0")
    hour.until(CallQueued, hour.of(OTHER))
    hour.hang_up(OTHER)
    hour.until(CallQueued, hour.of(NOBODY))
    # A complaint: the best agent does not answer, the next one does, before who came first.
    hour.dial(SPECIAL, "1 9")
    hour.until(CallQueued, hour.of(SPECIAL))
    hour.choose(IGNORES, "ready")
    hour.dial(PRIORITY, "2 0")
    hour.until(OfferEnded, lambda event: event.outcome is OfferOutcome.NO_ANSWER)
    hour.choose(ANSWERS, "ready")
    hour.until(CallAnswered, hour.of(SPECIAL))
    hour.until(CallQueued, hour.of(PRIORITY))
    hour.hang_up(SPECIAL)
    hour.until(CallAnswered, hour.of(PRIORITY))
    hour.choose(ANSWERS, "logged_off")
    hour.hang_up(PRIORITY)
    hour.until(CallWrappedUp, hour.of(PRIORITY))
    # Who came first has waited too long, and hangs up on the ringing.
    hour.choose(IGNORES, "ready")
    hour.hang_up(NOBODY)
    hour.until(OfferEnded, lambda event: event.outcome is OfferOutcome.CALLER_LEFT)
    hour.choose(IGNORES, "logged_off")
    hour.until(AgentStateChanged, lambda event: (event.agent_id, event.state) == LEFT)
    hour.house.wait_until(lambda: not open_calls(hour.house), PATIENCE, "every call is over")


def open_calls(house: House) -> set[CallId]:
    """Calls without an end."""
    events = journal(house)
    cleared = {event.call_id for event in events if isinstance(event, CallCleared)}
    return {event.call_id for event in events if isinstance(event, CallStarted)} - cleared


def test_every_figure_agrees_with_what_happened(tmp_path: Path, prompts: Path) -> None:
    with running_house(tmp_path / "house", prompts, {"agents": LIMITS}) as house, ExitStack() as at:
        for extension, answering in ((ANSWERS, ["--answer-after", "0.3"]), (IGNORES, ["--manual"])):
            at.enter_context(telephone(house, "phone", extension, "--phone-only", *answering))
        hour = Hour(house)
        at.callback(hour.everybody_leaves)
        hour.tokens |= {login: house.sign_in(login) for login in (ANSWERS, IGNORES)}
        house.wait_until(lambda: registered(hour), PATIENCE, "both telephones are registered")
        live_through(hour)
        wall = shown(house)
        events, records = journal(house), recorded(house)
        house.stop()
        house.start()
        assert shown(house) == wall, "the wall shows after a restart what it showed before"
    figures = folded(house, events)
    check_by_hand(wall, figures)
    check_wall(wall, figures)
    check_records(records, events, figures)
    check_agents(events, figures, records)


def registered(hour: Hour) -> bool:
    """Whether every agent's telephone is."""
    states = (hour.house.get("/api/v1/agent/state", token) for token in hour.tokens.values())
    return all(json.loads(state)["phone_registered"] for state in states)


def shown(house: House) -> dict[str, Any]:
    """Everything on the wall board now."""
    with watching(house.web_port, "/wall/live", house.sign_in("2001")) as wall:
        return dict(wall.entities)


def recorded(house: House) -> list[CallRecord]:
    """Every call record."""
    return list(asked(house, find_calls_txn, CallFilter()).records)


def folded(house: House, events: list[Event]) -> Figures:
    """The figures that the journal gives."""
    queues = asked(house, load_queues_txn)
    thresholds = {queue.queue_id: queue.threshold for queue in queues}
    figures = Figures(Rules(ZoneInfo("Asia/Shanghai"), thresholds))
    for event in events:
        figures = fold(figures, event)
    return figures


def check_by_hand(wall: Mapping[str, Any], figures: Figures) -> None:
    """What was done above, counted by whoever wrote it down."""
    totals, general = wall["totals"], wall[f"queue/{GENERAL}"]
    complaints = wall[f"queue/{COMPLAINTS}"]
    assert {name: count for name, count in totals["outcomes"].items() if count} == {
        "self_served": 3,
        "answered": 2,
        "abandoned": 2,
    }
    counts = ("offered", "answered", "abandoned", "short_abandoned", "flow_out", "waiting")
    assert [general[name] for name in counts] == [3, 1, 2, 1, 0, 0]
    assert [complaints[name] for name in counts] == [1, 1, 0, 0, 0, 0]
    assert general["service_level"]["SL-A"] == pytest.approx(1 / 3)
    assert general["service_level"]["SL-F"] == pytest.approx(1 / 2)
    assert complaints["service_level"]["SL-A"] == 1
    answering, ignoring = figures.agents[AgentId(ANSWERS)], figures.agents[AgentId(IGNORES)]
    assert (answering.offered, answering.answered, answering.missed) == (2, 2, 0)
    assert (ignoring.offered, ignoring.answered, ignoring.missed) == (2, 0, 1)


def check_wall(wall: Mapping[str, Any], figures: Figures) -> None:
    """The wall shows what the journal folds to, number by number."""
    for queue_id in (GENERAL, COMPLAINTS):
        tile, day = wall[f"queue/{queue_id}"], figures.queues[queue_id]
        for name in ("offered", "answered", "abandoned", "short_abandoned", "flow_out"):
            assert tile[name] == getattr(day, name), (queue_id, name)
        assert tile["longest_wait"] == day.longest_wait
        assert tile["average_speed_of_answer"] == day.average_speed_of_answer
        for formula in ServiceLevelFormula:
            assert tile["service_level"][formula.value] == day.service_level(formula), formula
    outcomes = {outcome.value: count for outcome, count in figures.outcomes.items()}
    assert {name: n for name, n in wall["totals"]["outcomes"].items() if n} == outcomes
    assert not [key for key in wall if key.startswith("agent/")], "everybody has signed out"


def check_records(records: list[CallRecord], events: list[Event], figures: Figures) -> None:
    """The stored records are what each call's events fold to, and sum up to the figures."""
    by_call: dict[CallId, list[CallEvent]] = {}
    for event in events:
        if isinstance(event, CallEvent):
            by_call.setdefault(event.call_id, []).append(event)
    assert {record.call_id: record for record in records} == {
        call_id: record_of(of_call) for call_id, of_call in by_call.items()
    }
    assert Counter(record.outcome for record in records) == figures.outcomes
    for queue_id, day in figures.queues.items():
        waits = [wait for each in records for wait in each.waits if wait.queue_id == queue_id]
        assert len(waits) == day.offered
        answered = [wait for wait in waits if wait.end and wait.end.value == "answered"]
        assert sum(wait.seconds or 0.0 for wait in answered) == pytest.approx(day.wait_of_answered)
    told = {event.call_id: event.waited for event in events if isinstance(event, CallAbandoned)}
    assert told == {
        record.call_id: record.waited for record in records if record.outcome is Outcome.ABANDONED
    }


def check_agents(events: list[Event], figures: Figures, records: list[CallRecord]) -> None:
    """Agents' states follow one another without a gap, and their talking is in the records."""
    for agent_id in (AgentId(ANSWERS), AgentId(IGNORES)):
        changes = [
            event
            for event in events
            if isinstance(event, AgentStateChanged) and event.agent_id == agent_id
        ]
        assert changes[0].previous is changes[-1].state is AgentState.LOGGED_OFF
        for before, after in pairwise(changes):
            assert after.previous is before.state
        agent = figures.agents[agent_id]
        at_work = sum(agent.seconds.values())
        assert at_work == pytest.approx(at_work_by(changes))
        legs = [leg for each in records for leg in each.legs if leg.device_id == str(agent_id)]
        talks = [leg.talked for leg in legs if leg.talked]
        assert sum(change.state is AgentState.BUSY for change in changes) == len(talks)
        late = LATE * len(talks)
        assert agent.talked == pytest.approx(sum(talks), abs=late)
        assert agent.seconds.get(AgentState.BUSY, 0.0) == pytest.approx(agent.talked, abs=late)


def at_work_by(changes: list[AgentStateChanged]) -> float:
    """Seconds from each sign-in to the sign-out that follows."""
    seconds, since = 0.0, None
    for change in changes:
        if since is None:
            since = change.at
        if change.state is AgentState.LOGGED_OFF:
            seconds, since = seconds + (change.at - since).total_seconds(), None
    return seconds
