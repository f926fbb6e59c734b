"""Where recordings are written: beside the reactor, in a thread here or in a process of its own.

Packets wait for neither. A thread shares the interpreter with them, though: each `send` and `recv`
lends it out, and comes back late while somebody renders. So media workers have a process
(`cti.worker.writer_link`); command-line telephones, with their one leg, a thread.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.media.model import Tracks
from cti.recording.keys import KeyLost, KeyRing
from cti.recording.writer import Held
from cti.worker.disk import Disk
from cti.worker.notes import Note
from cti.worker.scribe import Scribe

log = Logger()


class Pen(Protocol):
    """One recording that is being written; nothing fails, what goes wrong is logged."""

    def write(self, notes: list[Note], now: float) -> None:
        """Write these, as far as they are old enough at `now` (seconds)."""

    def end(self, notes: list[Note], now: float) -> Deferred[Held]:
        """Write these and close the file; fires with what it holds."""


class Desk(Protocol):
    """Begins recordings."""

    def begin(self, path: Path, tracks: Tracks, now: float) -> Pen: ...

    def stop(self) -> None:
        """Wait until all is written."""


class DiskDesk:
    """In a disk's thread."""

    def __init__(self, disk: Disk, ring: KeyRing | None = None) -> None:
        self._disk, self._ring = disk, ring

    def begin(self, path: Path, tracks: Tracks, now: float) -> "DiskPen":
        """Begin a recording to that file."""
        return DiskPen(self._disk, path, Scribe(path, tracks, now, self._ring))

    def stop(self) -> None:
        """Wait until all is written."""
        self._disk.stop()


class DiskPen:
    """Each piece is a job of the disk."""

    def __init__(self, disk: Disk, path: Path, scribe: Scribe) -> None:
        self._disk, self._path, self._scribe = disk, path, scribe
        self._run(scribe.open)

    def write(self, notes: list[Note], now: float) -> None:
        """Write these, as far as they are old enough."""
        self._run(lambda: self._scribe.write(notes, now))

    def end(self, notes: list[Note], now: float) -> Deferred[Held]:
        """Write these and close the file."""
        ended = self._run(lambda: self._scribe.end(notes, now))
        return ended.addCallback(lambda _: self._scribe.held)

    def _run(self, job: Callable[[], object]) -> "Deferred[object]":
        return self._disk.run(job).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        expected = failure.check(OSError, KeyLost)
        tell_stopped(self._path, str(failure.value), "" if expected else failure.getTraceback())


def tell_stopped(path: Path, reason: str, trace: str) -> None:
    """Log that a recording ended before its call; with a `trace` the mistake is ours."""
    if trace:
        log.critical("Recording {path} stopped: {trace}", path=path, trace=trace)
    else:
        log.error("Recording {path} stopped: {reason}", path=path, reason=reason)
