import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acd.queue import HeadStarts, Line
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import ServiceLevel, Situation


def test_a_better_level_is_worth_a_fixed_time() -> None:
    starts = HeadStarts()
    special = starts.of(Situation.ORDINARY, ServiceLevel.SPECIAL)
    priority = starts.of(Situation.ORDINARY, ServiceLevel.PRIORITY)
    uniform = starts.of(Situation.ORDINARY, ServiceLevel.UNIFORM)
    assert special > priority > uniform == 0


@pytest.mark.parametrize("situation", [Situation.CARD_LOSS, Situation.FRAUD])
def test_lost_cards_and_fraud_outrank_every_level(situation: Situation) -> None:
    starts = HeadStarts()
    urgent = starts.of(situation, ServiceLevel.UNIFORM)
    assert urgent > starts.of(Situation.ORDINARY, ServiceLevel.SPECIAL)


def test_the_bound_is_the_greatest_head_start() -> None:
    starts = HeadStarts()
    assert starts.bound == max(
        starts.of(situation, level) for situation in Situation for level in ServiceLevel
    )


precedences = st.lists(
    st.tuples(st.floats(0, 100), st.integers(0, 10_000)), unique_by=lambda p: p[1], max_size=40
)


@given(precedences)
def test_a_line_is_sorted_whatever_the_order_of_arrival(entries: list[tuple[float, int]]) -> None:
    line = Line()
    for entry in entries:
        line.add(entry, CallId(str(entry[1])))
    in_order = sorted(entries)
    assert list(line) == [CallId(str(number)) for _, number in in_order]
    for index, entry in enumerate(in_order):
        assert line.ahead_of(entry) == index
    for left, entry in enumerate(entries, start=1):
        line.remove(entry, CallId(str(entry[1])))
        assert len(line) == len(entries) - left
    assert line.head() is None
