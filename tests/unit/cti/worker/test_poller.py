"""Who was woken looks from time to time, until nothing comes any more."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from cti.worker.poller import PAUSE, Poller


class Epoll:
    """Has ready what it was told, once."""

    def __init__(self) -> None:
        self.ready: list[tuple[int, int]] = []

    def register(self, descriptor: int, _events: int) -> None: ...

    def unregister(self, descriptor: int) -> None: ...

    def poll(self, _seconds: float) -> list[tuple[int, int]]:
        ready, self.ready = self.ready, []
        return ready

    def close(self) -> None: ...


class Reactor(Clock):
    """A clock that knows who wants to be woken."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[Any] = set()

    def addReader(self, reader: Any) -> None:  # noqa: N802  (Twisted's name)
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:  # noqa: N802  (Twisted's name)
        self.readers.discard(reader)


class Leg:
    """A socket that counts how often it is read."""

    def __init__(self, number: int) -> None:
        self.number, self.reads = number, 0

    def fileno(self) -> int:
        return self.number

    def read(self) -> None:
        self.reads += 1


class House:
    """A poller with one leg."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.poller = Poller(self.reactor)
        self.leg: Any = _leg(7)
        self.poller.add(self.leg)
        self.epoll: Any = self.poller._epoll

    @property
    def woken(self) -> bool:
        return self.poller in self.reactor.readers


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("select.epoll", Epoll)
    return House()


def _leg(number: int) -> Any:
    """A leg's socket to the poller."""
    return Leg(number)


def _come(house: House) -> None:
    house.epoll.ready = [(7, 1)]


def test_the_first_packet_goes_on_at_once_and_the_next_with_the_next_look(house: House) -> None:
    assert house.woken
    _come(house)
    house.poller.doRead()
    assert house.leg.reads == 1
    assert not house.woken
    _come(house)
    house.reactor.advance(PAUSE * 0.9)
    assert house.leg.reads == 1
    house.reactor.advance(PAUSE * 0.2)
    assert house.leg.reads == 2
    assert not house.woken


def test_after_a_look_in_vain_it_is_woken_again(house: House) -> None:
    _come(house)
    house.poller.doRead()
    house.reactor.advance(PAUSE)
    assert house.woken
    assert not house.reactor.getDelayedCalls()


def test_a_leg_closed_by_the_packet_before_is_not_read(house: House) -> None:
    other = _leg(8)
    house.poller.add(other)
    house.leg.read = lambda: house.poller.remove(other)
    house.epoll.ready = [(7, 1), (8, 1)]
    house.poller.doRead()
    assert other.reads == 0


@pytest.mark.parametrize("looking", [True, False])
def test_without_sockets_nothing_is_left_behind(house: House, looking: bool) -> None:
    if looking:
        house.leg.read = lambda: house.poller.remove(house.leg)
        _come(house)
        house.poller.doRead()
        house.reactor.advance(PAUSE)
    else:
        house.poller.remove(house.leg)
    assert not house.woken
    assert not house.reactor.getDelayedCalls()
    house.poller.add(house.leg)
    assert house.woken
