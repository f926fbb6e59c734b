"""An agent's day reads what the wall counts."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.events import AgentState, AgentStateChanged, BusyKind, CallCoded, CallWrappedUp
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.ports import AgentDay
from monitoring.days import day_of, service_level_of
from monitoring.statistics import Figures, QueueFigures, Rules, fold
from tests.support.simulated_house import SimulatedHouse

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
A = AgentId("a")
Q = QueueId("general")


def changed(minutes: float, previous: AgentState, state: AgentState) -> AgentStateChanged:
    at = NINE + timedelta(minutes=minutes)
    return AgentStateChanged(at=at, agent_id=A, previous=previous, state=state)


def test_an_agent_s_day_goes_on_between_events() -> None:
    figures = Figures(Rules())
    for event in (
        changed(0, AgentState.LOGGED_OFF, AgentState.READY),
        changed(30, AgentState.READY, AgentState.BUSY),
    ):
        figures = fold(figures, event)
    day = day_of(figures, A, NINE + timedelta(minutes=40))
    assert day.occupancy == 0.25
    assert day.day == NINE.date()
    assert day_of(figures, A, NINE + timedelta(minutes=60)).occupancy == 0.5


def test_calls_among_colleagues_are_talked_in_but_not_handled() -> None:
    figures = fold(Figures(Rules()), changed(0, AgentState.LOGGED_OFF, AgentState.READY))
    for number, busy in enumerate(BusyKind):
        over = CallWrappedUp(
            at=NINE + timedelta(minutes=number),
            call_id=CallId(str(number)),
            agent_id=A,
            busy=busy,
            talked=10.0,
            held=0.0,
            after_call=0.0,
        )
        figures = fold(figures, over)
    day = day_of(figures, A, NINE + timedelta(hours=1))
    assert (day.handled, day.talked) == (2, 40.0)


def test_a_new_day_begins_with_nothing() -> None:
    figures = fold(Figures(Rules()), changed(0, AgentState.LOGGED_OFF, AgentState.NOT_READY))
    tomorrow = NINE + timedelta(days=1)
    assert day_of(figures, A, tomorrow) == AgentDay(day=tomorrow.date())
    assert day_of(figures, AgentId("nobody"), NINE) == AgentDay(day=NINE.date())


@given(random=st.randoms(use_true_random=False), steps=st.integers(10, 120))
def test_codes_are_counted_once_and_reconcile_with_the_events(random: Random, steps: int) -> None:
    house = SimulatedHouse(random)
    figures, events = Figures(Rules()), [*house.day(steps), *house.finish()]
    for event in events:
        figures = fold(figures, event)
    today = [event for event in events if event.at.date() == figures.day]
    for agent_id in figures.agents:
        day = day_of(figures, agent_id, events[-1].at)
        mine = [each for each in today if getattr(each, "agent_id", None) == agent_id]
        wrapped = [each for each in mine if isinstance(each, CallWrappedUp)]
        coded = [each for each in mine if isinstance(each, CallCoded) and not each.again]
        assert (day.handled, day.coded) == (len(wrapped), len(coded))
        assert abs(day.talked - sum(each.talked for each in wrapped)) < 1e-6


def test_a_queue_s_service_level_is_today_s() -> None:
    figures = Figures(
        Rules(), day=NINE.date(), queues={Q: QueueFigures(answered=4, answered_in_time=3)}
    )
    assert service_level_of(figures, Q, NINE) == 0.75
    assert service_level_of(figures, QueueId("another"), NINE) is None
    assert service_level_of(figures, Q, NINE + timedelta(days=1)) is None
