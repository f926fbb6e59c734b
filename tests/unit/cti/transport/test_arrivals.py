"""A house that is offered many times what it can do serves nearly what it can, and soon."""

from dataclasses import dataclass, field
from itertools import count
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from cti.sip.access.antechamber import Antechamber, OverloadRules
from cti.sip.events import Endpoint, SendDatagram
from cti.sip.user_agent import Output, UserAgent
from cti.transport.arrivals import SLICE, STEPPING_BACK, Arrivals
from tests.support.sip_messages import TRUNK, request_bytes

RULES = OverloadRules()
INVITE = request_bytes()
LOOK = 1 / 500
"""What a look costs, as a share of what a call does: 12 us of 6 ms."""


class Turns(Clock):
    """Time by hand; what is called later in a turn runs in the next one, as reactors have it."""

    def turn(self) -> None:
        due, self.calls = self.calls, []
        for each in due:
            each.called = 1
            each.func()


@dataclass
class House:
    """A server on which a call takes `service` seconds and a refusal `refusing`."""

    service: float = 0.0
    refusing: float = 0.0
    clock: Turns = field(default_factory=Turns)
    waited: list[tuple[float, float]] = field(default_factory=list)
    """Of each call that was taken, when, and how long it had waited."""
    read: list[bytes] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.antechamber = Antechamber(RULES)
        self.antechamber.urgent = lambda number: number == "110"
        self.unread = False
        self.arrivals = Arrivals(
            self.clock, cast(UserAgent, self), self.take, self.perform, lambda: self.unread
        )
        self._came: dict[bytes, float] = {}
        self._numbers = count()

    def refusal(self, data: bytes, source: Endpoint) -> Output:
        return [SendDatagram(data, source)]

    def ends_refusal(self, data: bytes) -> bool:
        return data.startswith(b"ACK ")

    def take(self, data: bytes, _source: Endpoint) -> None:
        self.read.append(data)
        now = self.clock.seconds()
        self.waited.append((now, now - self._came.get(data, now)))
        self.clock.rightNow += self.service

    def perform(self, output: Output) -> None:
        self.refused += len(output)
        self.clock.rightNow += self.refusing

    def receive(self, data: bytes) -> bool:
        read = self.arrivals.sort(data, TRUNK)
        if read:
            self.take(data, TRUNK)
        return read

    def offer(self, times: list[float]) -> None:
        """New calls at these instants, and turns of the reactor until all is worked off."""
        ahead = times[::-1]
        while ahead or self.clock.getDelayedCalls():
            if ahead and not self.clock.getDelayedCalls():
                self.clock.rightNow = max(self.clock.rightNow, ahead[-1])
            while ahead and ahead[-1] <= self.clock.seconds():
                data = INVITE.replace(b"call-1@", b"%d@" % next(self._numbers))
                self._came[data] = ahead.pop()
                self.clock.rightNow += self.service * LOOK
                self.receive(data)
            self.clock.turn()

    def served(self, begin: float, end: float) -> float:
        """Calls a second."""
        return sum(begin <= at < end for at, _ in self.waited) / (end - begin)


def evenly(rate: float, begin: float, end: float, at_once: int = 1) -> list[float]:
    bursts = range(round(rate * (end - begin) / at_once))
    return [begin + number * at_once / rate for number in bursts for _ in range(at_once)]


def named(call_id: str, method: str = "INVITE", uri: str = "sip:95588@192.0.2.9") -> bytes:
    return request_bytes(method, {"Call-ID": call_id}, uri=uri)


HELP = named("help", uri="sip:110@192.0.2.9")


@settings(max_examples=30, deadline=None)
@given(
    capacity=st.floats(40, 150),
    load=st.floats(1, 20),
    cost=st.floats(0.001, 1),
    at_once=st.integers(1, 30),
)
def test_whatever_is_offered_nearly_what_can_be_served_is_and_soon(
    capacity: float, load: float, cost: float, at_once: int
) -> None:
    """`cost` of a refusal is a share of a call's, up to the whole of it."""
    house = House(1 / capacity, cost / capacity)
    over = 4.0
    house.offer(evenly(capacity * load, 0.0, over, at_once) + evenly(capacity / 2, over, 8.0))
    a_bunch = at_once / (over - 1.0)  # that came before the second counted, or is served after it
    assert house.served(1.0, over) >= 0.85 * capacity - a_bunch
    slack = house.service + house.refusing + RULES.refusing + SLICE + 30 * load * house.service / 9
    standing = [waited for at, waited in house.waited if 2.0 < at < over]
    assert max(standing, default=0.0) <= RULES.burst + slack
    assert max(waited for at, waited in house.waited if at > over + 2.0) < 0.1, "it is over"
    assert house.served(over + 2.0, 8.0) >= 0.45 * capacity


def test_a_burst_that_can_be_worked_off_is_refused_nothing() -> None:
    house = House(service=0.006, refusing=0.00005)
    house.offer([1.0] * 100)
    assert len(house.waited) == 100
    assert house.refused == 0


def test_too_many_wait_for_no_longer_than_callers_wait_before_they_ask_again() -> None:
    house = House(service=0.006, refusing=0.00005)
    house.offer(evenly(800, 0.0, 4.0))
    later = [waited for at, waited in house.waited if at > 1.5]
    assert max(later) < 0.25
    assert house.refused > 2000
    assert house.refused > 10 * house.antechamber.passed["unheard"], "most are told so"


def test_new_calls_are_read_after_what_came_with_them_and_the_answers_to_that() -> None:
    house = House()
    assert not house.receive(named("1"))
    assert not house.receive(named("2"))
    assert house.receive(named("up", "BYE"))
    assert house.receive(HELP)
    house.clock.turn()
    assert house.receive(named("up", "INFO"))
    assert house.read == [named("up", "BYE"), HELP, named("up", "INFO")]
    house.clock.turn()
    assert house.read[3:] == [named("1"), named("2")]
    house.clock.turn()
    assert house.clock.getDelayedCalls() == []


def test_a_call_that_is_cancelled_while_it_waits_is_read_before_its_cancel() -> None:
    house = House()
    for name in ("1", "2", "3"):
        house.receive(named(name))
    assert house.receive(named("3", "CANCEL"))
    assert house.read == [named("3"), named("3", "CANCEL")]
    house.clock.turn()
    house.clock.turn()
    assert house.read[2:] == [named("1"), named("2")]


def test_who_asks_again_while_they_wait_keeps_their_place() -> None:
    house = House()
    for name in ("1", "2", "3", "2", "2"):
        house.receive(named(name))
    house.clock.turn()
    house.clock.turn()
    assert house.read == [named("1"), named("2"), named("3")]


def test_what_hinders_every_call_refuses_all_but_those_for_help() -> None:
    house = House()
    house.antechamber.hindered = lambda: True
    assert not house.receive(named("1"))
    assert house.refused == 1
    assert house.receive(named("help", uri="sip:110@192.0.2.9"))
    assert house.receive(named("up", "BYE"))
    assert not house.receive(named("1", "ACK"))


def test_nobody_is_taken_once_it_stops() -> None:
    house = House()
    for name in ("1", "2"):
        house.receive(named(name))
    house.arrivals.stop()
    house.clock.turn()
    house.clock.turn()
    assert house.read == []


def test_new_calls_step_back_behind_what_is_unread() -> None:
    house = House()
    house.unread = True
    house.receive(INVITE)
    for _ in range(10):
        house.clock.turn()
    assert house.read == []
    house.unread = False
    house.clock.turn()
    assert house.read == [INVITE]


def test_new_calls_do_not_step_back_for_ever() -> None:
    house = House()
    house.unread = True
    house.receive(INVITE)
    house.clock.turn()
    house.clock.rightNow += STEPPING_BACK
    house.clock.turn()
    assert house.read == [INVITE]
