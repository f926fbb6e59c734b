"""A browser's connection that no request can hold for ever.

Twisted's own time-out begins again with every octet, and is off while an answer is under way. So a
client that sends an octet a minute keeps a connection for days, one that reads nothing of a long
answer for as long as it likes, and a process has so many connections and no more. Here a request
has its time to arrive as a whole, and an answer to be read on.
"""

from collections.abc import Callable

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request

from cti.kernel.clock import DelayedCall

HEAD_WITHIN = 30.0
"""Seconds for a request's first line and headers, from their first octet on."""
SLOWEST = 16_384
"""Octets a second of a body, on average."""
READ_WITHIN = 300.0
"""Seconds in which an answer is read on; a player that was paused asks for the rest anew."""


class Channel(HTTPChannel):
    """Implements `HTTPChannel` within these times."""

    _arriving: DelayedCall | None = None
    _stalled: DelayedCall | None = None
    callLater: Callable[..., DelayedCall]

    def dataReceived(self, data: bytes) -> None:
        """The first octet of a request, or more of it."""
        if self._arriving is None and not self._handlingRequest:
            self._arriving = self.callLater(HEAD_WITHIN, self._too_slow)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        """How long the rest may take is known."""
        super().allHeadersReceived()
        request: Request = self.requests[-1]
        most: int = getattr(request, "most", 0)
        body = most if self.length is None else min(self.length, most)
        self._arrived()
        self._arriving = self.callLater(HEAD_WITHIN + body / SLOWEST, self._too_slow)

    def allContentReceived(self) -> None:
        """The request is there as a whole."""
        self._arrived()
        super().allContentReceived()

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The client does not read."""
        if self._stalled is None:
            self._stalled = self.callLater(READ_WITHIN, self.forceAbortClient)
        super().pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It does."""
        self._going_on()
        super().resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It is gone; told of sockets too, whose end is not ours to hear."""
        self._going_on()
        super().stopProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        self._arrived()
        self._going_on()
        super().connectionLost(reason)

    def _too_slow(self) -> None:
        self._arriving = None
        self.timeoutConnection()

    def _arrived(self) -> None:
        arriving, self._arriving = self._arriving, None
        if arriving is not None:
            arriving.cancel()

    def _going_on(self) -> None:
        stalled, self._stalled = self._stalled, None
        if stalled is not None and stalled.active():
            stalled.cancel()
