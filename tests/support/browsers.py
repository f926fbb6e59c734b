"""A browser without sockets: real HTTP bytes through a real `Site`, over an in-memory transport."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request
from wsproto import ConnectionType
from wsproto.connection import Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from cti.web.http import ordinary, site_of

HOST = "hotline.test"
ORIGIN = f"http://{HOST}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """Keeps cookies between requests, as a browser does."""

    root: Resource
    clock: Clock = field(default_factory=Clock)
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.10"
    largest: Callable[[Request], int] = ordinary
    """How large the site lets a request's body be."""
    secure: bool = False
    """Whether the site is reached by https."""

    def __post_init__(self) -> None:
        self._site = site_of(self.root, self.clock, self.largest, secure=self.secure)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=_dashed(headers))

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Answer:
        """Send a form from this site."""
        return self.post_pairs(path, list((fields or {}).items()), **headers)

    def post_pairs(self, path: str, pairs: Sequence[tuple[str, str]], **headers: str) -> Answer:
        """Send a form in which a field may stand more than once."""
        body = urlencode(pairs, errors="surrogatepass").encode()
        kind = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}
        return self.request("POST", path, body, {**kind, **_dashed(headers)})

    def upload(
        self,
        path: str,
        fields: dict[str, str],
        files: Sequence[tuple[str, bytes]] = (),
        **headers: str,
    ) -> Answer:
        """Send a form with files of the field ``file``."""
        mark = b"----boundary"
        parts = [
            b'%s\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s'
            % (mark, name.encode(), value.encode())
            for name, value in fields.items()
        ]
        parts += [
            b'%s\r\ncontent-disposition: form-data; name="file"; filename="%s"\r\n'
            b"content-type: application/octet-stream\r\n\r\n%s" % (mark, name.encode(), octets)
            for name, octets in files
        ]
        body = b"\r\n".join((*parts, mark + b"--\r\n"))
        kind = {"content-type": "multipart/form-data; boundary=--boundary", "origin": ORIGIN}
        return self.request("POST", path, body, kind | _dashed(headers))

    def post_json(self, path: str, value: object, **headers: str) -> Answer:
        kind = {"content-type": "application/json", "accept": "application/json"}
        return self.request("POST", path, json.dumps(value).encode(), {**kind, **_dashed(headers)})

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own; the answer must be complete at once."""
        transport = self._transport()
        protocol = self._connect(transport)
        protocol.dataReceived(self._head(method, path, body, headers or {}) + body)
        protocol.connectionLost(Failure(ConnectionDone()))  # else its clock kept all of them
        answer = _parse(transport.value())
        self._keep(answer.cookies)
        return answer

    def socket(self, path: str, *, origin: str = ORIGIN) -> "Socket":
        """Open a WebSocket; AssertionError when the server does not upgrade."""
        transport = self._transport()
        protocol = self._connect(transport)
        upgrade = {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "origin": origin,
        }
        protocol.dataReceived(self._head("GET", path, b"", upgrade))
        head, _, rest = transport.value().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head.decode()
        transport.clear()
        return Socket(protocol, transport, rest)

    def _transport(self) -> StringTransport:
        return StringTransport(peerAddress=IPv4Address("TCP", self.address, 50000))

    def _connect(self, transport: StringTransport) -> Any:
        protocol: Any = self._site.buildProtocol(transport.getPeer())
        protocol.makeConnection(transport)
        return protocol

    def _head(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        sent = {"host": HOST, **self.headers, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body or method == "POST":
            sent["content-length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in sent.items()), "", ""]
        return "\r\n".join(lines).encode()

    def _keep(self, cookies: tuple[str, ...]) -> None:
        for cookie in cookies:
            first, *attributes = cookie.split(";")
            name, _, value = first.partition("=")
            if any(attribute.strip().lower() == "max-age=0" for attribute in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


class Socket:
    """The page's end of a WebSocket."""

    def __init__(self, protocol: Any, transport: StringTransport, rest: bytes) -> None:
        self._protocol = protocol
        self._transport = transport
        self._connection = Connection(ConnectionType.CLIENT)
        self._early = rest
        self.reading = True
        self.closed: int | None = None

    def send(self, value: object) -> None:
        self.send_raw(self._connection.send(TextMessage(json.dumps(value))))

    def send_bytes(self, data: bytes) -> None:
        self.send_raw(self._connection.send(BytesMessage(data)))

    def send_raw(self, data: bytes) -> None:
        self._protocol.dataReceived(data)

    def received(self) -> list[Any]:
        """Every message since the last look; pings are answered as browsers do."""
        data = self._early + self._transport.value()
        self._early = b""
        self._transport.clear()
        if self._connection.state is ConnectionState.CLOSED or not self.reading:
            return []
        self._connection.receive_data(data)
        messages, text = [], ""
        for event in list(self._connection.events()):
            match event:
                case TextMessage():
                    text += event.data
                    if event.message_finished:
                        messages.append(json.loads(text))
                        text = ""
                case Ping():
                    self.send_raw(self._connection.send(event.response()))
                case CloseConnection():
                    self.closed = event.code
        return messages

    @property
    def disconnecting(self) -> bool:
        return bool(self._transport.disconnecting)

    def say_goodbye(self) -> None:
        """Send a close frame, as a browser does when it leaves the page."""
        self.send_raw(self._connection.send(CloseConnection(1001)))

    def lose(self) -> None:
        """The connection breaks."""
        self._protocol.connectionLost(Failure(ConnectionLost()))


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _parse(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    assert first.startswith("HTTP/1.1 "), f"no answer yet: {data!r}"
    pairs = [line.partition(": ")[::2] for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    cookies = tuple(value for name, value in pairs if name.lower() == "set-cookie")
    return Answer(int(first.split()[1]), headers, body, cookies)


def _unchunked(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        whole, data = whole + data[:length], data[length + 2 :]
        if length == 0:
            break
    return whole
