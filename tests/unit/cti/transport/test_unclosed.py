"""Recordings of a worker that died are closed once its process is over, and then told of."""

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from cti.kernel.identifiers import ConnectionId
from cti.recording.writer import RecordingWriter
from cti.transport.unclosed import Unclosed
from tests.support.deferred import result_of
from tests.support.disks import DirectDisk

ONE, TWO = ConnectionId("one"), ConnectionId("two")


class Told:
    """What is said of recordings that were closed."""

    def __init__(self) -> None:
        self.told: list[tuple[ConnectionId, Path, float, bool]] = []
        self.unclosed = Unclosed(DirectDisk(), self._closed)

    def _closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        self.told.append((leg, path, seconds, bool(digest)))


def _left_open(path: Path) -> Path:
    """A recording of a second whose writer is gone."""
    writer = RecordingWriter(path, 1)
    writer.append(bytes(16_000))
    writer._chain.close()
    return path


def _fired(waiting: Deferred[None]) -> bool:
    return bool(waiting.called)


def test_what_was_left_open_is_closed_and_told_before_the_leg_is(tmp_path: Path) -> None:
    house, path = Told(), _left_open(tmp_path / "a.wav")
    house.unclosed.begun(ONE, path)
    waiting = house.unclosed.sealed(ONE)
    assert not _fired(waiting)
    house.unclosed.seal()
    assert house.told == [(ONE, path, 1.0, True)]
    assert _fired(waiting)
    assert _fired(house.unclosed.sealed(ONE))


def test_what_the_worker_closed_is_not_told_again(tmp_path: Path) -> None:
    house = Told()
    for name in "ab":
        house.unclosed.begun(ONE, tmp_path / name)
    house.unclosed.begun(TWO, tmp_path / "c")
    house.unclosed.ended(ONE, tmp_path / "a")
    house.unclosed.ended(ONE, tmp_path / "b")
    house.unclosed.forget(TWO)
    house.unclosed.seal()
    assert not house.told
    assert result_of(house.unclosed.sealed(ONE)) is None


@pytest.mark.parametrize("is_there", [False, True])
def test_one_that_cannot_be_closed_is_told_as_empty(tmp_path: Path, is_there: bool) -> None:
    house, path = Told(), tmp_path / "a.wav"
    if is_there:
        path.with_suffix(".chain").mkdir()
    house.unclosed.begun(ONE, path)
    house.unclosed.seal()
    assert house.told == [(ONE, path, 0.0, False)]
