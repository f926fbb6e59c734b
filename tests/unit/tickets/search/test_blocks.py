"""Blocks of entries: a walk has each entry once, in order, with few steps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from tickets.search.blocks import SIZES, block_term, walk

MANY = 3_000_000
ENTRIES = integers(1, MANY)


def blocks(first: int, last: int) -> list[range]:
    """The entries of each block of the walk, read off its term by the reverse of the rule."""
    found = []
    for term in walk(first, last):
        number, place = divmod(-term - 1, len(SIZES) + 1)
        size = SIZES[place]
        found.append(range(number << size, (number + 1) << size))
    return found


@given(ENTRIES, ENTRIES)
def test_a_walk_has_each_entry_once_and_in_order(first: int, last: int) -> None:
    walked = blocks(first, last)
    assert first in walked[0]
    assert last in walked[-1]
    for before, after in pairwise(walked):
        if first > last:
            assert after.stop == before.start
        else:
            assert after.start == before.stop


@given(ENTRIES, ENTRIES)
def test_a_walk_begins_small_and_has_few_steps(first: int, last: int) -> None:
    walked = blocks(first, last)
    assert len(walked[0]) == 1 << SIZES[0]
    done = 0
    for block in walked:
        assert len(block) == 1 << SIZES[0] or len(block) < 4 * done
        done += len(block)
    assert len(walked) <= 70


@pytest.mark.parametrize(
    ("entry", "size", "term"), [(1, 12, -1), (4095, 12, -1), (4096, 12, -5), (70_000, 16, -6)]
)
def test_terms_of_blocks_are_negative_and_each_block_has_its_own(
    entry: int, size: int, term: int
) -> None:
    assert block_term(entry, size) == term


@given(ENTRIES, ENTRIES)
def test_two_entries_share_a_term_when_they_share_the_block(one: int, other: int) -> None:
    for size in SIZES:
        shared = block_term(one, size) == block_term(other, size)
        assert shared is (one >> size == other >> size)
    assert len({block_term(one, size) for size in SIZES}) == len(SIZES)
