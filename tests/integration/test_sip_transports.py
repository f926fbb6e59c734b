"""SIP by TCP, TLS and WebSocket, and by names, over real sockets on the loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from sipmessage import Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    SSL4ClientEndpoint,
    TCP4ClientEndpoint,
    connectProtocol,
)
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.names import dns
from twisted.names.server import DNSServerFactory
from twisted.protocols.portforward import ProxyFactory
from zope.interface import implementer

from cti.sip import sdp
from cti.sip.events import (
    BindingAdded,
    Ended,
    Invitation,
    ProbeAnswered,
    RegistrationFailed,
    RegistrationSucceeded,
    Report,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionOffered,
    Transport,
)
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from cti.transport.resolver import Resolver
from cti.transport.tls import TlsSettings
from tests.support.baresip import running_baresip
from tests.support.certificates import authority
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import reactor, run_in_reactor, until

HOST = "127.0.0.1"
CALLS = 20


class House:
    """An endpoint on real sockets, that answers every call."""

    def __init__(
        self,
        *accounts: str,
        user: str = "hotline",
        tls: TlsSettings | None = None,
        resolver: Resolver | None = None,
        trunk: str = HOST,
        **settings: Any,
    ) -> None:
        self.reports: list[Report] = []
        self.endpoint = SipEndpoint(
            reactor(),
            UserAgentSettings(HOST, 0, contact_user=user, trunks={trunk: "peer"}, **settings),
            KnownAccounts(*accounts),
            counting_entropy(hash(user) % 1000),
            self.told,
            tls=tls,
            resolver=resolver,
        )
        self.endpoint.start(HOST)

    @property
    def port(self) -> int:
        return self.endpoint.user_agent.settings.port

    def told(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, SessionOffered) and report.offer is not None:
            self.endpoint.ring(report.session)
            self.endpoint.accept(report.session, sdp.answer(report.offer, HOST, 40000))

    def all(self, kind: type) -> list[Any]:
        return [each for each in self.reports if isinstance(each, kind)]

    def call(self, target: str, **more: Any) -> SessionId:
        me = Address.parse(f"<sip:{self.endpoint.user_agent.settings.contact_user}@{HOST}>")
        return self.endpoint.invite(
            Invitation(target, me, Address.parse(f"<{target}>"), sdp.offer(HOST, 40000), **more)
        )


def tls_of(folder: Path, *hosts: str) -> tuple[TlsSettings, Path]:
    """A certificate for those hosts on any port, and the file of who signed it."""
    signer = authority(folder)
    certificate, key = signer.sign(*hosts)
    return TlsSettings(certificate, key, 0, trusted=signer.path), signer.path


def sipp(port: int, folder: Path, *options: str) -> Deferred[Any]:
    """SIPp's own caller against that port."""
    usual = ["-sn", "uac", f"{HOST}:{port}", "-i", HOST, "-m", str(CALLS), "-r", "40", "-d", "50"]
    ended: Deferred[Any] = getProcessOutputAndValue(
        "sipp",
        [*usual, "-nostdin", "-timeout", "60", *options],
        path=str(folder),
        reactor=reactor(),
    )
    return ended


def assert_every_call_ended_well(house: House) -> None:
    ended = house.all(SessionEnded)
    assert len(ended) == CALLS
    assert {report.why for report in ended} == {Ended.REMOTE}
    assert len(house.all(SessionConfirmed)) == CALLS
    counters = house.endpoint.counters
    assert counters["malformed"] == counters["failed"] == counters["unsent"] == 0


@pytest.mark.needs("sipp")
def test_sipp_calls_by_tcp(tmp_path: Path) -> None:
    async def main() -> House:
        house = House()
        _, errors, code = await sipp(house.port, tmp_path, "-t", "t1")
        assert code == 0, errors
        await house.endpoint.stop()
        return house

    assert_every_call_ended_well(run_in_reactor(main, timeout=15))


@pytest.mark.needs("baresip")
@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
def test_baresip_registers_and_is_called_over_its_own_connection(
    transport: Transport, tmp_path: Path
) -> None:
    async def main() -> House:
        tls, trusted = tls_of(tmp_path, HOST)
        house = House("1001", user="house", trunk="192.0.2.1", tls=tls)
        secure = transport is Transport.TLS
        port = house.endpoint.user_agent.settings.ports[transport] if secure else house.port
        with running_baresip(
            tmp_path / "phone",
            "1001",
            port,
            440.0,
            secret="secret-1001",
            transport=transport.value.lower(),
            authority=trusted if secure else None,
        ) as phone:
            await until(lambda: house.all(BindingAdded))
            (binding,) = house.endpoint.contacts("1001")
            assert binding.destination.transport is transport
            session = house.call(binding.uri, destination=binding.destination)
            await until(lambda: house.all(SessionAccepted))
            assert house.endpoint.connections == 1, phone.output
            house.endpoint.end(session)
            await house.endpoint.stop()
        return house

    house = run_in_reactor(main, timeout=15)
    assert [each.why for each in house.all(SessionEnded)] == [Ended.LOCAL]
    assert house.endpoint.counters["malformed"] == 0


def test_a_telephone_registers_by_tls_and_is_called_over_its_own_connection(
    tmp_path: Path,
) -> None:
    async def main() -> tuple[House, House]:
        tls, trusted = tls_of(tmp_path, HOST)
        house = House("1001", tls=tls, user="house")
        phone = House(user="1001", tls=replace(tls, trusted=trusted))
        port = house.endpoint.user_agent.settings.ports[Transport.TLS]
        phone.endpoint.register(
            f"sip:1001@{HOST}", f"sips:{HOST}:{port}", "1001", "secret-1001", 600
        )
        await until(lambda: phone.all(RegistrationSucceeded))
        (binding,) = house.endpoint.contacts("1001")
        assert binding.destination.transport is Transport.TLS
        assert binding.uri.startswith("sips:1001@")
        house.call(binding.uri, destination=binding.destination)
        await until(lambda: house.all(SessionAccepted))
        assert house.endpoint.connections == phone.endpoint.connections == 1
        await house.endpoint.stop()
        await until(lambda: phone.all(SessionEnded))
        await phone.endpoint.stop()
        return house, phone

    house, phone = run_in_reactor(main)
    assert house.all(BindingAdded) == [BindingAdded("1001")]
    assert len(phone.all(SessionConfirmed)) == 1


@contextmanager
def logged() -> Iterator[list[str]]:
    """What the transport says meanwhile."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def keep(event: LogEvent) -> None:
        if str(event.get("log_namespace", "")).startswith("cti.transport"):
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(keep)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(keep)


@pytest.mark.parametrize(
    ("host", "signed_by_ours", "said"),
    [
        ("198.51.100.7", True, "its certificate is for somebody else"),
        (HOST, False, "certificate verify failed"),
    ],
)
def test_a_certificate_that_proves_nothing_is_not_believed(
    host: str, signed_by_ours: bool, said: str, tmp_path: Path
) -> None:
    async def main() -> House:
        (tmp_path / "other").mkdir()
        theirs, _ = tls_of(tmp_path, host)
        others, _ = tls_of(tmp_path / "other", HOST)
        house = House(tls=theirs)
        caller = House(user="caller", tls=theirs if signed_by_ours else others)
        port = house.endpoint.user_agent.settings.ports[Transport.TLS]
        caller.call(f"sips:95588@{HOST}:{port}")
        await until(lambda: caller.all(SessionEnded))
        await house.endpoint.stop()
        await caller.endpoint.stop()
        assert house.reports == []
        return caller

    with logged() as lines:
        (ended,) = run_in_reactor(main).all(SessionEnded)
    assert (ended.why, ended.status) == (Ended.REJECTED, 503)
    (line,) = [line for line in lines if line.startswith("no connection to ")]
    assert line.endswith(f": {said}")


def test_an_old_tls_is_refused_and_told_of_once(tmp_path: Path) -> None:
    async def main() -> House:
        house = House(tls=tls_of(tmp_path, HOST)[0])
        port = house.endpoint.user_agent.settings.ports[Transport.TLS]
        for old in (Line(), Line()):
            await connectProtocol(SSL4ClientEndpoint(reactor(), HOST, port, OldTls()), old)
            await until(partial(getattr, old, "over"))
        await until(lambda: house.endpoint.connections == 0)
        await house.endpoint.stop()
        return house

    with logged() as lines:
        house = run_in_reactor(main)
    assert house.endpoint.counters["missed"] == 2
    (line,) = lines
    assert line.endswith("failed to connect to us: unsupported protocol")


@implementer(IOpenSSLContextFactory)
class OldTls:
    """Speaks no more than TLS 1.1."""

    def getContext(self) -> SSL.Context:  # noqa: N802  (Twisted's name)
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_max_proto_version(SSL.TLS1_1_VERSION)
        return context


@pytest.mark.parametrize("tcp", [True, False])
def test_a_large_invite_goes_by_tcp_where_somebody_takes_it(tcp: bool) -> None:
    async def main() -> tuple[House, House]:
        house = House(tcp=tcp)
        caller = House(user="caller")
        session = caller.call(f"sip:95588@{HOST}:{house.port}", headers=(("Subject", "x" * 3000),))
        await until(lambda: caller.all(SessionAccepted) and house.all(SessionConfirmed))
        assert house.endpoint.connections == int(tcp)
        caller.endpoint.end(session)
        await until(lambda: house.all(SessionEnded))
        await caller.endpoint.stop()
        await house.endpoint.stop()
        return house, caller

    house, _ = run_in_reactor(main)
    (offered,) = house.all(SessionOffered)
    assert offered.source.transport is (Transport.TCP if tcp else Transport.UDP)


class Deaf(Protocol):
    """Connects, says what it has to say, and never reads an answer."""

    def __init__(self, says: bytes) -> None:
        self.says, self.over = says, False

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.pauseProducing()
        transport.write(self.says)

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        self.over = True


def raw_request(number: int, method: str = "OPTIONS") -> bytes:
    return (
        f"{method} sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/TCP {HOST}:9;branch=z9hG4bK{number}\r\n"
        f"From: <sip:a@{HOST}>;tag=1\r\nTo: <sip:b@{HOST}>\r\nCall-ID: {number}\r\n"
        f"CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def test_who_does_not_read_is_cut_off() -> None:
    async def main() -> None:
        house = House()
        deaf = Deaf(b"".join(raw_request(each) for each in range(30000)))
        await connectProtocol(TCP4ClientEndpoint(reactor(), HOST, house.port), deaf)
        await until(lambda: house.endpoint.connections == 1)
        await until(lambda: house.endpoint.connections == 0)
        await house.endpoint.stop()
        deaf.transport.abortConnection()  # type: ignore[union-attr]  # it is connected
        await until(lambda: deaf.over)

    run_in_reactor(main, timeout=25)


class Line(Protocol):
    """A bare connection that keeps what it hears."""

    def __init__(self) -> None:
        self.heard, self.over = b"", False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        self.over = True


def test_a_keep_alive_is_answered_and_nonsense_ends_the_connection() -> None:
    async def main() -> tuple[bytes, House]:
        house, line = House(), Line()
        await connectProtocol(TCP4ClientEndpoint(reactor(), HOST, house.port), line)
        transport: Any = line.transport
        transport.write(b"\r\n\r\n")
        await until(lambda: line.heard)
        transport.write(b"OPTIONS sip:a@b SIP/2.0\r\n\r\n")
        await until(lambda: line.over)
        await house.endpoint.stop()
        return line.heard, house

    heard, house = run_in_reactor(main)
    assert heard == b"\r\n"
    assert house.endpoint.counters["broken"] == 1


def test_a_connection_cut_while_we_wait_fails_the_request_at_once() -> None:
    async def main() -> House:
        class Cutter(Protocol):
            def dataReceived(self, data: bytes) -> None:
                del data
                transport: Any = self.transport
                transport.abortConnection()

        listening = reactor().listenTCP(0, Factory.forProtocol(Cutter), interface=HOST)
        caller = House(user="caller")
        caller.call(f"sip:95588@{HOST}:{listening.getHost().port};transport=tcp")
        await until(lambda: caller.all(SessionEnded))
        await caller.endpoint.stop()
        await listening.stopListening()
        return caller

    (ended,) = run_in_reactor(main).all(SessionEnded)
    assert (ended.why, ended.status) == (Ended.REJECTED, 503)


class Relay(ProxyFactory):
    """Passes TCP on to a port, until it is cut."""

    noisy = False

    def __init__(self, port: int) -> None:
        super().__init__(HOST, port)
        self.lines: list[Any] = []

    def buildProtocol(self, addr: Any) -> Any:
        line = super().buildProtocol(addr)
        self.lines.append(line)
        return line

    def cut(self) -> None:
        for line in self.lines:
            line.transport.abortConnection()
        self.lines.clear()


def test_a_registration_whose_connection_breaks_is_made_anew() -> None:
    async def main() -> House:
        house = House("1001", user="house")
        relay = Relay(house.port)
        listening = reactor().listenTCP(0, relay, interface=HOST)
        phone = House(user="1001")
        registrar = f"sip:{HOST}:{listening.getHost().port};transport=tcp"
        phone.endpoint.register(f"sip:1001@{HOST}", registrar, "1001", "secret-1001", 600)
        await until(lambda: phone.all(RegistrationSucceeded))
        relay.cut()
        await until(lambda: len(phone.all(RegistrationSucceeded)) == 2)
        await listening.stopListening()
        relay.cut()
        await until(lambda: phone.all(RegistrationFailed))
        await phone.endpoint.stop()
        await house.endpoint.stop()
        return phone

    (failed,) = run_in_reactor(main).all(RegistrationFailed)
    assert failed.status == 503


class Zone:
    """A name server with these records: ``(name, record)``."""

    def __init__(self, *records: tuple[str, Any]) -> None:
        self.records = records
        self.asked: list[str] = []

    def query(self, query: dns.Query, timeout: Any = None) -> Deferred[Any]:
        del timeout
        name = query.name.name.decode().lower()
        self.asked.append(name)
        found = [
            dns.RRHeader(name, record.TYPE, dns.IN, 60, record, auth=True)
            for owner, record in self.records
            if owner == name and query.type == record.TYPE
        ]
        answered: Deferred[Any] = Deferred()
        answered.callback((found, [], []))
        return answered


def serving(zone: Zone) -> tuple[Any, Resolver]:
    """The zone on a port of the loopback, and a resolver that asks it."""
    protocol = dns.DNSDatagramProtocol(DNSServerFactory(clients=[zone]), reactor=reactor())
    port = reactor().listenUDP(0, protocol, interface=HOST)
    servers = [(HOST, port.getHost().port)]
    return port, Resolver(reactor(), counting_entropy(), servers=servers)


def test_a_name_leads_to_the_second_server_when_the_first_does_not_answer() -> None:
    async def main() -> tuple[House, Zone]:
        house = House()
        closed = reactor().listenTCP(0, Factory.forProtocol(Line), interface=HOST)
        nobody = closed.getHost().port
        await closed.stopListening()
        zone = Zone(
            (
                "carrier.test",
                dns.Record_NAPTR(10, 50, b"s", b"SIP+D2T", b"", b"_sip._tcp.carrier.test"),
            ),
            ("_sip._tcp.carrier.test", dns.Record_SRV(1, 10, nobody, b"first.carrier.test")),
            ("_sip._tcp.carrier.test", dns.Record_SRV(2, 10, house.port, b"second.carrier.test")),
            ("first.carrier.test", dns.Record_A(HOST)),
            ("second.carrier.test", dns.Record_A(HOST)),
        )
        port, resolver = serving(zone)
        caller = House(user="caller", resolver=resolver)
        session = caller.call("sip:95588@carrier.test")
        await until(lambda: caller.all(SessionAccepted))
        caller.endpoint.probe("carrier", "sip:carrier.test")
        caller.endpoint.probe("nobody", "sip:elsewhere.test")
        await until(lambda: len(caller.all(ProbeAnswered)) == 2)
        caller.endpoint.end(session)
        await until(lambda: house.all(SessionEnded))
        await caller.endpoint.stop()
        await house.endpoint.stop()
        await port.stopListening()
        return caller, zone

    caller, zone = run_in_reactor(main)
    answers = {each.key: each.status for each in caller.all(ProbeAnswered)}
    assert answers == {"carrier": 200, "nobody": 503}
    assert zone.asked.count("carrier.test") == 1
    assert caller.all(SessionEnded)[0].why is Ended.LOCAL
