"""Announcements as 20 ms frames for any codec, from files read once and kept.

What is kept is G.711 as it is sent, and samples where each leg has to encode them by itself
(`cti.media.coding.keep`).
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from cti.media.coding import keep, kept_frame
from cti.media.model import Codec
from cti.media.wave_file import SoundUnusable, read_samples

CacheKey = tuple[Path, Codec, int, int]
"""A file as it was at one time, by its change and its size."""


class SoundCache:
    """Files kept; the least recently played goes first, a file that changed is read anew."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._sounds: OrderedDict[CacheKey, bytes] = OrderedDict()

    def find(self, path: Path, codec: Codec) -> bytes | None:
        """The whole file, kept for that codec; None when it has to be read. SoundUnusable."""
        key = key_of(path, codec)
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
        return sound

    def keep(self, key: CacheKey, sound: bytes) -> None:
        """What was read of the file as it was then."""
        self._size += len(sound) - len(self._sounds.pop(key, b""))
        self._sounds[key] = sound
        while self._size > self._capacity and len(self._sounds) > 1:
            _, forgotten = self._sounds.popitem(last=False)
            self._size -= len(forgotten)


def load(path: Path, codec: Codec) -> bytes:
    """Read and convert a whole file, piece by piece: others run meanwhile. SoundUnusable."""
    return keep(read_samples(path), codec)


def key_of(path: Path, codec: Codec) -> CacheKey:
    """What the file is kept by as it is now; SoundUnusable."""
    try:
        status = path.stat()
    except OSError as error:
        raise SoundUnusable(f"{path}: {error.strerror}") from error
    return path, codec, status.st_mtime_ns, status.st_size


class Player:
    """Cuts sounds, one behind the other without a gap, into frames; quiet until it has them."""

    def __init__(
        self, sounds: Sequence[bytes] | None, codec: Codec, *, repeat: bool = False
    ) -> None:
        self._quiet, self._repeat = kept_frame(codec), repeat
        self._frames: Iterator[bytes] = cycle((self._quiet,))
        if sounds is not None:
            self.provide(sounds)

    def provide(self, sounds: Sequence[bytes]) -> None:
        """Here is what to play."""
        self._frames = _frames([sound for sound in sounds if sound], self._quiet, self._repeat)

    def frame(self) -> bytes | None:
        """The next 20 ms, the last filled up with silence; None when all was played."""
        return next(self._frames, None)


def _frames(sounds: Sequence[bytes], quiet: bytes, repeat: bool) -> Iterator[bytes]:
    frame, size = b"", len(quiet)
    while sounds:
        for sound in sounds:
            place = size - len(frame)
            frame += sound[:place]
            while len(frame) == size:
                yield frame
                frame = sound[place : place + size]
                place += size
        if not repeat:
            break
    if frame:
        yield frame + quiet[len(frame) :]
