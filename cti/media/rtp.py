"""RTP packets (RFC 3550, 5.1): parsed, checked and written, byte for byte."""

import struct
from dataclasses import dataclass

from cti.kernel.errors import RemoteError

VERSION = 2
FIXED_HEADER = struct.Struct("!BBHII")
EXTENSION_HEADER = struct.Struct("!HH")
RTCP_TYPES = range(192, 224)
"""Second octets that mark RTCP on a port shared with RTP (RFC 5761, 4)."""
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32


@dataclass(frozen=True, slots=True)
class HeaderExtension:
    """The one header extension a packet may carry (RFC 3550, 5.3.1); whole 32-bit words."""

    profile: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet; `padding` counts the octets of padding, its length octet included."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    csrc: tuple[int, ...] = ()
    extension: HeaderExtension | None = None
    padding: int = 0

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket":
        """Read a datagram; RemoteError when it is no whole RTP packet of version 2."""
        if len(data) < FIXED_HEADER.size:
            raise RemoteError(f"RTP: {len(data)} octets are less than a header")
        flags, kind, sequence, timestamp, ssrc = FIXED_HEADER.unpack_from(data)
        if flags >> 6 != VERSION:
            raise RemoteError(f"RTP: version {flags >> 6}")
        if kind in RTCP_TYPES:
            raise RemoteError(f"RTP: an RTCP packet of type {kind}")
        if flags == VERSION << 6:  # no padding, extension or contributors: nearly every packet
            return cls(kind & 0x7F, sequence, timestamp, ssrc, data[12:], kind > 0x7F)
        csrc, start = _contributors(data, flags & 0x0F)
        extension = None
        if flags & 0x10:
            extension, start = _extension(data, start)
        padding = _padding(data, start) if flags & 0x20 else 0
        payload = data[start : len(data) - padding]
        return cls(
            kind & 0x7F, sequence, timestamp, ssrc, payload, kind > 0x7F, csrc, extension, padding
        )

    def __bytes__(self) -> bytes:
        flags = VERSION << 6 | len(self.csrc)
        kind = self.payload_type | (0x80 if self.marker else 0)
        parts = [b"", struct.pack(f"!{len(self.csrc)}I", *self.csrc) if self.csrc else b""]
        if self.extension is not None:
            flags |= 0x10
            words = len(self.extension.data) // 4
            parts.append(EXTENSION_HEADER.pack(self.extension.profile, words) + self.extension.data)
        parts.append(self.payload)
        if self.padding:
            flags |= 0x20
            parts.append(bytes(self.padding - 1) + bytes((self.padding,)))
        parts[0] = FIXED_HEADER.pack(flags, kind, self.sequence, self.timestamp, self.ssrc)
        return b"".join(parts)


def sequence_distance(new: int, old: int) -> int:
    """How far `new` is after `old` in 16-bit sequence numbers; negative when before."""
    return (new - old + SEQUENCES // 2) % SEQUENCES - SEQUENCES // 2


def timestamp_distance(new: int, old: int) -> int:
    """How far `new` is after `old` in 32-bit timestamps; negative when before."""
    return (new - old + TIMESTAMPS // 2) % TIMESTAMPS - TIMESTAMPS // 2


def _contributors(data: bytes, count: int) -> tuple[tuple[int, ...], int]:
    end = FIXED_HEADER.size + 4 * count
    if end > len(data):
        raise RemoteError(f"RTP: {count} contributing sources do not fit")
    return struct.unpack_from(f"!{count}I", data, FIXED_HEADER.size), end


def _extension(data: bytes, start: int) -> tuple[HeaderExtension, int]:
    body = start + EXTENSION_HEADER.size
    if body > len(data):
        raise RemoteError("RTP: header extension cut short")
    profile, words = EXTENSION_HEADER.unpack_from(data, start)
    end = body + 4 * words
    if end > len(data):
        raise RemoteError("RTP: header extension cut short")
    return HeaderExtension(profile, data[body:end]), end


def _padding(data: bytes, start: int) -> int:
    count = data[-1]
    if not 1 <= count <= len(data) - start:
        raise RemoteError(f"RTP: {count} octets of padding do not fit")
    return count
