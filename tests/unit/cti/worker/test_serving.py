"""A worker serves one server after the other, and ends when none comes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import (
    Codec,
    LegStatistics,
    MediaAddress,
    MediaTarget,
    MediaUnavailable,
    PlayOutcome,
    Security,
    Tracks,
)
from cti.worker import messages as m
from cti.worker.serving import Serving
from tests.support.memory_socket import MemorySocket, WatchingClock

LEG, CALL, PATH = ConnectionId("leg"), CallId("call"), Path("/a.wav")
ADDRESS = MediaAddress("192.0.2.1", 4000)
SETTINGS = ("--first-port=1",)
HELLO = m.Hello(m.VERSION, SETTINGS)
TARGET = MediaTarget("192.0.2.9", 5000, Codec.PCMA, 101)


class Engine:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.listener: Any = None
        self.told: list[tuple[Any, ...]] = []
        self.legs = 1
        self.masked: tuple[ConnectionId, ...] = ()
        self.opening: Deferred[MediaAddress] = succeed(ADDRESS)
        self.closing: Deferred[LegStatistics] = succeed(LegStatistics(sent=7))
        self.ended: Deferred[None] = Deferred()

    def held(self) -> Sequence[tuple[Any, ...]]:
        return [(LEG, CALL, ADDRESS, PATH)]

    def open(self, *what: Any) -> Deferred[MediaAddress]:
        self.told.append(("open", *what))
        return self.opening

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        self.told.append(("close", leg))
        return self.closing

    def shut_down(self) -> Deferred[None]:
        self.told.append(("shut_down",))
        return self.ended

    def __getattr__(self, name: str) -> Any:
        return lambda *what, **more: self.told.append((name, *what, *more.values()))


class House:
    """A worker, and servers that visit it."""

    def __init__(self) -> None:
        self.clock, self.engine = WatchingClock(), Engine()
        self.over = 0
        engine: Any = self.engine
        self.serving = Serving(self.clock, engine, SETTINGS, 60.0, self._ended)

    def visit(self, *said: Any) -> MemorySocket:
        sock = MemorySocket()
        anything: Any = sock
        self.serving.visit(anything)
        sock.say(*said)
        self.clock.read()
        return sock

    def _ended(self) -> None:
        self.over += 1


def test_hello_is_answered_with_what_the_worker_holds() -> None:
    house = House()
    (welcome,) = house.visit(HELLO).hear()
    assert isinstance(welcome, m.Welcome)
    assert welcome.legs == (m.HeldLeg(LEG, CALL, ADDRESS, PATH),)
    assert house.serving.served


@pytest.mark.parametrize("hello", [m.Hello("other", SETTINGS), m.Hello(m.VERSION, ("--x",))])
def test_a_server_that_wants_another_worker_gets_its_place(hello: m.Hello) -> None:
    house = House()
    server = house.visit(hello)
    assert house.engine.told == [("shut_down",)]
    assert not [each for each in server.hear() if isinstance(each, m.Welcome)]
    house.engine.ended.callback(None)
    assert house.over == 1
    assert server.closed


COMMANDS = [
    (m.Configure(LEG, TARGET), ("configure", LEG, TARGET)),
    (m.Play(LEG, 3, (PATH,), True, False), ("play", LEG, 3, (PATH,), True, False)),
    (m.Stop(LEG), ("stop", LEG)),
    (m.Hear(LEG, (LEG,)), ("hear", LEG, (LEG,))),
    (m.Record(LEG, PATH, Tracks.BOTH), ("record", LEG, PATH, Tracks.BOTH)),
    (m.Mask(LEG, True), ("mask", LEG, True)),
    (m.PauseRecording(LEG, True), ("pause_recording", LEG, True)),
    (m.MarkRecording(LEG, "x"), ("mark_recording", LEG, "x")),
    (m.SendKeys(LEG, "1"), ("send_keys", LEG, "1")),
    (m.ShutDown(), ("shut_down",)),
]


@pytest.mark.parametrize(("message", "done"), COMMANDS)
def test_the_engine_does_what_the_server_says(message: Any, done: tuple[Any, ...]) -> None:
    house = House()
    house.visit(HELLO, message)
    assert house.engine.told == [done]


def test_nobody_commands_without_saying_hello() -> None:
    house = House()
    house.visit(m.ShutDown())
    assert not house.engine.told


def test_requests_are_answered_by_their_number() -> None:
    house = House()
    asked = m.Open(5, LEG, CALL, Security.NONE), m.Close(6, LEG), m.Ping(0)
    _, *answers = house.visit(HELLO, *asked).hear()
    assert answers == [m.Opened(5, ADDRESS), m.Closed(6, LegStatistics(sent=7)), m.Pong()]


def test_a_leg_that_does_not_open_says_why() -> None:
    house = House()
    house.engine.opening = fail(MediaUnavailable("no port"))
    _, answer = house.visit(HELLO, m.Open(5, LEG, CALL, Security.NONE)).hear()
    assert answer == m.NotOpened(5, "no port")


def test_an_answer_goes_to_the_server_that_asked_and_to_no_other() -> None:
    house = House()
    house.engine.closing = Deferred()
    house.visit(HELLO, m.Close(1, LEG))
    second = house.visit(HELLO)
    house.engine.closing.callback(LegStatistics())
    house.clock.advance(0)
    assert len(second.hear()) == 1


def test_the_newest_server_is_the_one() -> None:
    house = House()
    first = house.visit(HELLO)
    second = house.visit(HELLO)
    assert first.closed
    second.hear()
    house.serving.key_pressed(LEG, "1")
    house.clock.advance(0)
    assert second.hear() == [m.KeyPressed(LEG, "1")]
    house.clock.advance(100)
    assert not house.over
    assert not house.engine.told


def test_what_a_server_has_not_dealt_with_is_told_to_the_next() -> None:
    house = House()
    first = house.visit(HELLO)
    house.serving.recording_closed(LEG, PATH, 1.0, "5ea1")
    house.serving.play_ended(LEG, 2, PlayOutcome.FINISHED)
    first.say(m.Ping(1))
    house.clock.read()
    first.arrive(b"")
    house.clock.read()
    house.serving.legs_lost([LEG])
    told = house.visit(HELLO).hear()
    assert [each for each in told[1:] if not isinstance(each, m.LogLine)] == [
        m.PlayEnded(LEG, 2, PlayOutcome.FINISHED),
        m.LegsLost((LEG,)),
    ]


@pytest.mark.parametrize("gone", [True, False])
def test_keys_of_a_secret_are_told_to_no_server_that_did_not_ask_for_it(gone: bool) -> None:
    house = House()
    before = house.visit(HELLO)
    house.engine.masked = (LEG,)
    if gone:
        before.arrive(b"")
        house.clock.read()
    house.serving.key_pressed(LEG, "4")
    after = house.visit(HELLO)
    house.serving.key_pressed(LEG, "7")
    house.clock.advance(0)
    assert not any(isinstance(each, m.KeyPressed) for each in after.hear())
    after.say(m.Mask(LEG, True))
    house.clock.read()
    house.serving.key_pressed(LEG, "1")
    house.clock.advance(0)
    assert m.KeyPressed(LEG, "1") in after.hear()


def test_without_a_server_it_ends_after_a_while() -> None:
    house = House()
    house.clock.advance(59)
    server = house.visit(HELLO)
    house.clock.advance(1000)
    server.arrive(b"")
    house.clock.read()
    house.clock.advance(59)
    assert not house.engine.told
    house.clock.advance(1.1)
    assert house.engine.told == [("shut_down",)]
    house.engine.ended.callback(None)
    assert house.over == 1
    assert not house.clock.getDelayedCalls()


def test_a_server_that_comes_too_late_is_not_welcome() -> None:
    house = House()
    house.serving.end()
    late = house.visit(HELLO)
    house.engine.ended.callback(None)
    assert not [each for each in late.hear() if isinstance(each, m.Welcome)]
    assert late.closed
    assert house.over == 1


def test_it_ends_once() -> None:
    house = House()
    server = house.visit(HELLO, m.ShutDown(), m.ShutDown())
    server.arrive(b"")
    house.clock.read()
    house.serving.end()
    house.engine.ended.callback(None)
    assert house.engine.told == [("shut_down",)]
    assert house.over == 1
    house.clock.advance(100)
    assert house.over == 1


def test_log_lines_wait_for_a_server_unless_it_does_not_read() -> None:
    house = House()
    house.serving.log_line("info", "first")
    server = house.visit(HELLO)
    assert m.LogLine("info", "first") in server.hear()
    server.room = 0
    for number in range(2000):
        house.serving.log_line("info", f"{number:01000}")
        house.clock.advance(0)
    server.room = 1 << 30
    for writer in house.clock.writers:
        writer.doWrite()
    assert 1000 < len(server.hear()) < 1100
