"""The door before a WebSocket: Twisted's own checks neither origin nor size, so both stand here."""

from collections.abc import Callable
from typing import cast

from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request
from twisted.web.websocket import WebSocketProtocol, WebSocketResource, WebSocketTransport
from wsproto.utilities import LocalProtocolError, RemoteProtocolError
from zope.interface import implementer

from cti.web import requests

LARGEST_MESSAGE = 1 << 16
"""Bytes; a message that is not whole by then closes the connection (RFC 6455, 10.4)."""
CONTROL_FRAME = 6
"""Bytes of a control frame from a client beside its payload: two of header, four of mask."""

Admit = Callable[[Request], WebSocketProtocol | None]


class SocketResource(Resource):
    """A WebSocket for those whom `admit` gives a protocol; it returns None for anyone else.

    Sessions travel in a cookie, so a browser must say Origin (RFC 6455, 10.2) and it must be ours.
    """

    isLeaf = True

    def __init__(self, admit: Admit, trusted: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._admit = admit
        self._trusted = trusted

    def render_GET(self, request: Request) -> bytes | int:
        """Upgrade the connection, or answer 403 (not from there) or 401 (not you)."""
        by_cookie = not requests.bearer_token(request)
        if not requests.from_here(request, self._trusted) or (
            by_cookie and not requests.header(request, "origin")
        ):
            return _refused(request, 403)
        admitted = self._admit(request)
        if admitted is None:
            return _refused(request, 401)
        bounded = BoundedProtocol(admitted)
        answer = WebSocketResource(bounded).render_GET(request)
        if bounded.started:
            # The upgrade put the socket's own methods into the channel; ours goes before them.
            channel = request.channel
            bounded.listen(channel.dataReceived, aborter(request))
            channel.dataReceived = bounded.dataReceived  # type: ignore[method-assign]  # Twisted does the same
            request.registerProducer(_Heard(IPushProducer(channel.transport)), True)
        return answer


class BoundedProtocol:
    """Stands between connection and protocol, and hangs up on a message that never ends.

    It is its own factory, since one request makes one protocol.
    """

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol
        self._unfinished = 0
        self._receive: Callable[[bytes], None] | None = None
        self._hang_up: Callable[[], object] | None = None
        self.started = False

    def listen(self, receive: Callable[[bytes], None], hang_up: Callable[[], object]) -> None:
        """Where bytes go when they are not too many, and what to call when they are."""
        self._receive, self._hang_up = receive, hang_up

    def dataReceived(self, data: bytes) -> None:
        """Count the bytes of the unfinished message and pass them on."""
        assert self._receive is not None
        assert self._hang_up is not None
        self._unfinished += len(data)
        if self._unfinished > LARGEST_MESSAGE:
            self._hang_up()
            return
        try:
            self._receive(data)
        except (LocalProtocolError, RemoteProtocolError):
            self._hang_up()

    def buildProtocol(self, request: Request) -> WebSocketProtocol:  # noqa: ARG002  (Twisted's signature)
        """Itself."""
        return self

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """Pass on."""
        self.started = True
        self._protocol.negotiationStarted(transport)

    def negotiationFinished(self) -> None:
        """Pass on."""
        self._protocol.negotiationFinished()

    def textMessageReceived(self, message: str) -> None:
        """Pass on; the next message counts from here."""
        self._unfinished = 0
        self._protocol.textMessageReceived(message)

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """Pass on; the next message counts from here."""
        self._unfinished = 0
        self._protocol.bytesMessageReceived(data)

    def pongReceived(self, payload: bytes) -> None:
        """Pass on; a pong is no part of the message it may interrupt (RFC 6455, 5.4)."""
        self._unfinished = max(0, self._unfinished - len(payload) - CONTROL_FRAME)
        self._protocol.pongReceived(payload)

    def connectionLost(self, reason: Failure) -> None:
        """Pass on."""
        self._protocol.connectionLost(reason)


@implementer(IPushProducer)
class _Heard:
    """Nothing more is read from a page that does not read what it is answered.

    So answers do not pile up, and neither do its pongs count: its board drops it in a while.
    """

    def __init__(self, connection: IPushProducer) -> None:
        self._connection = connection

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """There is more to send than the page takes."""
        self._connection.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It has taken it."""
        self._connection.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It is gone."""


def aborter(request: Request) -> Callable[[], None]:
    """Cuts the request's connection at once, whatever still waits to be sent."""
    connection = cast(ITCPTransport, request.channel.transport)
    return connection.abortConnection


def _refused(request: Request, status: int) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "text/plain")
    return b"not admitted"
