"""Recordings on disk: found without leaving their folder, and made true after a crash."""

import shutil
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId
from cti.recording.keys import KeyLost, KeyRing
from cti.recording.repair import close_after_crash
from cti.recording.sealing import SealBroken
from cti.recording.store import file_of, open_sound
from cti.recording.verify import Verdict, verify
from cti.recording.writer import Held
from monitoring.errors import RecordingUnusable
from monitoring.schema import CallRow

CHUNK = struct.Struct("<4sI")
SIZE = struct.Struct("<I")
FORMAT = struct.Struct("<HHIIHH")
GIGABYTE = 1e9
HEAD = 4096
"""Octets within which the sound of a WAV file begins."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What a WAV file's head says; octets, except `rate` in frames per second."""

    start: int
    """Where the sound begins."""
    length: int
    """How much of it there is."""
    frame: int
    rate: int

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.length / self.frame / self.rate

    def place(self, seconds: float) -> int:
        """Where in the file that instant is, at its end at the latest."""
        octets = round(max(0.0, seconds) * self.rate) * self.frame
        return self.start + min(octets, self.length)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """Where a call's recording is; `seconds` is None while it is being written."""

    call_id: CallId
    started: datetime
    file: str
    seconds: float | None
    digest: str


class RecordingFolder:
    """The folder that RecordingStarted's file names are relative to, and what opens them."""

    def __init__(self, root: Path, ring: KeyRing | None = None) -> None:
        self._root = root.resolve()
        self._ring = ring

    def find(self, file: str) -> Path:
        """The recording's name as a path, whether it lies there plain or encrypted.

        Refused for a missing one and for any name that leads outside.
        """
        path = self._root / file
        held = file_of(path).resolve()
        if not file or not held.is_relative_to(self._root) or not held.is_file():
            raise Refused("recording.missing")
        return path.resolve()

    def open(self, file: str) -> BinaryIO:
        """The recording as a WAV file, decrypted on the way. Refused."""
        try:
            return open_sound(self.find(file), self._ring)
        except KeyLost as error:
            raise Refused("recording.key_lost", name=error.key) from error
        except (SealBroken, OSError) as error:
            raise Refused("recording.unusable") from error

    def verify(self, file: str, digest: str) -> Verdict:
        """Whether it is what was recorded; `digest` is the one the call record holds. Refused."""
        path = (self._root / file).resolve()
        if not file or not path.is_relative_to(self._root):
            raise Refused("recording.missing")
        try:
            return verify(path, digest)
        except OSError as error:
            raise Refused("recording.unusable") from error

    def repair(self, file: str) -> Held:
        """Close what a crash left open: chain sealed, header true; what it holds, maybe nothing."""
        try:
            path = self.find(file)
            return close_after_crash(path) or Held(repair(path))
        except (Refused, RecordingUnusable, OSError):
            return Held()

    def short_of_room(self, least: float) -> str:
        """How much room there is when it is less than so many gigabytes; empty when it is not."""
        free: float = shutil.disk_usage(self._root).free / GIGABYTE
        return f"{free:.1f} GB left for recordings" if free < least else ""


def recorded_calls_txn(session: Session) -> list[RecordedCall]:
    """Every call that was recorded, the newest first."""
    query = select(
        CallRow.call_id,
        CallRow.started,
        CallRow.recording,
        CallRow.recording_seconds,
        CallRow.recording_digest,
    )
    query = query.where(CallRow.recording.is_not(None)).order_by(CallRow.started.desc())
    return [
        RecordedCall(CallId(call_id), started, file or "", seconds, digest)
        for call_id, started, file, seconds, digest in session.execute(query)
    ]


def parse_head(head: bytes) -> Wave:
    """What the first octets of a WAV file say; RecordingUnusable."""
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise RecordingUnusable("not a WAV file")
    place, frame, rate = 12, 0, 0
    while place + CHUNK.size <= len(head):
        name, size = CHUNK.unpack_from(head, place)
        place += CHUNK.size
        if name == b"data" and frame and rate:
            return Wave(place, size, frame, rate)
        if name == b"fmt " and place + FORMAT.size <= len(head):
            _, _, rate, _, frame, _ = FORMAT.unpack_from(head, place)
        place += size + size % 2
    raise RecordingUnusable("no sound in the first octets")


def excerpt(sound: BinaryIO, parts: Iterable[tuple[float, float]]) -> BinaryIO:
    """These parts of a recording (from which second, how many) as a WAV file of their own.

    RecordingUnusable.
    """
    head = sound.read(HEAD)
    wave = true_length(parse_head(head), sound.seek(0, 2))
    said = bytearray()
    for start, seconds in parts:
        first, last = (wave.place(each) for each in (start, start + seconds))
        sound.seek(first)
        said += sound.read(last - first)
    return BytesIO(true_head(head[: wave.start], replace(wave, length=len(said))) + said)


def true_length(wave: Wave, octets: int) -> Wave:
    """The same sound with the length that a file of so many octets really holds."""
    sound = max(0, octets - wave.start)
    return replace(wave, length=sound - sound % wave.frame)


def true_head(head: bytes, wave: Wave) -> bytes:
    """The head with the sizes of RIFF and data that belong to this sound."""
    changed = bytearray(head)
    SIZE.pack_into(changed, 4, wave.start - 8 + wave.length)
    SIZE.pack_into(changed, wave.start - SIZE.size, wave.length)
    return bytes(changed)


def repair(path: Path) -> float:
    """Make a WAV file's header true to the sound on disk; seconds of it. RecordingUnusable.

    A torn last frame is cut off. A file that was closed properly is left as it is.
    """
    with path.open("r+b") as file:
        head = file.read(HEAD)
        octets = file.seek(0, 2)
        wave = true_length(parse_head(head), octets)
        if (wanted := true_head(head, wave)) != head or octets != wave.start + wave.length:
            file.seek(0)
            file.write(wanted)
            file.truncate(wave.start + wave.length)
    return wave.seconds
