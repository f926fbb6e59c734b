"""Entries in blocks, so that an index of words that knows no order is asked for the newest first.

A GIN index gives all that has some terms before the first of it can be read. There each entry has
the terms of its blocks too, a small one and the larger ones around it, and a search asks for one
block after another until its page is full: the small ones where it begins, then larger ones.
"""

from collections.abc import Iterator

SIZES = (12, 16, 20)
"""Entries of a block, as powers of two."""
_NAMES = len(SIZES) + 1


def indexed(table: str = "") -> str:
    """What an entry of PostgreSQL's table of terms is indexed by: terms of blocks are negative.

    `table` stands before the columns where they need it, as ``ticket_words.``.
    """
    blocks = (
        f"CAST(-{place + 1} - {_NAMES} * ({table}id >> {size}) AS INTEGER)"
        for place, size in enumerate(SIZES)
    )
    return f"({table}terms || ARRAY[{', '.join(blocks)}])"


def block_term(entry: int, size: int) -> int:
    """The term of the block of that size (one of `SIZES`) in which the entry lies."""
    return -(SIZES.index(size) + 1) - _NAMES * (entry >> size)


def walk(first: int, last: int) -> Iterator[int]:
    """Terms of the blocks that hold the entries from `first` to `last`, each entry in one of them.

    They come in the order of their entries, falling where `last` is the lower one. Where the walk
    begins they are small, and never four times as large as what was walked before.
    """
    falling, walked, place = last < first, 0, first
    while place >= last if falling else place <= last:
        size = next(size for size in reversed(SIZES) if _fits(place, size, walked, falling))
        yield block_term(place, size)
        walked += 1 << size
        start = place >> size << size
        place = start - 1 if falling else start + (1 << size)


def _fits(place: int, size: int, walked: int, falling: bool) -> bool:
    """Whether the walk may take a block of that size there, as it has walked so far."""
    if size == SIZES[0]:
        return True
    edge = place + 1 if falling else place
    return edge % (1 << size) == 0 and 1 << size < 4 * walked
