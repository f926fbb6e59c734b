"""Writing to a connection whose reader may be slow, or gone without a word."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

MOST_UNREAD = 256 * 1024
"""Bytes written to a reader who does not read, before the connection is cut."""


class Consumer(Protocol):
    """What of a Twisted stream transport is used here."""

    def write(self, data: bytes) -> None: ...

    def registerProducer(  # noqa: N802  (Twisted's name)
        self, producer: IPushProducer, streaming: bool
    ) -> None: ...

    def unregisterProducer(self) -> None: ...  # noqa: N802  (Twisted's name)


@implementer(IPushProducer)
class Outflow:
    """Passes bytes to a transport, and calls `hang_up` once too many wait there."""

    def __init__(self, transport: Consumer, hang_up: Callable[[], object]) -> None:
        self._transport, self._hang_up = transport, hang_up
        self._full = False
        self._unread = 0
        transport.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        """Send, or hang up."""
        if self._full:
            self._unread += len(data)
        if self._unread > MOST_UNREAD:
            self._hang_up()
        else:
            self._transport.write(data)

    def finish(self) -> None:
        """Write nothing more: TLS closes only once nobody produces."""
        self._transport.unregisterProducer()

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The transport's buffer is full: count what is added to it."""
        self._full = True

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The buffer is empty again."""
        self._full, self._unread = False, 0

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The connection is gone, which its protocol is told by itself."""
