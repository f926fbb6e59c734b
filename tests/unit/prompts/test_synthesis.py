import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cti.kernel.vocabulary import Language
from prompts.sound import read_wav
from prompts.synthesis import (
    DEATHS_BEFORE_PAUSE,
    JOB_LIMIT,
    PAUSE,
    START_LIMIT,
    Process,
    SpeechWorker,
    SynthesisError,
    speech_process,
)
from tests.support.deferred import result_of
from tests.support.reactor import reactor, run_in_reactor


class FakeProcess:
    """A speech process whose answers the test gives."""

    def __init__(self, protocol: ProcessProtocol) -> None:
        self.protocol = protocol
        self.requests: list[dict[str, Any]] = []
        self.alive = True

    def write(self, data: bytes) -> None:
        self.requests.append(json.loads(data))

    def signalProcess(self, signal: str, /) -> None:  # noqa: N802  (Twisted's name)
        assert signal == "KILL"
        if not self.alive:
            raise ProcessExitedAlready
        self.die()

    def die(self) -> None:
        self.alive = False
        self.protocol.processEnded(Failure(ProcessTerminated(signal=9)))

    def answer(self, **value: object) -> None:
        data = json.dumps(value).encode() + b"\n"
        self.protocol.outReceived(data[:5])
        self.protocol.outReceived(data[5:])

    @property
    def texts(self) -> list[str]:
        return [request["text"] for request in self.requests]


class House:
    """A worker over fake processes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.processes: list[FakeProcess] = []
        self.worker = SpeechWorker(self._spawn, self.clock)

    def _spawn(self, protocol: ProcessProtocol) -> Process:
        process = FakeProcess(protocol)
        self.processes.append(process)
        return process

    @property
    def process(self) -> FakeProcess:
        return self.processes[-1]

    def speak(
        self, text: str, path: Path = Path("spoken.wav"), *, urgent: bool = False
    ) -> Deferred[None]:
        return self.worker.speak(text, Language.CHINESE, path, urgent=urgent)


@pytest.fixture
def house() -> House:
    return House()


def test_starts_with_the_first_job_and_keeps_the_process(house: House) -> None:
    first = house.speak("一")
    assert not house.process.requests
    house.process.answer(ready=True)
    second = house.speak("二")
    assert house.process.texts == ["一"]
    house.process.answer(seconds=1.0)
    house.process.answer(seconds=1.0)
    assert result_of(first) is None
    assert result_of(second) is None
    assert len(house.processes) == 1
    assert house.process.requests[0]["voice"] == "sit/cmn"
    assert not house.clock.getDelayedCalls()


def test_urgent_jobs_go_first_in_their_order(house: House) -> None:
    for text in "一二三":
        house.speak(text)
    house.process.answer(ready=True)
    house.speak("急", urgent=True)
    house.speak("快", urgent=True)
    for _ in range(5):
        house.process.answer(seconds=1.0)
    assert house.process.texts == ["一", "急", "快", "二", "三"]


def test_error_of_one_job_leaves_the_next(house: House) -> None:
    bad, good = house.speak("一"), house.speak("二")
    house.process.answer(ready=True)
    house.process.answer(error="SpeechError: nothing was said")
    house.process.answer(seconds=1.0)
    with pytest.raises(SynthesisError, match="nothing was said"):
        result_of(bad)
    assert result_of(good) is None


def test_dead_process_is_replaced_and_its_job_tried_again(house: House) -> None:
    job = house.speak("一")
    house.process.answer(ready=True)
    house.process.die()
    assert len(house.processes) == 2
    house.process.answer(ready=True)
    house.process.answer(seconds=1.0)
    assert result_of(job) is None


def test_job_that_kills_twice_fails(house: House) -> None:
    job, next_job = house.speak("一"), house.speak("二")
    for _ in range(2):
        house.process.answer(ready=True)
        house.process.die()
    with pytest.raises(SynthesisError):
        result_of(job)
    house.process.answer(ready=True)
    house.process.answer(seconds=1.0)
    assert result_of(next_job) is None


def test_hung_job_kills_the_process(house: House) -> None:
    job = house.speak("一")
    house.process.answer(ready=True)
    house.clock.advance(JOB_LIMIT - 0.1)
    assert house.process.alive
    house.clock.advance(0.2)
    assert [process.alive for process in house.processes] == [False, True]
    house.clock.advance(START_LIMIT)
    house.clock.advance(START_LIMIT)
    with pytest.raises(SynthesisError):
        result_of(job)


def test_process_that_never_stays_up_is_left_alone_for_a_while(house: House) -> None:
    job = house.speak("一")
    for _ in range(DEATHS_BEFORE_PAUSE):
        house.process.answer(error="sit/cmn does not read Mandarin")
    with pytest.raises(SynthesisError):
        result_of(job)
    assert len(house.processes) == DEATHS_BEFORE_PAUSE
    with pytest.raises(SynthesisError, match="down"):
        result_of(house.speak("二"))
    house.clock.advance(PAUSE)
    again = house.speak("三")
    house.process.answer(ready=True)
    house.process.answer(seconds=1.0)
    assert result_of(again) is None


def test_cancelled_job_is_not_spoken(house: House) -> None:
    house.speak("一")
    cancelled = house.speak("二")
    cancelled.addErrback(lambda _: None)
    house.process.answer(ready=True)
    cancelled.cancel()
    house.process.answer(seconds=1.0)
    assert house.process.texts == ["一"]


def test_file_of_a_job_cancelled_too_late_is_deleted(house: House, tmp_path: Path) -> None:
    path = tmp_path / "balance.wav"
    cancelled = house.speak("一", path)
    cancelled.addErrback(lambda _: None)
    house.process.answer(ready=True)
    cancelled.cancel()
    path.write_bytes(b"spoken meanwhile")
    house.process.answer(seconds=1.0)
    assert not path.exists()


def test_stop_fails_what_waits_and_ends_the_process(house: House) -> None:
    running, waiting = house.speak("一"), house.speak("二")
    house.process.answer(ready=True)
    assert result_of(house.worker.stop()) is None
    for job in (running, waiting, house.speak("三")):
        with pytest.raises(SynthesisError):
            result_of(job)
    assert len(house.processes) == 1
    assert not house.process.alive
    assert not house.clock.getDelayedCalls()


def test_stop_before_anything_was_spoken(house: House) -> None:
    assert result_of(house.worker.stop()) is None
    assert not house.processes


def test_identity_names_versions(house: House) -> None:
    assert "espeak-ng/" in house.worker.identity


def test_real_process_speaks_and_survives_being_killed(tmp_path: Path) -> None:
    spawned: list[Process] = []
    spawn = speech_process(reactor())

    def remember(protocol: ProcessProtocol) -> Process:
        spawned.append(spawn(protocol))
        return spawned[-1]

    async def talk() -> None:
        worker = SpeechWorker(remember, reactor())
        await worker.speak("您好", Language.CHINESE, tmp_path / "before.wav")
        spawned[0].signalProcess("KILL")
        await worker.speak("您好", Language.CHINESE, tmp_path / "after.wav")
        await worker.music(tmp_path / "music.wav")
        await worker.stop()

    run_in_reactor(talk, timeout=30)
    assert len(spawned) == 2
    before, _ = read_wav(tmp_path / "before.wav")
    after, _ = read_wav(tmp_path / "after.wav")
    assert (before == after).all()
    music, _ = read_wav(tmp_path / "music.wav")
    assert len(music) == 40 * 8000
