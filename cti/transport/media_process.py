"""One media worker seen from the server: started, listened to, started again when it dies."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, ProcessProtocol
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.identifiers import ConnectionId
from cti.media.port import MediaListener, PlayOutcome
from cti.transport.unclosed import Unclosed
from cti.worker import commands
from cti.worker.settings import MediaSettings

log = Logger()

FIRST_DELAY = 0.05
LONGEST_DELAY = 10.0
"""Seconds before a dead worker is started again: doubled each time it dies young."""
YOUNG = 10.0
PATIENCE = 5.0
"""Seconds a worker has to say hello, to answer a ping or to end, before it is killed."""
PING_EVERY = 2.0
GIVE_UP_AFTER = 5
"""Deaths in a row, before ever saying hello, that make a start fail."""


class ProcessReactor(Clock, Protocol):
    """What of the reactor starting processes and talking to them needs."""

    def spawnProcess(self, *args: Any, **kw: Any) -> Any: ...  # noqa: N802  (Twisted's name)

    def adoptStreamConnection(self, *args: Any) -> Any: ...  # noqa: N802  (Twisted's name)


class WorkerOwner(Protocol):
    """Told what becomes of a worker; `listener` is told what happens to its legs."""

    @property
    def listener(self) -> MediaListener: ...

    def worker_ready(self, worker: "MediaWorker") -> None: ...

    def worker_lost(self, worker: "MediaWorker") -> None: ...

    def worker_died(self, worker: "MediaWorker") -> None: ...


class ServerLink(commands.Link):
    """The server's end of the wire: reports in, commands out."""

    def __init__(self, worker: "MediaWorker", owner: WorkerOwner) -> None:
        super().__init__()
        self._worker = worker
        self._owner = owner

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # untyped in AMP
        """The worker is gone."""
        super().connectionLost(reason)
        self._worker.disconnected(self)

    @commands.Hello.responder
    def _hello(self) -> dict[str, Any]:
        self._worker.connected(self)
        return {}

    @commands.KeyPressed.responder
    def _key_pressed(self, leg: ConnectionId, key: str) -> dict[str, Any]:
        self._owner.listener.key_pressed(leg, key)
        return {}

    @commands.PlayEnded.responder
    def _play_ended(self, leg: ConnectionId, play: int, outcome: str) -> dict[str, Any]:
        self._owner.listener.play_ended(leg, play, PlayOutcome(outcome))
        return {}

    @commands.RecordingClosed.responder
    def _recording_closed(
        self, leg: ConnectionId, path: Path, seconds: float, digest: str
    ) -> dict[str, Any]:
        self._worker.unclosed.ended(leg, path)
        self._owner.listener.recording_closed(leg, path, seconds, digest)
        return {}

    @commands.LegsLost.responder
    def _legs_lost(self, legs: list[ConnectionId]) -> dict[str, Any]:
        self._owner.listener.legs_lost(legs)
        return {}


class MediaWorker:
    """A place among the workers, and the process that fills it now."""

    def __init__(
        self,
        number: int,
        reactor: ProcessReactor,
        settings: MediaSettings,
        owner: WorkerOwner,
        unclosed: Unclosed,
    ) -> None:
        self.number = number
        self.unclosed = unclosed
        self.link: ServerLink | None = None
        self.legs: set[ConnectionId] = set()
        self.failures = 0
        """Young deaths in a row."""
        self._reactor = reactor
        self._settings = settings
        self._owner = owner
        self._process: Any = None
        self._started = 0.0
        self._timer: DelayedCall | None = None
        """The one thing waited for now: hello, the next ping or its answer, the end, a restart."""
        self._stopping: Deferred[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process, connected to us by a pair of sockets that no other process has."""
        self._started = self._reactor.seconds()
        self._arm(PATIENCE, self.kill)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            self._process = self._reactor.spawnProcess(
                WorkerOutput(self),
                sys.executable,
                self._command(),
                env=None,
                childFDs={0: "w", 1: "r", 2: "r", commands.LINK: theirs.fileno()},
            )
            factory = Factory.forProtocol(lambda: ServerLink(self, self._owner))
            self._reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, factory)

    def stop(self) -> Deferred[None]:
        """Have it close its recordings and end; fires when the process is over."""
        self._stopping = Deferred()
        if self._process is None:
            self._disarm()
            self._stopping.callback(None)
        else:
            self._ask_to_end()
        return self._stopping

    def release(self) -> Deferred[None]:
        """Let go of it: it is not asked for anything more, nor replaced."""
        self.legs.clear()
        self._stopping = Deferred()
        if self._process is None:
            self._disarm()
            self._stopping.callback(None)
        else:
            self._hang_up()
        return self._stopping

    def kill(self) -> None:
        """End the process without asking it."""
        if self._process is not None:
            log.error("Media worker {number} does not answer: killed", number=self.number)
            self._process.signalProcess("KILL")

    def connected(self, link: ServerLink) -> None:
        """It said hello."""
        self.link = link
        if self._stopping is None:
            self._arm(PING_EVERY, self._ping)
            self._owner.worker_ready(self)
        else:
            self._ask_to_end()

    def disconnected(self, link: ServerLink) -> None:
        """Its connection is gone; the process has a moment to close its recordings."""
        if self.link is link:
            self.link = None
            self._owner.worker_lost(self)
            if self._process is not None:
                self._arm(PATIENCE, self.kill)

    def ended(self, reason: str) -> None:
        """The process is over: start another, sooner the longer this one lived."""
        self._process = None
        self._disarm()
        if self.link is not None:
            self.disconnected(self.link)
        self.unclosed.seal()
        if self._stopping is not None:
            self._stopping.callback(None)
        else:
            self._start_again(reason)

    def _start_again(self, reason: str) -> None:
        young = self._reactor.seconds() - self._started < YOUNG
        self.failures = self.failures + 1 if young else 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, self.failures - 1))
        log.error(
            "Media worker {number} died ({reason}); another starts in {delay:.2f} s",
            number=self.number,
            reason=reason,
            delay=delay,
        )
        self._arm(delay, self.start)
        self._owner.worker_died(self)

    def _ask_to_end(self) -> None:
        self._arm(PATIENCE, self.kill)
        if self.link is None:
            self._process.signalProcess("TERM")
            return
        closing = self.link.callRemote(commands.ShutDown)
        # Answered or not, the process ends when its connection does.
        closing.addBoth(lambda _: self._hang_up())

    def _ping(self) -> None:
        link = self.link
        if link is not None:
            self._arm(PATIENCE, self.kill)
            link.callRemote(commands.Ping).addCallbacks(
                lambda _: self._answered(link), lambda _: None
            )

    def _answered(self, link: ServerLink) -> None:
        if self.link is link and self._stopping is None:
            self._arm(PING_EVERY, self._ping)

    def _hang_up(self) -> None:
        if self.link is not None and self.link.transport is not None:
            self.link.transport.loseConnection()

    def _arm(self, seconds: float, what: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self._reactor.callLater(seconds, self._fire, what)

    def _fire(self, what: Callable[[], None]) -> None:
        self._timer = None
        what()

    def _disarm(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _command(self) -> list[str]:
        given = self._settings
        options: dict[str, object] = {
            "--bind": given.bind,
            "--advertised": given.advertised,
            "--first-port": given.first_port,
            "--last-port": given.last_port,
            "--rtp-timeout": given.rtp_timeout,
            "--cache-octets": given.cache_octets,
        }
        if given.keys is not None:
            options |= {"--keys": given.keys.path.absolute(), "--key": given.keys.current}
        return [
            sys.executable,
            "-m",
            "cti.worker",
            *(f"{name}={value}" for name, value in options.items()),
        ]


class WorkerOutput(ProcessProtocol):
    """Passes the worker's log lines on to ours and tells when the process is over."""

    def __init__(self, worker: MediaWorker) -> None:
        self._worker = worker
        self._line = b""

    def outReceived(self, data: bytes) -> None:
        """A worker writes nothing here; what it does write is not lost."""
        self.errReceived(data)

    def errReceived(self, data: bytes) -> None:
        """Lines of level and text, as the worker's observer writes them."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._pass_on(line.decode("utf-8", "replace"))

    def processEnded(self, reason: Failure) -> None:
        """Say why."""
        self._worker.ended(str(reason.value))

    def _pass_on(self, line: str) -> None:
        name, _, text = line.partition(" ")
        if name not in LEVELS:
            name, text = "error", line
        log.emit(
            LEVELS[name], "Media worker {number}: {text}", number=self._worker.number, text=text
        )


LEVELS = {level.name: level for level in LogLevel.iterconstants()}
