"""A browser's WebSocket without a socket: pings of ours, and what their pongs are worth."""

from collections import Counter

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import CloseConnection, Event, Ping, Pong

from cti.sip.events import Endpoint, Transport
from cti.transport.connections import Connections
from cti.transport.heartbeat import EVERY, PATIENCE
from cti.transport.websocket import SocketWire

BROWSER = IPv4Address("TCP", "192.0.2.7", 40000)


class Rig:
    """A wire, its place in the table, and a browser at the other end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.counters: Counter[str] = Counter()
        self.lost: list[Endpoint] = []
        table = Connections(self.clock, self, {}, self.counters)
        connection = table.called_by(Transport.WS, BROWSER)
        assert connection is not None
        self.connection = connection
        self.transport = StringTransport()
        self.transport.registerProducer(self, True)
        frames = Frames(ConnectionType.SERVER)
        self.wire = SocketWire(frames, self.transport, self.connection, self.clock)
        self.connection.attach(self.wire)
        self.connection.opened()
        self.browser = Frames(ConnectionType.CLIENT)
        self.connection.received(b"a message, without which nobody stays")

    def hears(self) -> list[Event]:
        """What the browser was sent since it was last asked."""
        data = self.transport.value()
        self.transport.clear()
        if data:
            self.browser.receive_data(data)
        return list(self.browser.events())

    def answers(self, event: Event) -> None:
        self.wire.dataReceived(self.browser.send(event))

    # --- the owner --------------------------------------------------------------------------

    def message_received(self, data: bytes, source: Endpoint) -> None:
        """Nobody cares."""

    def unreachable(self, destination: Endpoint) -> None:
        self.lost.append(destination)

    def admits(self, host: str) -> bool:
        del host
        return True

    def needs(self, connection: Endpoint) -> bool:
        del connection
        return True


def test_who_answers_every_ping_stays() -> None:
    rig = Rig()
    for _ in range(200):
        rig.clock.advance(EVERY - PATIENCE)
        assert rig.hears() == []
        rig.clock.advance(PATIENCE)
        (ping,) = rig.hears()
        assert isinstance(ping, Ping)
        rig.answers(ping.response())
    assert not rig.transport.disconnected
    assert rig.counters["silent"] == 0


@pytest.mark.parametrize("payload", [None, b"", b"0"])
def test_whose_pong_never_comes_is_cut_and_given_up(payload: bytes | None) -> None:
    rig = Rig()
    if payload is not None:
        rig.answers(Pong(payload))
    rig.clock.advance(EVERY)
    if payload is not None:
        rig.answers(Pong(payload))
    rig.clock.advance(PATIENCE - 0.1)
    assert not rig.transport.disconnected
    rig.clock.advance(0.1)
    assert rig.transport.disconnected
    rig.wire.connectionLost(Failure(ConnectionDone()))
    assert rig.lost == [rig.connection.endpoint]
    assert rig.counters["silent"] == 1
    assert rig.clock.getDelayedCalls() == []


def test_who_never_lets_a_closed_connection_go_is_cut() -> None:
    rig = Rig()
    rig.connection.close()
    assert [type(each) for each in rig.hears()] == [CloseConnection]
    rig.clock.advance(EVERY)
    assert rig.transport.disconnected
    assert rig.counters["silent"] == 0


def test_a_connection_that_ended_is_asked_no_more() -> None:
    rig = Rig()
    rig.clock.advance(EVERY)
    rig.wire.connectionLost(Failure(ConnectionDone()))
    assert rig.clock.getDelayedCalls() == []
