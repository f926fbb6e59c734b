from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import (
    AgentState,
    AgentStateChanged,
    BusyKind,
    CallAnswered,
    CallQueued,
    NotReadyOverlong,
)
from agents.intervals import Interval
from cti.call.events import CallEvent, CallStarted
from cti.call.model import Direction
from cti.kernel.events import Event, decode, encode
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import ServiceLevel
from monitoring.agent_figures import AgentFigures
from monitoring.cdr import WaitEnd, record_of
from monitoring.statistics import (
    FORMULAS,
    Figures,
    QueueFigures,
    Rules,
    ServiceLevelFormula,
    fold,
    turn,
)
from tests.support.simulated_house import QUEUES, SimulatedHouse

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = Rules(zone=SHANGHAI, thresholds={QUEUES[0]: 60.0}, short_abandon=10.0)


def figures_of(events: list[Event]) -> Figures:
    return reduce(fold, events, Figures(RULES))


@pytest.mark.parametrize(
    ("formula", "percent"),
    [("SL-A", 81.13), ("SL-B", 86.00), ("SL-C", 82.69), ("SL-D", 83.02), ("SL-E", 82.08),
     ("SL-F", 81.90)],
)  # fmt: skip
def test_service_level_worked_example(formula: str, percent: float) -> None:
    """1000 answered, 860 of them within 20 s; 60 abandoned, 20 within 20 s, 10 within 5 s."""
    queue = QueueFigures(
        offered=1060, answered=1000, answered_in_time=860,
        abandoned=60, abandoned_in_time=20, short_abandoned=10,
    )  # fmt: skip
    level = queue.service_level(ServiceLevelFormula(formula))
    assert level is not None
    assert round(100 * level, 2) == percent


def test_every_formula_is_explained() -> None:
    assert set(FORMULAS) == set(ServiceLevelFormula)


def test_how_good_forecasts_were() -> None:
    queue = QueueFigures(answered=9, forecasts=8, within_low=4, within_high=6)
    assert queue.forecasts_kept == (0.5, 0.75)
    assert (queue + queue).forecasts_kept == (0.5, 0.75)
    house = SimulatedHouse(Random(1), step=20.0)
    events = list(house.day(800))
    answers = [event for event in events if isinstance(event, CallAnswered)]
    figures = figures_of(events)
    together = reduce(QueueFigures.__add__, figures.queues.values())
    assert together.forecasts == len(answers) > 10
    assert 0 < together.within_low == sum(event.waited <= 200 for event in answers)
    assert together.within_low < together.within_high == sum(e.waited <= 600 for e in answers)


def test_nothing_to_divide_by() -> None:
    assert QueueFigures().forecasts_kept is None
    assert all(QueueFigures().service_level(formula) is None for formula in ServiceLevelFormula)
    assert QueueFigures().average_speed_of_answer is None


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 200), st.floats(1, 4000))
def test_offered_is_always_accounted_for(random: Random, steps: int, step: float) -> None:
    """Also over midnights, since the steps may be long."""
    figures = Figures(RULES)
    for event in SimulatedHouse(random, step=step).day(steps):
        figures = fold(figures, event)
        for queue_id, queue in figures.queues.items():
            done = queue.answered + queue.abandoned + queue.flow_out
            assert queue.carried + queue.offered == done + len(figures.waiting(queue_id))
            assert queue.answered_in_time <= queue.answered
            assert queue.abandoned_in_time <= queue.abandoned
            assert queue.within_low <= queue.within_high <= queue.forecasts <= queue.answered


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 200))
def test_replaying_the_journal_gives_the_same_figures(random: Random, steps: int) -> None:
    live = Figures(RULES)
    journal = []
    for event in SimulatedHouse(random).day(steps):
        live = fold(live, event)
        journal.append((event.kind, encode(event)))
    assert figures_of([decode(kind, record) for kind, record in journal]) == live


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 200))
def test_figures_reconcile_with_call_records(random: Random, steps: int) -> None:
    house = SimulatedHouse(random)
    events = [*house.day(steps), *house.finish()]
    figures = figures_of(events)
    calls: dict[CallId, list[CallEvent]] = {}
    for event in events:
        if isinstance(event, CallEvent):
            calls.setdefault(event.call_id, []).append(event)
    records = [record for each in calls.values() if (record := record_of(each))]
    assert figures.calls == {}
    for outcome, count in figures.outcomes.items():
        assert count == sum(record.outcome is outcome for record in records)
    assert sum(figures.outcomes.values()) == len(records)
    waits = [wait for record in records for wait in record.waits]
    for queue_id, queue in figures.queues.items():
        of_queue = [wait for wait in waits if wait.queue_id == queue_id]
        assert queue.offered == len(of_queue)
        answered = [wait.seconds for wait in of_queue if wait.end is WaitEnd.ANSWERED]
        assert queue.answered == len(answered)
        assert queue.wait_of_answered == pytest.approx(sum(s or 0 for s in answered))
    talked = sum(agent.talked for agent in figures.agents.values())
    assert talked == pytest.approx(sum(record.talked for record in records))


NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def change(minutes: float, previous: AgentState, state: AgentState) -> AgentStateChanged:
    return AgentStateChanged(
        at=NOON + timedelta(minutes=minutes),
        agent_id=AgentId("a1"),
        previous=previous,
        state=state,
    )


def test_time_in_each_state_adds_up() -> None:
    figures = figures_of([
        change(0, AgentState.LOGGED_OFF, AgentState.NOT_READY),
        change(2, AgentState.NOT_READY, AgentState.READY),
        change(10, AgentState.READY, AgentState.NOT_READY),
        change(15, AgentState.NOT_READY, AgentState.LOGGED_OFF),
    ])  # fmt: skip
    agent = figures.agents[AgentId("a1")]
    assert agent.seconds == {AgentState.NOT_READY: 7 * 60, AgentState.READY: 8 * 60}
    assert (agent.signed_in, agent.reasons) == (15 * 60, {"": 7 * 60})
    assert (agent.since, agent.state) == (None, AgentState.LOGGED_OFF)


def test_occupancy_is_handling_over_handling_and_waiting() -> None:
    busy = replace(change(4, AgentState.RESERVED, AgentState.BUSY), busy=BusyKind.INBOUND)
    figures = figures_of([
        change(0, AgentState.LOGGED_OFF, AgentState.NOT_READY),
        change(1, AgentState.NOT_READY, AgentState.READY),
        change(3, AgentState.READY, AgentState.RESERVED),
        busy,
        change(9, AgentState.BUSY, AgentState.WORKING_AFTER_CALL),
    ])  # fmt: skip
    agent = figures.agents[AgentId("a1")].until(NOON + timedelta(minutes=10))
    assert agent.occupancy == 6 / 8
    assert agent.kinds == {BusyKind.INBOUND: 5 * 60}
    assert AgentFigures().occupancy is None


def test_who_is_away_for_too_long_stands_out_until_they_are_back() -> None:
    away = replace(change(0, AgentState.READY, AgentState.NOT_READY), reason="break")
    told = NotReadyOverlong(
        at=NOON + timedelta(minutes=15), agent_id=away.agent_id, reason="break", since=away.at
    )
    assert figures_of([away, told]).agents[away.agent_id].overlong
    back = change(16, AgentState.NOT_READY, AgentState.READY)
    assert not figures_of([away, told, back]).agents[away.agent_id].overlong


def test_midnight_at_the_bank_begins_a_new_day() -> None:
    late = datetime(2026, 11, 21, 15, 50, tzinfo=UTC)  # 23:50 in Shanghai
    call: dict[str, Any] = {"call_id": CallId("c1")}
    figures = figures_of([
        AgentStateChanged(
            at=late, agent_id=AgentId("a1"), previous=AgentState.LOGGED_OFF, state=AgentState.READY
        ),
        CallStarted(
            at=late, **call, direction=Direction.INBOUND, calling="1", called="2", trunk="t"
        ),
        CallQueued(
            at=late, **call, queue_id=QueueId("general"), service_level=ServiceLevel.UNIFORM
        ),
    ])  # fmt: skip
    assert figures.day == date(2026, 11, 21)
    midnight = late + timedelta(minutes=10)
    turned = turn(figures, midnight)
    assert turned.day == date(2026, 11, 22)
    assert turned.queues == {QueueId("general"): QueueFigures(carried=1)}
    running = Interval(AgentId("a1"), AgentState.READY, late)
    assert turned.agents[AgentId("a1")] == AgentFigures(running=running, counted=midnight)
    off = AgentStateChanged(
        at=midnight + timedelta(minutes=1),
        agent_id=AgentId("a1"),
        previous=AgentState.READY,
        state=AgentState.LOGGED_OFF,
    )
    assert fold(turned, off) == fold(figures, off)
    assert fold(turned, off).agents[AgentId("a1")].seconds == {AgentState.READY: 60}


def test_an_event_of_yesterday_that_comes_late_counts_today() -> None:
    figures = figures_of([change(0, AgentState.LOGGED_OFF, AgentState.READY)])
    later = fold(figures, change(-24 * 60, AgentState.READY, AgentState.LOGGED_OFF))
    assert later.day == figures.day
