"""Waiting for an answer for so long: it comes, it comes too late, nobody waits any more."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from cti.kernel.in_time import in_time
from tests.support.deferred import result_of

LIMIT = 0.3


def test_an_answer_in_time_is_heard_and_leaves_nothing_behind() -> None:
    clock, asked = Clock(), Deferred[str]()
    heard = in_time(clock, LIMIT, asked, "nobody")
    clock.advance(LIMIT / 2)
    asked.callback("王小明")
    assert result_of(heard) == "王小明"
    assert clock.getDelayedCalls() == []


def test_what_is_known_at_once_waits_for_no_clock() -> None:
    clock = Clock()
    assert result_of(in_time(clock, LIMIT, succeed("王小明"), "nobody")) == "王小明"
    assert clock.getDelayedCalls() == []


def test_what_comes_too_late_is_nobodys() -> None:
    clock, asked = Clock(), Deferred[str]()
    heard = in_time(clock, LIMIT, asked, "nobody")
    clock.advance(LIMIT)
    asked.callback("王小明")
    assert result_of(heard) == "nobody"


def test_who_waits_no_more_has_what_stands_for_it() -> None:
    clock, asked = Clock(), Deferred[str]()
    heard = in_time(clock, LIMIT, asked, "nobody")
    heard.cancel()
    assert result_of(heard) == "nobody"
    assert clock.getDelayedCalls() == []
    asked.callback("王小明")
