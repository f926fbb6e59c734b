"""Targets with an adapter around the parser: a browser's frames and datagrams, a trunk's INVITE."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from sipmessage import Request
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import ConnectionId
from cti.media.model import BrowserKeys, Codec, MediaTarget, Security
from cti.media.source_lock import Source
from cti.sip.events import Endpoint, Transport
from cti.sip.message import parse
from cti.transport.connections import Connections
from cti.transport.websocket import LARGEST_MESSAGE, SocketWire
from cti.trunks.identity import identity_of_telephone, identity_of_trunk
from cti.trunks.numbers import Numbers, NumberSettings
from cti.trunks.settings import Dnis, Trunk
from cti.worker.sockets import Receive
from cti.worker.wires import Wires
from tests.fuzz.sip_targets import requests
from tests.support.lossy_link import counting_entropy
from tests.support.sip_messages import TRUNK

BROWSER = IPv4Address("TCP", "192.0.2.7", 40000)
NUMBERS = Numbers(NumberSettings(), ("95588", "01066668888"))
WIRES = Wires(Clock(), counting_entropy())
FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)


# --- frames of a WebSocket (RFC 6455, RFC 7118) -----------------------------------------------


@dataclass
class _Owner:
    """Whoever the table of connections tells; weighs every message."""

    received: int = 0

    def message_received(self, data: bytes, source: Endpoint) -> None:
        assert len(data) <= LARGEST_MESSAGE
        assert source.transport is Transport.WS
        self.received += 1

    def unreachable(self, destination: Endpoint) -> None:
        """Nobody waits."""

    def needs(self, connection: Endpoint) -> bool:
        del connection
        return True

    def admits(self, host: str) -> bool:
        del host
        return True


@cache
def frames() -> tuple[bytes, ...]:
    """What browsers send: messages whole and in parts, pings, farewells."""
    browser, messages = Frames(ConnectionType.CLIENT), requests()[-6:]
    texts = [browser.send(TextMessage(each.decode())) for each in messages]
    first, second = messages[0][:100].decode(), messages[0][100:].decode()
    parts = browser.send(TextMessage(first, message_finished=False))
    parts += browser.send(Ping(b"?")) + browser.send(TextMessage(second))
    others = (BytesMessage(messages[1]), Ping(b"?"), Pong(b"0"))
    ends = Frames(ConnectionType.CLIENT).send(CloseConnection(1000, "over"))
    return (*texts, parts, *(browser.send(each) for each in others), ends, b"".join(texts))


def run_frames(data: bytes) -> None:
    """Bytes of a connection, at once and one after the other."""
    for step in (len(data) or 1, 11):
        clock = Clock()
        table = Connections(clock, _Owner(), {}, Counter())
        connection = table.called_by(Transport.WS, BROWSER)
        assert connection is not None
        transport = StringTransport()
        transport.registerProducer(table, True)
        wire = SocketWire(Frames(ConnectionType.SERVER), transport, connection, clock)
        connection.attach(wire)
        connection.opened()
        for at in range(0, len(data), step):
            wire.dataReceived(data[at : at + step])
        wire.abort()


# --- datagrams to a browser's leg (RFC 7983) --------------------------------------------------


@dataclass
class _Socket:
    """A leg's socket without a network."""

    sent: list[tuple[bytes, Source]] = field(default_factory=list)
    receive: Receive = lambda _data, _source: None

    def transmit(self, data: bytes, destination: Source) -> bool:
        self.sent.append((data, destination))
        return True


def run_browser(data: bytes) -> None:
    """A datagram before signalling told who is there, and after; never answered by more."""
    sockets = _Socket(), _Socket()
    leg = ConnectionId("leg")
    wire = WIRES.make(Security.DTLS, leg, sockets, lambda: None)  # type: ignore[arg-type]  # no network
    wire.attach(lambda _data, _source: None, lambda _data, _source: None)
    for source in ((TRUNK.host, 4000), ("198.51.100.7", 9)):
        sockets[0].receive(data, source)
        far = BrowserKeys("theirs", "p" * 22, FINGERPRINT)
        wire.configure(MediaTarget(TRUNK.host, 4000, Codec.PCMA, 101, security=far, mux=True))
        sockets[0].receive(data, source)
    wire.close()


# --- who a trunk says calls (RFC 3325, 5806, 7044) --------------------------------------------


def run_identity(data: bytes) -> None:
    """Who calls, as each kind of trunk has it."""
    try:
        message = parse(data, TRUNK)
    except RemoteError:
        return
    if message is None or not isinstance(message.message, Request):
        return
    for dnis in Dnis:
        trunk = Trunk("carrier", dnis=dnis, reads_rpid=True)
        assert len(identity_of_trunk(message.message, trunk, NUMBERS).name) < len(data)
    identity_of_telephone(message.message, "1001", NUMBERS)
