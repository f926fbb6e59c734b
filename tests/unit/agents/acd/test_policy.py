"""The orders of agents, one by one and with their ties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acd.matcher import AgentFree, CallArrived, CallLeft, Matcher
from agents.acd.policy import Agent, Bench, Rank
from agents.acd.rules import Order
from cti.kernel.identifiers import AgentId, CallId
from tests.support.matching import agent, call, queues

PLAIN = agent("m", 50)
BEFORE = {
    Order.LONGEST_IDLE: [agent("x", 40, {"general": 1})],
    Order.MOST_SKILLED: [agent("x", 90, {"general": 6}), agent("x", 40)],
    Order.LEAST_OCCUPIED: [agent("x", 90, occupied=-0.1), agent("x", 40)],
    Order.FEWEST_CALLS: [agent("x", 90, calls=-1), agent("x", 40, {"general": 1})],
    Order.ROUND_ROBIN: [agent("x", 40, {"general": 1})],
    Order.GROUP_PRIORITY: [
        agent("x", 90, {"general": 1}, priorities={"loans": 9}),
        agent("x", 90, {"general": 6}, priorities={"general": 1}),
        agent("x", 40, priorities={"loans": 10}),
    ],
}
"""Of each order, agents who come before `PLAIN`, the deciding figure first, then the ties."""


def first_of(order: Order, *agents: Agent) -> str:
    rules = queues(general={"demand": "general", "order": order.value, "group": "loans"})
    matcher = Matcher(rules.__getitem__)
    for each in agents:
        matcher.handle(AgentFree(each, 100))
    [found] = matcher.handle(CallArrived(call("1", 100)))
    return found.agent_id


@pytest.mark.parametrize(
    ("order", "better"), [(order, each) for order, agents in BEFORE.items() for each in agents]
)
def test_who_comes_first(order: Order, better: Agent) -> None:
    assert first_of(order, PLAIN, better) == "x"
    assert first_of(order, better, PLAIN) == "x"


@pytest.mark.parametrize("order", Order)
def test_the_id_settles_what_is_left(order: Order) -> None:
    assert first_of(order, PLAIN, agent("n", 50), agent("l", 50)) == "l"


def test_round_robin_goes_round() -> None:
    rules = queues(
        general={"demand": "general", "order": "round_robin"}, complaints={"demand": "general"}
    )
    matcher = Matcher(rules.__getitem__)
    had = []
    for number in range(7):
        for name in "cab":
            matcher.handle(AgentFree(agent(name, -ord(name)), 0))
        [found] = matcher.handle(CallArrived(call(str(number), 100)))
        had.append(found.agent_id)
        matcher.handle(CallLeft(CallId(str(number))))
    assert "".join(had) == "cbacbac"


def test_priorities_are_those_of_the_queue_where_no_group_is_named() -> None:
    rules = queues(general={"demand": "general", "order": "group_priority"})
    matcher = Matcher(rules.__getitem__)
    matcher.handle(AgentFree(agent("a", priorities={"loans": 1}), 0))
    matcher.handle(AgentFree(agent("b", priorities={"general": 9}), 0))
    [found] = matcher.handle(CallArrived(call("1", 100)))
    assert [(each.agent_id, each.figure) for each in found.why.agents] == [("b", 9), ("a", 10)]


ranks = st.tuples(
    st.floats(0, 9), st.integers(-10, 0), st.floats(0, 100), st.text("abc", min_size=1).map(AgentId)
)


@given(st.lists(ranks, unique_by=lambda rank: rank[3]), st.data())
def test_a_bench_is_in_order_whoever_comes_and_goes(
    entries: list[Rank], data: st.DataObject
) -> None:
    bench = Bench()
    for entry in entries:
        bench.add(entry)
    gone = data.draw(st.sets(st.sampled_from(entries))) if entries else set()
    for entry in gone:
        bench.remove(entry)
    left = sorted(set(entries) - gone)
    assert bench.best(len(entries)) == [rank[3] for rank in left]
    assert bench.first() == (left[0][3] if left else None)
    assert len(bench) == len(left)
