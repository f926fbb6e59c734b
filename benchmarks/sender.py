"""A process of its own that sends RTP: as little as a program can do between two packets.

Streams are spread over the 20 ms, as those of many callers are, or all sent at one instant, as
a server's pacer does: then it is the reference that the server's own lateness is compared with.
"""

import argparse
import os
import socket
import time

from benchmarks import rtp, wire


def main() -> None:
    """Send on inherited sockets until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fds", required=True, help="descriptors, joined by commas")
    parser.add_argument("--ports", required=True, help="where on the loopback each sends to")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--slots", type=int, default=20, help="instants in 20 ms")
    parser.add_argument("--like", type=int, default=0, help="a process to be scheduled like")
    args = parser.parse_args()
    if args.like:
        schedule_like(args.like)
    fds, ports = args.fds.split(","), args.ports.split(",")
    streams = [
        (socket.socket(fileno=int(fd)), ("127.0.0.1", int(port)))
        for fd, port in zip(fds, ports, strict=True)
    ]
    send(streams, args.seconds, args.slots)


def send(streams: list[tuple[socket.socket, wire.Address]], seconds: float, slots: int) -> None:
    """Every stream a packet each 20 ms, on an absolute grid."""
    period = rtp.FRAME_NS // slots
    begun = time.monotonic_ns()
    for tick in range(int(seconds * wire.SECOND) // period):
        wait = begun + tick * period - time.monotonic_ns()
        if wait > 0:
            time.sleep(wait / wire.SECOND)
        number, slot = divmod(tick, slots)
        for ssrc in range(slot, len(streams), slots):
            sock, to = streams[ssrc]
            try:
                sock.sendto(rtp.audio(number, ssrc + 1, wire.now()), to)
            except OSError:
                continue  # the far side has gone, as it may at the end


def schedule_like(pid: int) -> None:
    """Take the policy and priority of another process, as far as we may."""
    try:
        os.sched_setscheduler(0, os.sched_getscheduler(pid), os.sched_getparam(pid))
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, pid))
    except PermissionError:
        return


if __name__ == "__main__":
    main()
