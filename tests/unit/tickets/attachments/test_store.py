"""Files are kept whole, once, under their digest, or not at all."""

import errno
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from cti.kernel.errors import Refused
from tickets.attachments.model import MEGABYTE, Limits, attachment_from
from tickets.attachments.sniffing import PDF
from tickets.attachments.store import INCOMING, FileStore

LETTER = b"%PDF-1.7 letter"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, Limits(largest=MEGABYTE))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_lies_under_its_digest(store: FileStore, tmp_path: Path) -> None:
    kept = store.keep([LETTER[:5], LETTER[5:]], "../来信.pdf")
    assert (kept.name, kept.media_type, kept.size) == ("来信.pdf", PDF, len(LETTER))
    assert kept.digest == sha256(LETTER).hexdigest()
    with store.open(kept.digest) as file:
        assert file.read() == LETTER
    assert store.keep([LETTER], "b.pdf").digest == kept.digest
    assert files_in(tmp_path) == [store.path_of(kept.digest)]
    assert attachment_from(kept.fields()) == kept


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        ([], "ticket.file_empty"),
        ([b"%PDF", bytes(MEGABYTE)], "ticket.file_too_large"),
        ([b"MZ\x90\x00"], "ticket.file_type"),
        ([b"<html><script>"], "ticket.file_type"),
    ],
)
def test_nothing_stays_of_what_is_refused(
    store: FileStore, tmp_path: Path, chunks: list[bytes], error: str
) -> None:
    with pytest.raises(Refused) as refused:
        store.keep(chunks, "a.pdf")
    assert refused.value.error_id == error
    assert files_in(tmp_path) == []


def test_a_full_disk_is_said_so_and_leaves_nothing(store: FileStore, tmp_path: Path) -> None:
    def full() -> Iterator[bytes]:
        yield LETTER
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Refused) as refused:
        store.keep(full(), "a.pdf")
    assert refused.value.error_id == "ticket.no_space"
    assert files_in(tmp_path) == []
    assert list((tmp_path / INCOMING).iterdir()) == []


def test_other_errors_of_the_disk_stay_what_they_are(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        FileStore(blocked, Limits()).keep([LETTER], "a.pdf")


def test_a_file_that_is_gone_is_said_so(store: FileStore) -> None:
    with pytest.raises(Refused) as refused:
        store.open("0" * 64)
    assert refused.value.error_id == "ticket.file_gone"


def test_what_was_left_long_ago_goes_unless_it_was_kept_again(
    store: FileStore, tmp_path: Path
) -> None:
    old, again, fresh = (store.keep([LETTER, each], "a.pdf").digest for each in (b"1", b"2", b"3"))
    half = tmp_path / INCOMING / "half"
    half.write_bytes(LETTER)
    for path in (store.path_of(old), store.path_of(again), half):
        os.utime(path, (1000, 1000))
    assert sorted(store.left(2000)) == sorted((old, again))
    assert not half.exists()
    store.keep([LETTER, b"2"], "b.pdf")
    assert (store.drop(old, 2000), store.drop(again, 2000)) == (True, False)
    assert not store.drop(old, 2000)
    assert {path.name for path in files_in(tmp_path)} == {again, fresh}
