"""The two forms a recording has on disk: a WAV file, or an encrypted one beside its name.

Call control knows a recording by its name, ``X.wav``; encrypted it lies in ``X.wav.sealed``, so
that nobody takes it for sound. ``X.chain`` is its chain.
"""

import fcntl
import io
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from cti.kernel.identifiers import Entropy, system_entropy
from cti.recording import sealing
from cti.recording.chain import Head
from cti.recording.keys import KeyRing
from cti.recording.wave_header import HEADER, SAMPLE_OCTETS, header

SEALED = ".sealed"
CHAIN = ".chain"


class Store(Protocol):
    """A recording's file while it is written."""

    octets: int
    """Of what segments are made, on disk."""

    @property
    def head(self) -> Head:
        """How its chain begins."""

    def append(self, data: bytes) -> bytes:
        """Write interleaved samples; the octets that were added to the file. OSError."""

    def cut(self, octets: int) -> None:
        """Take back what was written beyond that place. OSError."""

    def close(self, *, lasting: bool = True) -> None:
        """Nothing more comes.

        What came is on the disk then, not only on its way there, where it is to be `lasting`.
        """


def sealed_path(path: Path) -> Path:
    """Where the recording of that name lies when it is encrypted."""
    return path.with_name(path.name + SEALED)


def chain_path(path: Path) -> Path:
    """Where its chain is."""
    return path.with_suffix(CHAIN)


def file_of(path: Path) -> Path:
    """The file that holds the recording of that name, whether it exists or not."""
    sealed = sealed_path(path)
    return sealed if sealed.is_file() else path


def open_store(
    path: Path, channels: int, ring: KeyRing | None, entropy: Entropy = system_entropy
) -> Store:
    """Begin a recording of that name, encrypted when there are keys. OSError, KeyLost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if ring is None:
        return WaveStore(path, channels)
    return SealedStore(sealed_path(path), channels, ring, entropy)


class WaveStore:
    """A WAV file that is true at every moment: its header is rewritten after what it counts."""

    def __init__(self, path: Path, channels: int) -> None:
        self.octets = 0
        self._channels = channels
        self._file = path.open("wb", buffering=0)
        _write(self._file, 0, header(channels, 0))

    @property
    def head(self) -> Head:
        """How its chain begins."""
        return Head(self._channels)

    def append(self, data: bytes) -> bytes:
        """Write the samples, then the header that counts them."""
        _write(self._file, HEADER.size + self.octets, data)
        self.octets += len(data)
        _write(self._file, 0, header(self._channels, self.octets))
        return data

    def cut(self, octets: int) -> None:
        """Take back what was written beyond that place."""
        self._file.truncate(HEADER.size + octets)
        _write(self._file, 0, header(self._channels, octets))
        self.octets = octets

    def close(self, *, lasting: bool = True) -> None:
        """Nothing more comes; what came is on the disk, where it is to be `lasting`."""
        _close(self._file, lasting=lasting)


class SealedStore:
    """An encrypted file, readable up to its last whole segment."""

    def __init__(self, path: Path, channels: int, ring: KeyRing, entropy: Entropy) -> None:
        beginning, self._cipher = sealing.new_file(channels, ring, entropy)
        self.octets = 0
        self._head = Head(channels, sealing.split(beginning)[0].hex())
        self._segments = 0
        self._sound = 0
        self._file = path.open("wb", buffering=0)
        _write(self._file, 0, beginning)

    @property
    def head(self) -> Head:
        """How its chain begins."""
        return self._head

    def append(self, data: bytes) -> bytes:
        """Encrypt and write a segment."""
        segment = self._cipher.encrypt(self._segments, self._sound, data)
        # Counted before it is written: after an error the nonce must not come again.
        self._segments += 1
        _write(self._file, sealing.SOUND_BEGINS + self.octets, segment)
        self._sound += len(data)
        self.octets += len(segment)
        return segment

    def cut(self, octets: int) -> None:
        """Take back what was written beyond that place."""
        self._file.truncate(sealing.SOUND_BEGINS + octets)
        self.octets = octets

    def close(self, *, lasting: bool = True) -> None:
        """Nothing more comes; what came is on the disk, where it is to be `lasting`."""
        _close(self._file, lasting=lasting)


def lock(file: BinaryIO) -> None:
    """Tell others that this chain is being written; ends with the process, however it ends."""
    fcntl.flock(file, fcntl.LOCK_EX)


def is_being_written(file: BinaryIO) -> bool:
    """Whether a living process writes this chain."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def wait_for_writer(file: BinaryIO) -> None:
    """Return when no living process writes this chain."""
    fcntl.flock(file, fcntl.LOCK_SH)
    fcntl.flock(file, fcntl.LOCK_UN)


def open_sound(path: Path, ring: KeyRing | None) -> BinaryIO:
    """The recording of that name as a WAV file, decrypted on the way.

    OSError, KeyLost, SealBroken.
    """
    found = file_of(path)
    file = found.open("rb")
    if found == path:
        return file
    try:
        return io.BufferedReader(SealedSound(file, ring or KeyRing()))
    except BaseException:
        file.close()
        raise


class SealedSound(io.RawIOBase):
    """An encrypted recording as the WAV file it is inside: read anywhere, and as far as it goes."""

    def __init__(self, file: BinaryIO, ring: KeyRing) -> None:
        super().__init__()
        self._file = file
        self._at = 0
        beginning = file.read(sealing.SOUND_BEGINS)
        self._cipher = sealing.open_file(beginning, ring)
        self._places = _index(file)
        """For each segment: octet of the file, octet of the sound, octets of the sound."""
        self.octets = sum(length for *_, length in self._places)
        self._header = header(sealing.channels_of(beginning), self.octets)
        self._opened: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to that octet of the WAV file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: HEADER.size + self.octets}
        self._at = max(0, base[whence] + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        """As much as one segment holds of what comes next; SealBroken."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any buffer, as in io
        data = self._piece(self._at)[: len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file below as well."""
        self._file.close()
        super().close()

    def _piece(self, at: int) -> bytes:
        if at < HEADER.size:
            return self._header[at:]
        at -= HEADER.size
        low, high = 0, len(self._places)
        while low < high:
            middle = (low + high) // 2
            _, sound, length = self._places[middle]
            if at >= sound + length:
                low = middle + 1
            else:
                high = middle
        if low == len(self._places):
            return b""
        return self._segment(low)[at - self._places[low][1] :]

    def _segment(self, number: int) -> bytes:
        if self._opened[0] != number:
            place, sound, length = self._places[number]
            self._file.seek(place)
            sealed = self._file.read(sealing.SEGMENT.size + length + sealing.TAG_OCTETS)
            self._opened = number, self._cipher.decrypt(number, sound, sealed)
        return self._opened[1]


def rotate(path: Path, ring: KeyRing, entropy: Entropy) -> bool:
    """Have the current key wrap the own key of that encrypted file; False where it does.

    OSError, KeyLost, SealBroken.
    """
    with path.open("r+b", buffering=0) as file:
        steps = sealing.rewrapped(file.read(sealing.SOUND_BEGINS), ring, entropy)
        for beginning in steps:
            _write(file, 0, beginning)
            os.fsync(file.fileno())
    return bool(steps)


def whole_segments(file: BinaryIO, start: int) -> int:
    """Where the last whole segment ends that follows from octet `start` of an encrypted file."""
    places = _index(file, start)
    if not places:
        return start
    place, _, length = places[-1]
    return place + sealing.SEGMENT.size + length + sealing.TAG_OCTETS


def sound_octets(file: BinaryIO, start: int, end: int) -> int:
    """Octets of sound in the segments between two places of an encrypted file."""
    return sum(length for place, _, length in _index(file, start) if place < end)


def samples_in(octets: int, channels: int) -> int:
    """How long so many octets of sound are, in samples."""
    return octets // (SAMPLE_OCTETS * channels)


def _index(file: BinaryIO, place: int = sealing.SOUND_BEGINS) -> list[tuple[int, int, int]]:
    octets = file.seek(0, io.SEEK_END)
    places, sound = [], 0
    while place + sealing.SEGMENT.size <= octets:
        file.seek(place)
        length, _ = sealing.SEGMENT.unpack(file.read(sealing.SEGMENT.size))
        after = place + sealing.SEGMENT.size + length + sealing.TAG_OCTETS
        if after > octets:
            break
        places.append((place, sound, length))
        place, sound = after, sound + length
    return places


def _close(file: BinaryIO, *, lasting: bool) -> None:
    if lasting:
        os.fsync(file.fileno())
    file.close()


def _write(file: BinaryIO, place: int, data: bytes) -> None:
    file.seek(place)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
