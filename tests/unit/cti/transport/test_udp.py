"""Datagrams are read for a while, and the rest in the next turn."""

import socket
from typing import Any, cast

from twisted.internet.task import Clock

from cti.sip.events import Endpoint
from cti.transport.udp import TURN, Datagrams

MESSAGE = b"OPTIONS"


class Wire:
    """A socket at which messages wait; each takes so long to read."""

    def __init__(self, waiting: int, cost: float) -> None:
        self.clock = Clock()
        self.waiting, self.cost = waiting, cost
        self.read = 0
        self.datagrams = Datagrams(
            self.clock, cast(socket.socket, self), self.received, lambda _host, _port: True
        )

    def received(self, data: bytes, _source: Endpoint) -> bool:
        assert data == MESSAGE
        self.read += 1
        self.clock.rightNow += self.cost
        return self.cost > 0

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, tuple[str, int]]:
        if not self.waiting:
            raise BlockingIOError
        self.waiting -= 1
        buffer[: len(MESSAGE)] = MESSAGE
        return len(MESSAGE), ("192.0.2.1", 5060)

    def recv(self, _size: int, _flags: int) -> bytes:
        if not self.waiting:
            raise BlockingIOError
        return MESSAGE[:1]

    def setsockopt(self, *_option: Any) -> None:
        pass

    def getsockname(self) -> tuple[str, int]:
        return "192.0.2.9", 5060

    def fileno(self) -> int:
        return 3


def test_a_turn_reads_as_long_as_it_has_time() -> None:
    wire = Wire(waiting=10, cost=TURN / 3)
    wire.datagrams.doRead()
    assert 3 <= wire.read <= 4
    assert wire.datagrams.unread
    while wire.waiting:
        wire.datagrams.doRead()
    assert wire.read == 10


def test_the_last_message_leaves_nothing_unread() -> None:
    wire = Wire(waiting=1, cost=TURN)
    wire.datagrams.doRead()
    assert wire.read == 1
    assert not wire.datagrams.unread


def test_what_is_not_read_at_once_costs_a_look() -> None:
    wire = Wire(waiting=100, cost=0.0)
    wire.datagrams.doRead()
    assert wire.read == 100
    assert not wire.datagrams.unread
