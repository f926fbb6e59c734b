"""An end of the wire between server and media worker: what is said in one turn goes in one send.

Each message would wake the other side, and a worker comes before the server in the scheduler: a
`send` for each would cost more than all the work (measured: half a millisecond of wall).
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.logger import Logger
from zope.interface import implementer

from cti.kernel.clock import Clock, DelayedCall
from cti.worker.messages import FrameError, Frames, Message, frame

log = Logger()

LARGEST_READ = 1 << 16
CONGESTED = 1 << 20
"""Octets nobody reads, after which what may be left out is."""
LINGER = 1.0
"""Seconds."""


class LinkReactor(Clock, Protocol):
    """What of the reactor a link uses."""

    def addReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def removeReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def addWriter(self, writer: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def removeWriter(self, writer: Any) -> None: ...  # noqa: N802  (Twisted's name)


@implementer(IReadWriteDescriptor)
class Link:
    """Hands on what comes, message by message; `gone` is called once if the other side leaves."""

    def __init__(
        self,
        reactor: LinkReactor,
        sock: socket.socket,
        take: Callable[["Link", Message], None],
        gone: Callable[["Link"], None],
    ) -> None:
        sock.setblocking(False)
        self._reactor, self._socket = reactor, sock
        self._take, self._gone = take, gone
        self._frames = Frames()
        self._said: list[Message] = []
        self._unsent = b""
        self._reading = False
        self._open = True
        self._flushing: DelayedCall | None = None
        reactor.addReader(self)

    @property
    def congested(self) -> bool:
        """Whether the other side has stopped reading."""
        return len(self._unsent) > CONGESTED

    def say(self, message: Message) -> None:
        """Send it at the end of this turn, after all that was said before; never fails."""
        if not self._open:
            return
        self._said.append(message)
        if self._flushing is None and not self._reading:
            self._flushing = self._reactor.callLater(0, self._flush)

    def close(self) -> None:
        """Send what was said, then part; a far side that does not read has a second to do so."""
        self._flush()
        if self._open and self._unsent:
            self._socket.settimeout(LINGER)
            with suppress(OSError):
                self._socket.sendall(self._unsent)
        self.abort()

    def abort(self) -> None:
        """Part at once."""
        if not self._open:
            return
        self._open = False
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        self._socket.close()

    # --- called by the reactor --------------------------------------------------------------

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Take what came, and send at once what is said to it."""
        data = self._read()
        if data is None:
            return
        if not data:
            self._lose()
            return
        self._reading = True
        try:
            self._hand_on(data)
        finally:
            self._reading = False
        self._flush()

    def doWrite(self) -> None:  # noqa: N802  (Twisted's name)
        """Go on with what the other side had no room for."""
        self._send(b"")
        if not self._unsent:
            self._reactor.removeWriter(self)

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops, or the socket is broken."""
        self._lose()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "media link"

    def drain(self) -> None:
        """Take the last words of a process that is over."""
        while self._open:
            self.doRead()

    # --- inside -----------------------------------------------------------------------------

    def _read(self) -> bytes | None:
        """What came; nothing when the other side is gone, None while it is silent."""
        try:
            return self._socket.recv(LARGEST_READ)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _hand_on(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                if not self._open:
                    return
                self._take_one(message)
        except FrameError as error:
            log.error("The media link is given up: {reason}", reason=error)
            self._lose()

    def _take_one(self, message: Message) -> None:
        """Our mistake in one message may not end the others' calls."""
        with log.failuresHandled("A media message failed"):
            self._take(self, message)

    def _flush(self) -> None:
        if self._flushing is not None:
            if self._flushing.active():
                self._flushing.cancel()
            self._flushing = None
        said, self._said = self._said, []
        if said and self._open:
            self._send(frame(said))

    def _send(self, data: bytes) -> None:
        data = self._unsent + data
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            # The other side is gone: the next read says so, after what it said before.
            data, sent = b"", 0
        had, self._unsent = self._unsent, data[sent:]
        if self._unsent and not had:
            self._reactor.addWriter(self)

    def _lose(self) -> None:
        if self._open:
            self.abort()
            self._gone(self)
