"""Forecasts against what happens: agents and calls played with dice, over and over."""

import sys
from heapq import heapify, heapreplace
from math import exp, log, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acd.estimate import Handling, Outlook, Taken
from agents.acd.matcher import (
    AgentFree,
    AgentStaffed,
    AgentTaken,
    AgentUnstaffed,
    CallArrived,
    CallHandled,
    CallLeft,
    Matcher,
    OfferTaken,
)
from agents.acd.queue import Wait
from cti.kernel.identifiers import AgentId, CallId
from tests.support.matching import COMPLAINTS, GENERAL, agent, call, queues

USUAL = Handling.expected(180.0)


def takes(random: Random, handling: Handling) -> float:
    return random.lognormvariate(handling.centre, sqrt(handling.spread))


def at_work(random: Random, handling: Handling) -> tuple[float, float]:
    """Since how long an agent talks by now, and how long they will still."""
    since = -random.uniform(3.0, 8.0) * handling.mean
    while (end := since + takes(random, handling)) <= 0.0:
        since = end
    return -since, end


@pytest.mark.parametrize("spread", [0.1, 0.4, 0.7])
@pytest.mark.parametrize(("agents", "place"), [(1, 4), (3, 2), (10, 1), (10, 5), (10, 40), (60, 3)])
def test_half_wait_less_than_low_and_four_of_five_less_than_high(
    agents: int, place: int, spread: float
) -> None:
    handling = Handling(log(180.0) - spread / 2.0, spread)
    random, trials = Random(agents * place), 150
    below_low = below_high = 0
    for _ in range(trials):
        elapsed, ends = zip(*(at_work(random, handling) for _ in range(agents)), strict=True)
        wait = Outlook(handling, [Taken(1, each, handling) for each in elapsed]).wait(place)
        assert wait
        coming_free = list(ends)
        heapify(coming_free)
        for _ in range(place - 1):
            heapreplace(coming_free, coming_free[0] + takes(random, handling))
        below_low += coming_free[0] < wait.low
        below_high += coming_free[0] < wait.high
    assert below_low / trials == pytest.approx(0.5, abs=0.13)
    assert below_high / trials == pytest.approx(0.8, abs=0.1)


def test_nobody_knows_when_nobody_serves() -> None:
    assert Outlook(USUAL, []).wait(1) is None


def test_who_could_serve_at_once_is_not_waited_for() -> None:
    assert Outlook(USUAL, [], free=3).wait(1) == Wait(0.0, 0.0)


def waits(places: list[float], elapsed: float = 60.0, agents: int = 5) -> list[Wait]:
    outlook = Outlook(USUAL, [Taken(agents, elapsed, USUAL)])
    return [wait for place in places if (wait := outlook.wait(place))]


def test_the_farther_back_the_longer() -> None:
    found = waits([place / 2 for place in range(2, 400)])
    assert found == sorted(found, key=lambda wait: wait.low)
    assert found == sorted(found, key=lambda wait: wait.high)
    assert all(wait.low < wait.high for wait in found)


def test_far_back_the_rate_of_all_agents_counts() -> None:
    [far] = waits([2000.0], agents=100)
    assert far.low == pytest.approx(2000 * 180 / 100, rel=0.02)


def test_who_talks_about_as_long_as_most_is_done_sooner_than_who_has_just_begun() -> None:
    calls = Handling(log(180.0), 0.1)
    lows = []
    for elapsed in (150.0, 0.0, 36_000.0):
        wait = Outlook(calls, [Taken(1, elapsed, calls)]).wait(1)
        assert wait
        lows.append(wait.low)
    late, begun, endless = lows
    assert late < 0.5 * begun
    assert 0.0 < endless < 3600.0, "longer than anybody ever talked says no more than very long"


@given(
    st.lists(
        st.builds(
            Taken,
            st.integers(1, 50),
            st.floats(-60.0, 1e6),
            st.builds(Handling, st.floats(0.0, 8.0), st.floats(0.01, 2.0)),
        ),
        max_size=5,
    ),
    st.integers(0, 3),
    st.floats(1.0, 1e4),
)
def test_whatever_the_agents_do_there_is_a_range(
    taken: list[Taken], free: int, place: float
) -> None:
    wait = Outlook(USUAL, taken, free).wait(place)
    assert (wait is None) == (not taken and not free)
    assert wait is None or 0.0 <= wait.low <= wait.high < float("inf")


def test_the_first_forecast_of_a_spread_takes_no_step_of_its_own_for_each_instant() -> None:
    calls = 0

    def called(_frame: object, what: str, _arg: object) -> None:
        nonlocal calls
        calls += what in ("call", "c_call")

    handling = Handling(log(180.0), 0.7351)
    sys.setprofile(called)
    try:
        outlook = Outlook(handling, [Taken(1, 20.0, handling)])
    finally:
        sys.setprofile(None)
    assert outlook.agents == 1
    assert calls < 1000


def test_handling_times_follow_what_calls_take() -> None:
    handling, random, real = USUAL, Random(1), Handling(log(60.0), 0.1)
    for _ in range(400):
        handling = handling.after(takes(random, real))
    assert handling.mean == pytest.approx(real.mean, rel=0.15)
    assert handling.spread == pytest.approx(0.1, rel=0.5)
    assert exp(handling.after(0.0).centre) > 30.0, "a call that took no time is no catastrophe"


def busy_house(*agents: tuple[str, str]) -> Matcher:
    """Agents with a skill each, all taken since 600."""
    matcher = Matcher(queues().__getitem__)
    for name, skills in agents:
        levels = dict.fromkeys(skills.split(), 5)
        matcher.handle(AgentStaffed(agent(name, skills=levels), 600.0))
    return matcher


def low(matcher: Matcher, name: str, at: float = 660.0) -> float:
    wait = matcher.forecast(CallId(name), at)
    assert wait
    return wait.low


def test_only_who_waits_is_told_and_only_where_somebody_serves() -> None:
    matcher = busy_house(("a", "general"))
    matcher.handle(CallArrived(call("1", 650)))
    matcher.handle(CallArrived(call("2", 650, COMPLAINTS)))
    assert matcher.forecast(CallId("1"), 660.0)
    assert matcher.forecast(CallId("2"), 660.0) is None
    assert matcher.forecast(CallId("3"), 660.0) is None
    matcher.handle(AgentFree(agent("a"), 661.0))
    assert matcher.forecast(CallId("1"), 662.0) is None, "a phone rings for the caller"


def test_agents_of_others_are_not_counted_and_those_who_go_home_neither() -> None:
    matcher = busy_house(("a", "general"), ("b", "general"), ("c", "complaints"))
    matcher.handle(CallArrived(call("1", 650)))
    two = low(matcher, "1")
    matcher.handle(AgentUnstaffed(AgentId("c"), 670.0))
    assert low(matcher, "1") == two
    matcher.handle(AgentUnstaffed(AgentId("b"), 670.0))
    assert low(matcher, "1", 661.5) > 1.5 * two


def test_callers_of_other_queues_count_by_the_agents_they_share() -> None:
    alone = busy_house(("a", "general"))
    shared = busy_house(("a", "general complaints"), ("b", "complaints"))
    theirs = busy_house(("a", "general complaints"))
    for matcher in (alone, shared, theirs):
        for number in range(6):
            matcher.handle(CallArrived(call(f"other-{number}", 640, COMPLAINTS)))
        matcher.handle(CallArrived(call("1", 650)))
    assert low(alone, "1") < low(shared, "1") < low(theirs, "1")


def test_a_queue_learns_how_long_its_calls_take() -> None:
    matcher = busy_house(("a", "general"))
    for place in range(3):
        matcher.handle(CallArrived(call(f"{place}", 650)))
    before = low(matcher, "2")
    for _ in range(100):
        matcher.handle(CallHandled(GENERAL, 30.0, 655.0))
    assert low(matcher, "2", 662.0) < before / 3


def test_a_talk_counts_from_the_answer() -> None:
    matcher = busy_house(("a", "general"))
    matcher.handle(AgentFree(agent("a"), 600.0))
    matcher.handle(CallArrived(call("1", 600)))
    matcher.handle(CallArrived(call("2", 605)))
    assert low(matcher, "2", 610.0) == pytest.approx(low(matcher, "2", 607.6), abs=10.0)
    matcher.handle(OfferTaken(CallId("1"), 720.0))
    matcher.handle(CallLeft(CallId("1")))
    begun, later = low(matcher, "2", 727.5), low(matcher, "2", 800.0)
    [expected] = waits([1.0], elapsed=0.0, agents=1)
    assert begun == pytest.approx(expected.low)
    assert later < begun


def test_who_answers_a_customer_called_back_is_taken_since_the_answer() -> None:
    """The call waited in the matcher as a promise, which is over before the agent answers."""

    def expected(*events: OfferTaken | CallLeft | AgentTaken) -> Wait | None:
        matcher = Matcher(queues().__getitem__)
        matcher.handle(AgentFree(agent("a"), 0.0))
        assert matcher.handle(CallArrived(call("promise"), 0.0))
        for event in events:
            matcher.handle(event)
        matcher.handle(CallArrived(call("next", 100.0), 100.0))
        return matcher.forecast(CallId("next"), 100.0)

    left, answered = CallLeft(CallId("promise")), AgentTaken(AgentId("a"), GENERAL, 90.0)
    assert expected(left, answered) == expected(OfferTaken(CallId("promise"), 90.0))
    assert expected(left, answered) != expected(left)


def test_an_agent_who_is_free_by_then_is_not_taken() -> None:
    matcher = Matcher(queues().__getitem__)
    matcher.handle(AgentFree(agent("a"), 0.0))
    matcher.handle(AgentTaken(AgentId("a"), GENERAL, 1.0))
    assert matcher.free(AgentId("a"))
