"""The directory of an archive: every name in it, and no more work than its end record allows."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.attachments.archives import LARGEST_DIRECTORY, MOST_MEMBERS, members


class Watched(io.BytesIO):
    """Counts the octets that are read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


def archive(*names: str, comment: bytes = b"", before: bytes = b"") -> io.BytesIO:
    made = io.BytesIO(before)
    made.seek(0, 2)
    with zipfile.ZipFile(made, "a") as opened:
        for name in names:
            opened.writestr(name, "x")
        opened.comment = comment
    return made


@given(
    st.lists(st.text("abé录音/.x", min_size=1, max_size=12), max_size=6, unique=True),
    st.binary(max_size=40).filter(lambda text: b"PK" not in text),
)
def test_every_name_is_found_whatever_stands_before_and_behind(
    names: list[str], comment: bytes
) -> None:
    assert members(archive(*names, comment=comment, before=b"MZ stub")) == names


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_octets_can_be_looked_at(junk: bytes, cut: int) -> None:
    whole = archive("word/document.xml").getvalue()
    members(io.BytesIO(whole[:cut] + junk + whole[cut:]))
    members(io.BytesIO(junk))


def end(count: int, length: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length, 0, 0)


@pytest.mark.parametrize(
    ("count", "length"),
    [(MOST_MEMBERS + 1, 0), (0xFFFF, 0xFFFFFFFF), (1, LARGEST_DIRECTORY + 1)],
)
def test_of_a_directory_that_is_too_large_nothing_is_read(count: int, length: int) -> None:
    file = Watched(bytes(LARGEST_DIRECTORY + 2) + end(count, length))
    assert members(file) is None
    assert file.taken < 70_000


def test_an_end_record_that_counts_too_few_is_found_out() -> None:
    member = struct.pack("<4s6H3L5H2L", b"PK\1\2", *[0] * 9, 1, *[0] * 6) + b"a"
    directory = member * (MOST_MEMBERS + 1)
    assert members(io.BytesIO(directory + end(1, len(directory)))) is None


def test_a_member_that_is_none_spoils_the_archive() -> None:
    assert members(io.BytesIO(bytes(46) + end(1, 46))) is None
    assert members(io.BytesIO(b"PK\1\2" + end(1, 4))) is None
