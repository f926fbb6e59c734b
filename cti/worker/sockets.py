"""UDP sockets of legs: an even port each; connected to the far side as soon as it is certain.

A connected socket costs less to read and to write, and what strangers send to it the kernel drops
before it costs anything at all.
"""

import ctypes
import errno
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from cti.media.port import MediaUnavailable
from cti.media.source_lock import Source

LARGEST_DATAGRAM = 2048
LARGEST_BATCH = 32
"""Datagrams taken from one socket before others have their turn."""
SOCKADDR_OCTETS = 28
"""Of a `sockaddr_in6`, the larger of the two."""

Receive = Callable[[bytes, Source], None]
_LIBC = ctypes.CDLL(None)


class LegSocket:
    """A leg's UDP socket: every datagram is handed on in the turn it came."""

    def __init__(self, sock: socket.socket) -> None:
        self.receive: Receive = lambda _data, _source: None
        """Given every datagram."""
        self.unreachable = 0
        """ICMP errors: the far side, or something before it, took no packet."""
        self._socket = sock
        self._recv, self._send = sock.recv, sock.send
        host, self.port = sock.getsockname()[:2]
        # On every address at once, connecting would choose one of them to be reached at.
        self._may_join = not ip_address(host).is_unspecified
        self._peer: Source | None = None
        """Whom it is connected to."""
        self._alone: Source | None = None
        """The same once what others sent before has been read: whatever comes is theirs."""

    def fileno(self) -> int:
        """Its descriptor, -1 when it is closed."""
        return self._socket.fileno()

    def join(self, peer: Source | None) -> None:
        """Take packets of that address alone from now on; None: of everybody."""
        if peer == self._peer or not self._may_join:
            return
        self._alone = None
        if peer is None:
            # An address of no family, which Python's own `connect` cannot name.
            _LIBC.connect(self._socket.fileno(), bytes(SOCKADDR_OCTETS), SOCKADDR_OCTETS)
        else:
            try:
                self._socket.connect(peer)
            except OSError:
                return
        self._peer = peer

    def read(self) -> None:
        """Hand on what has come: one datagram of the peer, or all there are of everybody."""
        alone = self._alone
        if alone is None:
            self._drain()
            return
        try:
            data = self._recv(LARGEST_DATAGRAM)
        except BlockingIOError:
            return
        except OSError:
            self.unreachable += 1
            return
        self.receive(data, alone)

    def transmit(self, data: bytes, destination: Source) -> bool:
        """Send now or never, as sound that waits is of no use; False: never."""
        try:
            if destination == self._peer:
                self._send(data)
            else:
                self._socket.sendto(data, destination)
        except ConnectionRefusedError:
            # That speaks of an earlier packet, and this one was not sent.
            self.unreachable += 1
            return self._transmit_again(data, destination)
        except OSError:
            # A full buffer or an unreachable host is a lost packet; the RTP timeout sees the rest.
            return False
        return True

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def _transmit_again(self, data: bytes, destination: Source) -> bool:
        try:
            self._socket.sendto(data, destination)
        except OSError:
            return False
        return True

    def _drain(self) -> None:
        for _ in range(LARGEST_BATCH):
            try:
                data, source = self._socket.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                self._alone = self._peer
                return
            except OSError:
                self.unreachable += 1
                return
            self.receive(data, source[:2])
            if self._socket.fileno() < 0:
                return


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
