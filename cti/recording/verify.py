"""Whether a recording is what was recorded, by its chain and by what witnesses for the chain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from cti.recording import sealing
from cti.recording.chain import Chain, Segment, parse, seal
from cti.recording.marks import RATE, Mark, joined
from cti.recording.sealing import SealBroken
from cti.recording.store import chain_path, file_of, is_being_written
from cti.recording.wave_header import HEADER, counted

Progress = Callable[[int, int], None]
"""Told (done, total) octets."""


class State(Enum):
    """What can be said of a recording."""

    WHOLE = "whole"
    GROWING = "growing"
    """It is being written; all that is sealed is unchanged."""
    CRASHED = "crashed"
    """It ended by a crash; all that is sealed is unchanged, and nothing vouches for the rest."""
    CHANGED = "changed"
    UNCHAINED = "unchained"
    """It has no chain."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; times in seconds of the recording, octets as places in its file.

    `seconds` are sealed and unchanged. `since` is from where that cannot be said; `octets` what
    was looked at there. `late` is from where it was sealed only after a crash. `witnessed` tells
    that the chain's end is the one that was written down elsewhere.
    """

    state: State
    seconds: float = 0.0
    since: float | None = None
    octets: tuple[int, int] | None = None
    why: str = ""
    marks: tuple[Mark, ...] = ()
    late: float | None = None
    digest: str = ""
    witnessed: bool = False


def verify(
    path: Path, witness: str = "", progress: Progress = lambda _done, _total: None
) -> Verdict:
    """Read a recording of that name and its chain; `witness` is the digest kept elsewhere.

    Wants no key: the chain of an encrypted recording is over what lies on disk. OSError where
    the disk refuses.
    """
    place = file_of(path)
    if not place.is_file():
        return Verdict(State.MISSING)
    try:
        file = chain_path(path).open("rb")
    except FileNotFoundError:
        why = "its chain is gone" if witness else ""
        return Verdict(State.CHANGED if witness else State.UNCHAINED, since=0.0, why=why)
    with file:
        growing = is_being_written(file)
        chain = parse(file.read())
    with place.open("rb") as sound:
        verdict = _Reading(sound, chain, growing=growing, progress=progress).verdict()
    return _witnessed(verdict, witness)


def _witnessed(verdict: Verdict, witness: str) -> Verdict:
    if not witness or verdict.state is State.CHANGED:
        return verdict
    if verdict.digest == witness:
        return replace(verdict, witnessed=True)
    if verdict.state is State.GROWING:
        return verdict
    if verdict.state is State.CRASHED:
        return replace(verdict, state=State.CHANGED, why="the end of its chain is gone")
    why = "file and chain agree, but not with the digest that was written down"
    return replace(verdict, state=State.CHANGED, seconds=0.0, since=0.0, why=why)


class _Reading:
    """One walk through a file and its chain."""

    def __init__(self, file: BinaryIO, chain: Chain, *, growing: bool, progress: Progress) -> None:
        self._file, self._chain, self._progress = file, chain, progress
        self._growing = growing
        self._octets = file.seek(0, 2)
        self._sealed = bool(chain.head and chain.head.sealed)
        self._begins = sealing.SOUND_BEGINS if self._sealed else HEADER.size

    def verdict(self) -> Verdict:
        chain = self._chain
        if chain.head is None:
            return self._without_head()
        if why := self._wrong_head():
            return self._changed(0, why, (0, self._begins))
        digest, octet, sample = chain.head.digest, 0, 0
        self._file.seek(self._begins)
        for segment in chain.segments:
            data = self._file.read(segment.octets)
            if (segment.octet, segment.sample) != (octet, sample):
                return self._changed_in(segment, sample, "its chain lacks a segment")
            if len(data) < segment.octets:
                return self._changed_in(segment, sample, "sound is missing")
            digest = seal(digest, data, segment.record())
            if digest != segment.digest:
                return self._changed_in(segment, sample, "sound or marks are not what was sealed")
            octet, sample = octet + segment.octets, sample + segment.samples
            self._progress(octet, chain.octet)
        return self._end(digest, octet, sample)

    def _without_head(self) -> Verdict:
        if self._chain.broken:
            return self._changed(0, "its chain is damaged", (0, self._octets))
        # It was being opened.
        state = State.GROWING if self._growing else State.CRASHED
        return Verdict(state, since=0.0, octets=(0, self._octets))

    def _end(self, digest: str, octet: int, sample: int) -> Verdict:
        chain, end = self._chain, self._begins + octet
        if chain.broken:
            return self._changed(sample, f"line {chain.broken} of its chain is damaged", (end, end))
        found = Verdict(
            State.WHOLE,
            sample / RATE,
            marks=joined(chain.marks),
            late=next((each.sample / RATE for each in chain.segments if each.late), None),
            digest=digest,
        )
        if chain.closing is None:
            if self._growing:
                return replace(found, state=State.GROWING)
            tail = (end, max(end, self._octets))
            return replace(found, state=State.CRASHED, since=sample / RATE, octets=tail)
        digest = seal(digest, b"", chain.closing.record())
        if digest != chain.closing.digest or chain.closing.samples != sample or chain.torn:
            return self._changed(sample, "the end of its chain is not what was sealed", (end, end))
        if self._octets > end:
            return self._changed(sample, "something was added", (end, self._octets))
        return replace(found, digest=digest, why=chain.closing.why)

    def _wrong_head(self) -> str:
        """What is the matter with the octets before the sound; nothing when they are true."""
        assert self._chain.head is not None
        self._file.seek(0)
        beginning = self._file.read(self._begins)
        if self._sealed:
            return self._wrong_seal(beginning, self._chain.head.sealed)
        octets = counted(beginning, self._chain.head.channels)
        least, most = self._chain.octet, self._octets - HEADER.size
        if octets is None or (self._chain.closing and octets != least):
            return "its header is not what was written"
        # A crash may leave the header a second behind, or ahead of the chain.
        frame = 2 * self._chain.head.channels
        if self._chain.closing is None and (octets > most or octets % frame):
            return "its header counts sound that is not there"
        return ""

    def _wrong_seal(self, beginning: bytes, head: str) -> str:
        try:
            found, slots = sealing.split(beginning)
        except SealBroken as error:
            return str(error)
        if found.hex() != head:
            return "its head is not what was written"
        return "" if any(slots) else "no key's slot"

    def _changed_in(self, segment: Segment, sample: int, why: str) -> Verdict:
        begin = self._begins + segment.octet
        return self._changed(sample, why, (begin, begin + segment.octets))

    def _changed(self, sample: int, why: str, octets: tuple[int, int]) -> Verdict:
        since = sample / RATE
        marks = joined(self._chain.marks)
        return Verdict(State.CHANGED, since, since, octets, why, marks)
