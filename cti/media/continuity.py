"""Where a track of a recording is not what was spoken: short losses to conceal, gaps to mark.

Up to 60 ms between two packets that came are concealed; nothing is invented beyond that: what is
longer is a gap, silent, with its exact length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cti.recording.marks import MarkKind

LONGEST_CONCEALED = 480
"""Samples: 60 ms."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples from `start` up to but without `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch without a packet; no kind where it is too short to be called a gap."""

    start: int
    end: int
    kind: MarkKind | None


class Continuity:
    """Follows one track, from cut to cut."""

    def __init__(self) -> None:
        self._covered = 0
        """Everything before is accounted for."""
        self._after_sound = False
        """Whether it ends with a packet's sound."""
        self._begun: Hole | None = None
        """A hole that the last cut went through, as it was judged then."""

    def holes(
        self, sound: Iterable[Stretch], silent: Iterable[Stretch], end: int, now: int
    ) -> Sequence[Hole]:
        """The holes up to `end`, given all that is known up to `now`.

        `silent` is what was left out on purpose.
        """
        known = [(each.start, each.end, True) for each in sound]
        known += [(each.start, each.end, False) for each in silent]
        found = []
        for start, stop, is_sound in sorted(known):
            if self._covered >= end:
                break
            if start > self._covered:
                conceal = self._after_sound and is_sound
                found.append(self._hole(start, end, conceal=conceal))
            if self._covered < end and stop > self._covered:
                self._covered, self._after_sound, self._begun = stop, is_sound, None
        if self._covered < end:
            found.append(self._hole(max(now, end), end, conceal=False))
        return found

    def _hole(self, next_known: int, end: int, *, conceal: bool) -> Hole:
        start = self._covered
        first = self._begun.start if self._begun else start
        if next_known - first > LONGEST_CONCEALED:
            kind: MarkKind | None = MarkKind.GAP
        elif self._begun is not None:
            kind = self._begun.kind
        else:
            kind = MarkKind.CONCEALED if conceal else None
        hole = Hole(start, min(next_known, end), kind)
        self._covered = hole.end
        self._begun = Hole(first, hole.end, kind)
        return hole
