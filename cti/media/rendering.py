"""The sound of a recording's spans, decoded, interleaved and silent where it has to be."""

import numpy as np

from cti.media.g711 import Samples, decode
from cti.media.recorder import Piece, Span


class Renderer:
    """Turns the spans of one recording, in their order, into samples."""

    def __init__(self, tracks: int) -> None:
        self._voices = [_Voice() for _ in range(tracks)]

    def samples(self, span: Span) -> bytes:
        """Interleaved 16-bit little-endian samples, exactly as many as the span is long."""
        sound = np.zeros((span.length, len(self._voices)), "<i2")
        for number, voice in enumerate(self._voices):
            sound[:, number] = voice.lay(span, span.tracks[number])
        for silent in span.silent:
            sound[silent.start - span.start : silent.end - span.start] = 0
        return sound.tobytes()


class _Voice:
    """One track; what a packet holds beyond its span is kept for the next."""

    def __init__(self) -> None:
        self._beyond: Samples = np.zeros(0, np.int16)

    def lay(self, span: Span, pieces: tuple[Piece, ...]) -> Samples:
        reach = max((piece.end - span.start for piece in pieces), default=0)
        room = np.zeros(max(span.length, reach, len(self._beyond)), np.int16)
        room[: len(self._beyond)] = self._beyond
        for piece in pieces:
            _lay(room, decode(piece.payload, piece.codec), piece.position - span.start)
        self._beyond = room[span.length :]
        return room[: span.length]


def _lay(room: Samples, sound: Samples, place: int) -> None:
    """Write the sound at `place`, less what would lie before the room."""
    hidden = max(0, -place)
    if hidden < len(sound):
        room[place + hidden : place + len(sound)] = sound[hidden:]
