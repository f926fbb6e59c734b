"""The adapter: actions before reports, errors kept in, and a proper farewell."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from sipmessage import Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort, IReadDescriptor
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from cti.sip import sdp
from cti.sip.events import (
    Endpoint,
    Invitation,
    MalformedReceived,
    Report,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionOffered,
)
from cti.sip.settings import UserAgentSettings
from cti.transport.door_log import DoorLog
from cti.transport.endpoint import SipEndpoint
from cti.transport.resolver import Resolver
from cti.transport.udp import RECEIVE_BUFFER, TURN
from tests.support.deferred import result_of
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import OFFER, TRUNK, request_bytes, response_bytes

Sent = tuple[bytes, tuple[str, int]]
TRUNK_SOURCE = (TRUNK.host, TRUNK.port)


class FakeSocket:
    """A bound UDP socket: what comes is put into `waiting`, what goes is remembered."""

    def __init__(self) -> None:
        self.waiting: list[Sent] = []
        self.sent: list[Sent] = []
        self.options: list[tuple[int, int, int]] = []
        self.error: Exception | None = None
        self.closed = False

    def bind(self, interface: str, port: int) -> socket.socket:
        del interface, port
        return cast(socket.socket, self)

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, tuple[str, int]]:
        if not self.waiting:
            raise BlockingIOError
        data, source = self.waiting.pop(0)
        buffer[: len(data)] = data
        return len(data), source

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((data, address))

    def getsockname(self) -> tuple[str, int]:
        return "192.0.2.9", 5099

    def setsockopt(self, *option: int) -> None:
        self.options.append(cast(tuple[int, int, int], option))

    def fileno(self) -> int:
        return -1 if self.closed else 7

    def close(self) -> None:
        self.closed = True


class ClosedPort:
    """A port nobody connects to."""

    def stopListening(self) -> Deferred[None]:  # noqa: N802  (Twisted's name)
        return succeed(None)


class FakeReactor(Clock):
    """Time by hand, and one reader."""

    def __init__(self) -> None:
        super().__init__()
        self.reader: IReadDescriptor | None = None

    def addReader(self, reader: IReadDescriptor) -> None:  # noqa: N802  (Twisted's name)
        self.reader = reader

    def removeReader(self, reader: IReadDescriptor) -> None:  # noqa: N802  (Twisted's name)
        assert reader is self.reader
        self.reader = None

    def listenTCP(  # noqa: N802  (Twisted's name)
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        del port, factory, backlog, interface
        return cast(IListeningPort, ClosedPort())

    def listenSSL(self, *given: Any, **named: Any) -> IListeningPort:  # noqa: N802  (Twisted's name)
        raise NotImplementedError


class Nowhere:
    """Knows at once that no name leads anywhere."""

    def endpoints(self, uri: str, transports: object) -> Deferred[tuple[Endpoint, ...]]:
        del uri, transports
        return succeed(())


class House:
    """An endpoint on a fake reactor, and what it reported."""

    def __init__(self, port: int = 5060, resolver: Nowhere | None = None) -> None:
        self.reactor, self.socket = FakeReactor(), FakeSocket()
        self.reports: list[Report] = []
        self.react: Callable[[Report], object] = lambda _: None
        settings = UserAgentSettings("192.0.2.9", port, trunks={TRUNK.host: "carrier"})
        self.endpoint = SipEndpoint(
            self.reactor,
            settings,
            KnownAccounts(),
            counting_entropy(),
            self.told,
            resolver=cast(Resolver | None, resolver),
            bind=self.socket.bind,
        )
        self.endpoint.start("192.0.2.9")

    def told(self, report: Report) -> None:
        self.reports.append(report)
        self.react(report)

    def take(self, data: bytes, source: Endpoint = TRUNK) -> None:
        self.socket.waiting.append((data, (source.host, source.port)))
        self.read()

    def read(self) -> None:
        assert self.reactor.reader is not None
        self.reactor.reader.doRead()
        self.reactor.advance(0)  # new calls have a turn of their own

    @property
    def sent(self) -> list[str]:
        return [data.split(b"\r\n", 1)[0].decode() for data, _ in self.socket.sent]

    def kinds(self) -> list[type]:
        return [type(report) for report in self.reports]


def accept(house: House) -> Callable[[Report], object]:
    def react(report: Report) -> None:
        if isinstance(report, SessionOffered):
            house.endpoint.ring(report.session)
            house.endpoint.accept(report.session, sdp.offer("192.0.2.9", 40000))

    return react


def acknowledge(house: House) -> None:
    ok = house.socket.sent[-1][0].decode()
    to = next(line[4:] for line in ok.split("\r\n") if line.startswith("To: "))
    via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-ack"
    house.take(request_bytes("ACK", {"Via": via, "To": to}))


def observed(wanted: Callable[[LogEvent], bool]) -> Iterator[list[LogEvent]]:
    found: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if wanted(event):
            found.append(event)

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def failures() -> Iterator[list[LogEvent]]:
    """What was logged with a traceback."""
    yield from observed(lambda event: "log_failure" in event)


@pytest.fixture
def warnings() -> Iterator[list[LogEvent]]:
    """What the endpoint warned of."""
    endpoint = SipEndpoint.log.namespace
    yield from observed(lambda event: event.get("log_namespace") == endpoint)


@pytest.fixture
def door_lines() -> Iterator[list[LogEvent]]:
    """What was said of whom nobody listens to."""
    yield from observed(lambda event: event.get("log_namespace") == DoorLog.log.namespace)


def test_commands_may_be_given_from_within_a_report() -> None:
    house = House()
    house.react = accept(house)
    house.take(request_bytes("INVITE", {}, OFFER))
    assert house.sent == ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]
    assert {address for _, address in house.socket.sent} == {("192.0.2.1", 5060)}
    acknowledge(house)
    assert house.kinds() == [SessionOffered, SessionConfirmed]
    assert house.endpoint.counters == {"received": 2, "sent": 2}


def test_timers_run_on_the_reactor() -> None:
    house = House()
    house.react = accept(house)
    house.take(request_bytes("INVITE", {}, OFFER))
    for _ in range(3):
        house.reactor.advance(0.5)
    assert house.sent.count("SIP/2.0 200 OK") == 3


def test_the_port_is_learned_and_the_buffer_widened() -> None:
    house = House(port=0)
    assert house.endpoint.user_agent.settings.contact == "<sip:hotline@192.0.2.9:5099>"
    assert house.socket.options[0][2] == RECEIVE_BUFFER


def test_a_flood_of_malformed_datagrams_flushes_no_trace_and_hides_no_good_one() -> None:
    house, shown = House(), list[bytes]()
    house.endpoint.tap = lambda _way, _local, _remote, data: shown.append(data)
    house.endpoint.door.proved(*TRUNK_SOURCE)
    for _ in range(5000):
        house.take(b"INVITE nothing")
    options = request_bytes("OPTIONS")
    house.take(options)
    assert len(shown) < 50
    assert shown[-2] == options
    assert shown[-1].startswith(b"SIP/2.0 200")
    assert house.endpoint.counters["malformed"] == 5000


def test_who_sends_nonsense_is_banned_for_what_was_not_read_too() -> None:
    house, stranger = House(), Endpoint("198.51.100.7", 5060)
    house.endpoint.door.proved(*TRUNK_SOURCE)
    for _ in range(200):
        house.take(b"INVITE nothing")
    for _ in range(50):
        house.take(b"INVITE nothing", stranger)
    assert house.endpoint.nonsense.unread > 100
    bans = house.endpoint.door.bans.current(house.reactor.seconds())
    assert [ban.host for ban in bans] == [stranger.host]


def test_malformed_datagrams_are_counted() -> None:
    house = House()
    house.take(b"nonsense")
    house.take(request_bytes("OPTIONS", {"CSeq": "x"}))
    assert house.kinds() == [MalformedReceived] * 2
    assert house.endpoint.counters["malformed"] == 2
    assert house.sent == ["SIP/2.0 400 Bad Request"]


def test_a_mistake_in_a_handler_ends_that_session_alone(failures: list[LogEvent]) -> None:
    house = House()

    def fail(report: Report) -> None:
        if isinstance(report, SessionOffered):
            raise ZeroDivisionError

    house.react = fail
    house.take(request_bytes("INVITE", {}, OFFER))
    assert house.sent == ["SIP/2.0 480 Temporarily Unavailable"]
    assert house.kinds() == [SessionOffered, SessionEnded]
    assert len(failures) == 1


def test_a_mistake_of_the_core_never_reaches_the_reactor(
    failures: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.endpoint.user_agent, "datagram_received", fail)
    house.take(request_bytes("OPTIONS"))
    assert house.endpoint.counters["failed"] == 1
    assert len(failures) == 1


def test_a_socket_that_cannot_send_is_counted() -> None:
    house = House()
    house.socket.error = OSError("Network is unreachable")
    house.take(request_bytes("OPTIONS"))
    assert house.endpoint.counters["unsent"] == 1


def test_stopping_says_goodbye_and_waits_for_the_answer() -> None:
    house = House()
    house.react = accept(house)
    house.take(request_bytes("INVITE", {}, OFFER))
    acknowledge(house)
    stopped = Deferred.fromCoroutine(house.endpoint.stop())
    assert house.sent[-1].startswith("BYE ")
    assert not stopped.called
    house.take(response_bytes(house.socket.sent[-1][0], 200))
    assert result_of(stopped) is None
    assert house.reactor.reader is None
    assert house.reactor.getDelayedCalls() == []


def test_stopping_does_not_wait_for_ever() -> None:
    house = House()
    house.react = accept(house)
    house.take(request_bytes("INVITE", {}, OFFER))
    stopped = Deferred.fromCoroutine(house.endpoint.stop(patience=1.5))
    house.reactor.advance(1.0)
    assert not stopped.called
    house.reactor.advance(0.5)
    assert result_of(stopped) is None
    assert house.reactor.getDelayedCalls() == []


def test_stopping_an_idle_endpoint_is_immediate() -> None:
    assert result_of(Deferred.fromCoroutine(House().endpoint.stop())) is None


def invite(house: House, target: str) -> SessionId:
    return house.endpoint.invite(
        Invitation(
            target=target,
            from_address=Address.parse("<sip:95588@192.0.2.9>"),
            to_address=Address.parse(f"<{target}>"),
            offer=sdp.offer("192.0.2.9", 40000),
        )
    )


@pytest.mark.parametrize("target", ["sip:1001@192.0.2.7;transport=ws", "sip:1001@nowhere.test"])
def test_who_calls_knows_the_session_before_it_is_told_that_nothing_leads_there(
    target: str,
) -> None:
    house = House(resolver=Nowhere())
    session = invite(house, target)
    assert house.reports == []
    house.reactor.advance(0)
    assert [each.session for each in house.reports if isinstance(each, SessionEnded)] == [session]


@pytest.mark.parametrize("error", [OSError("no IPv6"), OverflowError("port must be 0-65535")])
def test_what_a_socket_cannot_address_or_hold_is_counted_like_what_leads_nowhere(
    error: Exception,
) -> None:
    house = House()
    house.socket.error = error
    house.take(request_bytes("OPTIONS"))
    assert house.endpoint.counters["unsent"] == 1


def test_one_telephone_that_cannot_be_reached_says_nothing_of_another() -> None:
    house = House()
    session = invite(house, "sip:1001@192.0.2.7;transport=udp")
    house.socket.error = OSError("Permission denied")
    invite(house, "sip:1002@255.255.255.255;transport=udp")
    house.reactor.advance(0)
    ended = [each.session for each in house.reports if isinstance(each, SessionEnded)]
    assert ended
    assert session not in ended


def test_a_network_that_is_gone_is_said_once(warnings: list[LogEvent]) -> None:
    house = House()
    house.socket.error = OSError("Network is unreachable")
    for _ in range(3):
        house.take(request_bytes("OPTIONS"))
    assert house.endpoint.counters["unsent"] == 3
    assert len(warnings) == 1


STRANGER = Endpoint("198.51.100.7", 5070)


def test_a_strangers_flood_is_dropped_unread_and_told_of_in_one_line(
    door_lines: list[LogEvent],
) -> None:
    house = House()
    source = (STRANGER.host, STRANGER.port)
    house.socket.waiting += [(request_bytes("OPTIONS"), source)] * 5000
    while house.socket.waiting:
        house.read()
    assert house.endpoint.counters["received"] < 200
    assert len(house.socket.sent) < 200
    assert len(door_lines) == 1
    house.take(request_bytes("OPTIONS"))
    assert house.sent[-1] == "SIP/2.0 200 OK", "the trunk is heard all the same"
    house.reactor.advance(10.0)
    assert len(door_lines) == 2
    house.socket.waiting += [(request_bytes("OPTIONS"), source)] * 5000
    while house.socket.waiting:
        house.read()
    house.reactor.advance(10.0)
    assert [line["bans"] for line in door_lines] == [0, 0, 1], "it goes on and on"
    house.reactor.advance(10.0)
    assert len(door_lines) == 3
    assert house.reactor.getDelayedCalls() == []


def test_one_turn_takes_some_calls_and_leaves_the_rest_to_the_next() -> None:
    house = House()
    house.react = accept(house)

    def takes_time(*_message: object) -> None:
        house.reactor.rightNow += TURN / 20

    house.endpoint.tap = takes_time
    for number in range(40):
        headers: dict[str, str | None] = {
            "Call-ID": f"{number}",
            "Via": f"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{number}",
        }
        house.socket.waiting.append((request_bytes("OPTIONS", headers), TRUNK_SOURCE))
    house.read()
    assert 0 < house.endpoint.counters["received"] < 40
    while house.socket.waiting:
        house.read()
    assert house.endpoint.counters["received"] == 40


def test_what_is_dropped_is_not_traced() -> None:
    house, traced = House(), Counter[str]()
    house.endpoint.tap = lambda direction, *_: traced.update([direction.name])
    house.endpoint.door.bans.add(STRANGER.host, 60.0, 0.0)
    house.take(request_bytes("OPTIONS"), STRANGER)
    assert not traced
    house.take(request_bytes("OPTIONS"))
    assert traced == {"IN": 1, "OUT": 1}
