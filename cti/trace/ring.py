"""A ring of records in a piece of memory, readable after a crash at any moment.

The memory is cut into segments. A segment begins with the number of its first record; records
follow each other without gaps, each with its length, its number and a checksum over number and
content. No record spans segments. When a segment is full the oldest one is begun anew:

::

    | magic  crc  first | length crc number content | length crc number content | 0 ...   old bytes
    '---- segment ------'------------ record -------'

A reader takes the segments in the order of their first numbers, and in each the records as long as
length, checksum and number fit: what a crash tore apart ends its segment, and hides nothing else.
The writer puts the end mark, then the content, then the head, so a reader beside a running writer
sees a record wholly or not at all.
"""

import struct
from collections.abc import Iterator
from zlib import crc32

SEGMENT = 128 * 1024
"""Bytes of a segment, and so more than the longest record."""
LEAST = 2 * SEGMENT

_MAGIC = b"HTR1"
_SEGMENT = struct.Struct("<4sIQ")
_RECORD = struct.Struct("<IIQ")
_NUMBER = struct.Struct("<Q")
_END = bytes(_RECORD.size)
_LONGEST = SEGMENT - _SEGMENT.size - 2 * _RECORD.size

Memory = memoryview
"""Bytes that can be written, a whole number of segments."""


class Ring:
    """Appends to the memory, after whatever an earlier writer left in it."""

    def __init__(self, memory: Memory) -> None:
        if len(memory) < LEAST or len(memory) % SEGMENT:
            raise ValueError(f"a ring takes a multiple of {SEGMENT} bytes, at least {LEAST}")
        self._memory = memory
        self._segments = len(memory) // SEGMENT
        self._segment, self._at, self._number = self._resume()

    def append(self, content: bytes) -> None:
        """Write one record; ValueError when it is longer than a segment."""
        length = len(content)
        if length > _LONGEST:
            raise ValueError("too long for a record")
        if self._at + length + 2 * _RECORD.size > SEGMENT:
            self._begin((self._segment + 1) % self._segments)
        memory, number = self._memory, self._number
        begin = self._segment * SEGMENT + self._at
        body = begin + _RECORD.size
        end = body + length
        memory[end : end + _RECORD.size] = _END
        memory[body:end] = content
        _RECORD.pack_into(memory, begin, length, _checksum(number, content), number)
        self._at += _RECORD.size + length
        self._number = number + 1

    def _begin(self, segment: int) -> None:
        begin = segment * SEGMENT
        after = begin + _SEGMENT.size
        self._memory[after : after + _RECORD.size] = _END
        number = _NUMBER.pack(self._number)
        _SEGMENT.pack_into(self._memory, begin, _MAGIC, crc32(number), self._number)
        self._segment, self._at = segment, _SEGMENT.size

    def _resume(self) -> tuple[int, int, int]:
        """Segment, place in it and number of the next record."""
        known = _segments(self._memory)
        if not known:
            self._number = 1
            self._begin(0)
            return 0, _SEGMENT.size, 1
        first, segment = known[-1]
        contents = [content for _, content in _records(self._memory, segment, first)]
        used = sum(_RECORD.size + len(content) for content in contents)
        return segment, _SEGMENT.size + used, first + len(contents)


def read(memory: Memory, after: int = 0) -> Iterator[tuple[int, bytes]]:
    """The records there are, oldest first, each with its number; only those after `after`."""
    segments = _segments(memory)
    for place, (first, segment) in enumerate(segments):
        if place + 1 < len(segments) and segments[place + 1][0] <= after + 1:
            continue
        for number, content in _records(memory, segment, first):
            if number > after:
                yield number, content


def _segments(memory: Memory) -> list[tuple[int, int]]:
    """First number and place of every segment that was begun, in the order of writing."""
    found = []
    for segment in range(len(memory) // SEGMENT):
        magic, checksum, first = _SEGMENT.unpack_from(memory, segment * SEGMENT)
        if magic == _MAGIC and checksum == crc32(_NUMBER.pack(first)):
            found.append((first, segment))
    return sorted(found)


def _records(memory: Memory, segment: int, first: int) -> Iterator[tuple[int, bytes]]:
    """The whole records of a segment."""
    at, end, expected = segment * SEGMENT + _SEGMENT.size, (segment + 1) * SEGMENT, first
    while at + _RECORD.size <= end:
        length, checksum, number = _RECORD.unpack_from(memory, at)
        body = at + _RECORD.size
        if number != expected or not 0 < length <= end - body:
            return
        content = bytes(memory[body : body + length])
        if _checksum(number, content) != checksum:
            return
        yield number, content
        at, expected = body + length, expected + 1


def _checksum(number: int, content: bytes) -> int:
    return crc32(content, number & 0xFFFFFFFF)
