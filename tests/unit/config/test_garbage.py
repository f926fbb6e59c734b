"""Unreachable objects are looked for when nobody waits."""

import pytest
from twisted.internet.task import Clock

from config.garbage import IDLE, LEAST, LOOK, MOST, Collecting


class House:
    """A server that has so much to do."""

    def __init__(self, share: float) -> None:
        self.clock = Clock()
        self.share = share
        self.collected: list[float] = []
        self.collecting = Collecting(
            self.clock,
            lambda: self.share * self.clock.seconds(),
            lambda: self.collected.append(self.clock.seconds()),
        )
        self.collecting.start()

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds / LOOK)):
            self.clock.advance(LOOK)


def test_a_quiet_house_looks_now_and_then() -> None:
    house = House(IDLE / 2)
    house.live(3 * LEAST)
    assert house.collected == [LEAST, 2 * LEAST, 3 * LEAST]


def test_a_busy_house_looks_once_a_day() -> None:
    house = House(IDLE * 4)
    house.live(2 * MOST)
    assert house.collected == [MOST, 2 * MOST]


def test_the_first_quiet_moment_is_taken() -> None:
    house = House(IDLE * 4)
    house.live(MOST / 2)
    house.share = 0.0
    house.live(2 * LOOK)
    assert house.collected == [pytest.approx(MOST / 2 + LOOK, abs=LOOK)]


def test_nothing_is_left_after_the_end() -> None:
    house = House(0.0)
    house.collecting.stop()
    assert house.clock.getDelayedCalls() == []
