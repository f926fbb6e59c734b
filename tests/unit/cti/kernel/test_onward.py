"""Time goes on, whatever is done to the clock, and comes to agree with it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.onward import SLOWER, Onward


@dataclass
class Machine:
    """A clock on the wall that can be set, and one that cannot."""

    wall: float = 1_000_000.0
    steady: float = 5.0

    def __post_init__(self) -> None:
        self.time = Onward(lambda: self.wall, lambda: self.steady)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def test_it_is_the_clock_on_the_wall_while_nobody_sets_that() -> None:
    machine = Machine()
    for _ in range(100):
        machine.passes(0.7)
        assert machine.time() == machine.wall


def test_a_clock_set_forward_is_followed_at_once() -> None:
    machine = Machine()
    machine.wall += 3600
    assert machine.time() == machine.wall


def test_a_clock_set_back_is_waited_for_without_standing_still() -> None:
    machine = Machine()
    before = machine.time()
    machine.wall -= 60
    assert machine.time() == before
    machine.passes(10)
    assert machine.time() == pytest.approx(before + 10 * (1 - SLOWER))
    for _ in range(60):
        machine.passes(10)
        machine.time()
    assert machine.time() == machine.wall


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(-1e5, 1e5))))
def test_it_never_goes_back_nor_stands_still(happenings: list[tuple[float, float]]) -> None:
    machine = Machine()
    before = machine.time()
    for passed, step in happenings:
        machine.wall += step
        machine.passes(passed)
        now = machine.time()
        assert now >= machine.wall
        assert now - before >= passed * (1 - SLOWER) - 1e-6
        before = now
