"""One alarm at a time."""

from twisted.internet.task import Clock

from agents.timer import Timer


def test_an_instant_that_is_waited_for_already_is_not_waited_for_anew() -> None:
    clock, rung = Clock(), list[float]()
    timer = Timer(clock)
    timer.arm_at(5.0, lambda: rung.append(clock.seconds()))
    (waiting,) = clock.getDelayedCalls()
    timer.arm_at(5.0, lambda: rung.append(clock.seconds()))
    assert clock.getDelayedCalls() == [waiting]
    timer.arm_at(3.0, lambda: rung.append(clock.seconds()))
    clock.pump([1.0] * 6)
    assert rung == [3.0]


def test_an_instant_that_was_heard_can_be_waited_for_again() -> None:
    clock, rung = Clock(), list[float]()
    timer = Timer(clock)
    for _ in range(2):
        timer.arm_at(2.0, lambda: rung.append(clock.seconds()))
        clock.advance(2.0)
    assert rung == [2.0, 4.0]
    assert not timer.armed


def test_who_is_called_already_is_not_put_off_by_what_comes_meanwhile() -> None:
    clock, rung = Clock(), list[float]()
    timer = Timer(clock)
    for _ in range(4):
        timer.arm_once(2.0, lambda: rung.append(clock.seconds()))
        clock.advance(1.0)
    assert rung == [2.0, 4.0]
