"""The worker's log: a line each, its level first."""

import pytest
from twisted.logger import ILogObserver, Logger, LogPublisher
from zope.interface.verify import verifyObject

from cti.worker.process import LineObserver


def test_every_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    observer = LineObserver()
    verifyObject(ILogObserver, observer)
    log = Logger(observer=LogPublisher(observer))
    log.warn("Port {port} is taken", port=4000)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.failure("A command failed")
    warning, failure = capsys.readouterr().err.splitlines()
    assert warning == "warn Port 4000 is taken"
    assert failure.startswith("critical A command failed: Traceback")
    assert "two | lines" in failure
