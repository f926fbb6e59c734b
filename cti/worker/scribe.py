"""Writes one recording from its notes: placed, rendered and sealed, a piece at a time.

It may block, so it works in a thread or a process that no packet waits for.
"""

from collections.abc import Sequence
from pathlib import Path

from cti.media.model import Tracks
from cti.media.recorder import Recorder, Span
from cti.media.rendering import Renderer
from cti.recording.keys import KeyRing
from cti.recording.repair import CRASH
from cti.recording.writer import Held, RecordingWriter
from cti.worker.notes import Note, replay

DISK, MISTAKE = "disk", "mistake"
"""Why a recording ends before its call: the disk refused, or we failed."""


class Scribe:
    """Given up at the first error, which it raises: the file keeps what it holds by then."""

    def __init__(self, path: Path, tracks: Tracks, began: float, ring: KeyRing | None) -> None:
        self.held = Held()
        """What the file holds, once it is closed."""
        self._recorder = Recorder(tracks, began)
        self._renderer = Renderer(self._recorder.channels)
        self._path, self._ring = path, ring
        self._writer: RecordingWriter | None = None
        self._now = began
        self._sounded = False
        """Whether there is anything but silence in it, which a crash of the machine could take."""

    def open(self) -> None:
        """Begin the file; OSError, KeyLost."""
        self._writer = RecordingWriter(self._path, self._recorder.channels, self._ring)

    def write(self, notes: Sequence[Note], now: float) -> None:
        """Write what is old enough at `now` (seconds)."""
        if self._writer is not None:
            self._attempt(notes, now, last=False)

    def end(self, notes: Sequence[Note], now: float, why: str = "") -> Held:
        """Write what is left and close the file; `why` if the call goes on or nobody knows."""
        if self._writer is not None:
            self._attempt(notes, now, last=True)
            writer, self._writer = self._writer, None
            self.held = writer.held
            self.held = writer.close(why, lasting=self._sounded)
        return self.held

    def abandon(self) -> Held:
        """Close the file with what is known: there will be no more notes, nor an end."""
        return self.end((), self._now, CRASH)

    def _attempt(self, notes: Sequence[Note], now: float, *, last: bool) -> None:
        writer = self._writer
        assert writer is not None, "opened before"
        self._now = now
        try:
            replay(notes, self._recorder)
            span = self._recorder.finish(now) if last else self._recorder.collect(now)
            self._sounded = self._sounded or any(span.tracks)
            if _says_something(span):
                writer.append(self._renderer.samples(span), span.marks)
        except Exception as error:
            self._writer = None
            self.held = writer.give_up(DISK if isinstance(error, OSError) else MISTAKE)
            raise


def _says_something(span: Span) -> bool:
    return bool(span.length or span.marks)
