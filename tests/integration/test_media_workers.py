"""Media worker processes: they die alone, are replaced at once, and leave nothing behind."""

import os
import signal
from pathlib import Path

import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, LegStatistics, MediaUnavailable
from cti.recording.verify import State, verify
from cti.transport import media_process
from cti.transport.media_client import MediaWorkers
from cti.worker.settings import MediaSettings
from tests.support.audio import read_wave, tone, tone_begins
from tests.support.reactor import pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=32000, last_port=32998)
ONE, TWO, THREE = (ConnectionId(name) for name in ("one", "two", "three"))


def test_a_killed_worker_takes_its_legs_and_no_others(tmp_path: Path) -> None:
    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, ear, count=2)
        await workers.start()
        await workers.open(ONE, CallId("a"))
        await workers.open(TWO, CallId("a"))
        await workers.open(THREE, CallId("b"))
        assert workers.process_of(ONE) == workers.process_of(TWO) != workers.process_of(THREE)
        victim = workers.process_of(ONE)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        await until(lambda: ear.told)
        assert sorted(ear.told[0]) == ["lost", ONE, TWO]
        assert await workers.close(ONE) == LegStatistics()
        assert workers.process_of(THREE) in workers.processes
        await workers.ready()
        assert victim not in workers.processes
        await workers.open(ONE, CallId("c"))
        await workers.shut_down()
        assert len(ear.told) == 1

    run_in_reactor(main)


@pytest.mark.parametrize("hung_up", [False, True])
def test_the_recordings_of_a_killed_worker_are_closed_at_once(
    tmp_path: Path, hung_up: bool
) -> None:
    path = tmp_path / "call.wav"

    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, ear, count=1)
        await workers.start()
        address = await workers.open(ONE, CallId("a"))
        await workers.open(TWO, CallId("a"))
        phone = RtpPhone(Codec.PCMA)
        phone.call(address.host, address.port)
        workers.configure(ONE, phone.target)
        workers.record(ONE, path)
        workers.record(TWO, tmp_path / "closed.wav")
        await workers.close(TWO)
        await phone.talk(tone(600, 2.0))
        del ear.told[:]
        os.kill(workers.processes[0], signal.SIGKILL)
        if not hung_up:
            await until(lambda: ear.told)
            assert ear.told.pop(0) == ("lost", ONE)
        assert await workers.close(ONE) == LegStatistics()
        (closed,) = ear.told
        assert closed[:3] == ("recording", ONE, path)
        assert closed[3] >= 0.5
        verdict = verify(path, closed[4])
        assert (verdict.state, verdict.why, verdict.witnessed) == (State.WHOLE, "crash", True)
        await phone.hang_up()
        await workers.shut_down()

    run_in_reactor(main)
    received, _ = read_wave(path).T
    assert tone_begins(received, 600) is not None


def test_without_a_worker_no_leg_opens(tmp_path: Path) -> None:
    async def main() -> None:
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, Ear(), count=1)
        await workers.start()
        os.kill(workers.processes[0], signal.SIGKILL)
        with pytest.raises(MediaUnavailable):
            await workers.open(ONE, CallId("a"))
        await workers.shut_down()

    run_in_reactor(main)


def test_stopping_closes_recordings_and_leaves_no_process(tmp_path: Path) -> None:
    pids: list[int] = []

    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, ear, count=2)
        await workers.start()
        pids.extend(workers.processes)
        await workers.open(ONE, CallId("a"))
        workers.record(ONE, tmp_path / "call.wav")
        await workers.open(TWO, CallId("a"))  # by then it is being recorded
        await pause(0.1)
        await workers.shut_down()
        assert [told[0] for told in ear.told] == ["recording"]

    run_in_reactor(main)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(read_wave(tmp_path / "call.wav")) >= 800


def test_the_server_port_range_is_shared_out(tmp_path: Path) -> None:
    async def main() -> None:
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, Ear(), count=2)
        await workers.start()
        ports = [(await workers.open(ConnectionId(n), CallId(n))).port for n in "abcd"]
        await workers.shut_down()
        assert sorted(port < 32500 for port in ports) == [False, False, True, True]

    run_in_reactor(main)


def test_a_worker_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_process, "PING_EVERY", 0.1)

    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), SETTINGS, tmp_path, ear, count=1)
        await workers.start()
        monkeypatch.setattr(media_process, "PATIENCE", 0.4)
        await workers.open(ONE, CallId("a"))
        (hanging,) = workers.processes
        os.kill(hanging, signal.SIGSTOP)
        await until(lambda: ear.told == [("lost", ONE)])
        monkeypatch.setattr(media_process, "PATIENCE", 5.0)
        await workers.ready()
        assert hanging not in workers.processes
        await workers.shut_down()

    run_in_reactor(main)
