"""Sound on the loopback's wire: when each packet passed, by the kernel's clock."""

import socket
import struct
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

OUTGOING = 4
IP, UDP = 14, 34
RTP = 42
LONGEST = 2048
TIMESTAMPS = 35
"""SO_TIMESTAMPNS, which `socket` does not name."""
TIMESPEC = struct.Struct("ll")


Flow = tuple[int, int]
"""From which port to which."""


@dataclass(slots=True)
class Wire:
    """The instants (seconds) at which the RTP of each flow passed."""

    passed: dict[Flow, list[float]] = field(default_factory=dict)

    def longest_gap(self, flow: Flow) -> float:
        """The longest time without a packet, between the first and the last."""
        return max((b - a for a, b in pairwise(self.passed[flow])), default=0.0)

    def since(self, flow: Flow, instant: float) -> int:
        """How many packets passed after that instant."""
        return sum(each > instant for each in self.passed[flow])

    def flows(self, ports: Container[int]) -> list[Flow]:
        """Those from or to one of the ports."""
        return [flow for flow in list(self.passed) if flow[0] in ports or flow[1] in ports]


def udp_ports(process: int) -> set[int]:
    """The UDP ports that a process of ours has open."""
    files = [str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()]
    lines = Path(f"/proc/{process}/net/udp").read_text().splitlines()[1:]
    sockets = {f"socket:[{line.split()[9]}]": line.split()[1] for line in lines}
    return {int(sockets[file].rpartition(":")[2], 16) for file in files if file in sockets}


@contextmanager
def tapping() -> Iterator[Wire]:
    """Note all RTP on the loopback (needs the right to open packet sockets)."""
    wire = Wire()
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    tap.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    tap.bind(("lo", 0x0800))
    tap.settimeout(0.2)
    done = threading.Event()
    thread = threading.Thread(target=_note, args=(tap, wire, done), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        done.set()
        thread.join()
        tap.close()


def _note(tap: socket.socket, wire: Wire, done: threading.Event) -> None:
    while not done.is_set():
        try:
            frame, ancillary, _, address = tap.recvmsg(LONGEST, socket.CMSG_SPACE(TIMESPEC.size))
        except TimeoutError:
            continue
        if address[2] == OUTGOING or frame[IP + 9] != socket.IPPROTO_UDP:
            continue
        if len(frame) <= RTP + 12 or frame[RTP] != 0x80 or frame[RTP + 1] & 0x7F > 8:
            continue
        seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
        flow = int.from_bytes(frame[UDP : UDP + 2]), int.from_bytes(frame[UDP + 2 : UDP + 4])
        wire.passed.setdefault(flow, []).append(seconds + nanoseconds / 1e9)
