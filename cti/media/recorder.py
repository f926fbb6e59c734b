"""What goes where in a recording: both directions of a leg on one time line.

Packets are placed by their timestamps, on a line anchored to the time the first of them came;
a source that begins anew, stops for a while or drifts is anchored anew. So both sides stay
aligned, lost packets and pauses keep their true length, and packets out of order fall into
place. What was collected is cut off the line once it is older than the reordering allowed; by
then it is known what is missing from it.

A packet that only follows the one before is kept as it came and placed when it is asked for, a
whole run of such packets as one piece.

While the recording is masked or paused both sides are silent, to the sample.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cti.media.continuity import Continuity, Hole, Stretch
from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND
from cti.media.model import Codec, Tracks
from cti.media.rtp import FIXED_HEADER, TIMESTAMPS, RtpPacket, timestamp_distance
from cti.recording.marks import Mark, MarkKind

EARLY = FRAME_SAMPLES
"""Samples a packet may come before its place; more, and those before it came late."""
LATE = 3200
"""Samples (400 ms) a packet may come after its place; more, and the source has paused."""
STAMPS = struct.Struct("!4xII")
"""Timestamp and SSRC of a header."""
REORDERING_SECONDS = LATE / SAMPLES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet's sound and its first sample's position since the beginning of the recording.

    An octet lasts as long as a sample at 8000 per second, in G.711 as in G.722.
    """

    position: int
    payload: bytes
    codec: Codec

    @property
    def end(self) -> int:
        """The position after its last sample."""
        return self.position + len(self.payload)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the recording that is ready to be written.

    Per track the pieces that begin in it or that came too late for the one before, in their
    order, and its holes. `silent` is to be silent on every track whatever lies there.
    """

    start: int
    length: int
    tracks: tuple[tuple[Piece, ...], ...]
    holes: tuple[tuple[Hole, ...], ...]
    silent: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def end(self) -> int:
        """The position after its last sample."""
        return self.start + self.length


@dataclass(slots=True)
class Run:
    """Packets that follow each other without a gap: the first one's piece, and what comes next."""

    first: Piece
    ssrc: int
    timestamp: int
    position: int
    payloads: list[bytes]

    @property
    def piece(self) -> Piece:
        """All of it as one."""
        return Piece(self.first.position, b"".join(self.payloads), self.first.codec)

    def take(self, ssrc: int, timestamp: int, codec: Codec, payload: bytes) -> bool:
        """Whether the packet goes on with it."""
        if timestamp != self.timestamp or ssrc != self.ssrc or codec is not self.first.codec:
            return False
        self.payloads.append(payload)
        self.timestamp = (timestamp + len(payload)) % TIMESTAMPS
        self.position += len(payload)
        return True


class Track:
    """One direction: where each packet belongs."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._kept: list[tuple[bytes, Codec, float]] = []
        """Datagrams not yet placed, and when they passed, in seconds."""
        self._ssrc: int | None = None
        self._anchor = (0, 0)
        """A timestamp and its position."""
        self._first = 0
        """The earliest position placed by that anchor."""
        self._continuity = Continuity()
        self._keys: dict[int, Stretch] = {}
        """Where keys were held down in place of sound, by the timestamp of each."""
        self._tail: Piece | None = None
        """What was taken out last and reaches beyond the cut."""

    def keep(self, data: bytes, codec: Codec, now: float) -> None:
        """A plain datagram passed at `now` (seconds); `place` does the rest."""
        self._kept.append((data, codec, now))

    def place(self, began: float, floor: int, end: int) -> None:
        """Place what was kept, as `add` would have, since `began` (seconds).

        No piece reaches from before `end` beyond it by more than its first packet.
        """
        kept, self._kept = self._kept, []
        run: Run | None = None
        for data, codec, seconds in kept:
            timestamp, ssrc = STAMPS.unpack_from(data)
            payload = data[FIXED_HEADER.size :]
            now = round((seconds - began) * SAMPLES_PER_SECOND)
            if (
                run is not None
                and -LATE <= run.position - now <= EARLY
                and not run.first.position < end <= run.position
                and run.take(ssrc, timestamp, codec, payload)
            ):
                continue
            self._lay(run)
            run = None
            if self.add(RtpPacket.parse(data), codec, now, floor):
                first = self.pieces.pop()
                following = (timestamp + len(payload)) % TIMESTAMPS
                run = Run(first, ssrc, following, first.end, [payload])
        self._lay(run)

    def _lay(self, run: Run | None) -> None:
        if run is not None:
            self.pieces.append(run.piece if len(run.payloads) > 1 else run.first)

    def add(self, packet: RtpPacket, codec: Codec, now: int, floor: int) -> bool:
        """Place a packet that passed at position `now`; False when it lies before `floor`."""
        position = self._anchor[1] + timestamp_distance(packet.timestamp, self._anchor[0])
        if packet.ssrc != self._ssrc or not -LATE <= position - now <= LATE:
            self._ssrc = packet.ssrc
            self._anchor = (packet.timestamp, now)
            position = self._first = now
        elif position - now > EARLY:
            self._move_back(position - now, floor)
            position = now
        self._first = min(self._first, position)
        if position + len(packet.payload) <= floor:
            return False
        self.pieces.append(Piece(position, packet.payload, codec))
        return True

    def keyed(self, packet: RtpPacket, now: int) -> None:
        """A packet of a key came at `now`: from when it went down until the next nothing lacks."""
        begun = self._anchor[1] + timestamp_distance(packet.timestamp, self._anchor[0])
        if packet.ssrc != self._ssrc or not -LATE <= begun - now <= LATE:
            begun = now
        known = self._keys.get(packet.timestamp)
        start = min(begun, now) if known is None else known.start
        self._keys[packet.timestamp] = Stretch(start, now + FRAME_SAMPLES)

    def _move_back(self, samples: int, floor: int) -> None:
        """What came so far came late: all of it that is still here belongs earlier."""
        since = self._first
        self._first -= samples
        self._anchor = (self._anchor[0], self._anchor[1] - samples)
        moved = [piece for piece in self.pieces if piece.position >= since]
        self.pieces = [piece for piece in self.pieces if piece.position < since]
        for piece in moved:
            position = piece.position - samples
            # What was said after a silence, and now seems to have been said in it, is left out.
            hidden = floor - position if position < floor <= piece.position else 0
            if hidden < len(piece.payload):
                rest = piece.payload[hidden:]
                self.pieces.append(Piece(position + hidden, rest, piece.codec))

    def split(self, at: int) -> None:
        """Let no piece reach across that position: what lies behind it may move by itself."""
        for piece in [each for each in self.pieces if each.position < at < each.end]:
            self.pieces.remove(piece)
            before, behind = (
                piece.payload[: at - piece.position],
                piece.payload[at - piece.position :],
            )
            self.pieces.append(Piece(piece.position, before, piece.codec))
            self.pieces.append(Piece(at, behind, piece.codec))

    def cut(self, end: int) -> tuple[Piece, ...]:
        """Take out what begins before `end`, in order."""
        taken = sorted((each for each in self.pieces if each.position < end), key=_position)
        self.pieces = [each for each in self.pieces if each.position >= end]
        return tuple(taken)

    def holes(
        self, taken: Sequence[Piece], silent: Sequence[Stretch], end: int, now: int
    ) -> Sequence[Hole]:
        """What is missing up to `end` from what was taken out, given what waits behind it."""
        pieces = [*([self._tail] if self._tail else []), *taken, *self.pieces]
        self._tail = max((each for each in (*taken, self._tail) if each), key=_end, default=None)
        sound = [Stretch(each.position, each.end) for each in pieces]
        holes = self._continuity.holes(sound, [*silent, *self._keys.values()], end, now)
        self._keys = {at: held for at, held in self._keys.items() if held.end > end}
        return holes


class Silencing:
    """One reason to leave a stretch out: since when, and from where to where it did."""

    def __init__(self, kind: MarkKind) -> None:
        self.kind = kind
        self.since: int | None = None
        self._past: list[Stretch] = []

    def change(self, silent: bool, now: int) -> None:
        """From that position on, or no more."""
        if silent and self.since is None:
            self.since = now
        elif not silent and self.since is not None:
            self._past.append(Stretch(self.since, now))
            self.since = None

    def stretches(self, now: int) -> list[Stretch]:
        """Those not yet cut off, the one under way up to `now`."""
        current = [] if self.since is None else [Stretch(self.since, now)]
        return [each for each in (*self._past, *current) if each.start < each.end]

    def forget(self, end: int) -> None:
        """Nothing before `end` matters any more."""
        self._past = [each for each in self._past if each.end > end]


class Recorder:
    """Collects a leg's packets and gives them out as spans, oldest first, without a gap."""

    def __init__(self, tracks: Tracks, now: float) -> None:
        self._began = now
        self._written = 0
        self._received = Track()
        self._sent = Track()
        self._tracks = (self._received, self._sent) if tracks is Tracks.BOTH else (self._received,)
        self._masked = Silencing(MarkKind.MASKED)
        self._paused = Silencing(MarkKind.PAUSED)
        self._labels: list[Mark] = []
        self._silent = False
        self._floor = 0
        """Where the last silence ended: a late packet from before it is not placed."""

    @property
    def channels(self) -> int:
        """1 or 2."""
        return len(self._tracks)

    def heard(self, data: bytes, codec: Codec, now: float) -> None:
        """A datagram of sound came with no more than header and payload."""
        if not self._silent:
            self._received.keep(data, codec, now)

    def said(self, data: bytes, codec: Codec, now: float) -> None:
        """Such a datagram was sent."""
        if not self._silent and len(self._tracks) > 1:
            self._sent.keep(data, codec, now)

    def received(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet came."""
        self._add(self._received, packet, codec, now)

    def sent(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet was sent."""
        if len(self._tracks) > 1:
            self._add(self._sent, packet, codec, now)

    def keyed(self, packet: RtpPacket, now: float) -> None:
        """A packet of a key press came, in place of sound."""
        self._place(self._received)
        self._received.keyed(packet, self._position(now))

    def mask(self, masked: bool, now: float) -> None:
        """From now on leave out something secret, or no more."""
        self._silence(self._masked, masked, self._position(now))

    def pause(self, paused: bool, now: float) -> None:
        """From now on leave out what nobody wants recorded, or no more."""
        self._silence(self._paused, paused, self._position(now))

    def mark(self, label: str, now: float) -> None:
        """Note this instant under that label."""
        self._labels.append(Mark(MarkKind.LABEL, self._position(now), label=label))

    def collect(self, now: float) -> Span:
        """What is old enough that no late packet will change it."""
        return self._cut(self._position(now - REORDERING_SECONDS), self._position(now))

    def finish(self, now: float) -> Span:
        """All that is left, up to now."""
        end = self._position(now)
        span = self._cut(end, end)
        last = tuple(replace(label, start=span.end) for label in self._labels)
        self._labels = []
        return replace(span, marks=span.marks + last)

    def _silence(self, reason: Silencing, silent: bool, now: int) -> None:
        for track in self._tracks:
            self._place(track)
        before = self._silent
        reason.change(silent, now)
        self._silent = self._masked.since is not None or self._paused.since is not None
        if before and not self._silent:
            self._floor = now
            for track in self._tracks:
                track.split(now)

    def _add(self, track: Track, packet: RtpPacket, codec: Codec, now: float) -> None:
        if not self._silent:
            self._place(track)
            track.add(packet, codec, self._position(now), self._floor)

    def _cut(self, end: int, now: int) -> Span:
        start, end = self._written, max(self._written, end)
        for track in self._tracks:
            self._place(track, end)
        self._written = end
        reasons = (self._masked, self._paused)
        left_out = [(each.kind, stretch) for each in reasons for stretch in each.stretches(now)]
        silent = [stretch for _, stretch in left_out]
        tracks = tuple(track.cut(end) for track in self._tracks)
        holes = tuple(
            tuple(track.holes(taken, silent, end, now))
            for track, taken in zip(self._tracks, tracks, strict=True)
        )
        marks = [
            Mark(kind, part.start, part.end - part.start)
            for kind, stretch in left_out
            for part in _within(stretch, start, end)
        ]
        marks += [
            Mark(hole.kind, hole.start, hole.end - hole.start, number)
            for number, found in enumerate(holes)
            for hole in found
            if hole.kind is not None
        ]
        marks += [label for label in self._labels if label.start < end]
        self._labels = [label for label in self._labels if label.start >= end]
        for reason in reasons:
            reason.forget(end)
        quiet = tuple(part for each in silent for part in _within(each, start, end))
        return Span(start, end - start, tracks, holes, quiet, tuple(marks))

    def _place(self, track: Track, end: int = 0) -> None:
        track.place(self._began, self._floor, end)

    def _position(self, now: float) -> int:
        return round((now - self._began) * SAMPLES_PER_SECOND)


def _within(stretch: Stretch, start: int, end: int) -> list[Stretch]:
    part = Stretch(max(stretch.start, start), min(stretch.end, end))
    return [part] if part.start < part.end else []


def _position(piece: Piece) -> int:
    return piece.position


def _end(piece: Piece) -> int:
    return piece.end
