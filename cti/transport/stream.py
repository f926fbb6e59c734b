"""One TCP or TLS connection, called or calling: bytes from and to its messages."""

from typing import Any, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol as StreamingProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cti.sip.stream import PONG, Message, Ping, StreamError, StreamReader
from cti.transport.outflow import Outflow

KEEP_ALIVE = b"\r\n\r\n"


class Link(Protocol):
    """The connection's place in the table: told what comes, and when it opens and ends."""

    def opened(self) -> None: ...

    def received(self, data: bytes) -> None: ...

    def broken(self, why: str) -> None:
        """The far side breaks the rules; the connection is about to be cut."""

    def closed(self, reason: Failure) -> None: ...


@implementer(IHandshakeListener)
class StreamWire(StreamingProtocol):
    """Reads messages off the connection and answers keep-alives."""

    log = Logger()

    def __init__(self, *, secure: bool) -> None:
        self.link: Link
        """Set before the first byte comes, by whoever made it."""
        self._secure = secure
        self._reader = StreamReader()
        self._outflow: Outflow | None = None

    def connectionMade(self) -> None:
        """It stands, unless a handshake comes first."""
        self._outflow = Outflow(self._transport, self.abort)
        if not self._secure:
            self._transport.setTcpNoDelay(True)
            self.link.opened()

    def handshakeCompleted(self) -> None:  # noqa: N802  (Twisted's name)
        """The far side proved who it is, as far as it was asked to (RFC 5246, 7.3)."""
        self.link.opened()

    def dataReceived(self, data: bytes) -> None:
        """Hand on what is whole; cut the connection when nothing more can be read from it."""
        try:
            for item in self._reader.receive(data):
                match item:
                    case Message(whole):
                        self.link.received(whole)
                    case Ping():
                        self.write(PONG)
        except StreamError as error:
            self.link.broken(str(error))
            self.abort()

    def connectionLost(self, reason: Failure = ConnectionDone) -> None:  # type: ignore[assignment]  # Twisted's default is a Failure, untyped
        """It is over."""
        self.link.closed(reason)

    def write(self, data: bytes) -> None:
        """Send a message or a keep-alive."""
        if self._outflow is not None:
            if data == KEEP_ALIVE:
                self._reader.expect_pong()
            self._outflow.write(data)

    def close(self) -> None:
        """End it once everything is sent."""
        if self._outflow is not None:
            self._outflow.finish()
        self._transport.loseConnection()

    def abort(self) -> None:
        """End it now."""
        self._transport.abortConnection()

    @property
    def _transport(self) -> Any:
        assert self.transport is not None
        return self.transport
