"""The pacer: absolute time, small bursts, no drift."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from cti.worker.pacer import Pacer


def _pacer() -> tuple[Clock, list[float], Pacer]:
    clock = Clock()
    ticks: list[float] = []
    clock.advance(1000)
    pacer = Pacer(clock, ticks.append)
    pacer.start()
    return clock, ticks, pacer


def test_a_tick_every_20_ms() -> None:
    clock, ticks, _ = _pacer()
    clock.pump([0.001] * 1001)
    assert len(ticks) == 50
    assert ticks[0] == pytest.approx(1000.02, abs=0.002)


@given(st.lists(st.floats(0.001, 0.055), min_size=1, max_size=200))
def test_it_never_drifts(steps: list[float]) -> None:
    clock, ticks, _ = _pacer()
    for step in steps:
        clock.advance(step)
        # Late ticks are made up for in the turns that follow at once.
        clock.pump([0.0] * 4)
    assert abs(len(ticks) - (clock.seconds() - 1000) / 0.02) <= 1.001


def test_a_long_delay_is_not_made_up_for_by_a_burst() -> None:
    clock, ticks, _ = _pacer()
    clock.advance(5)
    clock.pump([0.0] * 20)
    assert len(ticks) <= 4
    before = len(ticks)
    clock.pump([0.001] * 1000)
    assert len(ticks) - before == pytest.approx(50, abs=1)


def test_a_clock_set_back_does_not_silence_it() -> None:
    clock, ticks, _ = _pacer()
    clock.advance(0.02)
    clock.rightNow -= 500
    for call in clock.getDelayedCalls():
        call.reset(0)
    clock.pump([0.001] * 1000)
    assert len(ticks) >= 49


def test_stopped_it_leaves_no_timer() -> None:
    clock, ticks, pacer = _pacer()
    assert pacer.running
    pacer.stop()
    pacer.stop()
    assert not pacer.running
    assert not clock.getDelayedCalls()
    clock.advance(1)
    assert not ticks
