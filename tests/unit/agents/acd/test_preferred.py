"""Callers kept for the agent they know: while that agent is staffed, and no longer than patient."""

from dataclasses import replace

import pytest

from agents.acd.explanation import MatchedBy
from agents.acd.matcher import (
    AgentFree,
    AgentStaffed,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    CallChanged,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    TimePassed,
)
from agents.acd.queue import Claim, Preferred
from cti.kernel.identifiers import AgentId, CallId
from tests.support.matching import agent, call, queues

OWNER = Preferred(AgentId("a"), Claim.OWNER)
LAST = Preferred(AgentId("b"), Claim.LAST_AGENT)
A, B, C = agent("a"), agent("b"), agent("c")
RULES = queues(general={"demand": "general", "owner": {"patience": 20}, "sticky": {"patience": 10}})


class House:
    """A matcher, and the pairs it makes."""

    def __init__(self, *events: Input, others: bool = False) -> None:
        rules = RULES
        if others:
            patience = {"patience": 10, "others": True}
            rules = queues(general={"demand": "general", "sticky": patience})
        self.matcher = Matcher(rules.__getitem__)
        self.last: Assignment | None = None
        for event in events:
            self.tell(event)

    def tell(self, event: Input) -> list[tuple[str, str]]:
        found = self.matcher.handle(event)
        if found:
            self.last = found[-1]
        return [(each.call.call_id, each.agent_id) for each in found]


def arrives(name: str, at: float, *preferred: Preferred) -> CallArrived:
    return CallArrived(call(name, at, preferred=preferred))


def test_who_is_preferred_and_free_has_the_call_before_all_others() -> None:
    house = House(AgentFree(replace(C, idle_since=-100), 0), AgentFree(A, 0))
    assert house.tell(arrives("1", 5, OWNER)) == [("1", "a")]
    assert house.last
    assert house.last.why.claim is Claim.OWNER
    assert [each.agent_id for each in house.last.why.agents] == ["a", "c"]


def test_the_call_waits_for_the_agent_it_knows() -> None:
    house = House(AgentStaffed(A, 0), AgentFree(C, 0))
    assert not house.tell(arrives("1", 5, OWNER))
    assert house.matcher.next_change() == 25
    assert house.tell(AgentFree(A, 12)) == [("1", "a")]
    assert house.last
    assert house.last.why.claim is Claim.OWNER
    assert house.matcher.next_change() is None


def test_patience_ends_in_the_turn_its_instant_comes() -> None:
    house = House(AgentStaffed(A, 0), AgentFree(C, 0), arrives("1", 5, OWNER))
    assert not house.tell(TimePassed(24.9))
    assert house.tell(TimePassed(25)) == [("1", "c")]
    assert house.last
    assert (house.last.why.matched, house.last.why.claim) == (MatchedBy.RELAXED, None)


def test_whatever_happens_later_lets_time_pass_first() -> None:
    house = House(AgentStaffed(A, 0), AgentFree(C, 0), arrives("1", 5, OWNER))
    assert house.tell(AgentFree(A, 26)) == [("1", "c")]


@pytest.mark.parametrize(
    "goes", [AgentUnstaffed(A.agent_id, 9), AgentStaffed(agent("a", skills={"cards": 1}), 9)]
)
def test_nobody_is_kept_for_who_serves_them_no_more(goes: Input) -> None:
    house = House(
        AgentStaffed(A, 0), AgentFree(C, 0), arrives("2", 5, OWNER), arrives("1", 4, OWNER)
    )
    assert house.tell(goes) == [("1", "c")]
    assert house.matcher.position(CallId("2")) == 1
    assert house.matcher.next_change() is None


def test_nobody_is_kept_for_who_is_away() -> None:
    assert House(AgentFree(C, 0)).tell(arrives("1", 5, OWNER)) == [("1", "c")]


def test_nobody_is_kept_for_who_may_not_serve_them() -> None:
    house = House(AgentStaffed(agent("a", skills={"cards": 9}), 0), AgentFree(C, 0))
    assert house.tell(arrives("1", 5, OWNER)) == [("1", "c")]


def test_owner_and_last_agent_are_waited_for_together() -> None:
    events = AgentStaffed(A, 0), AgentStaffed(B, 0), AgentFree(C, 0), arrives("1", 5, OWNER, LAST)
    assert House(*events).tell(AgentFree(B, 14)) == [("1", "b")]
    house = House(*events)
    assert house.matcher.next_change() == 15
    assert not house.tell(AgentFree(B, 15)), "patience with the last agent is over"
    assert house.tell(AgentFree(A, 16)) == [("1", "a")]


def test_one_agent_may_be_both() -> None:
    both = replace(LAST, agent_id=A.agent_id)
    house = House(AgentStaffed(A, 0), arrives("1", 5, OWNER, both))
    assert house.tell(AgentFree(A, 6)) == [("1", "a")]
    assert not house.tell(AgentFree(B, 7))


def test_the_one_who_waited_longer_has_the_agent_kept_or_not() -> None:
    house = House(AgentStaffed(A, 0), arrives("1", 4), arrives("2", 5, OWNER))
    assert house.tell(AgentFree(A, 6)) == [("1", "a")]
    assert house.last
    assert (house.last.why.claim, house.last.why.waiting) == (None, 2)


def test_with_others_allowed_nobody_waits() -> None:
    house = House(AgentStaffed(B, 0), AgentFree(C, 0), others=True)
    assert house.tell(arrives("1", 5, LAST)) == [("1", "c")]
    house = House(AgentFree(B, 0), AgentFree(replace(C, idle_since=-9), 0), others=True)
    assert house.tell(arrives("1", 5, LAST)) == [("1", "b")]


def test_what_becomes_known_later_is_heeded() -> None:
    house = House(AgentStaffed(A, 0), arrives("1", 4), arrives("2", 4))
    assert not house.tell(CallChanged(call("1", 4, preferred=(OWNER,)), 6))
    assert house.matcher.position(CallId("1")) == 1, "a call keeps its place"
    assert house.tell(AgentFree(C, 7)) == [("2", "c")]
    assert house.tell(AgentFree(A, 8)) == [("1", "a")]


def test_of_a_call_that_rings_or_is_gone_nothing_follows() -> None:
    changed = CallChanged(call("1", 4, preferred=(OWNER,)), 6)
    assert not House(AgentStaffed(A, 0)).tell(changed)
    house = House(AgentFree(C, 0), arrives("1", 4), AgentStaffed(A, 5))
    assert not house.tell(changed)
    assert not house.tell(OfferFailed(CallId("1"), 7)), "now the call is kept for its owner"
    assert house.tell(AgentFree(A, 8)) == [("1", "a")]


def test_a_kept_caller_who_hangs_up_is_gone() -> None:
    house = House(AgentStaffed(A, 0), arrives("1", 5, OWNER), CallLeft(CallId("1")))
    assert house.matcher.next_change() is None
    assert not house.tell(AgentFree(A, 6))
