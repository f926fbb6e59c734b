"""Any history, played to the matcher and to one that looks at everybody."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agents.acd.explanation import MatchedBy
from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    CallChanged,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    OfferTaken,
    TimePassed,
)
from agents.acd.policy import Agent
from agents.acd.queue import Claim, Preferred, WaitingCall
from agents.acd.rules import Order
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification
from tests.support.examples import examples
from tests.support.matching import COMPLAINTS, GENERAL, Oracle, Pair, agent, call, queues
from tests.support.simulated_day import Handle, day

names = st.sampled_from("abc").map(AgentId)
orders = st.sampled_from([order.value for order in Order])
skills = st.dictionaries(
    st.sampled_from(["general", "complaints", "cards", "vault"]),
    st.sampled_from([2, 5, 9]),
    min_size=3,
)
languages = st.sampled_from([frozenset(Language)] * 3 + [frozenset({Language.CHINESE})])
agents = st.builds(
    agent,
    name=names,
    skills=skills,
    languages=languages,
    priorities=st.dictionaries(st.sampled_from(["cards", "complaints"]), st.integers(1, 10)),
    occupied=st.sampled_from([0.1, 0.5, 0.9]),
    calls=st.integers(0, 5),
)
preferred = st.lists(
    st.builds(Preferred, names, st.sampled_from(Claim)), max_size=2, unique_by=lambda p: p.claim
).map(tuple)
calls = st.builds(
    call,
    name=st.just(""),
    queue=st.sampled_from([GENERAL, COMPLAINTS]),
    language=st.sampled_from([Language.CHINESE, *Language]),
    level=st.sampled_from(ServiceLevel),
    situation=st.sampled_from(Situation),
    verification=st.sampled_from([Verification.NONE, Verification.SIGNED_IN]),
    preferred=preferred,
    shunned=st.frozensets(names, max_size=2) | st.just(frozenset()),
)


class MatcherMachine(RuleBasedStateMachine):
    @initialize(first=orders, second=orders, others=st.booleans())
    def begin(self, first: str, second: str, others: bool) -> None:
        self.oracle = Oracle(
            queues(
                general={
                    "demand": "general >= 3",
                    "stages": [{"after": 30, "demand": "cards"}],
                    "order": first,
                    "group": "cards",
                    "owner": {"patience": 25},
                    "shun": 12,
                },
                complaints={
                    "demand": "complaints and (cards >= 3 or general)",
                    "stages": [
                        {"after": 20, "demand": "cards"},
                        {"after": 60, "demand": "general"},
                    ],
                    "verified": {"signed_in": "vault >= 2"},
                    "order": second,
                    "owner": {"patience": 20},
                    "sticky": {"patience": 10.1, "others": others},
                    "head_starts": {"levels": {"special": 45, "priority": 20}},
                },
            )
        )
        self.matcher = Matcher(self.oracle.rules.__getitem__)
        self.count, self.now = 0, 1_700_000_000.3
        self.ringing: dict[CallId, AgentId] = {}

    def happens(self, event: Input) -> None:
        expected = self.oracle.handle(event)
        found = self.matcher.handle(event)
        assert [(each.call.call_id, each.agent_id) for each in found] == expected
        for each in found:
            assert each.why.agents[0].agent_id == each.agent_id
            assert each.why.calls[0].call_id == each.call.call_id
            assert 1 <= len(each.why.agents) <= each.why.free
            assert 1 <= len(each.why.calls) <= each.why.waiting
        self.nobody_is_overtaken_too_long(expected)
        self.ringing |= dict(expected)

    def nobody_is_overtaken_too_long(self, pairs: list[Pair]) -> None:
        bound = max(rules.head_starts.bound for rules in self.oracle.rules.values())
        for call_id, agent_id in pairs:
            one, who = self.oracle.calls[call_id].call, self.oracle.staff[agent_id]
            wished = any(each.agent_id == agent_id for each in one.preferred)
            for other in self.oracle.waiting():
                if self.oracle.may_serve(who, other) and not wished:
                    assert one.arrived - other.call.arrived <= bound

    @rule(seconds=st.sampled_from([0.0, 1.5, 10.1, 20.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.happens(TimePassed(self.now))

    @rule(several=st.lists(calls, min_size=1, max_size=3), ago=st.sampled_from([0.0, 0.0, 15.0]))
    def calls_arrive(self, several: list[WaitingCall], ago: float) -> None:
        for one in several:
            self.count += 1
            name = CallId(f"call-{self.count}")
            arrived = replace(one, call_id=name, arrived=self.now - ago)
            self.happens(CallArrived(arrived, self.now))

    @rule(one=calls, data=st.data())
    def more_is_known(self, one: WaitingCall, data: st.DataObject) -> None:
        if self.oracle.calls:
            known = data.draw(st.sampled_from(sorted(self.oracle.calls)))
            before = self.oracle.calls[known].call
            changed = replace(
                before,
                preferred=one.preferred,
                verification=one.verification,
                shunned=one.shunned,
            )
            self.happens(CallChanged(changed, self.now))

    @rule(who=agents, delay=st.floats(0, 5))
    def agent_is_free(self, who: Agent, delay: float) -> None:
        if who.agent_id not in self.ringing.values():
            self.now += delay
            self.happens(AgentFree(replace(who, idle_since=self.now), self.now))

    @rule(who=agents, data=st.data())
    def agent_is_free_no_more(self, who: Agent, data: st.DataObject) -> None:
        agent_id = who.agent_id
        if agent_id not in self.ringing.values():
            happenings: list[Input] = [
                AgentStaffed(who, self.now),
                AgentGone(agent_id, self.now),
                AgentUnstaffed(agent_id, self.now),
            ]
            self.happens(data.draw(st.sampled_from(happenings)))

    @rule(data=st.data())
    def caller_leaves(self, data: st.DataObject) -> None:
        if self.oracle.calls:
            call_id = data.draw(st.sampled_from(sorted(self.oracle.calls)))
            self.ringing.pop(call_id, None)
            self.happens(CallLeft(call_id))

    @rule(data=st.data(), taken=st.booleans(), back=st.booleans())
    def offer_ends(self, data: st.DataObject, taken: bool, back: bool) -> None:
        if not self.ringing:
            return
        call_id = data.draw(st.sampled_from(sorted(self.ringing)))
        who = self.oracle.staff[self.ringing.pop(call_id)]
        self.happens(OfferTaken(call_id, self.now) if taken else OfferFailed(call_id, self.now))
        if back and who.agent_id not in self.ringing.values():
            self.happens(AgentFree(who, self.now))

    @invariant()
    def nobody_waits_for_a_free_agent(self) -> None:
        for one in self.oracle.waiting():
            assert not any(self.oracle.may_serve(who, one) for who in self.oracle.free_agents())

    @invariant()
    def places_are_right(self) -> None:
        for queue_id in (GENERAL, COMPLAINTS):
            mine = [one for one in self.oracle.waiting() if one.call.queue_id == queue_id]
            for place, one in enumerate(sorted(mine, key=self.oracle.key), start=1):
                assert self.matcher.position(one.call.call_id) == place

    @invariant()
    def every_crowd_is_counted(self) -> None:
        for lane in self.matcher._lanes._lanes.values():
            staff = {each.agent_id for each in self.oracle.staff.values() if lane.admits(each)}
            assert set(lane.crowd._staff) == staff
            assert lane.crowd._taken.total() == len(staff - self.oracle.free)
            assert all(agents > 0 for agents in lane.crowd._taken.values())
            assert set(lane.bench.best(9)) == staff & self.oracle.free

    @invariant()
    def the_next_change_is_known(self) -> None:
        changes = (one.change for one in self.oracle.waiting() if one.change)
        assert self.matcher.next_change() == min(changes, default=None)


MatcherMachine.TestCase.settings = settings(
    max_examples=examples(40), stateful_step_count=40, deadline=None
)
TestMatcherMachine = MatcherMachine.TestCase


@pytest.mark.parametrize("seed", range(6))
def test_a_small_day_is_as_who_looks_at_everybody_finds_it(seed: int) -> None:
    matched: Counter[object] = Counter()

    def watch(handle: Handle) -> Handle:
        def both(event: Input) -> list[Assignment]:
            found, expected = handle(event), oracle.handle(event)
            assert [(each.call.call_id, each.agent_id) for each in found] == expected
            matched.update((each.why.matched, each.why.claim) for each in found)
            return found

        return both

    small = day(seed, 12, 1 + 2 * seed, queues=6, skills=5, watch=watch)
    oracle = Oracle(small.rules)
    small.begin()
    for _ in range(3000):
        small.step()
    assert all(matched[how, None] > 0 for how in MatchedBy)
