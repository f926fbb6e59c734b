"""What goes where in a recording: both directions of a leg on one time line.

Packets are placed by their timestamps, on a line anchored to the time the first of them came;
a source that begins anew, stops for a while or drifts is anchored anew. So both sides stay
aligned, lost packets and pauses are silence of their true length, and packets out of order fall
into place. What was collected is cut off the line once it is older than the reordering allowed.
"""

from dataclasses import dataclass, replace

import numpy as np

from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples, decode
from cti.media.model import Codec, Tracks
from cti.media.rtp import RtpPacket, timestamp_distance

EARLY = FRAME_SAMPLES
"""Samples a packet may come before its place; more, and those before it came late."""
LATE = 3200
"""Samples (400 ms) a packet may come after its place; more, and the source has paused."""
REORDERING_SECONDS = LATE / SAMPLES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet's sound and its first sample's position since the beginning of the recording."""

    position: int
    payload: bytes
    codec: Codec


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the recording that is ready to be written, one list of pieces per track."""

    start: int
    length: int
    tracks: tuple[tuple[Piece, ...], ...]

    def samples(self) -> bytes:
        """Interleaved 16-bit little-endian samples."""
        sound = np.zeros((self.length, len(self.tracks)), "<i2")
        for number, pieces in enumerate(self.tracks):
            for piece in pieces:
                _lay(sound[:, number], piece, piece.position - self.start)
        return sound.tobytes()


class Track:
    """One direction: where each packet belongs."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._ssrc: int | None = None
        self._anchor = (0, 0)
        """A timestamp and its position."""

    def add(self, packet: RtpPacket, codec: Codec, now: int, floor: int) -> None:
        """Place a packet that passed at position `now`; nothing is placed before `floor`."""
        position = self._anchor[1] + timestamp_distance(packet.timestamp, self._anchor[0])
        if packet.ssrc != self._ssrc or not -LATE <= position - now <= LATE:
            self._ssrc = packet.ssrc
            self._anchor = (packet.timestamp, now)
            position = now
        elif position - now > EARLY:
            self._move_back(position - now, floor)
            position = now
        if position >= floor:
            self.pieces.append(Piece(position, packet.payload, codec))

    def _move_back(self, samples: int, floor: int) -> None:
        """What came so far came late: all of it that is still here belongs earlier."""
        since = self._anchor[1]
        self._anchor = (self._anchor[0], since - samples)
        moved = [piece for piece in self.pieces if piece.position >= since]
        self.pieces = [piece for piece in self.pieces if piece.position < since]
        for piece in moved:
            position = piece.position - samples
            if not position < floor <= piece.position:
                self.pieces.append(replace(piece, position=position))

    def cut(self, end: int) -> tuple[Piece, ...]:
        """Take out what begins before `end`; what reaches beyond it is also kept."""
        taken = tuple(piece for piece in self.pieces if piece.position < end)
        self.pieces = [piece for piece in self.pieces if piece.position + len(piece.payload) > end]
        return taken


class Recorder:
    """Collects a leg's packets and gives them out as spans, oldest first, without a gap."""

    def __init__(self, tracks: Tracks, now: float) -> None:
        self._began = now
        self._written = 0
        self._received = Track()
        self._sent = Track()
        self._tracks = (self._received, self._sent) if tracks is Tracks.BOTH else (self._received,)
        self._masked = False
        self._floor = 0
        """Where masking last ended: a late packet from before it is not placed."""

    @property
    def channels(self) -> int:
        """1 or 2."""
        return len(self._tracks)

    def received(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet came."""
        self._add(self._received, packet, codec, now)

    def sent(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet was sent."""
        if len(self._tracks) > 1:
            self._add(self._sent, packet, codec, now)

    def mask(self, masked: bool, now: float) -> None:
        """From now on write silence, or sound again."""
        if self._masked and not masked:
            self._floor = self._position(now)
        self._masked = masked

    def collect(self, now: float) -> Span:
        """What is old enough that no late packet will change it."""
        return self._cut(self._position(now - REORDERING_SECONDS))

    def finish(self, now: float) -> Span:
        """All that is left, up to now."""
        return self._cut(self._position(now))

    def _add(self, track: Track, packet: RtpPacket, codec: Codec, now: float) -> None:
        if not self._masked:
            track.add(packet, codec, self._position(now), self._floor)

    def _cut(self, end: int) -> Span:
        start, end = self._written, max(self._written, end)
        self._written = end
        return Span(start, end - start, tuple(track.cut(end) for track in self._tracks))

    def _position(self, now: float) -> int:
        return round((now - self._began) * SAMPLES_PER_SECOND)


def _lay(track: Samples, piece: Piece, offset: int) -> None:
    """Write the piece's samples at `offset`, as far as they lie inside the track."""
    first, last = max(0, offset), min(len(track), offset + len(piece.payload))
    if first < last:
        track[first:last] = decode(piece.payload[first - offset : last - offset], piece.codec)
