"""The server's end of the wire to one media worker: requests with their answers, and reports."""

import socket
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger, LogLevel

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import LegStatistics, MediaAddress, MediaUnavailable, Security
from cti.worker import messages
from cti.worker.link import Link, LinkReactor
from cti.worker.messages import Answer, LastingReport, Message, Report

log = Logger()

LEVELS = {level.name: level for level in LogLevel.iterconstants()}


def pass_on(number: int, level: str, text: str) -> None:
    """Log what a worker logs as ours."""
    known = LEVELS.get(level, LogLevel.error)
    log.emit(known, "Media worker {number}: {text}", number=number, text=text)


class ServerLink:
    """Says hello; what is asked fails with MediaUnavailable when the worker goes."""

    def __init__(self, reactor: LinkReactor, sock: socket.socket, number: int) -> None:
        self.welcomed: Callable[[messages.Welcome], None] = lambda _: None
        self.answered: Callable[[], None] = lambda: None
        """Called when a ping is answered."""
        self.reported: Callable[[Report], None] = lambda _: None
        self.tells: Callable[[], bool] = lambda: True
        """Whether what is reported is dealt with at once, and does not wait."""
        self.gone: Callable[[], None] = lambda: None
        """Called when the worker parts, not when we do."""
        self._number = number
        self._link = Link(reactor, sock, self._take, lambda _: self._lost())
        self._requests = count(1)
        self._asked: dict[int, Deferred[Any]] = {}
        self._heard = 0
        """Lasting reports that came."""

    def hello(self, settings: tuple[str, ...]) -> None:
        """Say who we are and what the worker is to be like."""
        self._link.say(messages.Hello(messages.VERSION, settings))

    def say(self, command: Message) -> None:
        """Tell it something that wants no answer."""
        self._link.say(command)

    def open(self, leg: ConnectionId, group: CallId, security: Security) -> Deferred[MediaAddress]:
        """Open a leg; MediaUnavailable."""
        number, answered = self._ask()
        self._link.say(messages.Open(number, leg, group, security))
        return answered

    def close_leg(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """Close a leg; MediaUnavailable when the worker goes before it has."""
        number, answered = self._ask()
        self._link.say(messages.Close(number, leg))
        return answered

    def ping(self) -> None:
        """`answered` is called if it works."""
        self._link.say(messages.Ping(self._dealt_with))

    def close(self) -> None:
        """Part, once everything is said; what was asked is never answered."""
        self._link.say(messages.Ping(self._dealt_with))
        self._link.close()

    def drain(self) -> None:
        """Take the last words of a worker that is over."""
        self._link.drain()

    # --- inside -----------------------------------------------------------------------------

    @property
    def _dealt_with(self) -> int:
        return self._heard if self.tells() else 0

    def _ask(self) -> tuple[int, Deferred[Any]]:
        number = next(self._requests)
        self._asked[number] = Deferred()
        return number, self._asked[number]

    def _take(self, _link: Link, message: Message) -> None:
        match message:
            case messages.Opened() | messages.NotOpened() | messages.Closed():
                self._resolve(message)
            case messages.Pong():
                self.answered()
            case messages.Welcome():
                self.welcomed(message)
            case messages.LogLine(level, text):
                pass_on(self._number, level, text)
            case (
                messages.KeyPressed()
                | messages.PlayEnded()
                | messages.RecordingClosed()
                | messages.LegsLost()
            ):
                self._heard += isinstance(message, LastingReport)
                self.reported(message)

    def _resolve(self, answer: Answer) -> None:
        asked = self._asked.pop(answer.request)
        match answer:
            case messages.Opened():
                asked.callback(answer.address)
            case messages.Closed():
                asked.callback(answer.seen)
            case messages.NotOpened():
                asked.errback(MediaUnavailable(answer.reason))

    def _lost(self) -> None:
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            waiting.errback(MediaUnavailable("the media worker is gone"))
        self.gone()
