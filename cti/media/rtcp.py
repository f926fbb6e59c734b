"""RTCP: what receivers report and senders say of themselves (RFC 3550, 6).

A datagram is a compound of packets. Those we do not use (application-defined, feedback) are
passed over by their length.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from cti.kernel.errors import RemoteError

VERSION = 2
HEADER = struct.Struct("!BBH")
SENDER = struct.Struct("!IQIII")
BLOCK = struct.Struct("!IB3sIIII")
SOURCE = struct.Struct("!I")
CNAME = 1
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source is received (6.4.1); `fraction` in 1/256 since the last report.

    `jitter` is in timestamp units, `last_report` the middle of the NTP time of the source's last
    sender report, `delay` what passed since it came, in 1/65536 s.
    """

    ssrc: int
    fraction: int = 0
    lost: int = 0
    highest: int = 0
    jitter: int = 0
    last_report: int = 0
    delay: int = 0

    @classmethod
    def parse(cls, data: bytes) -> "ReportBlock":
        """Read 24 octets."""
        ssrc, fraction, lost, *rest = BLOCK.unpack(data)
        return cls(ssrc, fraction, int.from_bytes(lost, "big", signed=True), *rest)

    def __bytes__(self) -> bytes:
        lost = max(-(1 << 23), min(self.lost, (1 << 23) - 1)).to_bytes(3, "big", signed=True)
        return BLOCK.pack(
            self.ssrc,
            self.fraction,
            lost,
            self.highest,
            self.jitter,
            self.last_report,
            self.delay,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender sent so far (6.4.1); `ntp` counts 2**-32 s since 1900."""

    KIND: ClassVar[int] = 200
    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> "SenderReport":
        """Read the packet's body; RemoteError when it is cut short."""
        _need(body, SENDER.size)
        ssrc, ntp, timestamp, packets, octets = SENDER.unpack_from(body)
        blocks = _blocks(count, body[SENDER.size :])
        return cls(ssrc, ntp, timestamp, packets, octets, blocks)

    def __bytes__(self) -> bytes:
        body = SENDER.pack(self.ssrc, self.ntp, self.timestamp, self.packets, self.octets)
        return _packet(self.KIND, len(self.blocks), body + b"".join(map(bytes, self.blocks)))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What somebody who sends nothing receives (6.4.2)."""

    KIND: ClassVar[int] = 201
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> "ReceiverReport":
        """Read the packet's body; RemoteError when it is cut short."""
        _need(body, SOURCE.size)
        return cls(SOURCE.unpack_from(body)[0], _blocks(count, body[SOURCE.size :]))

    def __bytes__(self) -> bytes:
        body = SOURCE.pack(self.ssrc) + b"".join(map(bytes, self.blocks))
        return _packet(self.KIND, len(self.blocks), body)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """The canonical name of one source (6.5); other items are passed over."""

    KIND: ClassVar[int] = 202
    ssrc: int
    cname: str

    @classmethod
    def parse(cls, count: int, body: bytes) -> "SourceDescription | None":
        """Read the first chunk, None when there is none or it has no name; RemoteError."""
        if count == 0:
            return None
        _need(body, SOURCE.size)
        place = SOURCE.size
        while place < len(body) and body[place]:
            _need(body, place + 2)
            kind, length = body[place], body[place + 1]
            _need(body, place + 2 + length)
            if kind == CNAME:
                text = body[place + 2 : place + 2 + length].decode("utf-8", "replace")
                return cls(SOURCE.unpack_from(body)[0], text)
            place += 2 + length
        return None

    def __bytes__(self) -> bytes:
        name = self.cname.encode()
        item = bytes((CNAME, len(name))) + name
        # At least one zero octet ends the list, and the chunk is filled to whole words.
        end = bytes(4 - len(item) % 4)
        return _packet(self.KIND, 1, SOURCE.pack(self.ssrc) + item + end)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Sources that leave (6.6)."""

    KIND: ClassVar[int] = 203
    sources: tuple[int, ...]

    @classmethod
    def parse(cls, count: int, body: bytes) -> "Goodbye":
        """Read the sources; RemoteError when they do not fit."""
        _need(body, 4 * count)
        return cls(struct.unpack_from(f"!{count}I", body))

    def __bytes__(self) -> bytes:
        count = len(self.sources)
        return _packet(self.KIND, count, struct.pack(f"!{count}I", *self.sources))


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye
KINDS: dict[int, type[RtcpPacket]] = {
    kind.KIND: kind for kind in (SenderReport, ReceiverReport, SourceDescription, Goodbye)
}


def parse_compound(data: bytes) -> tuple[RtcpPacket, ...]:
    """The packets of a datagram that we know; RemoteError when it is no RTCP compound."""
    return tuple(_packets(data))


def ntp_time(seconds: float) -> int:
    """Seconds since 1970 as a 64-bit NTP timestamp."""
    return int((seconds + NTP_EPOCH) * (1 << 32)) % (1 << 64)


def middle_bits(ntp: int) -> int:
    """The 32 bits of an NTP timestamp that report blocks carry: units of 1/65536 s."""
    return ntp >> 16 & 0xFFFFFFFF


def _packets(data: bytes) -> Iterator[RtcpPacket]:
    if not data:
        raise RemoteError("RTCP: empty")
    while data:
        _need(data, HEADER.size)
        flags, kind, words = HEADER.unpack_from(data)
        if flags >> 6 != VERSION:
            raise RemoteError(f"RTCP: version {flags >> 6}")
        end = HEADER.size + 4 * words
        _need(data, end)
        if kind in KINDS:
            packet = KINDS[kind].parse(flags & 0x1F, data[HEADER.size : end])
            if packet is not None:
                yield packet
        data = data[end:]


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return HEADER.pack(VERSION << 6 | count, kind, len(body) // 4) + body


def _blocks(count: int, data: bytes) -> tuple[ReportBlock, ...]:
    _need(data, count * BLOCK.size)
    return tuple(
        ReportBlock.parse(data[place : place + BLOCK.size])
        for place in range(0, count * BLOCK.size, BLOCK.size)
    )


def _need(data: bytes, octets: int) -> None:
    if len(data) < octets:
        raise RemoteError(f"RTCP: {len(data)} octets where {octets} are needed")
