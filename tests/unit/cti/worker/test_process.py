"""The worker's log: a line each, with its level; SIGTERM only ends who has no server."""

from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, Logger, LogPublisher
from zope.interface.verify import verifyObject

from cti.worker import process
from cti.worker.process import LineObserver


class Thread(Clock):
    """Runs at once what comes from another thread."""

    def callFromThread(self, call: Any, *arguments: Any) -> None:  # noqa: N802  (Twisted's name)
        call(*arguments)


class Serving:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def log_line(self, level: str, text: str) -> None:
        self.lines.append((level, text))


@pytest.mark.parametrize("in_reactor", [True, False])
def test_every_event_is_one_line(monkeypatch: pytest.MonkeyPatch, in_reactor: bool) -> None:
    monkeypatch.setattr(process, "isInIOThread", lambda: in_reactor)
    serving: Any = Serving()
    observer = LineObserver(Thread(), serving)
    verifyObject(ILogObserver, observer)
    log = Logger(observer=LogPublisher(observer))
    log.warn("Port {port} is taken", port=4000)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.failure("A command failed")
    warning, (level, text) = serving.lines
    assert warning == ("warn", "Port 4000 is taken")
    assert level == "critical"
    assert text.startswith("A command failed: Traceback")
    assert "two | lines" in text
