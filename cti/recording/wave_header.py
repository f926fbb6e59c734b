"""The 44 octets before a recording's samples (RIFF WAVE, 16-bit linear, 8000 per second)."""

import struct

from cti.recording.marks import RATE

SAMPLE_OCTETS = 2
PCM = 1
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
MOST_OCTETS = 2**32 - HEADER.size
"""What a RIFF file can count: 37 hours of two sides."""


def header(channels: int, octets: int) -> bytes:
    """The header of a file with so many octets of samples."""
    frame = SAMPLE_OCTETS * channels
    return HEADER.pack(
        b"RIFF",
        HEADER.size - 8 + octets,
        b"WAVE",
        b"fmt ",
        16,
        PCM,
        channels,
        RATE,
        RATE * frame,
        frame,
        8 * SAMPLE_OCTETS,
        b"data",
        octets,
    )


def counted(head: bytes, channels: int) -> int | None:
    """How many octets of samples that header counts; None when it is no header of ours."""
    if len(head) != HEADER.size:
        return None
    octets: int = HEADER.unpack(head)[-1]
    return octets if octets <= MOST_OCTETS and header(channels, octets) == head else None
