"""Announcements as 20 ms frames of any codec, from files read once and kept encoded."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cti.media.coding import encode_sound, silence
from cti.media.g711 import FRAME_SAMPLES
from cti.media.model import Codec
from cti.media.wave_file import SoundUnusable, read_samples

CacheKey = tuple[Path, Codec, int, int]


class SoundCache:
    """Encoded files; the least recently played goes first, a file that changed is read anew."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._sounds: OrderedDict[CacheKey, bytes] = OrderedDict()

    def load(self, path: Path, codec: Codec) -> bytes:
        """The whole file in that codec; SoundUnusable. Reads the disk only the first time."""
        try:
            status = path.stat()
        except OSError as error:
            raise SoundUnusable(f"{path}: {error.strerror}") from error
        key = (path, codec, status.st_mtime_ns, status.st_size)
        sound = self._sounds.get(key)
        if sound is None:
            sound = encode_sound(read_samples(path), codec)
            self._keep(key, sound)
        self._sounds.move_to_end(key)
        return sound

    def _keep(self, key: CacheKey, sound: bytes) -> None:
        self._sounds[key] = sound
        self._size += len(sound)
        while self._size > self._capacity and len(self._sounds) > 1:
            _, forgotten = self._sounds.popitem(last=False)
            self._size -= len(forgotten)


class Player:
    """Cuts sounds, one behind the other without a gap, into frames."""

    def __init__(self, sounds: Sequence[bytes], codec: Codec, *, repeat: bool = False) -> None:
        self._frames = _frames([sound for sound in sounds if sound], silence(codec), repeat)

    def frame(self) -> bytes | None:
        """The next 160 octets, the last filled up with silence; None when all was played."""
        return next(self._frames, None)


def _frames(sounds: Sequence[bytes], quiet: bytes, repeat: bool) -> Iterator[bytes]:
    frame = b""
    while sounds:
        for sound in sounds:
            place = FRAME_SAMPLES - len(frame)
            frame += sound[:place]
            while len(frame) == FRAME_SAMPLES:
                yield frame
                frame = sound[place : place + FRAME_SAMPLES]
                place += FRAME_SAMPLES
        if not repeat:
            break
    if frame:
        yield frame + quiet[len(frame) :]
