"""The ring in a file: mapped into memory, so that what was written outlives the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from cti.trace.records import Record, decode
from cti.trace.ring import LEAST, SEGMENT, Ring, read

OWNER_ONLY = 0o600


class RingFile:
    """A ring that is written; `close` once. OSError where there is no room or no leave."""

    def __init__(self, path: Path, size: int) -> None:
        """Open the file, or make it, with `size` bytes, more or less; another size begins anew."""
        size = max(LEAST, size // SEGMENT * SEGMENT)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        try:
            if os.fstat(file).st_size != size:
                os.ftruncate(file, 0)
                os.posix_fallocate(file, 0, size)
            self._map = mmap(file, size)
        finally:
            os.close(file)
        self._memory = memoryview(self._map)
        self._ring: Ring | None = Ring(self._memory)

    def append(self, content: bytes) -> None:
        """Write one record; after `close`, nothing."""
        if self._ring is not None:
            self._ring.append(content)

    def close(self) -> None:
        """Let go of the file."""
        self._ring = None
        self._memory.release()
        self._map.close()


@contextmanager
def reading(path: Path) -> Iterator[memoryview]:
    """The bytes of a ring file, whoever may be writing it; OSError, ValueError when it is none."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < LEAST or size % SEGMENT:
            raise ValueError("no trace")
        with mmap(file.fileno(), size, access=ACCESS_READ) as mapped, memoryview(mapped) as memory:
            yield memory


def records(memory: memoryview, after: int = 0) -> Iterator[tuple[int, Record]]:
    """The records there are after that number, oldest first, each with its number."""
    for number, content in read(memory, after):
        record = decode(content)
        if record is not None:
            yield number, record
