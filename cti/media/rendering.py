"""The sound of a recording's spans: decoded, short losses concealed, silent where it has to be."""

from collections.abc import Iterator, Sequence

import numpy as np

from cti.media.coding import Decoder
from cti.media.concealment import Concealer
from cti.media.continuity import Hole, Stretch
from cti.media.g711 import Samples
from cti.media.model import Codec
from cti.media.recorder import Piece, Span
from cti.recording.marks import MarkKind

Part = Piece | Hole | Stretch


class Renderer:
    """Turns the spans of one recording, in their order, into samples."""

    def __init__(self, tracks: int) -> None:
        self._voices = [_Voice() for _ in range(tracks)]

    def samples(self, span: Span) -> bytes:
        """Interleaved 16-bit little-endian samples, exactly as many as the span is long."""
        sound = np.zeros((span.length, len(self._voices)), "<i2")
        for number, voice in enumerate(self._voices):
            sound[:, number] = voice.lay(span, span.tracks[number], span.holes[number])
        for silent in span.silent:
            sound[silent.start - span.start : silent.end - span.start] = 0
        return sound.tobytes()


class _Voice:
    """One track; what a packet holds beyond its span is kept for the next."""

    def __init__(self) -> None:
        self._beyond: Samples = np.zeros(0, np.int16)
        self._decoders: dict[Codec, Decoder] = {}
        self._concealer = Concealer(comfort=False)

    def lay(self, span: Span, pieces: tuple[Piece, ...], holes: tuple[Hole, ...]) -> Samples:
        reach = max((piece.end - span.start for piece in pieces), default=0)
        room = np.zeros(max(span.length, reach, len(self._beyond)), np.int16)
        room[: len(self._beyond)] = self._beyond
        parts: list[Part] = [*pieces, *holes, *span.silent]
        for each in _joined(sorted(parts, key=_start)):
            match each:
                case Piece():
                    _lay(room, self._concealer.good(self._decode(each)), each.position - span.start)
                case Hole(start, end, MarkKind.CONCEALED):
                    _lay(room, self._concealer.lost(end - start), start - span.start)
                case Stretch():
                    # Nothing of what is kept secret may be heard in what is made up later.
                    self._concealer = Concealer(comfort=False)
        self._beyond = room[span.length :]
        return room[: span.length]

    def _decode(self, piece: Piece) -> Samples:
        if piece.codec not in self._decoders:
            self._decoders[piece.codec] = Decoder(piece.codec)
        return self._decoders[piece.codec].decode(piece.payload)


def _start(each: Part) -> int:
    return each.position if isinstance(each, Piece) else each.start


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """The same parts with packets that follow each other without a gap as one: a second of sound is
    decoded at once, not fifty times.
    """
    run: list[Piece] = []
    for each in parts:
        if isinstance(each, Piece):
            if run and (each.position, each.codec) != (run[-1].end, run[-1].codec):
                yield from _whole(run)
                run = []
            run.append(each)
        else:
            yield from _whole(run)
            run = []
            yield each
    yield from _whole(run)


def _whole(run: Sequence[Piece]) -> Iterator[Piece]:
    if run:
        yield Piece(run[0].position, b"".join(piece.payload for piece in run), run[0].codec)


def _lay(room: Samples, sound: Samples, place: int) -> None:
    """Write the sound at `place`, less what would lie before the room."""
    hidden = max(0, -place)
    if hidden < len(sound):
        room[place + hidden : place + len(sound)] = sound[hidden:]
