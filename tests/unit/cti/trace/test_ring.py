"""The ring: what was written last is read, in order, whatever a crash left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.trace.ring import SEGMENT, Ring, read


def memory(segments: int = 3) -> memoryview:
    return memoryview(bytearray(SEGMENT * segments))


def contents(where: memoryview, after: int = 0) -> list[bytes]:
    return [content for _, content in read(where, after)]


def written(where: memoryview, count: int, size: int = 20_000) -> list[bytes]:
    """So many records, in two runs of a writer."""
    said = [f"{number:05}".encode().ljust(size, b"x") for number in range(count)]
    half = count // 2
    for part in (said[:half], said[half:]):
        ring = Ring(where)
        for each in part:
            ring.append(each)
    return said


def test_nothing_is_read_from_new_memory() -> None:
    where = memory()
    assert contents(where) == []
    Ring(where)
    assert contents(where) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 100_000), max_size=25), st.integers(1, 10))
def test_the_last_records_are_read_in_order_over_any_number_of_starts(
    sizes: list[int], run: int
) -> None:
    where = memory()
    said = []
    for number, size in enumerate(sizes):
        if number % run == 0:
            ring = Ring(where)
        said.append(str(number).encode().ljust(size, b"."))
        ring.append(said[-1])
    found = contents(where)
    assert found == said[len(said) - len(found) :]
    assert sum(map(len, found)) >= min(sum(sizes), 2 * SEGMENT - 200_000)


def test_numbers_go_on_and_a_reader_can_take_up_where_it_was() -> None:
    where = memory()
    said = written(where, 30)
    numbers = [number for number, _ in read(where)]
    assert numbers == list(range(numbers[0], 31))
    assert contents(where, numbers[-3]) == said[-2:]
    assert contents(where, 30) == []


@pytest.mark.parametrize("at", [0, 3, 8, 17, 30, 100])
def test_a_torn_record_hides_only_what_follows_it_in_its_segment(at: int) -> None:
    where = memory()
    said = written(where, 8)
    begin = bytes(where).index(said[2]) - 16
    where[begin + at] ^= 0x40
    found = contents(where)
    assert found == [*said[:2], *said[6:]], "six records fill a segment"
    ring = Ring(where)
    ring.append(b"after the crash")
    assert contents(where)[-1] == b"after the crash"


def test_a_torn_head_of_a_segment_hides_that_segment() -> None:
    where = memory()
    said = written(where, 8)
    where[5] ^= 1
    assert contents(where) == said[6:]


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2 * SEGMENT - 1))
def test_rubbish_in_the_file_is_never_read_as_a_record(rubbish: bytes, at: int) -> None:
    where = memory()
    said = written(where, 8)
    where[at : at + len(rubbish)] = rubbish
    assert set(contents(where)) <= set(said)
    Ring(where).append(b"new")
    assert contents(where)[-1] == b"new"


def test_a_record_that_quotes_one_is_not_taken_for_one() -> None:
    where = memory(2)
    other = memory(2)
    for ring in (Ring(where), Ring(other)):
        ring.append(b"a")
        ring.append(b"forged" if ring._memory is other else b"b" * 40)
    quoted = bytes(other[33:80])
    ring = Ring(where)
    assert quoted.startswith(b"\x06")
    ring.append(quoted)
    assert contents(where) == [b"a", b"b" * 40, quoted]


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Ring(memory()).append(bytes(SEGMENT))
    for size in (SEGMENT, 2 * SEGMENT + 1):
        with pytest.raises(ValueError, match="multiple"):
            Ring(memoryview(bytearray(size)))
