"""Many datagrams with one system call: sendmmsg(2) and recvmmsg(2) over numpy's arrays.

What a socket call costs in Python is paid once for a batch, so one core of generators carries
more calls than one core of any server. Linux on 64 bits.
"""

import ctypes
import errno
import os
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.wire import SECOND

ADDRESS = np.dtype([("family", "=u2"), ("port", ">u2"), ("host", "S4"), ("zero", "=u8")])
"""struct sockaddr_in."""
VECTOR = np.dtype([("base", "=u8"), ("length", "=u8")])
"""struct iovec."""
HEADER = np.dtype(
    [
        ("name", "=u8"),
        ("name_length", "=u8"),
        ("vector", "=u8"),
        ("vectors", "=u8"),
        ("control", "=u8"),
        ("control_length", "=u8"),
        ("flags", "=u8"),
        ("length", "=u8"),
    ]
)
"""struct mmsghdr, its padding taken into the fields before it."""
STAMP = np.dtype(
    [("length", "=u8"), ("level", "=i4"), ("kind", "=i4"), ("seconds", "=i8"), ("rest", "=i8")]
)
"""A control message that carries a timespec (SO_TIMESTAMPNS)."""
BATCH, LARGEST = 512, 256
NOTHING = {errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED}
"""Nothing is there, or only an ICMP error about a datagram that was sent before."""

Array = NDArray[Any]
_libc = ctypes.CDLL(None, use_errno=True)


def _addressed(messages: Array, column: str, targets: Array) -> None:
    """Let each message point to the row of its own."""
    step = targets.strides[0]
    messages[column] = targets.ctypes.data + step * np.arange(len(messages), dtype=np.uint64)


class Outgoing:
    """Datagrams of one size, each to an address of its own; rows may change between two sends."""

    def __init__(self, sock: socket.socket, rows: Array, to: Sequence[tuple[str, int]]) -> None:
        self._sock, self._rows = sock, rows
        self._names = np.zeros(len(to), ADDRESS)
        self._names["family"] = socket.AF_INET
        self._names["port"] = [port for _, port in to]
        self._names["host"] = [socket.inet_aton(host) for host, _ in to]
        self._vectors = np.zeros(len(to), VECTOR)
        self._messages = np.zeros(len(to), HEADER)
        _addressed(self._vectors, "base", rows)
        self._vectors["length"] = rows.strides[0]
        _addressed(self._messages, "name", self._names)
        _addressed(self._messages, "vector", self._vectors)
        self._messages["name_length"], self._messages["vectors"] = ADDRESS.itemsize, 1

    def send(self, first: int, last: int) -> int:
        """Send the rows from `first` up to `last`; how many were refused."""
        refused = 0
        while first < last:
            start = self._messages.ctypes.data + first * HEADER.itemsize
            sent = _libc.sendmmsg(self._sock.fileno(), ctypes.c_void_p(start), last - first, 0)
            if sent <= 0:  # of an earlier one to the same place, or no room: this one is lost
                refused, sent = refused + 1, 1
            first += sent
        return refused


class Incoming:
    """What arrives at a socket: for each datagram its octets, the port it is from, and when."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._octets = np.zeros((BATCH, LARGEST), np.uint8)
        self._names, self._stamps = np.zeros(BATCH, ADDRESS), np.zeros(BATCH, STAMP)
        self._vectors, self._messages = np.zeros(BATCH, VECTOR), np.zeros(BATCH, HEADER)
        _addressed(self._vectors, "base", self._octets)
        self._vectors["length"] = LARGEST
        _addressed(self._messages, "name", self._names)
        _addressed(self._messages, "vector", self._vectors)
        _addressed(self._messages, "control", self._stamps)
        self._messages["vectors"] = 1

    def receive(self) -> tuple[Array, Array, Array]:
        """Octets (a row each), ports and instants (CLOCK_REALTIME, ns) of what is there."""
        self._messages["name_length"] = ADDRESS.itemsize
        self._messages["control_length"] = STAMP.itemsize
        start = ctypes.c_void_p(self._messages.ctypes.data)
        found = _libc.recvmmsg(self._sock.fileno(), start, BATCH, socket.MSG_DONTWAIT, None)
        if found < 0:
            code = ctypes.get_errno()
            if code not in NOTHING:
                raise OSError(code, os.strerror(code))
            found = 0
        at = self._stamps["seconds"][:found] * SECOND + self._stamps["rest"][:found]
        return self._octets[:found], self._names["port"][:found].astype(np.int64), at
