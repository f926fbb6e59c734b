"""A recording whose disk refuses does not disturb the call."""

from pathlib import Path

import pytest

from cti.media.port import Codec, Tracks
from cti.media.rtp import RtpPacket
from cti.recording.verify import State, verify
from cti.recording.writer import Held
from cti.worker.desk import DiskDesk, DiskPen
from cti.worker.recording import Recording
from cti.worker.scribe import DISK, MISTAKE, Scribe
from tests.support.audio import read_wave
from tests.support.deferred import result_of
from tests.support.disks import DirectDisk, FullDisk


def _say(recording: Recording, seconds: range) -> None:
    for number in range(seconds.start * 50, seconds.stop * 50):
        packet = RtpPacket(8, number % 2**16, number * 160, 1, b"\xaa" * 160)
        recording.received(packet, Codec.PCMA, number * 0.02)


def _scribe(recording: Recording) -> Scribe:
    pen = recording._pen
    assert isinstance(pen, DiskPen)
    return pen._scribe


def test_the_file_grows_while_it_is_written(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.wav", Tracks.RECEIVED, 0.0, DiskDesk(DirectDisk()))
    _say(recording, range(3))
    recording.flush(3.0)
    assert len(read_wave(recording.path)) == 20_800
    assert result_of(recording.close(3.5)).seconds == 3.5
    assert len(read_wave(recording.path)) == 28_000


@pytest.mark.parametrize("seconds", [0, 1])
def test_what_somebody_said_is_on_the_disk_and_silence_may_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("cti.recording.store.os.fsync", synced.append)
    recording = Recording(tmp_path / "a.wav", Tracks.RECEIVED, 0.0, DiskDesk(DirectDisk()))
    _say(recording, range(seconds))
    assert result_of(recording.close(1.0)).seconds == 1.0
    assert len(synced) == seconds
    assert verify(recording.path).state is State.WHOLE


def test_a_file_that_cannot_be_opened_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    recording = Recording(tmp_path / "file" / "a.wav", Tracks.BOTH, 0.0, DiskDesk(DirectDisk()))
    _say(recording, range(1))
    recording.flush(1.0)
    assert result_of(recording.close(2.0)) == Held()


def test_a_disk_that_fills_up_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(tmp_path / "a.wav", Tracks.RECEIVED, 0.0, DiskDesk(DirectDisk()))
    _say(recording, range(2))
    recording.flush(1.4)
    writer = _scribe(recording)._writer
    assert writer is not None
    full = FullDisk()
    monkeypatch.setattr(writer._store, "append", full.append)
    recording.flush(2.4)
    recording.flush(3.4)
    assert result_of(recording.close(4.0)).seconds == 1.0
    assert len(read_wave(recording.path)) == 8000
    verdict = verify(recording.path)
    assert (verdict.state, verdict.why, verdict.seconds) == (State.WHOLE, DISK, 1.0)


def test_a_mistake_of_ours_ends_the_recording_and_not_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(tmp_path / "a.wav", Tracks.RECEIVED, 0.0, DiskDesk(DirectDisk()))
    _say(recording, range(2))
    recording.flush(1.4)
    renderer = _scribe(recording)._renderer
    usual = renderer.samples
    monkeypatch.setattr(renderer, "samples", lambda _: 1 / 0)
    recording.flush(2.4)
    monkeypatch.setattr(renderer, "samples", usual)
    recording.flush(3.4)
    assert result_of(recording.close(4.0)).seconds == 1.0
    verdict = verify(recording.path)
    assert (verdict.state, verdict.why, verdict.seconds) == (State.WHOLE, MISTAKE, 1.0)
