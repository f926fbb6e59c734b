"""One page on a live board: numbered messages out, commands in, and how far it has read."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from twisted.python.failure import Failure
from twisted.web.websocket import WebSocketTransport
from wsproto.utilities import LocalProtocolError

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from cti.web.encoding import dumps

GOING_AWAY = 1001
UNSUPPORTED = 1003
POLICY_VIOLATION = 1008
"""Close codes of RFC 6455, 7.4.1."""
SESSION_ENDED = 4401
"""Close code of ours: the page leads to the sign-in."""
BEHIND = 2
"""Unread heartbeats after which changes are held back and only the latest of each is kept."""


class Board(Protocol):
    """What a client tells its board."""

    def joined(self, client: "LiveClient") -> None: ...

    def left(self, client: "LiveClient") -> None: ...

    def command(self, client: "LiveClient", text: str) -> None: ...


class LiveClient:
    """A connected page (a `WebSocketProtocol` of Twisted).

    Every heartbeat carries a ping; its pong says how far the page has read. Nothing here grows
    with a page that does not read: held changes are one per entity.
    """

    def __init__(
        self,
        board: Board,
        abort: Callable[[], object],
        token: str,
        principal: Principal,
        language: Language,
        page: str,
    ) -> None:
        self.page = page
        """What the page calls itself, or is called."""
        self.token = token
        self.principal = principal
        self.language = language
        self._board = board
        self._abort = abort
        self._transport: WebSocketTransport | None = None
        self._sequence = 0
        self._pings = 0
        self._pongs = 0
        self._shown: set[str] = set()
        self._held: dict[str, str | None] = {}

    @property
    def unread(self) -> int:
        """Heartbeats sent and not read yet."""
        return self._pings - self._pongs

    # --- out --------------------------------------------------------------------------------

    def show(self, entities: Mapping[str, Any], now: str) -> None:
        """Send a snapshot, in place of everything before it."""
        self._shown = set(entities)
        self._held.clear()
        self._numbered(f'"snapshot":{dumps(entities)},"now":{dumps(now)}')

    def set(self, key: str, encoded: str) -> None:
        """Send the entity's value; `encoded` is the JSON object ``{key: value}``."""
        self._shown.add(key)
        if self.unread >= BEHIND:
            self._held[key] = encoded
        else:
            self._numbered(f'"set":{encoded}')

    def set_all(self, encoded: Mapping[str, str]) -> None:
        """Send the values of several entities in one message, each encoded as for `set`."""
        self._shown.update(encoded)
        if self.unread >= BEHIND:
            self._held.update(encoded)
        elif encoded:
            self._numbered(f'"set":{{{",".join(each[1:-1] for each in encoded.values())}}}')

    def delete(self, key: str) -> None:
        """Take the entity away, if the page was ever shown it."""
        if key not in self._shown:
            return
        self._shown.discard(key)
        if self.unread >= BEHIND:
            self._held[key] = None
        else:
            self._numbered(f'"del":{dumps([key])}')

    def beat(self, now: str) -> None:
        """Send the time and the number of the last change, and ask how far the page has read."""
        self._pings += 1
        self._send(f'{{"seq":{self._sequence},"now":{dumps(now)}}}', ping=str(self._pings))

    def answer(self, message: Mapping[str, Any]) -> None:
        """Answer a command."""
        self._send(dumps(message))

    def close(self, code: int) -> None:
        """Close the connection with that code."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(LocalProtocolError):
                transport.loseConnection(code)
            self._board.left(self)

    def drop(self) -> None:
        """Cut the connection of a page that would not read a goodbye either."""
        if self._transport is not None:
            self._transport = None
            self._abort()
            self._board.left(self)

    def _numbered(self, body: str) -> None:
        self._sequence += 1
        self._send(f'{{"seq":{self._sequence},{body}}}')

    def _send(self, message: str, ping: str = "") -> None:
        if self._transport is None:
            return
        try:
            if ping:
                self._transport.ping(ping.encode("ascii"))
            self._transport.sendTextMessage(message)
        except LocalProtocolError:
            # The page has said goodbye; that its connection is lost we hear in a moment.
            self._transport = None
            self._board.left(self)

    # --- in: called by Twisted --------------------------------------------------------------

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """The connection is there; nothing may be sent yet."""
        self._transport = transport

    def negotiationFinished(self) -> None:
        """Messages can be sent from now on."""
        self._board.joined(self)

    def textMessageReceived(self, message: str) -> None:
        """The page commands something."""
        if self._transport is not None:
            self._board.command(self, message)

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:  # noqa: ARG002  (Twisted's signature)
        """No page of ours sends bytes."""
        self.close(UNSUPPORTED)

    def pongReceived(self, payload: bytes) -> None:
        """The page has read so far; what was held back follows when it caught up."""
        if payload.isdigit():
            self._pongs = min(max(self._pongs, int(payload)), self._pings)
        if self.unread < BEHIND:
            held, self._held = self._held, {}
            for key, encoded in held.items():
                self._numbered(f'"del":{dumps([key])}' if encoded is None else f'"set":{encoded}')

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002  (Twisted's signature)
        """The page went away."""
        if self._transport is not None:
            self._transport = None
            self._board.left(self)
