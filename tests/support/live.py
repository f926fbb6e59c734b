"""A plain client of a live board: connects, and hands over the messages as they come.

A thread of its own answers the board's pings, as a browser does whatever its page is about: a test
that looks elsewhere for a while is not taken for a page that no longer reads.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

from tests.support.patience import ample


class LiveClient:
    """The board as one screen sees it; `entities` is kept as the page keeps it.

    Whoever reads waits `patience` seconds for the next message or ping.
    """

    def __init__(
        self, wire: socket.socket, host: str, path: str, token: str, patience: float
    ) -> None:
        self._wire, self._text, self._patience = wire, "", patience
        self._connection = WSConnection(ConnectionType.CLIENT)
        headers = [
            (b"Authorization", f"Bearer {token}".encode()),
            (b"Origin", f"http://{host}".encode()),
        ]
        self._lock = Lock()
        """Held for the connection's state and what it says."""
        self._came: SimpleQueue[list[Event] | OSError] = SimpleQueue()
        self._send(Request(host, path, extra_headers=headers))
        self.entities: dict[str, Any] = {}
        self.received: list[str] = []
        """Every message as it came."""
        self._said = 0
        self.answers: dict[int, dict[str, Any]] = {}
        """What came of commands, by number."""
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def read(self) -> None:
        """Take what came at once and bring `entities` up to date; TimeoutError."""
        try:
            came = self._came.get(timeout=ample(self._patience))
        except Empty:
            raise TimeoutError from None
        if isinstance(came, OSError):
            raise came
        for event in came:
            match event:
                case TextMessage(data=text, message_finished=finished):
                    self._text += text
                    if finished:
                        self.received.append(self._text)
                        message, self._text = json.loads(self._text), ""
                        self._apply(message)
                case RejectConnection(status_code=status):
                    raise AssertionError(f"the board refused the connection: {status}")
                case CloseConnection():
                    raise AssertionError("the board closed the connection")
                case AcceptConnection() | BytesMessage() | Ping():
                    pass

    def say(self, command: dict[str, Any]) -> None:
        """Send a command, as the page's buttons do."""
        self._said += 1
        self._send(TextMessage(json.dumps({"id": self._said, **command})))

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

    def leave(self) -> None:
        """Close the connection as a page does that is gone."""
        self._wire.shutdown(socket.SHUT_RDWR)
        self._listener.join()

    def _listen(self) -> None:
        try:
            while data := self._wire.recv(65536):
                with self._lock:
                    self._connection.receive_data(data)
                    events = list(self._connection.events())
                for event in events:
                    if isinstance(event, Ping):
                        self._send(event.response())
                self._came.put(events)
            self._came.put([CloseConnection(1006)])
        except OSError as error:
            self._came.put(error)

    def _send(self, event: Event) -> None:
        with self._lock:
            self._wire.sendall(self._connection.send(event))

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
        wire.settimeout(None)
        client = LiveClient(wire, f"127.0.0.1:{port}", path, token, patience)
        try:
            client.read_until(lambda entities: entities, "a snapshot")
            yield client
        finally:
            client.leave()
