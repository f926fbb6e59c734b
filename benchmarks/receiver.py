"""A process of its own that takes RTP in: when each packet arrived, by the kernel's clock.

It looks at its sockets ten times a second only, so that taking measure disturbs nothing: the
kernel has stamped the packets and keeps them. Prints one JSON object.
"""

import argparse
import json
import socket
import time
from collections import defaultdict

from benchmarks import rtp, wire

LOOK = 0.1
SAMPLE_NS = 1_000_000_000 // rtp.RATE
WRAP, HALF = 1 << 32, 1 << 31


def main() -> None:
    """Receive on inherited sockets for so many seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fds", required=True, help="descriptors, joined by commas")
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    sockets = [socket.socket(fileno=int(each)) for each in args.fds.split(",")]
    for sock in sockets:
        wire.drain(sock)
    packets = collect(sockets, args.seconds)
    late = [each for stream in packets for each in lateness(stream)]
    transit = [
        at - rtp.STAMP.unpack_from(data, rtp.HEADER.size)[0] for s in packets for data, at in s
    ]
    print(json.dumps({"late": late, "transit": transit, "lost": sum(map(lost, packets))}))


def collect(sockets: list[socket.socket], seconds: float) -> list[list[tuple[bytes, int]]]:
    """Of each stream (a socket and an SSRC) the packets in the order of their arrival."""
    streams: dict[tuple[int, int], list[tuple[bytes, int]]] = defaultdict(list)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(LOOK)
        for place, sock in enumerate(sockets):
            while (found := wire.receive(sock)) is not None:
                if rtp.is_audio(found[0]):
                    ssrc = rtp.HEADER.unpack_from(found[0])[4]
                    streams[place, ssrc].append(found)
    return list(streams.values())


def lateness(stream: list[tuple[bytes, int]]) -> list[int]:
    """How much later each packet came than the stream's fastest, by their timestamps, in ns."""
    heads = [rtp.HEADER.unpack_from(data) for data, _ in stream]
    first = heads[0][3]
    offsets = [
        at - ((head[3] - first + HALF) % WRAP - HALF) * SAMPLE_NS
        for head, (_, at) in zip(heads, stream, strict=True)
    ]
    fastest = min(offsets)
    return [offset - fastest for offset in offsets]


def lost(stream: list[tuple[bytes, int]]) -> int:
    """How many sequence numbers are missing."""
    numbers = [rtp.HEADER.unpack_from(data)[2] for data, _ in stream]
    return ((numbers[-1] - numbers[0]) & 0xFFFF) + 1 - len(numbers) if numbers else 0


if __name__ == "__main__":
    main()
