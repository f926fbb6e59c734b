"""SIP over a stream (RFC 3261, 18.3): bytes in, whole messages out.

::

    BETWEEN   line ends only: keep-alives (RFC 5626, 4.4.1)
    HEAD      until the empty line
    BODY      as many bytes as Content-Length says

A stream that breaks its rules cannot be read any further: what is wrong is raised, and the
connection has to go.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cti.kernel.errors import RemoteError

LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 64 * 1024
"""Bytes; a message with more ends the connection."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t\r\n]*([^\r\n]*)", re.IGNORECASE)


class StreamError(RemoteError):
    """The bytes are no stream of SIP messages; says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, or what claims to be one."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """A keep-alive: to be answered with one line end."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a keep-alive of ours."""


Item = Message | Ping | Pong
PONG = b"\r\n"
"""What answers a ping."""


class StreamReader:
    """Cuts one connection's bytes into messages, however they were chunked."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        """Bytes of the buffer in which no end of the head was found."""
        self._expected = 0
        """Pongs that answer pings of ours."""
        self._whole = 0
        """Bytes the message has once its head was read, or 0."""

    def receive(self, data: bytes) -> Iterator[Item]:
        """What these bytes complete, in order; StreamError once they cannot be read."""
        self._buffer += data
        while True:
            item = self._between() if self._whole == 0 else None
            item = item or self._message()
            if item is None:
                return
            yield item

    @property
    def waiting(self) -> int:
        """Bytes of the message that is not whole yet."""
        return len(self._buffer)

    def expect_pong(self) -> None:
        """A ping of ours went out: the next line end between messages answers it."""
        self._expected += 1

    def _between(self) -> Item | None:
        """Take a keep-alive from the front.

        Four bytes make a ping, two the pong that is waited for; without one, two mean nothing,
        which the byte after them tells.
        """
        if self._expected and self._buffer.startswith(PONG):
            self._expected -= 1
            del self._buffer[: len(PONG)]
            return Pong()
        if self._buffer.startswith(_END):
            del self._buffer[: len(_END)]
            return Ping()
        while self._buffer.startswith(PONG) and not _END.startswith(self._buffer):
            del self._buffer[: len(PONG)]
        return None

    def _message(self) -> Message | None:
        if self._whole == 0 and not self._read_head():
            return None
        if len(self._buffer) < self._whole:
            return None
        data = bytes(self._buffer[: self._whole])
        del self._buffer[: self._whole]
        self._whole = self._searched = 0
        return Message(data)

    def _read_head(self) -> bool:
        """Whether the head is there; then `_whole` tells the message's length."""
        if self._buffer[:1] == b"\r":
            if _END.startswith(self._buffer):
                return False
            raise StreamError("half a line end")
        end = self._buffer.find(_END, max(0, self._searched - 3))
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > LARGEST_HEAD:
                raise StreamError(f"headers of more than {LARGEST_HEAD} bytes")
            return False
        if end > LARGEST_HEAD:
            raise StreamError(f"headers of more than {LARGEST_HEAD} bytes")
        self._whole = end + len(_END) + _length(bytes(self._buffer[:end]))
        return True


def _length(head: bytes) -> int:
    """The body's bytes as Content-Length has them; it must be there (RFC 3261, 20.14)."""
    lengths = {each.strip() for each in _LENGTH.findall(head)}
    if len(lengths) != 1:
        raise StreamError("no Content-Length" if not lengths else "two different Content-Lengths")
    (text,) = lengths
    if not re.fullmatch(rb"[0-9]{1,10}", text):
        raise StreamError("a Content-Length that is no number")
    if int(text) > LARGEST_BODY:
        raise StreamError(f"a body of more than {LARGEST_BODY} bytes")
    return int(text)
