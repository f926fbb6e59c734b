"""UDP sockets of legs: an even port each, and a reader that drains its socket at once."""

import errno
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from cti.media.port import MediaUnavailable
from cti.media.source_lock import Source

LARGEST_DATAGRAM = 2048
LARGEST_BATCH = 32
"""Datagrams taken from one socket before others have their turn."""

Receive = Callable[[bytes, Source], None]


@implementer(IReadDescriptor)
class LegSocket:
    """A leg's UDP socket in the reactor: every datagram is handed on in the turn it came."""

    def __init__(self, sock: socket.socket) -> None:
        self.receive: Receive = lambda _data, _source: None
        """Given every datagram."""
        self._socket = sock
        self.port: int = sock.getsockname()[1]

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Drain the socket."""
        for _ in range(LARGEST_BATCH):
            try:
                data, source = self._socket.recvfrom(LARGEST_DATAGRAM)
            except OSError:
                # Nothing more, or an ICMP error about a datagram sent before.
                return
            self.receive(data, source[:2])
            if self._socket.fileno() < 0:
                return

    def transmit(self, data: bytes, destination: Source) -> bool:
        """Send now or never, as sound that waits is of no use; False: never."""
        try:
            self._socket.sendto(data, destination)
        except OSError:
            # A full buffer or an unreachable host is a lost packet; the RTP timeout sees the rest.
            return False
        return True

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops."""
        self.close()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "rtp"

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


class PortRange:
    """Binds pairs of sockets, RTP on an even port and RTCP on the next (RFC 3550, 11).

    Ports are taken in turn, so that none is used again soon.
    """

    def __init__(self, host: str, ports: range, first: int) -> None:
        self._family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        self._host = host
        self._ports = ports
        self._next = first % len(ports)

    def bind(self) -> tuple[socket.socket, socket.socket]:
        """Non-blocking sockets for RTP and RTCP; MediaUnavailable when every port is taken."""
        for port in self._turn():
            sound = self._bind(port)
            if sound is None:
                continue
            control = self._bind(port + 1)
            if control is not None:
                return sound, control
            sound.close()
        raise MediaUnavailable(f"every port from {self._ports[0]} to {self._ports[-1]} is taken")

    def _bind(self, port: int) -> socket.socket | None:
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            sock.bind((self._host, port))
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRINUSE:
                return None
            raise MediaUnavailable(f"{self._host}:{port}: {error.strerror}") from error
        sock.setblocking(False)
        return sock

    def _turn(self) -> Iterator[int]:
        for _ in range(len(self._ports)):
            port = self._ports[self._next]
            self._next = (self._next + 1) % len(self._ports)
            yield port


def is_destination(host: str, port: int) -> bool:
    """Whether packets can be sent there at once.

    A name would make the packet path wait for a resolver; 0.0.0.0 is how RFC 2543 asked for
    silence; port 0 is a refused stream.
    """
    try:
        return not ip_address(host).is_unspecified and port > 0
    except ValueError:
        return False
