"""The UDP socket of a SIP endpoint: read in batches, and what nobody wants dropped at once.

A reader of our own, as the media workers have: under a flood each datagram costs a system call and
a look at its sender, 3 us in all, and is neither copied nor parsed (Twisted's `DatagramProtocol`
takes 15 us before anybody can look at it).
"""

import socket
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from cti.kernel.clock import Clock
from cti.sip.events import DATAGRAM_FLOW, Endpoint, Transport

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the kernel, so that a burst of calls waits rather than vanishes."""
LARGEST_DATAGRAM = 65536
TURN = 0.002
"""Seconds for which one reactor turn reads; a message takes 0.5 to 3 ms of them. What the last one
asked for, such as the next call of an agent who hung up, waits for an answer of the media worker,
which may not come after all messages of a burst."""
LARGEST_BATCH = 256
"""Datagrams looked at in one reactor turn, 1 ms where all of them are dropped."""

Admits = Callable[[str, int], bool]
Received = Callable[[bytes, Endpoint], bool]
"""Told of a datagram; whether it was read at once."""
Bind = Callable[[str, int], socket.socket]


def bind_datagrams(interface: str, port: int) -> socket.socket:
    """A socket at that local address; CannotListenError."""
    sock = socket.socket(_family(interface), socket.SOCK_DGRAM)
    try:
        sock.bind((interface, port))
    except OSError as error:
        sock.close()
        raise CannotListenError(interface, port, error) from error
    sock.setblocking(False)
    return sock


@implementer(IReadDescriptor)
class Datagrams:
    """Hands every datagram on as one message, but those of whom `admits` does not want to hear."""

    def __init__(
        self, clock: Clock, sock: socket.socket, received: Received, admits: Admits
    ) -> None:
        self._clock, self._socket = clock, sock
        self._received, self._admits = received, admits
        self._stopped = False
        """Whether the last turn ended before all was read."""
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._view = memoryview(self._buffer)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.port: int = sock.getsockname()[1]

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Take what came, as much as one turn has time for."""
        end = self._clock.seconds() + TURN
        self._stopped = False
        for _ in range(LARGEST_BATCH):
            try:
                size, source = self._socket.recvfrom_into(self._buffer)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error about a datagram sent before
                continue
            host, port = source[:2]
            if not self._admits(host, port):
                continue
            data = bytes(self._view[:size])
            read = self._received(data, Endpoint(host, port, Transport.UDP, DATAGRAM_FLOW))
            self._stopped = read and self._clock.seconds() >= end
            if self._stopped or self._socket.fileno() < 0:
                return

    @property
    def unread(self) -> bool:
        """Whether the last turn left something to the next one."""
        if not self._stopped:
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return False
        return True

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Put it on the wire; OSError where nothing leads there, or it is too long."""
        if not is_address(destination.host):
            raise OSError(f"{destination.host!r} is no address")
        try:
            self._socket.sendto(data, (destination.host, destination.port))
        except (BlockingIOError, ConnectionRefusedError):
            # A full buffer loses it, as the network might; the other error is about one before.
            return
        except OverflowError as error:
            raise OSError(str(error)) from error

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops."""
        self.close()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "sip"

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Whether it is an IP address: a name would keep the reactor waiting for a resolver."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _family(interface: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in interface else socket.AF_INET
