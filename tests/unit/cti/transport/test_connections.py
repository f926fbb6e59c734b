"""The table of connections, with wires that are lists and time moved by hand."""

from collections import Counter
from dataclasses import replace

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cti.sip.events import Endpoint, Transport
from cti.transport import connections
from cti.transport.connections import (
    CONNECT_LIMIT,
    FIRST_MESSAGE_LIMIT,
    IDLE_LIMIT,
    MOST_QUEUED,
    Connect,
    Connection,
    Connections,
)
from cti.transport.outflow import MOST_UNREAD, Outflow

CARRIER = Endpoint("192.0.2.1", 5060, Transport.TCP)
PHONE = IPv4Address("TCP", "192.0.2.7", 40000)
BANNED = "198.51.100.66"


class Wire:
    """A wire that tells its connection when it is cut."""

    def __init__(self, connection: Connection) -> None:
        self.sent: list[bytes] = []
        self._connection = connection
        connection.attach(self)

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self._connection.closed(Failure(ConnectionError("closed")))

    abort = close


class Rig:
    """A table, its owner, and the wires asked for."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.counters: Counter[str] = Counter()
        self.received: list[tuple[bytes, Endpoint]] = []
        self.lost: list[Endpoint] = []
        self.needed = False
        self.attempts: list[tuple[Connection, Deferred[None]]] = []
        connect: dict[Transport, Connect] = dict.fromkeys(
            (Transport.TCP, Transport.TLS), self.connect
        )
        self.table = Connections(self.clock, self, connect, self.counters)

    def connect(self, connection: Connection) -> Deferred[None]:
        attempt: Deferred[None] = Deferred()
        self.attempts.append((connection, attempt))
        return attempt

    def stand(self) -> Wire:
        """The last connection asked for stands."""
        connection, attempt = self.attempts[-1]
        wire = Wire(connection)
        attempt.callback(None)
        connection.opened()
        return wire

    def called(self) -> tuple[Connection, Wire]:
        """Somebody called us."""
        connection = self.table.called_by(Transport.TCP, PHONE)
        assert connection is not None
        wire = Wire(connection)
        connection.opened()
        return connection, wire

    # --- the owner --------------------------------------------------------------------------

    def message_received(self, data: bytes, source: Endpoint) -> None:
        self.received.append((data, source))

    def unreachable(self, destination: Endpoint) -> None:
        self.lost.append(destination)

    def admits(self, host: str) -> bool:
        return host != BANNED

    def needs(self, connection: Endpoint) -> bool:
        del connection
        return self.needed


def test_messages_wait_for_one_connection_and_go_in_order() -> None:
    rig = Rig()
    for data in (b"1", b"2"):
        rig.table.send(data, CARRIER)
    assert len(rig.attempts) == 1
    wire = rig.stand()
    rig.table.send(b"3", CARRIER)
    assert wire.sent == [b"1", b"2", b"3"]
    assert rig.lost == []


def test_a_flow_goes_before_an_address_and_an_address_stands_for_a_flow_that_is_gone() -> None:
    rig = Rig()
    phone, wire = rig.called()
    elsewhere = Endpoint("192.0.2.9", 5060, Transport.TCP, phone.endpoint.flow)
    rig.table.send(b"by flow", elsewhere)
    rig.table.send(b"by address", replace(phone.endpoint, flow="tcp-99"))
    assert wire.sent == [b"by flow", b"by address"]
    wire.close()
    rig.table.send(b"anew", elsewhere)
    assert rig.attempts[-1][0].endpoint.host == "192.0.2.9"


def test_who_refuses_is_told_of_once_for_each_destination() -> None:
    rig = Rig()
    other = replace(CARRIER, flow="tcp-77")
    for destination in (CARRIER, CARRIER, other):
        rig.table.send(b"x", destination)
    connection, attempt = rig.attempts[0]
    attempt.errback(error.ConnectionRefusedError())
    assert set(rig.lost) == {connection.endpoint, CARRIER, other}
    assert len(rig.lost) == 3
    assert rig.counters["unsent"] == 3
    assert len(rig.table) == 0
    assert rig.clock.getDelayedCalls() == []


def test_a_connection_that_does_not_stand_in_time_is_given_up() -> None:
    rig = Rig()
    rig.table.send(b"x", CARRIER)
    rig.clock.advance(CONNECT_LIMIT)
    assert CARRIER in rig.lost
    assert len(rig.table) == 0


def test_a_handshake_that_never_ends_is_cut() -> None:
    rig = Rig()
    rig.table.send(b"x", CARRIER)
    Wire(rig.attempts[0][0])
    rig.clock.advance(CONNECT_LIMIT)
    assert CARRIER in rig.lost
    assert len(rig.table) == 0


def test_only_so_many_messages_wait() -> None:
    rig = Rig()
    for _ in range(MOST_QUEUED + 2):
        rig.table.send(b"x", CARRIER)
    assert rig.lost == [CARRIER] * 2
    assert len(rig.stand().sent) == MOST_QUEUED


def test_what_nobody_can_be_called_by_leads_nowhere() -> None:
    rig = Rig()
    browser = Endpoint("192.0.2.7", 443, Transport.WSS, "wss-4")
    rig.table.send(b"x", browser)
    assert rig.lost == [browser]


def test_a_quiet_connection_is_closed_unless_somebody_needs_it() -> None:
    rig = Rig()
    connection, _ = rig.called()
    connection.received(b"REGISTER")
    rig.needed = True
    rig.clock.pump([FIRST_MESSAGE_LIMIT, IDLE_LIMIT, IDLE_LIMIT])
    assert len(rig.table) == 1
    rig.needed = False
    rig.clock.advance(IDLE_LIMIT)
    assert len(rig.table) == 0
    assert rig.lost == [connection.endpoint]
    assert rig.clock.getDelayedCalls() == []


def test_messages_keep_a_connection() -> None:
    rig = Rig()
    connection, _ = rig.called()
    for _ in range(20):
        connection.received(b"x")
        rig.clock.advance(IDLE_LIMIT / 4)
    assert len(rig.table) == 1


def test_a_caller_that_says_nothing_whole_is_cut_soon() -> None:
    rig = Rig()
    rig.called()
    rig.needed = True
    rig.clock.advance(FIRST_MESSAGE_LIMIT)
    assert len(rig.table) == 0


def test_a_banned_address_is_given_no_connection_but_a_browser_behind_our_proxy_is() -> None:
    rig = Rig()
    assert rig.table.called_by(Transport.TCP, IPv4Address("TCP", BANNED, 40000)) is None
    assert rig.table.called_by(Transport.WSS, IPv4Address("TCP", BANNED, 40000)) is not None
    assert len(rig.table) == 1


def test_one_connection_can_be_cut_by_its_name() -> None:
    rig = Rig()
    connection, _ = rig.called()
    rig.table.cut("tcp-99", "it is not there")
    assert len(rig.table) == 1
    rig.table.cut(connection.endpoint.flow, "it floods us")
    assert len(rig.table) == 0
    assert rig.counters["broken"] == 1


def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 2)
    rig = Rig()
    rig.called()
    rig.table.send(b"x", CARRIER)
    assert rig.table.called_by(Transport.TCP, PHONE) is None
    rig.table.send(b"x", replace(CARRIER, port=5070))
    assert rig.lost == [replace(CARRIER, port=5070)]
    assert rig.counters["refused"] == 1


def test_closing_ends_everything_and_makes_nothing_new() -> None:
    rig = Rig()
    rig.called()
    rig.table.send(b"x", CARRIER)
    rig.table.close()
    rig.table.send(b"y", CARRIER)
    assert len(rig.table) == 0
    assert len(rig.attempts) == 1
    assert rig.clock.getDelayedCalls() == []


class Pipe:
    """A transport whose buffer is full when the test says so."""

    def __init__(self) -> None:
        self.written = 0
        self.producer: IPushProducer | None = None

    def write(self, data: bytes) -> None:
        self.written += len(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:  # noqa: N802  (Twisted's name)
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:  # noqa: N802  (Twisted's name)
        self.producer = None


def test_a_reader_who_does_not_read_is_cut_and_one_who_is_slow_is_not() -> None:
    pipe, cut = Pipe(), Counter[str]()
    outflow = Outflow(pipe, lambda: cut.update(["cut"]))
    for _ in range(3):
        outflow.pauseProducing()
        outflow.write(b"x" * (MOST_UNREAD - 1))
        outflow.resumeProducing()
    assert not cut
    outflow.pauseProducing()
    outflow.write(b"x" * MOST_UNREAD)
    written = pipe.written
    outflow.write(b"x")
    assert cut["cut"] == 1
    assert pipe.written == written


def test_a_connection_that_cannot_even_be_tried_is_given_up() -> None:
    rig = Rig()

    def impossible(connection: Connection) -> Deferred[None]:
        del connection
        raise UnicodeError("no such name can be")

    table = Connections(rig.clock, rig, {Transport.TLS: impossible}, rig.counters)
    table.send(b"x", replace(CARRIER, transport=Transport.TLS))
    assert [each.host for each in dict.fromkeys(rig.lost)] == [CARRIER.host] * 2
    assert len(table) == 0
    assert rig.clock.getDelayedCalls() == []


def test_who_proved_one_name_is_not_taken_for_another() -> None:
    rig = Rig()
    carrier = replace(CARRIER, transport=Transport.TLS)
    one, other = (replace(carrier, domain=name) for name in ("one.example", "other.example"))
    rig.table.send(b"for one", one)
    wire = rig.stand()
    rig.table.send(b"for one", one)
    rig.table.send(b"for other", other)
    assert wire.sent == [b"for one", b"for one"]
    assert [each.endpoint.domain for each, _ in rig.attempts] == ["one.example", "other.example"]


def test_one_host_does_not_take_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_OF_A_HOST", 2)
    rig = Rig()
    first, _ = rig.called()
    rig.called()
    assert rig.table.called_by(Transport.TCP, PHONE) is None
    assert rig.counters["refused"] == 1
    assert rig.table.called_by(Transport.TCP, IPv4Address("TCP", "192.0.2.8", 40000))
    assert rig.table.called_by(Transport.WS, PHONE), "a proxy before the web site stands for many"
    for _ in range(2):
        first.closed(Failure(error.ConnectionDone()))
    assert rig.table.called_by(Transport.TCP, PHONE)
    assert rig.table.called_by(Transport.TCP, PHONE) is None
