"""All sockets of the legs behind one descriptor of the reactor.

Where thousands of packets come in a second, a turn of the reactor for each of them costs as much as
passing it on. The legs' sockets therefore have an epoll of their own, which the reactor watches as
one descriptor; and who has just been woken is not woken again at once, but looks `PAUSE` later at
what has come meanwhile, and so on until nothing has. So the first packet after a silence goes on at
once, and however many come, there are no more than so many turns in a second: what packets cost
grows with their number alone, but for these turns.
"""

import select
from typing import Any, Protocol

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from cti.kernel.clock import Clock, DelayedCall
from cti.worker.sockets import LegSocket

PAUSE = 0.0015
"""Seconds between two looks; epoll counts whole milliseconds and makes it 2: a tenth of what
a telephone's jitter buffer waits."""
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

    def doRead(self) -> None:
        """Woken: hand on what has come, and look again before being woken again."""
        self._reactor.removeReader(self)
        self._timer = self._reactor.callLater(PAUSE, self._look)
        self._hand_on()

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return -1 if self._epoll is None else self._epoll.fileno()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "rtp"

    def connectionLost(self, reason: Any) -> None:
        """The reactor stops, and closes nothing by itself."""

    def _look(self) -> None:
        # Armed before the work, which is part of the time between two looks.
        self._timer = self._reactor.callLater(PAUSE, self._look)
        if not self._hand_on() and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._reactor.addReader(self)

    def _hand_on(self) -> bool:
        """Whether anything had come."""
        for number in range(ROUNDS):
            ready = self._epoll.poll(0) if self._epoll is not None else ()
            if not ready:
                return number > 0
            for descriptor, _events in ready:
                # What one packet caused may have closed the leg of the next.
                found = self._sockets.get(descriptor)
                if found is not None:
                    found.read()
        return True

    def _leave(self) -> None:
        assert self._epoll is not None
        if self._timer is None:
            self._reactor.removeReader(self)
        else:
            self._timer.cancel()
            self._timer = None
        self._epoll.close()
        self._epoll = None
