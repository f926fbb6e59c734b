"""Timers by name."""

from twisted.internet.task import Clock

from cti.transport.timers import KeyedTimers


def test_each_key_fires_once_after_its_time() -> None:
    clock, fired = Clock(), list[str]()
    timers = KeyedTimers(clock, fired.append)
    timers.start("a", 1.0)
    timers.start("b", 2.0)
    clock.advance(1.0)
    assert (fired, len(timers)) == (["a"], 1)
    clock.advance(5.0)
    assert (fired, len(timers)) == (["a", "b"], 0)


def test_starting_again_replaces_and_stopping_forgets() -> None:
    clock, fired = Clock(), list[str]()
    timers = KeyedTimers(clock, fired.append)
    timers.start("a", 1.0)
    timers.start("a", 3.0)
    timers.start("b", 1.0)
    timers.stop("b")
    timers.stop("never started")
    clock.advance(2.0)
    assert fired == []
    clock.advance(1.0)
    assert fired == ["a"]
    timers.start("c", 1.0)
    timers.stop_all()
    assert clock.getDelayedCalls() == []


def test_a_timer_may_start_itself_again_when_it_fires() -> None:
    clock, fired = Clock(), list[str]()

    def again(key: str) -> None:
        fired.append(key)
        timers.start(key, 1.0)

    timers = KeyedTimers(clock, again)
    timers.start("a", 1.0)
    for _ in range(3):
        clock.advance(1.0)
    assert fired == ["a"] * 3
