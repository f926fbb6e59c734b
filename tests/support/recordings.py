"""Recordings made by the second, and the keys for them."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from cti.kernel.identifiers import Entropy
from cti.recording.keys import KeyRing
from cti.recording.marks import Mark, MarkKind
from cti.recording.writer import Held, RecordingWriter

RING = KeyRing({"old": bytes(range(32)), "new": bytes(range(32, 64))}, "old")


def counted_entropy() -> Entropy:
    """Tokens that differ, and are the same in every run."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big").hex()


def second_of(number: int, samples: int = 800) -> bytes:
    """A piece of sound that is like no other."""
    return b"".join((number * 1000 + at).to_bytes(4, "little") for at in range(samples))


def begin(path: Path, ring: KeyRing | None = None, seconds: int = 3) -> RecordingWriter:
    """A recording of two sides that has come so far, in pieces of a tenth of a second."""
    writer = RecordingWriter(path, 2, ring, counted_entropy())
    for number in range(seconds):
        writer.append(second_of(number), marks_of(number))
    return writer


def marks_of(number: int) -> Sequence[Mark]:
    """Something noted in every second piece."""
    return [Mark(MarkKind.GAP, number * 800 + 10, 700, 0)] if number % 2 else []


def record(path: Path, ring: KeyRing | None = None, seconds: int = 3) -> Held:
    """A closed one."""
    return begin(path, ring, seconds).close()


def abandon(writer: RecordingWriter) -> None:
    """What remains when the process is killed: no more is written, and the lock is gone."""
    writer._chain.close()
    writer._store._file.close()  # type: ignore[attr-defined]  # both stores have one
