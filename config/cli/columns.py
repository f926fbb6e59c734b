"""Rows of a table for the terminal, each column as wide as its widest cell."""

from collections.abc import Iterator, Sequence

from cti.trace.ladder import columns


def in_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines; Chinese takes two columns a character (Unicode Standard Annex 11)."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield "  ".join(cells).rstrip()
