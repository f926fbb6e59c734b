"""UDP sockets whose datagrams carry the time at which the kernel took them in."""

import socket
import struct
import time

SO_TIMESTAMPNS = 35
"""socket(7), linux/asm-generic/socket.h; Python's socket module has no name for it."""
TIMESPEC = struct.Struct("=qq")
LARGEST = 8192
BUFFER = 4 * 1024 * 1024
SECOND = 1_000_000_000

Address = tuple[str, int]


def timed_socket(port: int = 0) -> socket.socket:
    """A non-blocking socket on that port of the loopback, or on a free one."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


def sound_sockets() -> tuple[socket.socket, socket.socket]:
    """One for RTP and, on the next port, one for RTCP (RFC 3550, 11)."""
    while True:
        sound = timed_socket()
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            control.bind(("127.0.0.1", sound.getsockname()[1] + 1))
        except OSError:
            sound.close()
            control.close()
        else:
            return sound, control


def receive(sock: socket.socket) -> tuple[bytes, int] | None:
    """The next datagram and when it arrived (CLOCK_REALTIME, ns); None when there is none."""
    try:
        data, ancillary, _flags, _source = sock.recvmsg(LARGEST, 64)
    except OSError:
        return None  # nothing more, or an ICMP error about a datagram sent before
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = TIMESPEC.unpack(value[: TIMESPEC.size])
            return data, seconds * SECOND + nanoseconds
    return data, now()


def drain(sock: socket.socket) -> None:
    """Forget what has arrived."""
    while receive(sock) is not None:
        pass


def now() -> int:
    """The clock of the kernel's timestamps, in ns."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME)
