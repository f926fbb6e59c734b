"""The chain beside a recording: one JSON line a second, each sealing what came before it.

    {"chain": 1, "channels": 2, "rate": 8000, ...}                          the head
    {"octet": 0, "octets": 32000, "sample": 0, "samples": 8000, "digest": "9f..."}    a segment
    {"closed": 96000, "digest": "c4..."}                                    the end

A digest is SHA-256 (FIPS 180-4) over the digest before it, the segment's octets as they lie on
disk, and the line itself without its digest; the head's is over the head. So neither a sample nor
a mark can be changed, left out or added without every later digest changing, and the last one,
which is kept elsewhere too, witnesses for the whole. Octets are counted from where the file's
sound begins: its header changes as it grows, and is checked by itself.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cti.recording.marks import Mark

VERSION = 1


class ChainBroken(ValueError):  # noqa: N818  (says what the matter is)
    """A line is not what a chain is made of."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the whole recording has in common; `sealed` is the head of an encrypted file, in hex."""

    channels: int
    sealed: str = ""

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        record: dict[str, Any] = {"chain": VERSION, "channels": self.channels}
        return record | ({"sealed": self.sealed} if self.sealed else {})

    @property
    def digest(self) -> str:
        """Where the chain begins, in hex."""
        return hashlib.sha256(canonical(self.record())).hexdigest()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the file: octets on disk, samples of sound, what was noted in it.

    `late` tells that it was sealed after a crash: what happened to it before, nobody saw.
    """

    octet: int
    octets: int
    sample: int
    samples: int
    marks: tuple[Mark, ...] = ()
    late: bool = False
    digest: str = ""

    def record(self) -> dict[str, Any]:
        """JSON-able, without its digest."""
        record: dict[str, Any] = {
            "octet": self.octet,
            "octets": self.octets,
            "sample": self.sample,
            "samples": self.samples,
        }
        if self.marks:
            record["marks"] = [mark.record() for mark in self.marks]
        return record | ({"late": True} if self.late else {})


@dataclass(frozen=True, slots=True)
class Closing:
    """The end, after so many samples; `why` where it was not the end of the call."""

    samples: int
    why: str = ""
    digest: str = ""

    def record(self) -> dict[str, Any]:
        """JSON-able, without its digest."""
        return {"closed": self.samples} | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, slots=True)
class Chain:
    """What stands in the file; `octets` of it are whole lines, and a broken one ends the reading.

    `torn` is a last line without its end, as a crash leaves it; `broken` the number of the first
    line that no chain has, counted from 1, and 0 when there is none.
    """

    head: Head | None = None
    segments: tuple[Segment, ...] = ()
    closing: Closing | None = None
    torn: bool = False
    broken: int = 0
    octets: int = 0

    @property
    def octet(self) -> int:
        """Where the octets end that segments speak of."""
        return self.segments[-1].octet + self.segments[-1].octets if self.segments else 0

    @property
    def sample(self) -> int:
        """Where the samples end that segments speak of."""
        return self.segments[-1].sample + self.segments[-1].samples if self.segments else 0

    @property
    def digest(self) -> str:
        """The last digest that stands there."""
        if self.closing is not None:
            return self.closing.digest
        if self.segments:
            return self.segments[-1].digest
        return self.head.digest if self.head else ""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All that was noted, in parts."""
        return tuple(mark for segment in self.segments for mark in segment.marks)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The one way a record is written."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def seal(previous: str, data: bytes, record: Mapping[str, Any]) -> str:
    """The digest after `previous` (hex) of these octets and that record (hex)."""
    digest = hashlib.sha256(bytes.fromhex(previous))
    digest.update(data)
    digest.update(canonical(record))
    return digest.hexdigest()


def line(record: Mapping[str, Any], digest: str = "") -> bytes:
    """The record as a line of the file."""
    return canonical({**record, "digest": digest} if digest else record) + b"\n"


def parse(text: bytes) -> Chain:
    """What stands in a chain's file, as far as it is one; nothing is verified here."""
    *lines, rest = text.split(b"\n")
    reading = _Reading()
    for number, each in enumerate(lines, start=1):
        try:
            reading.take(each)
        except (ValueError, KeyError, TypeError, AttributeError):
            return reading.chain(broken=number)
        reading.octets += len(each) + 1
    return reading.chain(torn=bool(rest))


@dataclass(slots=True)
class _Reading:
    head: Head | None = None
    segments: list[Segment] = field(default_factory=list)
    closing: Closing | None = None
    octets: int = 0

    def take(self, text: bytes) -> None:
        record = json.loads(text)
        digest = record.pop("digest", "")
        value: Head | Segment | Closing
        if self.head is None:
            value = self.head = _head(record)
        elif self.closing is not None:
            raise ChainBroken("something follows the end")
        elif "closed" in record:
            value = self.closing = Closing(record["closed"], record.get("why", ""), _hex(digest))
        else:
            value = _segment(record, _hex(digest))
            self.segments.append(value)
        # Other spellings of the same values would leave room to change a file unseen.
        if line(value.record(), digest) != text + b"\n":
            self._forget(value)
            raise ChainBroken("not written as a chain is")

    def _forget(self, value: Head | Segment | Closing) -> None:
        match value:
            case Head():
                self.head = None
            case Segment():
                self.segments.pop()
            case Closing():
                self.closing = None

    def chain(self, *, torn: bool = False, broken: int = 0) -> Chain:
        segments: Sequence[Segment] = self.segments
        return Chain(self.head, tuple(segments), self.closing, torn, broken, self.octets)


def _head(record: Mapping[str, Any]) -> Head:
    if record["chain"] != VERSION or record["channels"] not in (1, 2):
        raise ChainBroken("no head")
    return Head(record["channels"], record.get("sealed", ""))


def _segment(record: Mapping[str, Any], digest: str) -> Segment:
    return Segment(
        octet=_count(record["octet"]),
        octets=_count(record["octets"]),
        sample=_count(record["sample"]),
        samples=_count(record["samples"]),
        marks=tuple(Mark.of_record(mark) for mark in record.get("marks", ())),
        late=record.get("late", False) is True,
        digest=digest,
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ChainBroken("no count")
    return value


def _hex(digest: object) -> str:
    if not isinstance(digest, str) or len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ChainBroken("no digest")
    return digest
