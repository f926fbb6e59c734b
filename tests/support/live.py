"""A plain client of a live board: connects, and hands over the messages as they come."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)


class LiveClient:
    """The board as one screen sees it; `entities` is kept as the page keeps it."""

    def __init__(self, wire: socket.socket, host: str, path: str, token: str) -> None:
        self._wire, self._text = wire, ""
        self._connection = WSConnection(ConnectionType.CLIENT)
        headers = [
            (b"Authorization", f"Bearer {token}".encode()),
            (b"Origin", f"http://{host}".encode()),
        ]
        wire.sendall(self._connection.send(Request(host, path, extra_headers=headers)))
        self.entities: dict[str, Any] = {}
        self.received: list[str] = []
        """Every message as it came."""
        self._said = 0
        self.answers: dict[int, dict[str, Any]] = {}
        """What came of commands, by number."""

    def read(self) -> None:
        """Take one message (or the handshake) and bring `entities` up to date; TimeoutError."""
        data = self._wire.recv(65536)
        self._connection.receive_data(data or None)
        for event in self._connection.events():
            match event:
                case TextMessage(data=text, message_finished=finished):
                    self._text += text
                    if finished:
                        self.received.append(self._text)
                        message, self._text = json.loads(self._text), ""
                        self._apply(message)
                case Ping():
                    self._wire.sendall(self._connection.send(event.response()))
                case RejectConnection(status_code=status):
                    raise AssertionError(f"the board refused the connection: {status}")
                case CloseConnection():
                    raise AssertionError("the board closed the connection")
                case AcceptConnection() | BytesMessage():
                    pass

    def say(self, command: dict[str, Any]) -> None:
        """Send a command, as the page's buttons do."""
        self._said += 1
        message = json.dumps({"id": self._said, **command})
        self._wire.sendall(self._connection.send(TextMessage(message)))

    def ask(self, command: dict[str, Any]) -> str:
        """Send a command; empty once it is done, or the `error_id` of what refused it."""
        self.say(command)
        asked = self._said
        while asked not in self.answers:
            self.read()
        return str(self.answers[asked].get("error", ""))

    def read_until(self, true: Any, what: str) -> Any:
        """Read until `true(entities)` holds; gives its value."""
        while True:
            if found := true(self.entities):
                return found
            try:
                self.read()
            except TimeoutError:
                raise AssertionError(f"never: {what}; the board shows {self.entities}") from None

    def _apply(self, message: dict[str, Any]) -> None:
        if "re" in message:
            self.answers[message["re"]] = message
        if "snapshot" in message:
            self.entities = dict(message["snapshot"])
        self.entities |= message.get("set", {})
        for key in message.get("del", []):
            self.entities.pop(key, None)


@contextmanager
def watching(port: int, path: str, token: str, patience: float = 10.0) -> Iterator[LiveClient]:
    """Watch a live board of the site at that port."""
    with socket.create_connection(("127.0.0.1", port), patience) as wire:
        client = LiveClient(wire, f"127.0.0.1:{port}", path, token)
        client.read_until(lambda entities: entities, "a snapshot")
        yield client
