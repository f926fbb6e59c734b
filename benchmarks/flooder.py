"""A process of its own that floods a SIP server: so many datagrams a second, from many addresses.

``python -m benchmarks.flooder HOST PORTS --rate 5000 --seconds 5 --sources 50``: malformed ones and
well formed ones without credentials, by turns or of one kind, or RTP (then to several ports, with
commas between); strangers' addresses are those of 127.66.0.0/16 on the loopback. Prints how many
were sent.
"""

import argparse
import socket
import time
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain, count, cycle

from benchmarks import rtp

BATCH = 0.002
"""Seconds from one burst to the next."""
MALFORMED = (
    b"\x00\x01\x02 no message at all",
    b"INVITE sip:95588@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.66.0.1\r\n\r\n",
    (
        b"REGISTER sip:127.0.0.1 SIP/7.0\r\nVia: SIP/2.0/UDP 127.66.0.1:5060;branch=z9hG4bKx\r\n"
        b"From: <sip:1@a>;tag=1\r\nTo: <sip:1@a>\r\nCall-ID: x\r\nCSeq: nine REGISTER\r\n\r\n"
    ),
)
METHODS = ("REGISTER", "INVITE", "OPTIONS")


class Kind(StrEnum):
    """What a flood consists of."""

    MALFORMED = "malformed"
    UNAUTHORISED = "unauthorised"
    BOTH = "both"
    RTP = "rtp"


def main() -> None:
    """Flood until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("ports", type=_ports)
    parser.add_argument("--rate", type=float, default=5000.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--kind", type=Kind, choices=list(Kind), default=Kind.BOTH)
    parser.add_argument("--own", action="store_true", help="from 127.0.0.1, not from strangers")
    args = parser.parse_args()
    hosts = [
        "127.0.0.1" if args.own else f"127.66.{n // 250}.{n % 250 + 1}" for n in range(args.sources)
    ]
    to = [(args.host, port) for port in args.ports]
    print(flood(to, hosts, args.kind, args.rate, args.seconds), flush=True)


def flood(
    to: list[tuple[str, int]], hosts: list[str], kind: Kind, rate: float, seconds: float
) -> int:
    """How many datagrams of that kind were sent."""
    sockets = [_socket(host) for host in hosts]
    begun, sent, messages = time.monotonic(), 0, _messages(to[0], kind)
    senders, targets = cycle(sockets), cycle(to)
    while (passed := time.monotonic() - begun) < seconds:
        while sent < rate * passed:
            next(senders).sendto(next(messages), next(targets))
            sent += 1
        time.sleep(BATCH)
    return sent


def _socket(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock


def _ports(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _messages(to: tuple[str, int], kind: Kind) -> Iterator[bytes]:
    match kind:
        case Kind.MALFORMED:
            return cycle(MALFORMED)
        case Kind.UNAUTHORISED:
            return _unauthorised(to)
        case Kind.RTP:
            return (rtp.audio(number, number, 0) for number in count())
        case Kind.BOTH:
            return chain.from_iterable(zip(cycle(MALFORMED), _unauthorised(to), strict=False))


def _unauthorised(to: tuple[str, int]) -> Iterator[bytes]:
    for number, method in zip(count(), cycle(METHODS), strict=False):
        name = 1000 + number % 5000
        yield (
            f"{method} sip:{name}@{to[0]}:{to[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.66.0.1:5060;rport;branch=z9hG4bK{number}\r\n"
            f"From: <sip:{name}@{to[0]}>;tag={number}\r\nTo: <sip:{name}@{to[0]}>\r\n"
            f"Call-ID: flood-{number}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{name}@127.66.0.1>\r\nContent-Length: 0\r\n\r\n"
        ).encode()


if __name__ == "__main__":
    main()
