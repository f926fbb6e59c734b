"""A line of a long text around what was searched for, with the hits marked."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from tickets.search.terms import folded

BEFORE = 16
"""Characters shown before the first hit."""
WIDTH = 72
"""Characters of an excerpt."""
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an excerpt; `hit` where it is what was searched for."""

    text: str
    hit: bool = False


def excerpt(text: str, words: Collection[str]) -> tuple[Piece, ...]:
    """What stands around the first hit; nothing where no word stands in the text."""
    pattern = "|".join(re.escape(folded(word)) for word in sorted(words, key=len, reverse=True))
    low = folded(text)
    first = re.search(pattern, low) if pattern else None
    # A character whose folded form is longer would shift every mark behind it.
    if first is None or len(low) != len(text):
        return ()
    start = max(0, first.start() - BEFORE)
    end = min(len(text), max(first.end(), start + WIDTH))
    pieces = [Piece("…")] if start else []
    place = start
    for hit in re.finditer(pattern, low[start:end]):
        begun, ended = start + hit.start(), start + hit.end()
        if begun > place:
            pieces.append(Piece(_plain(text[place:begun])))
        pieces.append(Piece(_plain(text[begun:ended]), hit=True))
        place = ended
    if place < end:
        pieces.append(Piece(_plain(text[place:end])))
    if end < len(text):
        pieces.append(Piece("…"))
    return tuple(pieces)


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text)
