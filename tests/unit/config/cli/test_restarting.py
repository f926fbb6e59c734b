"""SIGHUP: what comes is tried first, and nothing is let go of if it is wrong."""

import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from config.cli import restarting
from config.cli.restarting import CHECK, Restarting, command


class Process:
    """Signals and processes as they are told; a reactor that calls at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.handlers: dict[int, Any] = {}
        self.tries: list[tuple[tuple[str, ...], Deferred[tuple[bytes, bytes, int]]]] = []
        self.left = 0
        self.stopped = False
        monkeypatch.setattr(signal, "signal", self.handlers.__setitem__)
        monkeypatch.setattr(restarting, "getProcessOutputAndValue", self._run)
        monkeypatch.setattr(sys, "stdin", None)
        self.restarting = Restarting()

    def _run(
        self, program: str, arguments: list[str], **_given: Any
    ) -> Deferred[tuple[bytes, bytes, int]]:
        self.tries.append(((program, *arguments), Deferred()))
        return self.tries[-1][1]

    def callFromThread(self, call: Callable[..., object], *given: object) -> None:  # noqa: N802  (Twisted's name)
        call(*given)

    def stop(self) -> None:
        self.stopped = True

    async def leave(self) -> None:
        self.left += 1

    def open(self) -> None:
        self.restarting.at_hangup(self, self.leave)

    def hang_up(self) -> None:
        self.handlers[signal.SIGHUP](signal.SIGHUP, None)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    return Process(monkeypatch)


def test_it_is_not_heard_before_the_house_is_open(process: Process) -> None:
    assert process.handlers[signal.SIGHUP] is signal.SIG_IGN


def test_what_comes_is_tried_and_then_we_leave(process: Process) -> None:
    process.open()
    process.hang_up()
    ((tried, answer),) = process.tries
    assert tried == (*command(), CHECK)
    assert not process.restarting.wanted
    answer.callback((b"", b"", 0))
    assert process.restarting.wanted
    assert process.left == 1
    assert process.handlers[signal.SIGHUP] is signal.SIG_IGN


def test_a_mistake_leaves_us_as_we_are_and_can_be_mended(process: Process) -> None:
    process.open()
    process.hang_up()
    process.hang_up()
    assert len(process.tries) == 1, "one try at a time"
    process.tries[0][1].callback((b"", b"hotline.yaml:3: sipp: no such section", 2))
    assert not process.restarting.wanted
    assert process.left == 0
    process.hang_up()
    process.tries[1][1].callback((b"", b"", 0))
    assert process.left == 1


def test_the_terminal_that_is_closed_ends_us(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.restarting._on_terminal = True
    monkeypatch.setattr(restarting, "terminal_is_gone", lambda: True)
    process.open()
    process.hang_up()
    assert process.stopped
    assert process.tries == []
