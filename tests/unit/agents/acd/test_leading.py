"""Who is rung ahead: never more of them than agents free or about to be."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agents.acd.estimate import Handling, Outlook, Taken
from agents.acd.leading import FARTHEST, Due, Look
from agents.acd.matcher import (
    AgentFree,
    AgentStaffed,
    AgentTaken,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    Matcher,
)
from agents.acd.queue import Claim, Preferred
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Situation
from tests.support.matching import COMPLAINTS, GENERAL, agent, call, queues

QUICK = 20.0
"""Seconds that calls take in these tests."""
SKILLS = {
    "one": {"general": 5},
    "other": {"complaints": 5},
    "both": {"general": 5, "complaints": 5},
}


def matcher_of(*taken: str, at: float = 0.0) -> Matcher:
    """Agents of those skills, taken by calls since then."""
    rules = queues(general={"demand": "general", "sticky": {"patience": 60, "within": "7 days"}})
    matcher = Matcher(rules.__getitem__, QUICK)
    for number, skills in enumerate(taken):
        name = f"{skills}-{number}"
        matcher.handle(AgentStaffed(agent(name, skills=SKILLS[skills]), at))
        matcher.handle(AgentTaken(AgentId(name), GENERAL, at))
    return matcher


def look(*waiting: str, lead: float = 60.0) -> Look:
    return Look(GENERAL, lead, {CallId(each) for each in waiting}, frozenset())


@given(
    agents=st.integers(0, 30),
    elapsed=st.floats(0.0, 500.0),
    free=st.integers(0, 3),
    within=st.floats(0.0, 300.0),
)
def test_as_many_surely_come_free_as_have_places_that_are_reached_by_then(
    agents: int, elapsed: float, free: int, within: float
) -> None:
    handling = Handling.expected(180.0)
    outlook = Outlook(handling, [Taken(agents, elapsed, handling)], free)
    waits = [outlook.wait(place) for place in range(1, outlook.agents + 1)]
    reached = [wait is not None and wait.high <= within for wait in waits]
    assert outlook.surely(within) == sum(reached)
    assert reached == sorted(reached, reverse=True)


def test_the_next_in_line_is_rung_ahead_and_nobody_behind_them() -> None:
    matcher = matcher_of("one")
    matcher.handle(CallArrived(call("first", 0.0)))
    matcher.handle(CallArrived(call("second", 1.0)))
    due = matcher.rung_ahead(look("first", "second"), 1.0)
    assert due.calls == ("first",)
    out = replace(look("second"), out={CallId("first")})
    assert matcher.rung_ahead(out, 1.0).calls == ()


def test_a_caller_on_the_line_comes_before_whoever_is_to_be_called() -> None:
    matcher = matcher_of("one")
    matcher.handle(CallArrived(call("caller", 0.0)))
    matcher.handle(CallArrived(call("promised", 1.0)))
    assert matcher.rung_ahead(look("promised"), 1.0).calls == ()


def test_a_caller_kept_for_the_agent_comes_before_whoever_is_to_be_called() -> None:
    matcher = matcher_of("one")
    theirs = (Preferred(AgentId("one-0"), Claim.LAST_AGENT),)
    matcher.handle(CallArrived(call("caller", 0.0, preferred=theirs)))
    matcher.handle(CallArrived(call("promised", 1.0)))
    assert matcher.rung_ahead(look("promised"), 1.0).calls == ()


def test_callers_of_another_queue_come_first_where_the_same_agents_serve_them() -> None:
    for skills, calls in (("both", ()), ("one", ("promised",))):
        matcher = matcher_of(skills)
        matcher.handle(CallArrived(call("caller", 0.0, COMPLAINTS)))
        matcher.handle(CallArrived(call("promised", 1.0)))
        assert matcher.rung_ahead(look("promised"), 1.0).calls == calls


def test_who_is_out_is_counted_though_another_overtook_them() -> None:
    matcher = matcher_of("one")
    matcher.handle(CallArrived(call("out", 0.0)))
    matcher.handle(CallArrived(call("urgent", 1.0, situation=Situation.FRAUD)))
    behind = replace(look("urgent"), out={CallId("out")})
    assert matcher.rung_ahead(behind, 1.0).calls == ()


def test_agents_who_take_no_further_call_are_not_counted_on() -> None:
    matcher = matcher_of("one")
    matcher.handle(CallArrived(call("promised", 0.0)))
    leaving = replace(look("promised"), leaving=frozenset({AgentId("one-0")}))
    assert matcher.rung_ahead(leaving, 1.0) == Due((), None)
    assert matcher.rung_ahead(look("promised"), 1.0).calls == ("promised",)


def test_the_time_to_ask_again_is_told_where_there_is_one() -> None:
    matcher = matcher_of("one")
    matcher.handle(CallArrived(call("promised", 0.0)))
    due = matcher.rung_ahead(look("promised", lead=5.0), 1.0)
    wait = matcher.forecast(CallId("promised"), 1.0)
    assert wait is not None
    assert due == Due((), wait.high - 5.0)
    matcher.handle(AgentUnstaffed(AgentId("one-0"), 1.0))
    assert matcher.rung_ahead(look("promised"), 1.0) == Due((), None)


def test_an_agent_who_is_gone_in_the_same_second_is_not_counted_on() -> None:
    matcher = matcher_of("one", "one")
    for name in ("first", "second"):
        matcher.handle(CallArrived(call(name, 0.0)))
    assert len(matcher.rung_ahead(look("first", "second"), 1.0).calls) == 2
    matcher.handle(AgentUnstaffed(AgentId("one-1"), 1.0))
    assert matcher.rung_ahead(look("first", "second"), 1.0).calls == ("first",)


def test_who_is_far_behind_is_not_looked_at() -> None:
    matcher = matcher_of("one")
    names = [f"call-{number}" for number in range(FARTHEST + 1)]
    for number, name in enumerate(names):
        matcher.handle(CallArrived(call(name, float(number))))
    assert matcher.rung_ahead(look(names[-1]), 200.0) == Due((), None)


Moment = tuple[str, tuple[QueueId, Situation], str, float, float]
arrivals = st.tuples(st.sampled_from([GENERAL, COMPLAINTS]), st.sampled_from(list(Situation)))
moments = st.lists(
    st.tuples(
        st.sampled_from(["call", "promise", "look", "taken", "free", "gone"]),
        arrivals,
        st.sampled_from(list(SKILLS)),
        st.sampled_from([0.0, 0.5, 1.0, 10.0, 60.0]),
        st.sampled_from([5.0, 20.0, 60.0, 120.0]),
    ),
    max_size=40,
)


@given(moments)
def test_never_more_go_out_than_agents_are_free_or_about_to_be(moments: list[Moment]) -> None:
    matcher, now = matcher_of("one", "both"), 0.0
    staff = {"one-0": "one", "both-1": "both"}
    waiting: dict[CallId, tuple[QueueId, str]] = {}
    out: set[CallId] = set()
    for number, (what, (queue, situation), skills, passed, lead) in enumerate(moments):
        now += passed
        name = f"{skills}-{number}"
        pairs: list[Assignment] = []
        match what:
            case "call" | "promise":
                one = call(f"{what}-{number}", now, queue, situation=situation)
                pairs = matcher.handle(CallArrived(one))
                waiting[one.call_id] = (queue, what)
            case "taken":
                staff[name] = skills
                matcher.handle(AgentStaffed(agent(name, skills=SKILLS[skills]), now))
            case "free" if staff:
                first = next(iter(staff))
                who = agent(first, now, SKILLS[staff[first]])
                pairs = matcher.handle(AgentFree(who, now))
            case "gone" if staff:
                first = next(iter(staff))
                del staff[first]
                matcher.handle(AgentUnstaffed(AgentId(first), now))
            case "look":
                mine = {c for c, (q, w) in waiting.items() if q == queue and w == "promise"}
                due = matcher.rung_ahead(Look(queue, lead, mine - out, frozenset(out)), now)
                assert set(due.calls) <= mine - out
                out.update(due.calls)
                if due.calls:
                    able = [each for each in staff.values() if queue in SKILLS[each]]
                    shared = {q for each in able for q in SKILLS[each]}
                    sharing = [each for each in out if waiting[each][0] in shared]
                    assert len(sharing) <= len(able)
                    lane = matcher._lane_of(matcher._calls[due.calls[0]].call)
                    outlook = lane.crowd.outlook(queue, matcher._handled, now, exact=True)
                    assert len(sharing) <= outlook.surely(lead)
        for pair in pairs:
            waiting.pop(pair.call.call_id)
            out.discard(pair.call.call_id)
