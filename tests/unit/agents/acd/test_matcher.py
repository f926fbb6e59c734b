import json
from dataclasses import replace

import pytest

from agents.acd.explanation import (
    AgentConsidered,
    CallConsidered,
    Explanation,
    MatchedBy,
)
from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    CallArrived,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    OfferTaken,
)
from agents.acd.policy import Agent
from agents.acd.rules import Order
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.plain import from_plain, to_plain
from cti.kernel.vocabulary import ServiceLevel, Situation
from tests.support.matching import COMPLAINTS, EN, ZH, agent, call, queues


def new_matcher() -> Matcher:
    return Matcher(queues().__getitem__)


def run(*events: Input) -> list[tuple[str, str]]:
    matcher = new_matcher()
    return [
        (each.call.call_id, each.agent_id) for event in events for each in matcher.handle(event)
    ]


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
                free(agent("a", 3, {"general": 5})),
                free(agent("b", 5, {"general": 9})),
                CallArrived(call("1", 10)),
            ],
            [("1", "b")],
            id="skill before idleness",
        ),
        pytest.param(
            [free(agent("a", skills={"complaints": 9})), CallArrived(call("1"))],
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
                free(agent("a", skills={"general": 9, "complaints": 1})),
            ],
            [("2", "a")],
            id="across queues",
        ),
        pytest.param(
            [CallArrived(call("1")), CallLeft(CallId("1")), free(agent("a"))], [], id="caller left"
        ),
        pytest.param(
            [free(agent("a")), AgentGone(AgentId("a"), 100.0), CallArrived(call("1"))],
            [],
            id="agent gone",
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
                OfferTaken(CallId("1"), 9),
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


def test_a_call_that_comes_tells_who_was_free() -> None:
    matcher = new_matcher()
    for name, level in (("a", 3), ("b", 8), ("c", 8), ("d", 1)):
        matcher.handle(free(agent(name, level, {"general": level}), 20))
    [found] = matcher.handle(CallArrived(call("1", 62)))
    assert found.why == Explanation(
        MatchedBy.CALL,
        level=8,
        order=Order.MOST_SKILLED,
        demand="general",
        stage=0,
        claim=None,
        free=4,
        waiting=1,
        agents=(
            AgentConsidered(AgentId("b"), 8, 54),
            AgentConsidered(AgentId("c"), 8, 54),
            AgentConsidered(AgentId("a"), 3, 59),
        ),
        calls=(CallConsidered(CallId("1"), 0, 0),),
    )
    assert (found.why.among, found.why.seconds) == (4, 54)


def test_an_agent_who_comes_free_tells_who_waited() -> None:
    matcher = new_matcher()
    for name, at, level in (
        ("1", 10, ServiceLevel.UNIFORM),
        ("2", 20, ServiceLevel.UNIFORM),
        ("3", 30, ServiceLevel.PRIORITY),
        ("4", 40, ServiceLevel.UNIFORM),
    ):
        matcher.handle(CallArrived(call(name, at, level=level)))
    [found] = matcher.handle(free(agent("c", 80, {"general": 2}), 80))
    assert found.why.matched is MatchedBy.AGENT
    assert found.why.agents == (AgentConsidered(AgentId("c"), 2, 0),)
    assert found.why.calls == (
        CallConsidered(CallId("3"), 50, 120),
        CallConsidered(CallId("1"), 70, 0),
        CallConsidered(CallId("2"), 60, 0),
    )
    assert (found.why.among, found.why.seconds) == (4, 50)


def test_an_explanation_is_small_and_comes_back_from_the_journal() -> None:
    rules = queues(
        general={
            "demand": "(loans >= 5 or cards >= 5) and general",
            "stages": [{"after": 30, "demand": "general or complaints"}],
            "sticky": {"patience": 10},
        }
    )
    matcher = Matcher(rules.__getitem__)
    for number in range(100):
        one = call(f"20261122-101500-{number:04}-7f3a9c20", number / 10)
        matcher.handle(CallArrived(one))
    [found] = matcher.handle(free(agent("agent-1001"), 41.2345678901))
    plain = to_plain(found.why)
    assert from_plain(Explanation, json.loads(json.dumps(plain))) == found.why
    assert len(json.dumps(plain)) < 1000


def test_position_counts_the_queue_in_every_language() -> None:
    matcher = new_matcher()
    matcher.handle(CallArrived(call("1", 1)))
    matcher.handle(CallArrived(call("2", 2, language=EN)))
    matcher.handle(CallArrived(call("3", 3)))
    matcher.handle(CallArrived(call("4", 4, level=ServiceLevel.PRIORITY)))
    matcher.handle(CallArrived(call("5", 0, queue=COMPLAINTS)))
    places = {name: matcher.position(CallId(name)) for name in "123456"}
    assert places == {"4": 1, "1": 2, "2": 3, "3": 4, "5": 1, "6": None}


def test_an_offered_call_has_no_place() -> None:
    matcher = new_matcher()
    matcher.handle(CallArrived(call("1", 1)))
    matcher.handle(free(agent("a")))
    assert matcher.position(CallId("1")) is None


def test_a_returning_agent_replaces_what_was_known() -> None:
    matcher = new_matcher()
    first = agent("a", skills={"general": 5})
    matcher.handle(free(first))
    matcher.handle(free(replace(first, skills={"complaints": 5})))
    assert not matcher.handle(CallArrived(call("1")))
    assert matcher.handle(CallArrived(call("2", queue=COMPLAINTS)))


def test_an_answer_told_late_takes_nobody_off_their_bench() -> None:
    matcher = new_matcher()
    matcher.handle(free(agent("a")))
    matcher.handle(CallArrived(call("1", 100)))
    matcher.handle(free(agent("a"), 110))
    matcher.handle(OfferTaken(CallId("1"), 111))
    assert matcher.handle(CallArrived(call("2", 112)))
