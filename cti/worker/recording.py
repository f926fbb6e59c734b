"""A recording of a leg: notes of what passes, handed once a second to whoever writes them."""

from pathlib import Path

from twisted.internet.defer import Deferred

from cti.media.port import Codec, Tracks
from cti.media.rtp import RtpPacket
from cti.recording.writer import Held
from cti.worker.desk import Desk
from cti.worker.notes import Kind, Note


class Recording:
    """One file that grows by a second every second."""

    def __init__(self, path: Path, tracks: Tracks, now: float, desk: Desk) -> None:
        self.path = path
        self._both = tracks is Tracks.BOTH
        self._notes: list[Note] = []
        self._masked = self._paused = False
        self._silent = False
        """Whether sound is left out: then it is not even noted."""
        self._pen = desk.begin(path, tracks, now)

    def received(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet came."""
        if not self._silent:
            self._notes.append((Kind.RECEIVED, bytes(packet), codec.value, now))

    def sent(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet was sent."""
        if self._both and not self._silent:
            self._notes.append((Kind.SENT, bytes(packet), codec.value, now))

    def heard(self, data: bytes, kind: int, now: float) -> None:
        """A datagram of sound of that payload type came with no more than header and payload."""
        if not self._silent:
            self._notes.append((Kind.HEARD, data, kind, now))

    def said(self, data: bytes, kind: int, now: float) -> None:
        """Such a datagram was sent."""
        if self._both and not self._silent:
            self._notes.append((Kind.SAID, data, kind, now))

    def keyed(self, packet: RtpPacket, now: float) -> None:
        """A packet of a key press came, in place of sound."""
        # Only its place matters: which key it was stays here.
        place = RtpPacket(packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc, b"")
        self._notes.append((Kind.KEYED, bytes(place), 0, now))

    def mask(self, masked: bool, now: float) -> None:
        """From now on leave out something secret, or no more."""
        self._masked = masked
        self._silent = masked or self._paused
        self._notes.append((Kind.MASKED, masked, 0, now))

    def pause(self, paused: bool, now: float) -> None:
        """From now on leave out both sides, or no more."""
        self._paused = paused
        self._silent = paused or self._masked
        self._notes.append((Kind.PAUSED, paused, 0, now))

    def mark(self, label: str, now: float) -> None:
        """Note this instant."""
        self._notes.append((Kind.LABELLED, label, 0, now))

    def flush(self, now: float) -> None:
        """Have written what is old enough."""
        notes, self._notes = self._notes, []
        self._pen.write(notes, now)

    def close(self, now: float) -> Deferred[Held]:
        """Have written what is left; fires with what the file holds when it is closed."""
        notes, self._notes = self._notes, []
        return self._pen.end(notes, now)
