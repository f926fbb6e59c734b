"""The two bounds of `agents.acd.queue`, over random loads of any classes, queues and agents."""

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.acd.matcher import AgentFree, Assignment, CallArrived, Input, Matcher, OfferTaken
from agents.acd.policy import Agent
from agents.acd.queue import HeadStarts, WaitingCall
from agents.acd.rules import QueueRules
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import ServiceLevel, Situation
from tests.support.matching import COMPLAINTS, GENERAL, agent, call, queues


@dataclass(frozen=True, slots=True)
class Load:
    """Agents, and calls with the seconds that each takes whoever serves it."""

    agents: tuple[Agent, ...]
    calls: tuple[tuple[WaitingCall, float], ...]
    rules: dict[QueueId, QueueRules]

    @property
    def bound(self) -> float:
        """Of all queues together."""
        starts = [
            rules.head_starts.of(situation, level)
            for rules in self.rules.values()
            for situation in Situation
            for level in ServiceLevel
        ]
        return max(starts) - min(starts)


@st.composite
def loads(draw: Any) -> Load:
    head_starts = st.fixed_dictionaries(
        {
            "situations": st.fixed_dictionaries({"card_loss": st.integers(0, 60)}),
            "levels": st.fixed_dictionaries(
                {name: st.integers(0, 40) for name in ("special", "priority", "uniform")}
            ),
        }
    )
    rules = queues(
        general={"demand": "general", "head_starts": draw(head_starts)},
        complaints={"demand": "complaints", "head_starts": draw(head_starts)},
    )
    skills = st.sampled_from([{"general": 5}, {"complaints": 5}, {"general": 3, "complaints": 7}])
    people = tuple(agent(name, 0.0, draw(skills)) for name in "abc"[: draw(st.integers(1, 3))])
    gap = st.sampled_from([0.0, 1.0, 5.0, 20.0, 50.0])
    kinds = st.tuples(
        gap,
        st.sampled_from([GENERAL, COMPLAINTS]),
        st.sampled_from(ServiceLevel),
        st.sampled_from(Situation),
        st.sampled_from([5.0, 30.0, 90.0]),
    )
    now, calls = 0.0, []
    for place, (after, queue, level, situation, takes) in enumerate(
        draw(st.lists(kinds, min_size=1, max_size=25))
    ):
        now += after
        one = call(f"{place}", now, queue, level=level, situation=situation)
        calls.append((one, takes))
    return Load(people, tuple(calls), rules)


class Run:
    """Plays a load; `served` tells when each call got its agent."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.matcher = Matcher(load.rules.__getitem__)
        self.takes = {one.call_id: seconds for one, seconds in load.calls}
        self.agents = {each.agent_id: each for each in load.agents}
        self.waiting: dict[CallId, WaitingCall] = {}
        self.served: dict[CallId, float] = {}
        self.later: list[tuple[float, int, str]] = []
        for each in load.agents:
            self.tell(AgentFree(each, 0.0), 0.0)
        for place, (one, _) in enumerate(load.calls):
            heappush(self.later, (one.arrived, place, ""))
        while self.later:
            self.next()

    def next(self) -> None:
        at, place, agent_id = heappop(self.later)
        if agent_id:
            self.tell(AgentFree(self.agents[AgentId(agent_id)], at), at)
        else:
            one = self.load.calls[place][0]
            self.waiting[one.call_id] = one
            self.tell(CallArrived(one), at)

    def tell(self, event: Input, at: float) -> None:
        for pair in self.matcher.handle(event):
            self.take(pair, at)

    def take(self, pair: Assignment, at: float) -> None:
        one = self.waiting.pop(pair.call.call_id)
        for other in self.waiting.values():
            if other.queue_id in self.agents[pair.agent_id].skills:
                assert one.arrived - other.arrived <= self.load.bound
        self.served[one.call_id] = at
        self.matcher.handle(OfferTaken(one.call_id, at))
        heappush(self.later, (at + self.takes[one.call_id], -1, pair.agent_id))


@given(loads())
@settings(max_examples=150)
def test_nobody_is_overtaken_by_who_came_more_than_the_bound_later(load: Load) -> None:
    run = Run(load)
    for one in run.waiting.values():
        assert not any(one.queue_id in each.skills for each in load.agents), "served by nobody"


@given(loads(), st.integers(0, 24))
@settings(max_examples=150)
def test_when_a_call_is_served_does_not_depend_on_who_comes_much_later(
    load: Load, place: int
) -> None:
    assume(place < len(load.calls))
    one = load.calls[place][0]
    early = tuple(
        (each, takes) for each, takes in load.calls if each.arrived <= one.arrived + load.bound
    )
    without = Run(Load(load.agents, early, load.rules))
    assert Run(load).served.get(one.call_id) == without.served.get(one.call_id)


@pytest.mark.parametrize(("later", "first"), [(-0.1, "2"), (0.1, "1")])
def test_the_bound_is_reached_and_not_passed(later: float, first: str) -> None:
    starts = HeadStarts()
    matcher = Matcher(queues().__getitem__)
    at = starts.bound + later
    best = call("2", at, level=ServiceLevel.SPECIAL, situation=Situation.CARD_LOSS)
    matcher.handle(CallArrived(call("1", 0.0)))
    matcher.handle(CallArrived(best))
    [found] = matcher.handle(AgentFree(agent("a"), at))
    assert found.call.call_id == first
