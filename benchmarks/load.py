"""A process of its own that is the sound of many telephones: sends all their RTP and hears theirs.

Streams are spread over the 20 ms, as those of many callers are; each packet carries the instant
of its sending. Reads its plan as JSON from standard input; says ``steady`` when it begins to
measure, ``over`` when it ends, and then, as JSON, what it heard, and how late it was itself.
"""

import argparse
import json
import socket
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks import hearing, rtp, wire
from benchmarks.datagrams import Array, Incoming, Outgoing
from benchmarks.figures import Spread

PACKET = np.dtype(
    [
        ("version", "u1"),
        ("kind", "u1"),
        ("number", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("sent", ">i8"),
        ("sound", "u1", len(rtp.QUIET)),
    ]
)
SLOTS = 20
"""Instants in 20 ms."""
HALF = 1 << 31


@dataclass(frozen=True, slots=True)
class Plan:
    """`streams` tell of each the socket (its place among the inherited) and the port it goes to.

    `kind` is the payload type of all of them; seconds until measuring begins, and how long it is.
    """

    streams: list[tuple[int, int]]
    settle: float
    seconds: float
    kind: int = rtp.PCMA


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back within the time measured, and how late this process was itself, all in ns.

    `late` is against each stream's fastest packet by its timestamps; `transit` the way of a packet
    through the server and `variation` what it is longer than the stream's shortest, both None
    where what we said is not what we heard.
    """

    streams: int
    packets: int
    lost: int
    late: Spread | None
    transit: Spread | None
    variation: Spread | None
    own: Spread
    refused: int


class Voices:
    """The streams that leave by one socket."""

    def __init__(self, sock: socket.socket, ports: list[int], first: int, kind: int) -> None:
        self._packets = np.zeros(len(ports), PACKET)
        self._packets["version"], self._packets["kind"] = rtp.VERSION, kind
        self._packets["ssrc"] = np.arange(first, first + len(ports))
        self._packets["sound"] = np.frombuffer(rtp.QUIET, np.uint8)
        self._out = Outgoing(sock, self._packets, [("127.0.0.1", port) for port in ports])
        self._edges = [len(ports) * slot // SLOTS for slot in range(SLOTS + 1)]
        self.refused = 0

    def say(self, number: int, slot: int) -> None:
        """The packets of that number, of the streams that are due in the slot."""
        first, last = self._edges[slot], self._edges[slot + 1]
        if first == last:
            return
        due = self._packets[first:last]
        due["number"], due["timestamp"] = number & 0xFFFF, number * rtp.SAMPLES & 0xFFFFFFFF
        due["sent"] = wire.now()
        self.refused += self._out.send(first, last)


def main() -> None:
    """Do what standard input says on the inherited sockets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fds", required=True, help="descriptors, joined by commas")
    fds = parser.parse_args().fds.split(",")
    said = json.loads(sys.stdin.readline())
    plan = Plan([tuple(each) for each in said.pop("streams")], **said)
    sockets = [socket.socket(fileno=int(each)) for each in fds]
    print(json.dumps(asdict(perform(sockets, plan))), flush=True)


def perform(sockets: list[socket.socket], plan: Plan) -> Heard:
    """Talk and listen as planned."""
    voices, first = [], 1
    for place, sock in enumerate(sockets):
        ports = [port for at, port in plan.streams if at == place]
        voices.append(Voices(sock, ports, first, plan.kind))
        first += len(ports)
    ears = [Incoming(sock) for sock in sockets]
    period = rtp.FRAME_NS // SLOTS
    settled = int(plan.settle * wire.SECOND) // period
    end = settled + int(plan.seconds * wire.SECOND) // period
    own: list[int] = []
    heard: list[hearing.Batch] = []
    begun = time.monotonic_ns()
    for tick in range(end):
        due = begun + tick * period
        if (wait := due - time.monotonic_ns()) > 0:
            time.sleep(wait / wire.SECOND)
        if tick == settled:
            _hear(ears)
            print("steady", flush=True)
        own.append(time.monotonic_ns() - due)
        number, slot = divmod(tick, SLOTS)
        for each in voices:
            each.say(number, slot)
        batches = _hear(ears)
        if tick >= settled:
            heard += batches
    print("over", flush=True)
    refused = sum(each.refused for each in voices)
    return Heard(**hearing.judge(heard), own=hearing.spread_of(np.array(own)), refused=refused)


def _hear(ears: list[Incoming]) -> list[hearing.Batch]:
    """All that has arrived."""
    found = []
    for place, ear in enumerate(ears):
        while len((taken := ear.receive())[0]):
            found.append(_sound(place, *taken))
    return found


def _sound(place: int, octets: Array, ports: Array, at: Array) -> hearing.Batch:
    packets = octets[:, : PACKET.itemsize].copy().view(PACKET)[:, 0]
    return hearing.Batch(
        (place << 16) + ports,
        packets["number"].astype(np.int64),
        packets["timestamp"].astype(np.int64),
        packets["sent"].astype(np.int64),
        at.copy(),
        (packets["kind"] & 0x7F) <= rtp.PCMA,
    )


if __name__ == "__main__":
    main()
