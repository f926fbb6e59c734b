"""A pulse that is late says by how much, and so does one whose datagrams wait."""

import pytest
from twisted.internet.task import Clock

from cti.transport.pulse import EVERY, Pulse


class Heart:
    def __init__(self) -> None:
        self.clock, self.keeps_up = Clock(), True
        self.lags: list[float] = []
        self.pulse = Pulse(self.clock, lambda: self.keeps_up, lambda lag, _: self.lags.append(lag))
        self.pulse.start()


def test_a_reactor_in_time_has_no_lag() -> None:
    heart = Heart()
    heart.clock.pump([EVERY] * 5)
    assert heart.lags == pytest.approx([0.0] * 5)


def test_a_late_turn_is_a_lag_once() -> None:
    heart = Heart()
    heart.clock.advance(EVERY + 0.7)
    heart.clock.advance(EVERY)
    assert heart.lags == pytest.approx([0.7, 0.0])


def test_datagrams_that_wait_are_a_lag_that_grows_until_they_are_read() -> None:
    heart = Heart()
    heart.keeps_up = False
    heart.clock.pump([EVERY] * 4)
    heart.keeps_up = True
    heart.clock.pump([EVERY])
    assert heart.lags == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.0])


def test_it_stops() -> None:
    heart = Heart()
    heart.pulse.stop()
    heart.pulse.stop()
    assert heart.clock.getDelayedCalls() == []
