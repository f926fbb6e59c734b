"""What is noted in a recording besides its sound: gaps, pauses, masked stretches, labels.

Positions and lengths are in samples at 8000 per second. A long stretch is noted second by second,
each part sealed with the sound it belongs to; `joined` gives the stretches back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

RATE = 8000
"""Samples per second of every recording."""


class MarkKind(Enum):
    """Why a stretch does not sound as it was spoken, or what was said of an instant."""

    GAP = "gap"
    """Nothing came or went for more than 60 ms: silence."""
    CONCEALED = "concealed"
    """Lost between two packets that came, and filled up from what was heard before."""
    PAUSED = "paused"
    """The recording was paused: both sides are silent."""
    MASKED = "masked"
    """Something secret was being entered: both sides are silent."""
    LABEL = "label"
    """An instant that was given a name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch or instant; `track` is 0 for what was received, 1 for what was sent, None: both."""

    kind: MarkKind
    start: int
    length: int = 0
    track: int | None = None
    label: str = ""

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.length

    def record(self) -> dict[str, Any]:
        """JSON-able; what is not there is left out."""
        record: dict[str, Any] = {"kind": self.kind.value, "start": self.start}
        if self.length:
            record["length"] = self.length
        if self.track is not None:
            record["track"] = self.track
        if self.label:
            record["label"] = self.label
        return record

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> "Mark":
        """What `record` wrote; ValueError, KeyError or TypeError for anything else."""
        track = record.get("track")
        return cls(
            MarkKind(record["kind"]),
            int(record["start"]),
            int(record.get("length", 0)),
            None if track is None else int(track),
            str(record.get("label", "")),
        )


def joined(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The stretches in order of their beginning, parts that touch made one again."""
    whole: list[Mark] = []
    newest: dict[tuple[MarkKind, int | None], int] = {}
    for mark in sorted(marks, key=lambda mark: mark.start):
        key = mark.kind, mark.track
        place = newest.get(key)
        if mark.length and place is not None and whole[place].end == mark.start:
            whole[place] = replace(whole[place], length=mark.end - whole[place].start)
        else:
            newest[key] = len(whole)
            whole.append(mark)
    return tuple(whole)
