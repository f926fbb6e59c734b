"""The sockets of a SIP endpoint: opened together, on one port where they share it."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReadDescriptor
from twisted.internet.protocol import Factory

from cti.kernel.clock import Clock
from cti.sip.events import Endpoint, Transport
from cti.transport.connections import (
    CONNECT_LIMIT,
    Connect,
    Connection,
    Connections,
    Listener,
    Owner,
)
from cti.transport.stream import StreamWire
from cti.transport.tls import TlsContexts, TlsSettings
from cti.transport.udp import Admits, Bind, Datagrams, Received, bind_datagrams

MOST_ATTEMPTS = 20
"""To find a port that is free for UDP and TCP, where any will do."""
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  (compared with, not listened on)


class SocketReactor(Clock, Protocol):
    """What of the reactor is used here."""

    def addReader(self, reader: IReadDescriptor) -> None: ...  # noqa: N802  (Twisted's name)

    def removeReader(self, reader: IReadDescriptor) -> None: ...  # noqa: N802  (Twisted's name)

    def listenTCP(  # noqa: N802  (Twisted's name)
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort: ...

    def listenSSL(  # noqa: N802  (Twisted's name)
        self,
        port: int,
        factory: Any,
        contextFactory: Any,  # noqa: N803  (Twisted's name)
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort: ...


@dataclass(slots=True)
class Sockets:
    """UDP and what connects: `open` once, `close` once."""

    reactor: SocketReactor
    owner: Owner
    counters: Counter[str]
    received: Received
    admits: Admits
    tcp: bool = True
    tls: TlsSettings | None = None
    trusted: Path | None = None
    bind: Bind = bind_datagrams
    connections: Connections = field(init=False)
    _datagrams: Datagrams | None = field(init=False, default=None)
    _contexts: TlsContexts = field(init=False)
    _ports: list[IListeningPort] = field(init=False, default_factory=list)
    _interface: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._contexts = TlsContexts(self.tls, self.trusted)
        connect: dict[Transport, Connect] = {}
        if self.tcp:
            connect = {Transport.TCP: self._connect, Transport.TLS: self._connect}
        self.connections = Connections(self.reactor, self.owner, connect, self.counters)

    def open(self, interface: str, port: int) -> dict[Transport, int]:
        """Listen; the ports by transport. CannotListenError leaves nothing open."""
        self._interface = interface
        try:
            return self._open(interface, port)
        except CannotListenError:
            self.close()
            raise

    def close(self) -> Deferred[Any]:
        """Close every socket and connection; fires when they are."""
        self.connections.close()
        datagrams, self._datagrams = self._datagrams, None
        if datagrams is not None:
            self.reactor.removeReader(datagrams)
            datagrams.close()
        ports, self._ports = self._ports, []
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    @property
    def unread(self) -> bool:
        """Whether messages wait at the UDP socket that the last turn had no time for."""
        return self._datagrams is not None and self._datagrams.unread

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send by the destination's transport; OSError where UDP leads nowhere."""
        if destination.transport is not Transport.UDP:
            self.connections.send(data, destination)
        elif self._datagrams is not None:
            self._datagrams.send(data, destination)

    # --- private ----------------------------------------------------------------------------

    def _open(self, interface: str, port: int) -> dict[Transport, int]:
        bound = {Transport.UDP: self._open_shared(interface, port)}
        if self.tls is not None:
            factory = Listener(self.connections, Transport.TLS, partial(StreamWire, secure=True))
            listening = self.reactor.listenSSL(
                self.tls.port, factory, self._contexts.server(), interface=interface
            )
            self._ports.append(listening)
            bound[Transport.TLS] = cast(Any, listening.getHost()).port
        return bound

    def _open_shared(self, interface: str, port: int) -> int:
        """UDP, and TCP on the same port."""
        for attempt in range(MOST_ATTEMPTS):
            sock = self.bind(interface, port)
            datagrams = Datagrams(self.reactor, sock, self.received, self.admits)
            try:
                if self.tcp:
                    self._open_tcp(interface, datagrams.port)
            except CannotListenError:
                datagrams.close()
                if port or attempt == MOST_ATTEMPTS - 1:
                    raise
            else:
                self._datagrams = datagrams
                self.reactor.addReader(datagrams)
                return datagrams.port
        raise AssertionError("the last attempt raises")

    def _open_tcp(self, interface: str, port: int) -> None:
        factory = Listener(self.connections, Transport.TCP, partial(StreamWire, secure=False))
        self._ports.append(self.reactor.listenTCP(port, factory, interface=interface))

    def _connect(self, connection: Connection) -> Deferred[Any]:
        destination = connection.endpoint
        secure = destination.transport is Transport.TLS
        wire = StreamWire(secure=secure)
        wire.link = connection
        connector = TCP6ClientEndpoint if ":" in destination.host else TCP4ClientEndpoint
        source = None if self._interface in ("", *ANYWHERE) else (self._interface, 0)
        endpoint: Any = connector(
            self.reactor, destination.host, destination.port, CONNECT_LIMIT, source
        )
        if secure:
            options = self._contexts.client(destination.domain or destination.host)
            endpoint = wrapClientTLS(options, endpoint)
        attempt: Deferred[Any] = endpoint.connect(_Once(wire, connection))
        return attempt


class _Once(Factory):
    """Gives its one wire to the one connection that is made."""

    noisy = False

    def __init__(self, wire: StreamWire, connection: Connection) -> None:
        self._wire, self._connection = wire, connection

    def buildProtocol(self, addr: Any) -> StreamWire:  # noqa: ARG002  (Twisted's signature)
        """The wire."""
        self._connection.attach(self._wire)
        return self._wire
