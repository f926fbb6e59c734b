"""The log begins in the folder of the settings, or says why it cannot."""

import errno
from io import StringIO
from pathlib import Path

import pytest

from config.log import Log, start_log
from cti.kernel.errors import ConfigurationError


def test_a_folder_that_cannot_be_made_is_told_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"folders\.base: .*file.*: Not a directory"):
        start_log(tmp_path / "file" / "var", verbose=False)


class FullDisk(StringIO):
    """A file on a disk that has room for so many characters."""

    room = 1000

    def write(self, text: str) -> int:
        written = super().write(text[: self.room])
        self.room -= written
        if written < len(text):
            raise OSError(errno.ENOSPC, "No space left on device")
        return written


def test_a_full_disk_is_told_once_and_the_log_goes_on_once_there_is_room() -> None:
    file, terminal = FullDisk(), StringIO()
    log = Log(file, terminal)

    def say(what: str) -> None:
        log({"log_format": what, "log_namespace": "x", "log_time": 0.0})

    say("first")
    file.room = 5
    for _ in range(7):
        say("lost")
    assert terminal.getvalue() == "The log cannot be written: No space left on device\n"
    file.room = 1000
    say("last")
    lines = file.getvalue().splitlines()
    assert [line[-5:] for line in (lines[0], lines[-1])] == ["first", " last"]
    assert lines[-2] == "7 lines are missing here"
    file.room = 0
    say("lost")
    assert len(terminal.getvalue().splitlines()) == 2
