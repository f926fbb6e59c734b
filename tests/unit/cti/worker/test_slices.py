"""Many legs in slices: each once in each round, in its order, and never all at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from cti.media.g711 import FRAME_SECONDS
from cti.worker.slices import FEW, MOST_SLICES, STEP, Slices


class Round:
    """Rounds over that many, and when each was done."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.done: list[tuple[float, int]] = []
        self.began: set[float] = set()
        self.slices = Slices[int](self.clock, self.do)

    def do(self, each: int, began: float) -> None:
        self.done.append((self.clock.seconds(), each))
        self.began.add(began)

    def begin(self, many: int) -> None:
        self.slices.begin(range(many), self.clock.seconds())


def test_few_are_done_at_once() -> None:
    one = Round()
    one.begin(FEW)
    assert [each for _, each in one.done] == list(range(FEW))
    assert one.clock.getDelayedCalls() == []


@given(st.integers(0, 5000))
def test_all_are_done_before_the_next_tick_in_slices_of_one_size(many: int) -> None:
    one = Round()
    one.begin(many)
    one.clock.pump([STEP] * MOST_SLICES)
    assert [each for _, each in one.done] == list(range(many))
    assert all(when < FRAME_SECONDS for when, _ in one.done)
    at_once = [sum(when == each for when, _ in one.done) for each in {when for when, _ in one.done}]
    assert max(at_once, default=0) <= max(FEW, -(-many // MOST_SLICES))
    assert one.began <= {0.0}


@given(st.lists(st.floats(0.0, 0.07), max_size=30))
def test_each_keeps_its_order_however_late_the_clock_is(steps: list[float]) -> None:
    one = Round()
    for step in steps:
        one.begin(3 * FEW)
        one.clock.advance(step)
    one.slices.finish()
    assert [each for _, each in one.done] == list(range(3 * FEW)) * len(steps)


def test_a_late_slice_does_not_delay_the_others() -> None:
    one = Round()
    one.begin(4 * FEW)
    one.clock.advance(2.5 * STEP)
    one.clock.advance(0)
    assert len(one.done) == 3 * FEW
    one.clock.advance(0.5 * STEP)
    assert len(one.done) == 4 * FEW
    assert one.done[-1][0] == pytest.approx(3 * STEP)


def test_what_is_left_can_be_left_out() -> None:
    one = Round()
    one.begin(2 * FEW)
    one.slices.stop()
    one.clock.advance(1)
    assert len(one.done) == FEW
