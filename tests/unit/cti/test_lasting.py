"""What must outlive a loss of power is on the disk before it takes the place of what was there."""

import os
import stat
from pathlib import Path

import pytest

from cti.lasting import replace_file


def test_it_is_on_the_disk_before_its_name_is_and_that_before_we_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "run" / "a.key", list[tuple[bool, bytes]]()

    def synced(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append((folder, path.read_bytes() if path.exists() else b""))

    monkeypatch.setattr(os, "fsync", synced)
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert seen == [(False, b""), (True, b"old"), (False, b"old"), (True, b"new")]
    assert [each.name for each in path.parent.iterdir()] == ["a.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_kill_left_half_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "a.key.new").write_bytes(b"ha")
    replace_file(tmp_path / "a.key", b"whole")
    assert (tmp_path / "a.key").read_bytes() == b"whole"


def test_a_disk_that_is_full_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.key"
    replace_file(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
