"""A connected socket without a network, and a reactor that watches it: both moved by hand."""

from typing import Any

from twisted.internet.task import Clock

from cti.worker.messages import Frames, Message, frame


class MemorySocket:
    """One end: keeps what is sent, gives out what a test lets arrive."""

    def __init__(self, room: int = 1 << 20) -> None:
        self.room = room
        """Octets that can be sent before the far side reads."""
        self.sent: list[bytes] = []
        """What each send took."""
        self.closed = False
        self._arrived: list[bytes] = []
        self._frames = Frames()
        self._heard = 0

    # --- what the far side does -------------------------------------------------------------

    def arrive(self, data: bytes) -> None:
        """These octets come; none: the far side is gone."""
        self._arrived.append(data)

    def say(self, *messages: Message) -> None:
        """These messages come."""
        self.arrive(frame(messages))

    def hear(self) -> list[Message]:
        """The messages sent since the last time."""
        data = b"".join(self.sent[self._heard :])
        self._heard = len(self.sent)
        return list(self._frames.feed(data))

    # --- a socket ---------------------------------------------------------------------------

    def setblocking(self, flag: bool) -> None: ...

    def settimeout(self, seconds: float) -> None: ...

    def fileno(self) -> int:
        return 1000

    def recv(self, size: int) -> bytes:
        if not self._arrived:
            raise BlockingIOError
        data = self._arrived[0]
        self._arrived[:1] = [data[size:]] if data[size:] else []
        return data[:size]

    def send(self, data: bytes) -> int:
        taken = data[: self.room]
        if not taken:
            raise BlockingIOError
        self.room -= len(taken)
        self.sent.append(taken)
        return len(taken)

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True


class WatchingClock(Clock):
    """A clock that also keeps who wants to read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:  # noqa: N802  (Twisted's name)
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:  # noqa: N802  (Twisted's name)
        if reader in self.readers:
            self.readers.remove(reader)

    def addWriter(self, writer: Any) -> None:  # noqa: N802  (Twisted's name)
        self.writers.append(writer)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802  (Twisted's name)
        if writer in self.writers:
            self.writers.remove(writer)

    def read(self) -> None:
        """Everybody reads what came."""
        for reader in tuple(self.readers):
            reader.doRead()
        self.advance(0)
