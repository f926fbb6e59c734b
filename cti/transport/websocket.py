"""SIP over WebSocket (RFC 7118): browsers call in through the house's own web site.

Twisted's WebSocket resource agrees on no subprotocol, which browsers insist on here, so the
handshake is made with `wsproto` itself; what is behind it is a connection like any other.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.events import Request as Opening
from wsproto.handshake import H11Handshake
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from cti.kernel.clock import Clock
from cti.sip.events import Transport
from cti.transport.connections import Connection
from cti.transport.heartbeat import PATIENCE, Heartbeat
from cti.transport.outflow import Outflow
from cti.transport.stream import KEEP_ALIVE
from cti.web import requests

SUBPROTOCOL = "sip"
LARGEST_MESSAGE = 128 * 1024
"""Bytes; a message that is not whole by then closes the connection (RFC 6455, 10.4)."""
MESSAGE_TOO_BIG = 1009
PROTOCOL_ERROR = 1002

CalledBy = Callable[[Transport, IAddress], Connection | None]


class SocketWire:
    """One WebSocket: a frame, or the fragments of one, is a message (RFC 7118, 5)."""

    def __init__(self, frames: Frames, transport: Any, link: Connection, clock: Clock) -> None:
        self._frames, self._transport, self._link = frames, transport, link
        self._message = bytearray()
        self._over = False
        transport.unregisterProducer()
        self._outflow = Outflow(transport, self.abort)
        self._heartbeat = Heartbeat(clock, self._ask, self._silent)

    def dataReceived(self, data: bytes) -> None:
        """Take bytes of the connection."""
        if self._over:
            return
        try:
            self._frames.receive_data(data)
            for event in self._frames.events():
                self._handle(event)
        except (RemoteProtocolError, LocalProtocolError) as error:
            self._break(str(error), PROTOCOL_ERROR)

    def connectionLost(self, reason: Failure) -> None:
        """It is over."""
        self._over = True
        self._heartbeat.stop()
        self._link.closed(reason)

    def write(self, data: bytes) -> None:
        """Send one message; a keep-alive is a ping of the WebSocket (RFC 7118, 6)."""
        if self._over:
            return
        if data == KEEP_ALIVE:
            self._outflow.write(self._frames.send(Ping()))
            return
        try:
            message: TextMessage | BytesMessage = TextMessage(data.decode("utf-8"))
        except UnicodeDecodeError:
            message = BytesMessage(data)
        self._outflow.write(self._frames.send(message))

    def close(self) -> None:
        """End it once everything is sent."""
        self._end(1001)

    def abort(self) -> None:
        """End it now."""
        self._over = True
        self._heartbeat.stop()
        self._transport.abortConnection()

    def _ask(self, payload: bytes) -> None:
        """Ping, unless the connection is ending: then that has taken too long."""
        if self._over:
            self.abort()
        else:
            self._outflow.write(self._frames.send(Ping(payload)))

    def _silent(self) -> None:
        self._link.silent(f"no pong within {PATIENCE:.0f} s")
        self.abort()

    def _handle(self, event: object) -> None:
        match event:
            case TextMessage(data=text, message_finished=finished):
                self._take(text.encode("utf-8"), whole=finished)
            case BytesMessage(data=data, message_finished=finished):
                self._take(bytes(data), whole=finished)
            case Ping():
                self._outflow.write(self._frames.send(event.response()))
            case Pong(payload=payload):
                self._heartbeat.pong(bytes(payload))
            case CloseConnection():
                self._over = True
                self._outflow.write(self._frames.send(event.response()))
                self._lose()

    def _take(self, data: bytes, *, whole: bool) -> None:
        if self._over:
            return
        self._message += data
        if len(self._message) > LARGEST_MESSAGE:
            self._break(f"a message of more than {LARGEST_MESSAGE} bytes", MESSAGE_TOO_BIG)
        elif whole:
            message, self._message = bytes(self._message), bytearray()
            self._link.received(message)

    def _break(self, why: str, code: int) -> None:
        self._link.broken(why)
        self._end(code)

    def _end(self, code: int) -> None:
        if self._over:
            return
        self._over = True
        try:
            self._outflow.write(self._frames.send(CloseConnection(code)))
        except LocalProtocolError:
            self._transport.abortConnection()
        else:
            self._lose()

    def _lose(self) -> None:
        self._outflow.finish()
        self._transport.loseConnection()


class SipSocketResource(Resource):
    """Where browsers open their WebSocket; `secure` where a proxy in front speaks TLS."""

    isLeaf = True
    log = Logger()

    def __init__(
        self,
        called_by: CalledBy,
        clock: Clock,
        *,
        secure: bool = False,
        trusted: tuple[str, ...] = (),
    ) -> None:
        """`trusted` are the origins besides the site's own whose pages may call."""
        super().__init__()
        self._called_by, self._clock = called_by, clock
        self._secure, self._trusted = secure, trusted

    def render_GET(self, request: Request) -> bytes | int:
        """Open the WebSocket, or answer 403 (not from there), 400 (no SIP) or 503 (too many)."""
        if not requests.from_here(request, self._trusted):
            return _refused(request, 403, b"not admitted from there")
        handshake = H11Handshake(ConnectionType.SERVER)
        raw = request.requestHeaders.getAllRawHeaders()
        headers = [(name, value) for name, values in raw for value in values]
        try:
            handshake.initiate_upgrade_connection(headers, request.path)
        except RemoteProtocolError:
            return _refused(request, 400, b"a WebSocket is expected")
        if not _speaks_sip(handshake):
            return _refused(request, 400, b"the subprotocol sip is expected")
        secure = self._secure or request.isSecure()
        transport = Transport.WSS if secure else Transport.WS
        connection = self._called_by(transport, request.getClientAddress())
        if connection is None:
            return _refused(request, 503, b"too many connections")
        self._open(request, handshake, connection)
        return NOT_DONE_YET

    def _open(self, request: Request, handshake: H11Handshake, connection: Connection) -> None:
        accepted = handshake.send(AcceptConnection(subprotocol=SUBPROTOCOL))
        channel: Any = request.channel
        assert handshake.connection is not None
        channel.setTimeout(None)
        wire = SocketWire(handshake.connection, channel.transport, connection, self._clock)
        connection.attach(wire)
        # The channel's own two methods give way to ours, as Twisted's WebSocket does it.
        channel.dataReceived, channel.connectionLost = wire.dataReceived, wire.connectionLost
        channel.transport.write(accepted)
        connection.opened()


def _speaks_sip(handshake: H11Handshake) -> bool:
    """Whether the far side offers the subprotocol (RFC 7118, 4.1)."""
    return any(
        isinstance(event, Opening) and SUBPROTOCOL in event.subprotocols
        for event in handshake.events()
    )


def _refused(request: Request, status: int, why: bytes) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "text/plain")
    return why
