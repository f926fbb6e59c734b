"""A worker's life as the server sees it: found or started, waited for, started again, ended."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import MediaAddress, MediaUnavailable, PlayOutcome, Security
from cti.transport import media_process
from cti.transport.media_process import MediaWorker, WorkerOutput
from cti.transport.unclosed import Unclosed
from cti.worker.messages import (
    VERSION,
    HeldLeg,
    Hello,
    LegsLost,
    LogLine,
    Open,
    Ping,
    PlayEnded,
    Pong,
    RecordingClosed,
    Report,
    ShutDown,
    Welcome,
)
from cti.worker.settings import MediaSettings
from tests.support.deferred import result_of
from tests.support.disks import DirectDisk
from tests.support.memory_socket import MemorySocket, WatchingClock

SETTINGS = MediaSettings(bind="192.0.2.1", first_port=10, last_port=20)
LEG, CALL = ConnectionId("leg"), CallId("call")
ADDRESS = MediaAddress("192.0.2.1", 10)


class Process:
    """A process that keeps the signals it was sent."""

    pid = 4711

    def __init__(self, ended: Callable[[str], None], arguments: Sequence[str] = ()) -> None:
        self.arguments = list(arguments)
        self.signals: list[str] = []
        self.let_go = False
        self._ended = ended

    def signalProcess(self, name: str) -> None:  # noqa: N802  (Twisted's name)
        self.signals.append(name)

    def loseConnection(self) -> None:
        self.let_go = True

    def end(self) -> None:
        self._ended("it ended")


class Room:
    """What a process would be given."""

    door = MemorySocket()
    lock = 7

    def let_to(self, pid: int) -> None:
        assert pid == Process.pid


class RentedPlace:
    """A place that a test fills."""

    number = 0

    def __init__(self) -> None:
        self.lives: int | None = None
        self.free = True
        self.sockets: list[MemorySocket] = []
        self.cleared = False

    def connect(self) -> Any:
        self.sockets.append(MemorySocket())
        return self.sockets[-1]

    def take(self) -> Any:
        return Room() if self.free else None

    def holder(self) -> int | None:
        return self.lives

    def clear(self) -> None:
        self.cleared = True


def _closed(leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
    raise AssertionError((leg, path, seconds, digest))


def _place(lives: int | None) -> Any:
    place = RentedPlace()
    place.lives = lives
    return place


class House(WatchingClock):
    """A clock that starts processes, and the worker's owner."""

    def __init__(self, lives: int | None = None) -> None:
        super().__init__()
        self.processes: list[Process] = []
        self.told: list[Any] = []
        self.tells = True
        self.place = _place(lives)
        unclosed = Unclosed(DirectDisk(), _closed)
        self.worker = MediaWorker(self.place, self, SETTINGS, self, unclosed)
        self.worker.start()

    def spawnProcess(  # noqa: N802  (Twisted's name)
        self, protocol: Any, _executable: str, args: list[str], **_: Any
    ) -> Process:
        failure = Failure(ProcessTerminated(1))
        self.processes.append(Process(lambda _: protocol.processEnded(failure), args))
        return self.processes[-1]

    @property
    def socket(self) -> MemorySocket:
        """The worker's end of the newest connection."""
        sockets: list[MemorySocket] = self.place.sockets
        return sockets[-1]

    def answer(self, *messages: Any) -> None:
        """The worker says that."""
        self.socket.say(*messages)
        self.read()

    def end(self) -> None:
        """The newest process is over, and its connection with it."""
        self.socket.arrive(b"")
        self.processes[-1].end()

    def worker_ready(self, _worker: MediaWorker, held: Sequence[HeldLeg]) -> None:
        self.told.append(("ready", *(each.leg for each in held)))

    def worker_lost(self, _worker: MediaWorker) -> None:
        self.told.append("lost")

    def worker_died(self, _worker: MediaWorker) -> None:
        self.told.append("died")

    def reported(self, report: Report) -> None:
        self.told.append(report)


@pytest.fixture
def survivors(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Every process that was found, not started."""
    found: list[Process] = []

    def survivor(_reactor: object, _pid: int, ended: Callable[[str], None]) -> Process:
        found.append(Process(ended))
        return found[-1]

    monkeypatch.setattr(media_process, "survivor", survivor)
    return found


def test_the_process_is_told_its_settings() -> None:
    arguments = House().processes[0].arguments
    assert arguments[1:3] == ["-m", "cti.worker"]
    assert {"--bind=192.0.2.1", "--first-port=10", "--last-port=20"} < set(arguments)


def test_hello_says_version_and_settings() -> None:
    house = House()
    house.advance(0)
    assert house.socket.hear() == [Hello(VERSION, SETTINGS.arguments)]


def test_the_younger_it_dies_the_longer_until_the_next() -> None:
    house = House()
    for delay in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10):
        before = len(house.processes)
        house.end()
        house.advance(delay - 0.001)
        assert len(house.processes) == before
        house.advance(0.002)
        assert len(house.processes) == before + 1
    assert set(house.told) == {"died"}


def test_one_that_lived_is_replaced_at_once() -> None:
    house = House()
    house.end()
    house.advance(0.1)
    house.answer(Welcome(1, ()))
    house.advance(1.9)
    for _ in range(5):
        house.answer(Pong())
        house.advance(2)
    house.end()
    house.advance(0.06)
    assert len(house.processes) == 3
    assert house.told == ["died", ("ready",), "lost", "died"]


def test_one_that_never_says_hello_is_killed() -> None:
    house = House()
    house.advance(29.9)
    assert not house.processes[0].signals, "a busy machine may take long to start it"
    house.advance(0.2)
    assert house.processes[0].signals == ["KILL"]


def test_a_survivor_that_never_says_hello_is_killed_sooner(survivors: list[Process]) -> None:
    house = House(lives=4711)
    house.advance(5.1)
    assert survivors[0].signals == ["KILL"]


def test_one_that_does_not_answer_a_ping_is_killed() -> None:
    house = House()
    house.answer(Welcome(1, ()))
    house.socket.hear()
    house.advance(2.1)
    house.advance(0)
    assert house.socket.hear() == [Ping(0)]
    house.advance(5.1)
    assert house.processes[0].signals == ["KILL"]


def test_a_ping_says_how_many_lasting_reports_were_dealt_with() -> None:
    house = House()
    lost, ended = LegsLost((LEG,)), PlayEnded(LEG, 1, PlayOutcome.KEY)
    house.answer(Welcome(1, ()), lost, ended)
    house.socket.hear()
    house.advance(2.1)
    house.advance(0)
    assert house.told[1:] == [lost, ended]
    assert house.socket.hear() == [Ping(2)]


def test_what_waits_to_be_told_is_left_to_the_next_server_by_one_that_gives_up() -> None:
    house = House()
    house.tells = False
    house.answer(Welcome(1, ()), LegsLost((LEG,)))
    house.socket.hear()
    house.worker.release()
    assert house.socket.hear() == [Ping(0)]


def test_one_whose_connection_is_lost_has_a_moment_to_end() -> None:
    house = House()
    house.answer(Welcome(1, ()))
    house.socket.arrive(b"")
    house.read()
    house.advance(4.9)
    assert not house.processes[0].signals
    house.advance(0.2)
    assert house.processes[0].signals == ["KILL"]


def test_its_last_words_are_heard_before_it_is_lost(tmp_path: Path) -> None:
    house = House()
    house.answer(Welcome(1, ()))
    house.worker.unclosed.begun(LEG, tmp_path)
    closed = RecordingClosed(LEG, tmp_path, 1.0, "5ea1")
    house.socket.say(closed)
    house.end()
    assert house.told == [("ready",), closed, "lost", "died"]


def test_what_was_asked_fails_with_the_worker() -> None:
    house = House()
    house.answer(Welcome(1, ()))
    assert house.worker.link is not None
    opened = house.worker.link.open(LEG, CALL, Security.NONE)
    house.advance(0)
    assert house.socket.hear()[-1] == Open(1, LEG, CALL, Security.NONE)
    house.end()
    failures: list[Failure] = []
    opened.addErrback(failures.append)
    assert failures[0].check(MediaUnavailable)


def test_stopped_between_two_processes_it_starts_no_other() -> None:
    house = House()
    house.end()
    result_of(house.worker.stop())
    house.advance(60)
    assert len(house.processes) == 1
    assert house.place.cleared
    assert not house.getDelayedCalls()


def test_stopped_while_starting_it_is_terminated_and_then_killed() -> None:
    house = House()
    ended = house.worker.stop()
    assert house.processes[0].signals == ["TERM"]
    house.advance(5.1)
    assert house.processes[0].signals == ["TERM", "KILL"]
    house.end()
    result_of(ended)
    assert not house.getDelayedCalls()


def test_stopped_while_connected_it_is_asked() -> None:
    house = House()
    house.answer(Welcome(1, ()))
    house.socket.hear()
    ended: Deferred[None] = house.worker.stop()
    house.advance(0)
    assert house.socket.hear() == [ShutDown()]
    house.end()
    result_of(ended)
    assert not house.getDelayedCalls()


def test_whoever_lives_there_is_taken_up(survivors: list[Process], tmp_path: Path) -> None:
    house = House(lives=4711)
    house.answer(Welcome(4711, (HeldLeg(LEG, CALL, ADDRESS, tmp_path / "a.wav"),)))
    assert house.told == [("ready", LEG)]
    assert house.worker.unclosed.paths == [tmp_path / "a.wav"]
    assert not house.processes
    (survivor,) = survivors
    house.advance(2.1)
    house.advance(5.1)
    assert survivor.signals == ["KILL"]


def test_whoever_will_not_serve_makes_room(survivors: list[Process]) -> None:
    house = House(lives=4711)
    house.socket.arrive(b"")
    house.read()
    house.place.lives = None
    survivors[0].end()
    assert len(house.processes) == 1
    house.answer(Welcome(1, ()))
    assert house.told == [("ready",)]


def test_a_place_that_is_not_free_is_tried_again() -> None:
    house = House()
    house.end()
    house.place.free = False
    house.advance(0.06)
    assert len(house.processes) == 1
    house.place.free = True
    house.advance(0.2)
    assert len(house.processes) == 2
    assert house.told == ["died", "died"]


def test_released_it_goes_on_alone() -> None:
    house = House()
    house.answer(Welcome(1, ()))
    house.worker.release()
    assert house.socket.closed
    assert house.processes[0].let_go
    house.processes[0].end()
    house.advance(60)
    assert not house.processes[0].signals
    assert house.told == [("ready",)]
    assert not house.place.cleared


@pytest.mark.parametrize(
    ("level", "logged"), [("info", "info"), ("critical", "critical"), ("shrill", "error")]
)
def test_what_the_worker_logs_is_logged(level: str, logged: str) -> None:
    with _Log() as events:
        House().answer(LogLine(level, "RTP is {fine}"))
    assert [(event["log_level"].name, event["text"]) for event in events] == [
        (logged, "RTP is {fine}")
    ]


def test_the_last_words_of_the_interpreter_are_logged() -> None:
    output = WorkerOutput(House().worker)
    with _Log() as events:
        output.errReceived(b"Fatal Py")
        output.errReceived(b"thon error: {oops}\n")
    assert [(event["log_level"].name, event["text"]) for event in events] == [
        ("error", "Fatal Python error: {oops}")
    ]


class _Log:
    """What is logged of a worker."""

    def __init__(self) -> None:
        self._events: list[Any] = []
        self._observer: Any = self._observe

    def __enter__(self) -> list[Any]:
        globalLogPublisher.addObserver(self._observer)
        return self._events

    def __exit__(self, *_: object) -> None:
        globalLogPublisher.removeObserver(self._observer)

    def _observe(self, event: Any) -> None:
        if event["log_namespace"].endswith("media_link"):
            self._events.append(event)
