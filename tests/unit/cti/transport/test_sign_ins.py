"""A flood of wrong secrets is counted, and said in few lines."""

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from cti.sip.events import Endpoint, SignInFailed
from cti.transport.sign_ins import SignInLog

FAILED = SignInFailed(Endpoint("203.0.113.9", 5060), "1001\r\n" + "x" * 100)


@implementer(ILogObserver)
class Kept:
    """An observer that keeps every event."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        self.events.append(event)


@pytest.fixture
def said() -> Iterator[list[LogEvent]]:
    kept = Kept()
    globalLogPublisher.addObserver(kept)
    yield kept.events
    globalLogPublisher.removeObserver(kept)


def test_a_line_a_second_at_most(said: list[LogEvent]) -> None:
    clock = Clock()
    log = SignInLog(clock)
    for _ in range(24):
        log.failed(FAILED)
        clock.advance(0.125)
    assert log.count == 24
    lines = [formatEvent(event) for event in said]
    assert len(lines) == 3
    assert lines[1].startswith("203.0.113.9:5060 failed to sign in as '1001\\r\\nxxx")
    assert lines[0].endswith("x'")
    assert lines[1].endswith("(7 more since the last line)")
