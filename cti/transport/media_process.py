"""One media worker seen from the server: found or started, listened to, replaced when it dies."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.identifiers import ConnectionId
from cti.transport.media_link import ServerLink, pass_on
from cti.transport.media_place import Place
from cti.transport.survivor import survivor
from cti.transport.unclosed import Unclosed
from cti.worker import messages
from cti.worker.link import LinkReactor
from cti.worker.messages import HeldLeg, Report, ShutDown
from cti.worker.process import DOOR, LOCK
from cti.worker.settings import ALONE, MediaSettings

log = Logger()

FIRST_DELAY = 0.05
LONGEST_DELAY = 10.0
"""Seconds before a dead worker is started again: doubled each time it dies young."""
YOUNG = 10.0
STARTING = 30.0
"""Seconds a new process has until it answers hello: on a machine that starts up itself, loading
Python alone can take many, and to kill and start it once more only prolongs that."""
PATIENCE = 5.0
"""Seconds a worker has to answer a ping, a server that comes after another, or to end."""
PING_EVERY = 2.0
GIVE_UP_AFTER = 5
"""Deaths in a row, before ever saying hello, that make a start fail."""


class ProcessReactor(LinkReactor, Clock, Protocol):
    """What of the reactor starting processes and talking to them needs."""

    def spawnProcess(self, *args: Any, **kw: Any) -> Any: ...  # noqa: N802  (Twisted's name)


class WorkerOwner(Protocol):
    """Told what becomes of a worker and what it reports."""

    @property
    def tells(self) -> bool:
        """Whether reports are told on as they come, and none waits."""

    def worker_ready(self, worker: "MediaWorker", held: Sequence[HeldLeg]) -> None: ...

    def worker_lost(self, worker: "MediaWorker") -> None: ...

    def worker_died(self, worker: "MediaWorker") -> None: ...

    def reported(self, report: Report) -> None: ...


class MediaWorker:
    """A place among the workers, and the process that fills it now."""

    def __init__(
        self,
        place: Place,
        reactor: ProcessReactor,
        settings: MediaSettings,
        owner: WorkerOwner,
        unclosed: Unclosed,
    ) -> None:
        self.number = place.number
        self.unclosed = unclosed
        self.link: ServerLink | None = None
        """Since the worker answered hello."""
        self.legs: set[ConnectionId] = set()
        self.failures = 0
        """Young deaths in a row."""
        self.alone = 0.0
        """Seconds it was without a server when it was taken up."""
        self._place = place
        self._reactor = reactor
        self._arguments = settings.arguments
        self._owner = owner
        self._greeting: ServerLink | None = None
        """Until it did."""
        self._process: Any = None
        self.inherited = False
        """Whether another server started it."""
        self._started = 0.0
        self._welcome = False
        """Whether it ever answered hello."""
        self._timer: DelayedCall | None = None
        """The one thing waited for now: hello, the next ping or its answer, the end, a restart."""
        self._stopping: Deferred[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    # --- its life ---------------------------------------------------------------------------

    def start(self) -> None:
        """Take up who lives there, or let a process move in."""
        self._started = self._reactor.seconds()
        self._welcome = False
        self._process = self._found()
        self.inherited = self._process is not None
        if self._process is None:
            self._process = self._spawned()
        if self._process is None:
            self._start_again("its place is not free")
            return
        self._arm(PATIENCE if self.inherited else STARTING, self.kill)
        self._greet()

    def stop(self) -> Deferred[None]:
        """Have it close its recordings and end; fires when the process is over."""
        self._stopping = Deferred()
        if self._process is None:
            self._disarm()
            self._process = self._found()
        if self._process is None:
            self._over()
        else:
            self._ask_to_end()
        return self._stopping

    def release(self) -> None:
        """Let go of it: it goes on alone."""
        self._disarm()
        process, self._process = self._process, None
        if process is not None:
            process.loseConnection()
        for link in (self.link, self._greeting):
            if link is not None:
                link.close()
        self.link = self._greeting = None

    def kill(self) -> None:
        """End the process without asking it."""
        if self._process is not None:
            log.error("Media worker {number} does not answer: killed", number=self.number)
            self._process.signalProcess("KILL")

    def ended(self, reason: str) -> None:
        """The process is over: fill the place again, sooner the longer this one lived."""
        process, self._process = self._process, None
        if process is None:
            return  # it was let go
        self._disarm()
        for link in (self.link, self._greeting):
            if link is not None:
                link.drain()
        self.unclosed.seal()
        if self._stopping is not None:
            self._over()
        elif self.inherited and not self._welcome:
            log.info("Media worker {number} made room for another", number=self.number)
            self.start()
        else:
            self._start_again(reason)

    # --- inside -----------------------------------------------------------------------------

    def _found(self) -> Any:
        """The process of another server that lives there; None when there is none."""
        pid = self._place.holder()
        return None if pid is None else survivor(self._reactor, pid, self.ended)

    def _spawned(self) -> Any:
        """A new process; None when there is no room for one."""
        try:
            room = self._place.take()
        except OSError as error:
            log.error("Media worker {number}: {error}", number=self.number, error=error)
            return None
        if room is None:
            return None
        process = self._reactor.spawnProcess(
            WorkerOutput(self),
            sys.executable,
            [sys.executable, "-m", "cti.worker", *self._arguments],
            env=os.environ | ALONE,
            childFDs={0: "w", 1: "r", 2: "r", DOOR: room.door.fileno(), LOCK: room.lock},
        )
        room.let_to(process.pid)
        return process

    def _greet(self) -> None:
        sock = self._place.connect()
        if sock is None:
            return  # a process that listens no more is ending
        link = ServerLink(self._reactor, sock, self.number)
        link.welcomed = self._welcomed
        link.answered = self._answered
        link.reported = self._reported
        link.tells = lambda: self._owner.tells
        link.gone = self._parted
        link.hello(self._arguments)
        self._greeting = link

    def _welcomed(self, welcome: messages.Welcome) -> None:
        self.link, self._greeting = self._greeting, None
        self._welcome = True
        self.alone = welcome.alone
        if self._stopping is not None:
            self._ask_to_end()
            return
        self._arm(PING_EVERY, self._ping)
        for held in welcome.legs:
            if held.recording is not None:
                self.unclosed.begun(held.leg, held.recording)
        self._owner.worker_ready(self, welcome.legs)

    def _reported(self, report: Report) -> None:
        if isinstance(report, messages.RecordingClosed):
            self.unclosed.ended(report.leg, report.path)
        self._owner.reported(report)

    def _parted(self) -> None:
        """Its connection is gone; the process has a moment to close its recordings."""
        self._disconnected()
        if self._process is not None:
            self._arm(PATIENCE, self.kill)

    def _disconnected(self) -> None:
        link, self.link, self._greeting = self.link, None, None
        if link is not None:
            self._owner.worker_lost(self)

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

    def _over(self) -> None:
        self._place.clear()
        if self._stopping is not None:
            self._stopping.callback(None)

    def _ask_to_end(self) -> None:
        self._arm(PATIENCE, self.kill)
        if self.link is not None:
            self.link.say(ShutDown())
        else:
            self._process.signalProcess("TERM")

    def _ping(self) -> None:
        if self.link is not None:
            self._arm(PATIENCE, self.kill)
            self.link.ping()

    def _answered(self) -> None:
        if self._stopping is None:
            self._arm(PING_EVERY, self._ping)

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


class WorkerOutput(ProcessProtocol):
    """Passes on what a worker writes before it has a link, and tells when the process is over."""

    def __init__(self, worker: MediaWorker) -> None:
        self._worker = worker
        self._line = b""

    def outReceived(self, data: bytes) -> None:
        """A worker writes nothing here; what it does write is not lost."""
        self.errReceived(data)

    def errReceived(self, data: bytes) -> None:
        """Whole lines: the interpreter's last words."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            pass_on(self._worker.number, "error", line.decode("utf-8", "replace"))

    def processEnded(self, reason: Failure) -> None:
        """Say why."""
        self._worker.ended(str(reason.value))
