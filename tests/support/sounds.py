"""WAV files made up for tests."""

import struct


def wav(frames: int, channels: int = 2, *, extra: bytes = b"") -> bytes:
    """A stereo 16-bit file at 8000 frames per second, as one that was closed."""
    data = bytes(index % 251 for index in range(frames * 2 * channels))
    form = struct.pack("<HHIIHH", 1, channels, 8000, 16000 * channels, 2 * channels, 16)
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", 16) + form + extra
    body += struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body
