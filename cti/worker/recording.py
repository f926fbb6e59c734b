"""A recording of a leg: what the recorder collects, written by the disk thread."""

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.media.port import Codec, Tracks
from cti.media.recorder import Recorder, Span
from cti.media.rtp import RtpPacket
from cti.media.wave_file import WaveWriter
from cti.worker.disk import Disk

log = Logger()


class Recording:
    """One WAV file that grows by a second every second."""

    def __init__(self, path: Path, tracks: Tracks, now: float, disk: Disk) -> None:
        self.path = path
        self._recorder = Recorder(tracks, now)
        self._disk = disk
        self._writer: WaveWriter | None = None
        self._seconds = 0.0
        self._disk.run(self._open_in_thread).addErrback(self._failed)

    def received(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet came."""
        self._recorder.received(packet, codec, now)

    def sent(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet was sent."""
        self._recorder.sent(packet, codec, now)

    def mask(self, masked: bool, now: float) -> None:
        """From now on write silence, or sound again."""
        self._recorder.mask(masked, now)

    def flush(self, now: float) -> None:
        """Write what is old enough."""
        self._write(self._recorder.collect(now))

    def close(self, now: float) -> Deferred[float]:
        """Write what is left; fires with the seconds the file holds when it is closed."""
        self._write(self._recorder.finish(now))
        closed = self._disk.run(self._close_in_thread)
        closed.addErrback(self._failed)
        return closed.addCallback(lambda _: self._seconds)

    def _write(self, span: Span) -> None:
        if span.length:
            self._disk.run(lambda: self._write_in_thread(span)).addErrback(self._failed)

    def _open_in_thread(self) -> None:
        self._writer = WaveWriter(self.path, self._recorder.channels)

    def _write_in_thread(self, span: Span) -> None:
        if self._writer is None:
            return
        try:
            self._writer.append(span.samples())
        except OSError:
            # Given up at the first error: the file keeps what it holds, the call goes on.
            self._close_in_thread()
            raise

    def _close_in_thread(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self._seconds = writer.seconds
            writer.close()

    def _failed(self, failure: Failure) -> None:
        failure.trap(OSError)
        log.error("Recording {path} stopped: {reason}", path=self.path, reason=failure.value)
