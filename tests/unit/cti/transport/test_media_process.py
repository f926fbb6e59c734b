"""A worker's life as the server sees it: started, waited for, started again, ended."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from cti.kernel.identifiers import ConnectionId
from cti.transport.media_process import MediaWorker, WorkerOutput
from cti.transport.unclosed import Unclosed
from cti.worker.reports import Unheard
from cti.worker.settings import MediaSettings
from tests.support.deferred import result_of
from tests.support.disks import DirectDisk

SETTINGS = MediaSettings(bind="192.0.2.1", first_port=10, last_port=20)


class Process:
    """A child process that keeps the signals it was sent."""

    def __init__(self, protocol: WorkerOutput, arguments: list[str]) -> None:
        self.protocol, self.arguments = protocol, arguments
        self.signals: list[str] = []
        self.pid = 4711

    def signalProcess(self, name: str) -> None:  # noqa: N802  (Twisted's name)
        self.signals.append(name)

    def end(self) -> None:
        self.protocol.processEnded(Failure(ProcessTerminated(1)))


def _closed(leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
    raise AssertionError((leg, path, seconds, digest))


class House(Clock):
    """A clock that starts processes, and the worker's owner."""

    listener = Unheard()

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Process] = []
        self.told: list[str] = []
        self.worker = MediaWorker(0, self, SETTINGS, self, Unclosed(DirectDisk(), _closed))
        self.worker.start()

    def spawnProcess(  # noqa: N802  (Twisted's name)
        self, protocol: Any, _executable: str, args: list[str], **_: Any
    ) -> Process:
        self.processes.append(Process(protocol, args))
        return self.processes[-1]

    def adoptStreamConnection(self, *_args: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def worker_ready(self, _worker: MediaWorker) -> None:
        self.told.append("ready")

    def worker_lost(self, _worker: MediaWorker) -> None:
        self.told.append("lost")

    def worker_died(self, _worker: MediaWorker) -> None:
        self.told.append("died")


class Link:
    """A connection that keeps what is called on it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.transport = self

    def callRemote(self, command: Any) -> Any:  # noqa: N802  (Twisted's name)
        self.calls.append(command.__name__)
        return Deferred()


def test_the_process_is_told_its_settings() -> None:
    arguments = House().processes[0].arguments
    assert arguments[1:3] == ["-m", "cti.worker"]
    assert {"--bind=192.0.2.1", "--first-port=10", "--last-port=20"} < set(arguments)


def test_the_younger_it_dies_the_longer_until_the_next() -> None:
    house = House()
    for delay in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10):
        before = len(house.processes)
        house.processes[-1].end()
        house.advance(delay - 0.001)
        assert len(house.processes) == before
        house.advance(0.002)
        assert len(house.processes) == before + 1
    assert set(house.told) == {"died"}


def test_one_that_lived_is_replaced_at_once() -> None:
    house = House()
    house.processes[-1].end()
    house.advance(0.1)
    link: Any = Link()
    house.worker.connected(link)
    house.advance(1.9)
    for _ in range(5):
        house.worker._answered(link)
        house.advance(2)
    house.processes[-1].end()
    house.advance(0.06)
    assert len(house.processes) == 3
    assert house.told == ["died", "ready", "lost", "died"]


def test_one_that_never_says_hello_is_killed() -> None:
    house = House()
    house.advance(5.1)
    assert house.processes[0].signals == ["KILL"]


def test_one_that_does_not_answer_a_ping_is_killed() -> None:
    house = House()
    link: Any = Link()
    house.worker.connected(link)
    house.advance(2.1)
    assert link.calls == ["Ping"]
    house.advance(5.1)
    assert house.processes[0].signals == ["KILL"]


def test_one_whose_connection_is_lost_has_a_moment_to_end() -> None:
    house = House()
    link: Any = Link()
    house.worker.connected(link)
    house.worker.disconnected(link)
    house.advance(4.9)
    assert not house.processes[0].signals
    house.advance(0.2)
    assert house.processes[0].signals == ["KILL"]


def test_stopped_between_two_processes_it_starts_no_other() -> None:
    house = House()
    house.processes[0].end()
    result_of(house.worker.stop())
    house.advance(60)
    assert len(house.processes) == 1
    assert not house.getDelayedCalls()


def test_stopped_while_starting_it_is_terminated_and_then_killed() -> None:
    house = House()
    ended = house.worker.stop()
    assert house.processes[0].signals == ["TERM"]
    house.advance(5.1)
    assert house.processes[0].signals == ["TERM", "KILL"]
    house.processes[0].end()
    result_of(ended)
    assert not house.getDelayedCalls()


def test_stopped_while_connected_it_is_asked() -> None:
    house = House()
    link: Any = Link()
    house.worker.connected(link)
    ended = house.worker.stop()
    assert link.calls == ["ShutDown"]
    house.processes[0].end()
    result_of(ended)
    assert not house.getDelayedCalls()


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        (b"info RTP is fine", "info", "RTP is fine"),
        (b"critical Leg one failed: | Traceback", "critical", "Leg one failed: | Traceback"),
        (b"Fatal Python error: {oops}", "error", "Fatal Python error: {oops}"),
    ],
)
def test_what_the_worker_logs_is_logged(line: bytes, level: str, text: str) -> None:
    events: list[Any] = []
    output = WorkerOutput(House().worker)
    observe: Any = events.append
    globalLogPublisher.addObserver(observe)
    try:
        output.errReceived(line[:5])
        output.errReceived(line[5:] + b"\n")
    finally:
        globalLogPublisher.removeObserver(observe)
    (event,) = (event for event in events if event["log_namespace"].endswith("media_process"))
    assert (event["log_level"].name, event["text"]) == (level, text)
