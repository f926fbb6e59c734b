"""A recording of a leg: what the recorder collects, written by the disk thread."""

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.media.port import Codec, Tracks
from cti.media.recorder import Recorder, Span
from cti.media.rendering import Renderer
from cti.media.rtp import RtpPacket
from cti.recording.keys import KeyLost, KeyRing
from cti.recording.writer import Held, RecordingWriter
from cti.worker.disk import Disk

log = Logger()

DISK, MISTAKE = "disk", "mistake"
"""Why a recording ends before its call: the disk refused, or we failed."""


class Recording:
    """One file that grows by a second every second."""

    def __init__(
        self, path: Path, tracks: Tracks, now: float, disk: Disk, ring: KeyRing | None = None
    ) -> None:
        self.path = path
        self._recorder = Recorder(tracks, now)
        self._renderer = Renderer(self._recorder.channels)
        self._disk = disk
        self._ring = ring
        self._writer: RecordingWriter | None = None
        self._held = Held()
        self._sounded = False
        """Whether there is anything but silence in it, which a crash of the machine could take."""
        self._disk.run(self._open_in_thread).addErrback(self._failed)

    def received(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet came."""
        self._recorder.received(packet, codec, now)

    def sent(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet was sent."""
        self._recorder.sent(packet, codec, now)

    def heard(self, data: bytes, codec: Codec, now: float) -> None:
        """A datagram of sound came with no more than header and payload."""
        self._recorder.heard(data, codec, now)

    def said(self, data: bytes, codec: Codec, now: float) -> None:
        """Such a datagram was sent."""
        self._recorder.said(data, codec, now)

    def keyed(self, packet: RtpPacket, now: float) -> None:
        """A packet of a key press came, in place of sound."""
        self._recorder.keyed(packet, now)

    def mask(self, masked: bool, now: float) -> None:
        """From now on leave out something secret, or no more."""
        self._recorder.mask(masked, now)

    def pause(self, paused: bool, now: float) -> None:
        """From now on leave out both sides, or no more."""
        self._recorder.pause(paused, now)

    def mark(self, label: str, now: float) -> None:
        """Note this instant."""
        self._recorder.mark(label, now)

    def flush(self, now: float) -> None:
        """Write what is old enough."""
        self._write(self._recorder.collect(now))

    def close(self, now: float) -> Deferred[Held]:
        """Write what is left; fires with what the file holds when it is closed."""
        span = self._recorder.finish(now)
        closed = self._disk.run(lambda: self._end_in_thread(span))
        closed.addErrback(self._failed)
        return closed.addCallback(lambda _: self._held)

    def _write(self, span: Span) -> None:
        if _says_something(span):
            self._disk.run(lambda: self._write_in_thread(span)).addErrback(self._failed)

    def _open_in_thread(self) -> None:
        self._writer = RecordingWriter(self.path, self._recorder.channels, self._ring)

    def _write_in_thread(self, span: Span) -> None:
        if self._writer is None:
            return
        self._sounded = self._sounded or any(span.tracks)
        try:
            self._writer.append(self._renderer.samples(span), span.marks)
        except Exception as error:
            # Given up at the first error: the file keeps what it holds, the call goes on.
            writer, self._writer = self._writer, None
            self._held = writer.give_up(DISK if isinstance(error, OSError) else MISTAKE)
            raise

    def _end_in_thread(self, span: Span) -> None:
        if _says_something(span):
            self._write_in_thread(span)
        writer, self._writer = self._writer, None
        if writer is not None:
            self._held = writer.held
            self._held = writer.close(lasting=self._sounded)

    def _failed(self, failure: Failure) -> None:
        if failure.check(OSError, KeyLost):
            log.error("Recording {path} stopped: {reason}", path=self.path, reason=failure.value)
        else:
            log.failure("Recording {path} stopped", failure, path=self.path)


def _says_something(span: Span) -> bool:
    return bool(span.length or span.marks)
