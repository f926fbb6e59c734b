"""A browser's telephone reduced to its wire: SIP messages over a WebSocket (RFC 7118)."""

from typing import Any

from twisted.internet.protocol import Protocol
from wsproto import WSConnection
from wsproto.connection import ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)


class WebSocketPhone(Protocol):
    """Opens a WebSocket, and keeps what it hears; `pieces` cuts what it says into fragments."""

    def __init__(
        self, host: str, path: str = "/sip", origin: str = "", subprotocol: str = "sip"
    ) -> None:
        self.heard: list[bytes] = []
        self.refused = 0
        """The HTTP status that refused it."""
        self.subprotocol = ""
        self.pongs = 0
        self.opened = self.over = False
        self._opening = Request(
            host=host,
            target=path,
            subprotocols=[subprotocol] if subprotocol else [],
            extra_headers=[(b"Origin", origin.encode())] if origin else [],
        )
        self._frames = WSConnection(ConnectionType.CLIENT)

    def connectionMade(self) -> None:
        self._write(self._frames.send(self._opening))

    def dataReceived(self, data: bytes) -> None:
        self._frames.receive_data(data)
        for event in self._frames.events():
            self._handle(event)

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        self.over = True

    def say(self, message: bytes, pieces: int = 1) -> None:
        """Send one message."""
        size = -(-len(message) // pieces)
        parts = [message[begin : begin + size] for begin in range(0, len(message), size)]
        for number, part in enumerate(parts, 1):
            text = TextMessage(part.decode(), message_finished=number == len(parts))
            self._write(self._frames.send(text))

    def ping(self) -> None:
        self._write(self._frames.send(Ping(b"there?")))

    def leave(self) -> None:
        """Cut the connection without a word."""
        transport: Any = self.transport
        transport.abortConnection()

    def _handle(self, event: object) -> None:
        match event:
            case AcceptConnection(subprotocol=subprotocol):
                self.opened, self.subprotocol = True, subprotocol or ""
            case RejectConnection(status_code=status):
                self.refused = status
            case TextMessage(data=text):
                self.heard.append(text.encode())
            case BytesMessage(data=data):
                self.heard.append(bytes(data))
            case Pong():
                self.pongs += 1
            case CloseConnection():
                self._write(self._frames.send(event.response()))

    def _write(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)
