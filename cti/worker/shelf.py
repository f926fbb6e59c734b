"""Sounds for players: from memory at once, from the disk in a thread of their own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.media.model import Codec
from cti.media.player import CacheKey, SoundCache, key_of, load
from cti.media.wave_file import SoundUnusable
from cti.worker.disk import Disk

log = Logger()

Provide = Callable[[list[bytes]], None]


class Shelf:
    """Gives out files as they are kept; one that cannot be read is logged and left out."""

    def __init__(self, capacity: int, disk: Disk) -> None:
        self._cache = SoundCache(capacity)
        self._disk = disk

    def fetch(self, files: Sequence[Path], codec: Codec, provide: Provide) -> None:
        """Hand the files to `provide`: now when all are in memory, else as soon as they are."""
        known = {path: self._known(path, codec) for path in dict.fromkeys(files)}
        wanted = [path for path, sound in known.items() if sound is None]
        if not wanted:
            provide([known[path] or b"" for path in files])
            return

        def read(found: dict[CacheKey, bytes]) -> None:
            for key, sound in found.items():
                self._cache.keep(key, sound)
            sounds = {path: sound for (path, *_), sound in found.items()}
            provide([known[path] or sounds.get(path, b"") for path in files])

        reading = self._disk.run(lambda: _read_in_thread(wanted, codec))
        reading.addCallback(read).addErrback(self._failed, provide)

    def stop(self) -> None:
        """Wait for what is being read."""
        self._disk.stop()

    def _known(self, path: Path, codec: Codec) -> bytes | None:
        try:
            return self._cache.find(path, codec)
        except SoundUnusable as error:
            log.error("Not played: {reason}", reason=error)
            return b""

    def _failed(self, failure: Failure, provide: Provide) -> None:
        """A mistake of ours: whoever waits for the end of the play gets it."""
        log.failure("Sounds could not be read", failure)
        provide([])


def _read_in_thread(files: Sequence[Path], codec: Codec) -> dict[CacheKey, bytes]:
    sounds = {}
    for path in files:
        try:
            # Taken first: a file that changes while it is read is read again the next time.
            key = key_of(path, codec)
            sounds[key] = load(path, codec)
        except SoundUnusable as error:
            log.error("Not played: {reason}", reason=error)
    return sounds
