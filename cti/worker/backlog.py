"""What a worker has to report, kept until a server has dealt with it.

What was sent may die unread with the server it was sent to: a lasting report is kept until a
server says it has dealt with it, and told to the next one otherwise. Keys and log lines are told
once, and only so many of them wait while nobody listens.
"""

from collections import deque
from collections.abc import Iterable

from cti.worker.messages import KeyPressed, LastingReport, LogLine, Report

MOST_KEYS = 1000
MOST_LINES = 200


class Backlog:
    """The reports nobody has dealt with, the oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Report | LogLine] = deque()
        self._keys = self._lines = 0
        self._heard = 0
        """Lasting reports the server of now has dealt with."""
        self.left_out = 0
        """Keys and log lines there was no room for since the last server left."""

    def said(self, report: Report | LogLine) -> None:
        """It was sent to a server."""
        if isinstance(report, LastingReport):
            self._waiting.append(report)

    def heard(self, count: int) -> None:
        """The server has dealt with so many of the lasting reports it was ever sent."""
        for _ in range(min(count - self._heard, len(self._waiting))):
            self._waiting.popleft()
        self._heard = count

    def keep(self, report: Report | LogLine) -> None:
        """Nobody listens: it waits, if there is room."""
        match report:
            case KeyPressed():
                self._keys += 1
                room = self._keys <= MOST_KEYS
            case LogLine():
                self._lines += 1
                room = self._lines <= MOST_LINES
            case _:
                room = True
        if room:
            self._waiting.append(report)
        else:
            self.left_out += 1

    def deliver(self) -> Iterable[Report | LogLine]:
        """All of it, for a new server; what lasts stays until it was heard."""
        told = tuple(self._waiting)
        self._waiting = deque(each for each in told if isinstance(each, LastingReport))
        self._keys = self._lines = self._heard = self.left_out = 0
        return told
