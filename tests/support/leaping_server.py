"""`hotline` with a clock that leaps: a house that lives through weeks of deadlines in seconds.

Run in place of `config.main`. Whoever connects to the port named in the environment sends an
instant in a line and gets it back once the clock stands there. From there time goes on as ever,
but for no longer than `GOES_ON`: what a test works out to the minute holds however slow a machine
is, while timers shorter than that fire as usual.
"""

import os
import sys
from datetime import datetime

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

PORT = "HOTLINE_TEST_LEAP_PORT"
START = "HOTLINE_TEST_LEAP_START"
GOES_ON = 50.0
"""Seconds."""


class LeapingReactor(EPollReactor):
    """A reactor whose time, and with it every timer, is where it was told to be."""

    def __init__(self, start: float) -> None:
        self._instant, self._since = start, EPollReactor.seconds()
        super().__init__()

    def seconds(self) -> float:
        return self._instant + min(EPollReactor.seconds() - self._since, GOES_ON)

    def leap(self, instant: float) -> None:
        """Let it be that time; what fell due meanwhile is done in this turn of the reactor."""
        if instant < self._instant:
            raise ValueError("time does not go back")
        self._instant, self._since = instant, EPollReactor.seconds()


class Leaps(LineReceiver):
    """Takes instants, and answers each."""

    delimiter = b"\n"

    def __init__(self, reactor: LeapingReactor) -> None:
        self._reactor = reactor

    def lineReceived(self, line: bytes) -> None:
        self._reactor.leap(datetime.fromisoformat(line.decode()).timestamp())
        self.sendLine(line)


def main() -> int:
    """Install the reactor, listen for leaps, and do what `hotline` would."""
    reactor = LeapingReactor(datetime.fromisoformat(os.environ[START]).timestamp())
    installReactor(reactor)
    reactor.listenTCP(
        int(os.environ[PORT]),
        Factory.forProtocol(lambda: Leaps(reactor)),
        interface="127.0.0.1",
    )
    from config.main import main as hotline

    return hotline()


if __name__ == "__main__":
    sys.exit(main())
