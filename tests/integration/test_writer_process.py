"""The process that writes recordings, as a worker has it: it may die, and the worker goes on."""

import os
import signal
import socket
from pathlib import Path
from subprocess import Popen

from cti.media.model import Tracks
from cti.media.rtp import RtpPacket
from cti.recording.verify import State, verify
from cti.recording.writer import Held
from cti.worker.disk import ThreadDisk
from cti.worker.recording import Recording
from cti.worker.writer_link import ProcessDesk, start_writer
from tests.support.audio import read_wave
from tests.support.reactor import reactor, run_in_reactor


class Desk(ProcessDesk):
    """Remembers its processes."""

    def __init__(self) -> None:
        self.processes: list[Popen[bytes]] = []
        super().__init__(reactor(), self._launch, ThreadDisk(reactor()))

    def _launch(self, end: socket.socket) -> Popen[bytes]:
        self.processes.append(start_writer((), end))
        return self.processes[-1]


def _say(recording: Recording, seconds: range) -> None:
    for number in range(seconds.start * 50, seconds.stop * 50):
        data = bytes(RtpPacket(8, number, number * 160, 1, b"\xaa" * 160))
        recording.heard(data, 8, number * 0.02)
        recording.said(data, 8, number * 0.02)


def test_what_is_recorded_is_on_disk_when_it_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        recordings = [
            Recording(tmp_path / f"{number}.wav", Tracks.BOTH, 0.0, desk) for number in range(30)
        ]
        for recording in recordings:
            for second in range(5):
                _say(recording, range(second, second + 1))
                recording.flush(second + 1.0)
        for closing in [recording.close(6.0) for recording in recordings]:
            held = await closing
            assert held.seconds == 6.0
        for recording in recordings:
            assert verify(recording.path).state is State.WHOLE
            assert read_wave(recording.path)[4000:39_000].all()
        desk.stop()

    run_in_reactor(main)


def test_when_it_dies_its_files_are_closed_and_the_next_recording_is_written(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        desk = Desk()
        before = Recording(tmp_path / "a.wav", Tracks.BOTH, 0.0, desk)
        other = Recording(tmp_path / "b.wav", Tracks.BOTH, 0.0, desk)
        _say(before, range(2))
        before.flush(2.0)
        assert (await other.close(1.0)).seconds == 1.0  # by then what came before is written
        (process,) = desk.processes
        os.kill(process.pid, signal.SIGKILL)
        held: Held = await before.close(3.0)
        assert held.seconds == 1.6
        verdict = verify(before.path, held.digest)
        assert (verdict.state, verdict.why, verdict.witnessed) == (State.WHOLE, "crash", True)
        after = Recording(tmp_path / "c.wav", Tracks.BOTH, 0.0, desk)
        _say(after, range(1))
        assert (await after.close(1.0)).seconds == 1.0
        assert len(desk.processes) == 2
        desk.stop()
        process.wait()

    run_in_reactor(main)


def test_it_closes_what_the_worker_could_not(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        recording = Recording(tmp_path / "a.wav", Tracks.BOTH, 0.0, desk)
        _say(recording, range(2))
        recording.flush(2.0)
        desk.stop()
        verdict = verify(recording.path)
        assert (verdict.state, verdict.why, verdict.seconds) == (State.WHOLE, "crash", 2.0)

    run_in_reactor(main)
