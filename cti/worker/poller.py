"""All sockets of the legs behind one descriptor of the reactor.

Where thousands of packets come in a second, a turn of the reactor for each of them costs as much as
passing it on. The legs' sockets therefore have an epoll of their own, which the reactor watches as
one descriptor; and from `BUSY` packets a tick on nobody wakes up any more, but looks every 2 ms at
what has come: a tenth of what a telephone's jitter buffer waits. Measured with 50 bridged calls, it
takes a fifth of the CPU away, and the 99th percentile of the way through us is 2.2 ms, not 0.2.
"""

import select
from typing import Any, Protocol

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from cti.kernel.clock import Clock, DelayedCall
from cti.worker.sockets import LegSocket

BUSY, QUIET = 24, 12
"""Packets in 20 ms from which on it looks, and below which it is woken again."""
PAUSE = 0.0015
"""Seconds between two looks; epoll counts whole milliseconds and makes it 2."""
ROUNDS = 4
"""How often a look goes round: each socket hands on one packet in each, so none waits for another
that is flooded."""


class PollingReactor(Clock, Protocol):
    """What of the reactor a poller uses."""

    def addReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def removeReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)


@implementer(IReadDescriptor)
class Poller:
    """Lets each socket read what has come for it; in the reactor as long as there are sockets."""

    def __init__(self, reactor: PollingReactor) -> None:
        self._reactor = reactor
        self._epoll: select.epoll | None = None
        self._sockets: dict[int, LegSocket] = {}
        self._came = 0
        """Packets since the last tick."""
        self._timer: DelayedCall | None = None
        """When it looks next; None: it is woken."""

    def add(self, *sockets: LegSocket) -> None:
        """Read these from now on."""
        if self._epoll is None:
            self._epoll = select.epoll()
            self._reactor.addReader(self)
        for each in sockets:
            self._epoll.register(each.fileno(), select.EPOLLIN)
            self._sockets[each.fileno()] = each

    def remove(self, *sockets: LegSocket) -> None:
        """Read these no more; they are still open."""
        if self._epoll is None:
            return
        for each in sockets:
            self._epoll.unregister(each.fileno())
            del self._sockets[each.fileno()]
        if not self._sockets:
            self._leave()

    def tick(self) -> None:
        """Every 20 ms: choose between being woken and looking by how much came."""
        came, self._came = self._came, 0
        if self._timer is None and came >= BUSY:
            self._reactor.removeReader(self)
            self._arm()
        elif self._timer is not None and came < QUIET:
            self._timer.cancel()
            self._timer = None
            self._reactor.addReader(self)

    def doRead(self) -> None:
        """Hand on what has come."""
        for _ in range(ROUNDS):
            if self._epoll is None:
                return
            ready = self._epoll.poll(0)
            if not ready:
                return
            self._came += len(ready)
            for number, _events in ready:
                # What one packet caused may have closed the leg of the next.
                found = self._sockets.get(number)
                if found is not None:
                    found.read()

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return -1 if self._epoll is None else self._epoll.fileno()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "rtp"

    def connectionLost(self, reason: Any) -> None:
        """The reactor stops, and closes nothing by itself."""

    def _arm(self) -> None:
        self._timer = self._reactor.callLater(PAUSE, self._look)

    def _look(self) -> None:
        self._arm()
        self.doRead()

    def _leave(self) -> None:
        assert self._epoll is not None
        if self._timer is None:
            self._reactor.removeReader(self)
        else:
            self._timer.cancel()
            self._timer = None
        self._epoll.close()
        self._epoll = None
