"""A trace as a capture file that Wireshark opens (libpcap's format, version 2.4).

Frames are bare IP packets. Their addresses, ports and times are true, everything else is made up:
whatever a message went over, it is shown in one UDP datagram.
"""

import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from cti.sip.events import Endpoint
from cti.trace.records import Direction, Message

_FILE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
"""The file's header; 101 stands for frames that begin with IP."""
_FRAME = struct.Struct("<IIII")
_UDP = 17
_NOBODY = IPv4Address(0)


def capture(messages: Iterable[Message]) -> Iterator[bytes]:
    """The bytes of the file."""
    yield _FILE
    for message in messages:
        ends = message.local, message.remote
        source, target = ends if message.direction is Direction.OUT else ends[::-1]
        packet = _packet(source, target, message.data)
        seconds, micros = divmod(round(message.at * 1_000_000), 1_000_000)
        yield _FRAME.pack(seconds, micros, len(packet), len(packet)) + packet


def _packet(source: Endpoint, target: Endpoint, data: bytes) -> bytes:
    here, there = _address(source.host), _address(target.host)
    if here.version != there.version:
        here, there = IPv6Address(b"\0" * 16), IPv6Address(b"\0" * 16)
    length = 8 + len(data)
    unsummed = struct.pack("!HHHH", source.port, target.port, length, 0)
    if here.version == 6:
        pseudo = here.packed + there.packed + struct.pack("!II", length, _UDP)
        checksum = _sum(pseudo + unsummed + data) or 0xFFFF
        head = struct.pack("!IHBB", 6 << 28, length, _UDP, 64)
        udp = struct.pack("!HHHH", source.port, target.port, length, checksum)
        return head + here.packed + there.packed + udp + data
    blank = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, _UDP, 0)
    checksum = _sum(blank + here.packed + there.packed)
    head = blank[:-2] + struct.pack("!H", checksum)
    return head + here.packed + there.packed + unsummed + data


def _address(host: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(host)
    except ValueError:
        return _NOBODY


def _sum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
