from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    Assignment,
    CallArrived,
    CallLeft,
    Input,
    Match,
    Matcher,
    OfferFailed,
    OfferTaken,
)
from agents.acd.policy import Agent
from agents.acd.queue import HeadStarts, WaitingCall
from agents.events import MatchedBy
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation

ZH, EN = Language.CHINESE, Language.ENGLISH
GENERAL, COMPLAINTS = QueueId("general"), QueueId("complaints")


def call(
    name: str,
    at: float = 0.0,
    queue: QueueId = GENERAL,
    language: Language = ZH,
    level: ServiceLevel = ServiceLevel.UNIFORM,
    situation: Situation = Situation.ORDINARY,
) -> WaitingCall:
    return WaitingCall(CallId(name), queue, language, level, situation, at)


def agent(
    name: str,
    since: float = 0.0,
    levels: Mapping[QueueId, int] | None = None,
    languages: frozenset[Language] = frozenset({ZH}),
) -> Agent:
    return Agent(AgentId(name), levels or {GENERAL: 5}, languages, since)


def run(*events: Input) -> list[tuple[str, str]]:
    matcher = Matcher()
    found = (matcher.handle(event) for event in events)
    return [(each.call.call_id, each.agent_id) for each in found if each]


def free(who: Agent, at: float = 100.0) -> AgentFree:
    return AgentFree(who, at)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([CallArrived(call("1"))], [], id="nobody is free"),
        pytest.param([free(agent("a"))], [], id="nobody waits"),
        pytest.param([free(agent("a")), CallArrived(call("1"))], [("1", "a")], id="at once"),
        pytest.param([CallArrived(call("1")), free(agent("a"))], [("1", "a")], id="when free"),
        pytest.param(
            [free(agent("a", 5)), free(agent("b", 3)), CallArrived(call("1", 10))],
            [("1", "b")],
            id="the longest idle",
        ),
        pytest.param(
            [
                free(agent("a", 3, {GENERAL: 5})),
                free(agent("b", 5, {GENERAL: 9})),
                CallArrived(call("1", 10)),
            ],
            [("1", "b")],
            id="skill before idleness",
        ),
        pytest.param(
            [free(agent("a", levels={COMPLAINTS: 9})), CallArrived(call("1"))],
            [],
            id="without the skill",
        ),
        pytest.param(
            [free(agent("a")), CallArrived(call("1", language=EN))],
            [],
            id="without the language",
        ),
        pytest.param(
            [
                free(agent("a")),
                free(agent("b", languages=frozenset({ZH, EN}))),
                CallArrived(call("1", language=EN)),
            ],
            [("1", "b")],
            id="the language adds to the skill",
        ),
        pytest.param(
            [CallArrived(call("1", 1)), CallArrived(call("2", 2)), free(agent("a"))],
            [("1", "a")],
            id="first come, first served",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                CallArrived(call("2", 2, level=ServiceLevel.PRIORITY)),
                CallArrived(call("3", 3, level=ServiceLevel.SPECIAL)),
                free(agent("a")),
                free(agent("b")),
                free(agent("c")),
            ],
            [("3", "a"), ("2", "b"), ("1", "c")],
            id="the better level first",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                CallArrived(call("2", 400, level=ServiceLevel.SPECIAL)),
                free(agent("a"), 500),
            ],
            [("1", "a")],
            id="who waits long enough is not overtaken",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1, level=ServiceLevel.SPECIAL)),
                CallArrived(call("2", 400, situation=Situation.CARD_LOSS)),
                free(agent("a"), 500),
            ],
            [("2", "a")],
            id="a lost card before everybody",
        ),
        pytest.param(
            [
                CallArrived(call("1", 2)),
                CallArrived(call("2", 1, queue=COMPLAINTS)),
                free(agent("a", levels={GENERAL: 9, COMPLAINTS: 1})),
            ],
            [("2", "a")],
            id="across queues",
        ),
        pytest.param(
            [CallArrived(call("1")), CallLeft(CallId("1")), free(agent("a"))], [], id="caller left"
        ),
        pytest.param(
            [free(agent("a")), AgentGone(AgentId("a")), CallArrived(call("1"))], [], id="agent gone"
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                CallArrived(call("2", 2)),
                free(agent("a")),
                OfferFailed(CallId("1"), 9),
                free(agent("b")),
            ],
            [("1", "a"), ("1", "b")],
            id="back at the head",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                free(agent("a")),
                free(agent("b")),
                OfferFailed(CallId("1"), 9),
            ],
            [("1", "a"), ("1", "b")],
            id="on to the next free agent at once",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                free(agent("a")),
                CallLeft(CallId("1")),
                OfferFailed(CallId("1"), 9),
                free(agent("b")),
            ],
            [("1", "a")],
            id="gone while ringing",
        ),
        pytest.param(
            [
                CallArrived(call("1", 1)),
                free(agent("a")),
                OfferTaken(CallId("1")),
                OfferFailed(CallId("1"), 9),
                free(agent("a")),
            ],
            [("1", "a")],
            id="answered is over",
        ),
    ],
)
def test_pairs(events: list[Input], expected: list[tuple[str, str]]) -> None:
    assert run(*events) == expected


def test_the_match_tells_why() -> None:
    matcher = Matcher()
    matcher.handle(free(agent("a", 10, {GENERAL: 3}), 10))
    matcher.handle(free(agent("b", 20, {GENERAL: 8}), 20))
    found = matcher.handle(CallArrived(call("1", 62)))
    assert found is not None
    assert found.match == Match(MatchedBy.CALL, level=8, among=2, seconds=42)
    matcher.handle(CallArrived(call("2", 70, queue=COMPLAINTS)))
    matcher.handle(CallArrived(call("3", 71, queue=COMPLAINTS)))
    found = matcher.handle(free(agent("c", 80, {COMPLAINTS: 2}), 80))
    assert found is not None
    assert found.match == Match(MatchedBy.AGENT, level=2, among=2, seconds=10)


def test_position_counts_the_queue_in_every_language() -> None:
    matcher = Matcher()
    matcher.handle(CallArrived(call("1", 1)))
    matcher.handle(CallArrived(call("2", 2, language=EN)))
    matcher.handle(CallArrived(call("3", 3)))
    matcher.handle(CallArrived(call("4", 4, level=ServiceLevel.PRIORITY)))
    matcher.handle(CallArrived(call("5", 0, queue=COMPLAINTS)))
    places = {name: matcher.position(CallId(name)) for name in "123456"}
    assert places == {"4": 1, "1": 2, "2": 3, "3": 4, "5": 1, "6": None}


def test_an_offered_call_has_no_place() -> None:
    matcher = Matcher()
    matcher.handle(CallArrived(call("1", 1)))
    matcher.handle(free(agent("a")))
    assert matcher.position(CallId("1")) is None


class MatcherMachine(RuleBasedStateMachine):
    """Plays any history against the matcher, beside a slow and obvious model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.starts = HeadStarts()
        self.matcher = Matcher(self.starts)
        self.now = 0.0
        self.names = 0
        self.waiting: dict[CallId, WaitingCall] = {}
        self.offered: dict[CallId, tuple[WaitingCall, AgentId]] = {}
        self.free: dict[AgentId, Agent] = {}
        self.serving: set[AgentId] = set()
        self.arrivals: dict[CallId, int] = {}

    def key(self, one: WaitingCall) -> tuple[float, int]:
        start = self.starts.of(one.situation, one.service_level)
        return one.arrived - start, self.arrivals[one.call_id]

    def serves(self, who: Agent, one: WaitingCall) -> bool:
        return one.queue_id in who.levels and one.language in who.languages

    def rank(self, who: Agent, queue_id: QueueId) -> tuple[int, float, AgentId]:
        return -who.levels[queue_id], who.idle_since, who.agent_id

    def took(self, found: Assignment | None) -> None:
        if found is None:
            return
        one, who = self.waiting.pop(found.call.call_id), self.free.pop(found.agent_id)
        assert one == found.call
        assert self.serves(who, one)
        assert who.agent_id not in self.serving
        for other in self.waiting.values():
            if self.serves(who, other):
                assert self.key(one) < self.key(other)
                assert one.arrived - other.arrived <= self.starts.bound
        for rival in self.free.values():
            if self.serves(rival, one):
                assert self.rank(who, one.queue_id) < self.rank(rival, one.queue_id)
        self.serving.add(who.agent_id)
        self.offered[one.call_id] = (one, who.agent_id)

    @rule(
        delay=st.floats(0, 900),
        queue=st.sampled_from([GENERAL, COMPLAINTS]),
        language=st.sampled_from(Language),
        level=st.sampled_from(ServiceLevel),
        situation=st.sampled_from(Situation),
    )
    def call_arrives(
        self,
        delay: float,
        queue: QueueId,
        language: Language,
        level: ServiceLevel,
        situation: Situation,
    ) -> None:
        self.now += delay
        self.names += 1
        one = call(f"call-{self.names}", self.now, queue, language, level, situation)
        self.waiting[one.call_id] = one
        self.arrivals[one.call_id] = self.names
        self.took(self.matcher.handle(CallArrived(one)))

    @rule(
        name=st.sampled_from("abcde"),
        levels=st.dictionaries(
            st.sampled_from([GENERAL, COMPLAINTS]), st.integers(1, 10), min_size=1
        ),
        languages=st.frozensets(st.sampled_from(Language), min_size=1),
        delay=st.floats(0, 10),
    )
    def agent_is_free(
        self,
        name: str,
        levels: dict[QueueId, int],
        languages: frozenset[Language],
        delay: float,
    ) -> None:
        self.now += delay
        who = agent(name, self.now, levels, languages)
        if who.agent_id in self.serving:
            return
        self.free[who.agent_id] = who
        self.took(self.matcher.handle(AgentFree(who, self.now)))

    @rule(name=st.sampled_from("abcde"))
    def agent_goes(self, name: str) -> None:
        self.free.pop(AgentId(name), None)
        assert self.matcher.handle(AgentGone(AgentId(name))) is None

    @rule(data=st.data())
    def caller_leaves(self, data: st.DataObject) -> None:
        known = [*self.waiting, *self.offered]
        if not known:
            return
        call_id = data.draw(st.sampled_from(known))
        self.waiting.pop(call_id, None)
        if call_id in self.offered:
            self.serving.discard(self.offered.pop(call_id)[1])
        assert self.matcher.handle(CallLeft(call_id)) is None

    @rule(data=st.data(), taken=st.booleans())
    def offer_ends(self, data: st.DataObject, taken: bool) -> None:
        if not self.offered:
            return
        call_id = data.draw(st.sampled_from(sorted(self.offered)))
        one, agent_id = self.offered.pop(call_id)
        self.serving.discard(agent_id)
        if taken:
            assert self.matcher.handle(OfferTaken(call_id)) is None
        else:
            self.waiting[call_id] = one
            self.took(self.matcher.handle(OfferFailed(call_id, self.now)))

    @invariant()
    def nobody_waits_for_a_free_agent(self) -> None:
        for who in self.free.values():
            assert not any(self.serves(who, one) for one in self.waiting.values())

    @invariant()
    def places_are_right(self) -> None:
        for queue_id in (GENERAL, COMPLAINTS):
            mine = [one for one in self.waiting.values() if one.queue_id == queue_id]
            for place, one in enumerate(sorted(mine, key=self.key), start=1):
                assert self.matcher.position(one.call_id) == place
        for call_id in self.offered:
            assert self.matcher.position(call_id) is None


MatcherMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMatcherMachine = MatcherMachine.TestCase


def test_a_returning_agent_replaces_what_was_known() -> None:
    matcher = Matcher()
    first = agent("a", levels={GENERAL: 5})
    matcher.handle(free(first))
    matcher.handle(free(replace(first, levels={COMPLAINTS: 5})))
    assert matcher.handle(CallArrived(call("1"))) is None
    assert matcher.handle(CallArrived(call("2", queue=COMPLAINTS))) is not None
