"""An engine at work for one server after the other: commands in, reports out.

Legs go on when their server goes. What they have to report waits for the next server; when none
comes for `orphan_time` seconds, recordings are closed and the worker ends.
"""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import DelayedCall
from cti.kernel.identifiers import ConnectionId
from cti.media.port import LegStatistics, MediaAddress, MediaUnavailable, PlayOutcome
from cti.worker import messages
from cti.worker.backlog import Backlog
from cti.worker.engine import MediaEngine
from cti.worker.link import Link, LinkReactor
from cti.worker.messages import LogLine, Message, Report

log = Logger()


class Serving:
    """A `MediaListener` of the engine; `ended` is called when the process may end."""

    def __init__(
        self,
        reactor: LinkReactor,
        engine: MediaEngine,
        settings: tuple[str, ...],
        orphan_time: float,
        ended: Callable[[], None],
    ) -> None:
        self._reactor, self._engine = reactor, engine
        self._settings, self._orphan_time = settings, orphan_time
        self._ended = ended
        self._server: Link | None = None
        self._visitors: set[Link] = set()
        """Connections that did not say hello yet."""
        self._backlog = Backlog()
        self._secret: set[ConnectionId] = set()
        """Legs that were masked when their server went: what is keyed there was not asked for by
        the next, and is told to nobody until that one masks or unmasks."""
        self._ending = False
        self._commands = self._table()
        engine.listener = self
        self._orphaned: DelayedCall | None = reactor.callLater(orphan_time, self._give_up)
        self._alone_since = reactor.seconds()

    @property
    def served(self) -> bool:
        """Whether a server is there."""
        return self._server is not None

    def visit(self, sock: socket.socket) -> None:
        """Somebody connected."""
        self._visitors.add(Link(self._reactor, sock, self._take, self._gone))

    def end(self) -> None:
        """Close every recording, say so, and be over."""
        if self._ending:
            return
        self._ending = True
        self._disarm()
        closing = self._engine.shut_down()
        closing.addErrback(lambda failure: log.failure("The media worker failed", failure))
        closing.addBoth(lambda _: self._over())

    def log_line(self, level: str, text: str) -> None:
        """Pass on an event of the log, unless nobody reads."""
        if self._server is None or not self._server.congested:
            self._tell(LogLine(level, text))

    # --- reports ----------------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """Tell the server, unless it belongs to a secret that another one asked for."""
        if leg not in self._secret:
            self._tell(messages.KeyPressed(leg, key))

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """Tell the server."""
        self._tell(messages.PlayEnded(leg, play, outcome))

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """Tell the server."""
        self._tell(messages.RecordingClosed(leg, path, seconds, digest))

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Tell the server."""
        self._tell(messages.LegsLost(tuple(legs)))

    # --- the server -------------------------------------------------------------------------

    def _take(self, link: Link, message: Message) -> None:
        if isinstance(message, messages.Hello):
            self._greet(link, message)
        elif link is self._server:
            self._commands[type(message)](link, message)

    def _greet(self, link: Link, hello: messages.Hello) -> None:
        """The newest server is the one: there is never a second beside one that lives."""
        self._visitors.discard(link)
        alone = self._reactor.seconds() - self._alone_since if self._server is None else 0.0
        if self._server is not None:
            self._server.abort()
            self._secret.update(self._engine.masked)
        self._server = link
        self._disarm()
        if (hello.version, hello.settings) != (messages.VERSION, self._settings):
            log.info("The server wants another worker: this one ends")
            self.end()
        if self._ending:
            return
        legs = tuple(messages.HeldLeg(*held) for held in self._engine.held())
        link.say(messages.Welcome(os.getpid(), legs, alone))
        if left_out := self._backlog.left_out:
            log.info("{count} keys and log lines were not kept for a server", count=left_out)
        for report in self._backlog.deliver():
            link.say(report)

    def _gone(self, link: Link) -> None:
        self._visitors.discard(link)
        if link is not self._server:
            return
        self._server, self._alone_since = None, self._reactor.seconds()
        self._secret.update(self._engine.masked)
        if not self._ending:
            log.info("The server is gone: {count} legs go on without it", count=self._engine.legs)
            self._orphaned = self._reactor.callLater(self._orphan_time, self._give_up)

    def _give_up(self) -> None:
        self._orphaned = None
        log.info("No server came for {seconds} s: the worker ends", seconds=self._orphan_time)
        self.end()

    def _tell(self, report: Report | LogLine) -> None:
        if self._server is None:
            self._backlog.keep(report)
        else:
            self._backlog.said(report)
            self._server.say(report)

    def _over(self) -> None:
        for link in (*self._visitors, self._server):
            if link is not None:
                link.close()
        self._ended()

    def _disarm(self) -> None:
        waiting, self._orphaned = self._orphaned, None
        if waiting is not None:
            waiting.cancel()

    # --- commands ---------------------------------------------------------------------------

    def _table(self) -> dict[type, Callable[[Link, Any], object]]:
        engine = self._engine
        # Answers go to the server that asked: another one numbers its own requests.
        return {
            messages.Open: self._open,
            messages.Configure: lambda _, it: engine.configure(it.leg, it.target),
            messages.Play: lambda _, it: engine.play(
                it.leg, it.play, it.files, repeat=it.repeat, barge_in=it.barge_in
            ),
            messages.Stop: lambda _, it: engine.stop(it.leg),
            messages.Hear: lambda _, it: engine.hear(it.leg, it.sources),
            messages.Record: lambda _, it: engine.record(it.leg, it.path, it.tracks),
            messages.Mask: self._mask,
            messages.PauseRecording: lambda _, it: engine.pause_recording(it.leg, it.paused),
            messages.MarkRecording: lambda _, it: engine.mark_recording(it.leg, it.label),
            messages.SendKeys: lambda _, it: engine.send_keys(it.leg, it.keys),
            messages.Close: self._close,
            messages.Ping: self._pong,
            messages.ShutDown: lambda _link, _message: self.end(),
        }

    def _open(self, link: Link, wanted: messages.Open) -> None:
        def opened(address: MediaAddress) -> None:
            link.say(messages.Opened(wanted.request, address))

        def failed(failure: Failure) -> None:
            if not failure.check(MediaUnavailable):
                log.failure("Leg {leg_id} does not open", failure, leg_id=wanted.leg)
            link.say(messages.NotOpened(wanted.request, str(failure.value)))

        opening = self._engine.open(wanted.leg, wanted.group, wanted.security)
        opening.addCallbacks(opened, failed)

    def _mask(self, _link: Link, wanted: messages.Mask) -> None:
        self._secret.discard(wanted.leg)
        self._engine.mask(wanted.leg, wanted.masked)

    def _close(self, link: Link, wanted: messages.Close) -> None:
        def closed(seen: LegStatistics) -> None:
            link.say(messages.Closed(wanted.request, seen))

        def failed(failure: Failure) -> None:
            log.failure("Leg {leg_id} does not close", failure, leg_id=wanted.leg)
            closed(LegStatistics())

        self._secret.discard(wanted.leg)
        closing = self._engine.close(wanted.leg)
        closing.addCallbacks(closed, failed)

    def _pong(self, link: Link, ping: messages.Ping) -> None:
        self._backlog.heard(ping.heard)
        link.say(messages.Pong())
