"""The few octets of RTP (RFC 3550, 5.1) and of key presses (RFC 4733) that a load needs."""

import struct

HEADER = struct.Struct("!BBHII")
STAMP = struct.Struct("!q")
"""The time of sending at the start of the payload (CLOCK_REALTIME, ns)."""
EVENT = struct.Struct("!BBH")
VERSION, MARKER = 0x80, 0x80
PCMA, EVENTS = 8, 101
SAMPLES, RATE = 160, 8000
FRAME_NS = 20_000_000
QUIET = bytes([0xD5]) * (SAMPLES - STAMP.size)
PRESSED, ENDS = 4, 3
"""Packets of a key held 80 ms, and the retransmissions of its last (RFC 4733, 2.5.1.4)."""
VOLUME, END = 10, 0x80


def audio(number: int, ssrc: int, stamp: int) -> bytes:
    """The packet of that number of a stream, 20 ms of A-law with the time of sending in it."""
    head = HEADER.pack(VERSION, PCMA, number & 0xFFFF, number * SAMPLES & 0xFFFFFFFF, ssrc)
    return head + STAMP.pack(stamp) + QUIET


def key_press(key: int, first: int, ssrc: int) -> list[bytes]:
    """Packets of one key of 80 ms, to be sent 20 ms apart; `first` is the first one's number."""
    timestamp, packets = first * SAMPLES & 0xFFFFFFFF, []
    for place in range(PRESSED + ENDS):
        duration = min(place + 1, PRESSED) * SAMPLES
        kind = EVENTS | (MARKER if place == 0 else 0)
        head = HEADER.pack(VERSION, kind, (first + place) & 0xFFFF, timestamp, ssrc)
        flags = VOLUME | (END if place >= PRESSED else 0)
        packets.append(head + EVENT.pack(key, flags, duration))
    return packets


def is_audio(data: bytes) -> bool:
    """Whether it is a packet of sound, not RTCP and no key press."""
    return len(data) > HEADER.size + STAMP.size and data[1] & 0x7F in (0, PCMA)


def is_silent(data: bytes) -> bool:
    """Whether the packet's A-law is digital silence."""
    return data[HEADER.size :].strip(QUIET[:1]) == b""
