"""The UDP socket of a SIP endpoint."""

import socket
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.error import InvalidAddressError, MessageLengthError
from twisted.internet.protocol import DatagramProtocol

from cti.sip.events import DATAGRAM_FLOW, Endpoint, Transport

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the kernel, so that a burst of calls waits rather than vanishes."""
LARGEST_DATAGRAM = 65536
TURN = 8 * 1024
"""Bytes read in one reactor turn, some ten INVITEs: a burst must not keep timers, media workers
and pages waiting for seconds; what is left is read in the next turn."""


class Datagrams(DatagramProtocol):
    """Hands every datagram on as one message."""

    def __init__(self, received: Callable[[bytes, Endpoint], object]) -> None:
        self._received = received

    def startProtocol(self) -> None:
        """The socket is bound: widen its buffer."""
        port = cast(Any, self.transport)
        port.maxThroughput = TURN
        port.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram, whatever is in it."""
        self._received(datagram, Endpoint(addr[0], addr[1], Transport.UDP, DATAGRAM_FLOW))

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Put it on the wire; OSError where nothing leads there, or it is too long."""
        if self.transport is None:
            return
        try:
            self.transport.write(data, (destination.host, destination.port))
        except (InvalidAddressError, MessageLengthError) as error:
            raise OSError(str(error)) from error

    @property
    def port(self) -> int:
        """The port the socket is bound to."""
        return int(cast(Any, self.transport).getHost().port)
