"""A media worker's end of the process that writes its recordings: never waits for it.

Should that process die, what it had begun is closed as after a crash, and the next recording begins
with another one.
"""

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cti.media.model import Tracks
from cti.recording.repair import close_after_crash
from cti.recording.writer import Held
from cti.worker.desk import tell_stopped
from cti.worker.disk import Disk
from cti.worker.link import LinkReactor
from cti.worker.notes import Kind, Note
from cti.worker.settings import ALONE
from cti.worker.writer_process import Job, Said, Unframing, framed

log = Logger()


class Process(Protocol):
    """What of a child process is used."""

    def wait(self) -> object:
        """Return when it is over."""


Start = Callable[[socket.socket], Process]
"""Gives a process its end of the wire."""
LARGEST_READ = 1 << 16
MOST_WAITING = 1 << 26
"""Octets that wait for a disk that is too slow, 20 s of 200 recordings; sound beyond is lost."""
SOUND = (Kind.HEARD, Kind.SAID, Kind.RECEIVED, Kind.SENT)


class ProcessDesk:
    """A `Desk` in a process of its own, started at once: later it would hold up sound."""

    def __init__(self, reactor: LinkReactor, start: Start, disk: Disk) -> None:
        """`disk` closes what a process left behind that died."""
        self._reactor, self._start, self._disk = reactor, start, disk
        self._wire = Wire(reactor, start, disk)

    def begin(self, path: Path, tracks: Tracks, now: float) -> "ProcessPen":
        """Begin a recording to that file."""
        if not self._wire.alive:
            self._wire = Wire(self._reactor, self._start, self._disk)
        return self._wire.begin(path, tracks, now)

    def stop(self) -> None:
        """Wait until all is written."""
        self._wire.stop()
        self._disk.stop()


class ProcessPen:
    """One recording there."""

    def __init__(self, wire: "Wire", number: int, path: Path) -> None:
        self.path = path
        self.ended: Deferred[Held] = Deferred()
        self._wire, self._number = wire, number

    def closed(self, held: Held | None) -> None:
        """The file is closed."""
        self.ended.callback(held or Held())

    def write(self, notes: list[Note], now: float) -> None:
        """Have these written, as far as they are old enough."""
        self._wire.say((Job.WRITE, self._number, notes, now))

    def end(self, notes: list[Note], now: float) -> Deferred[Held]:
        """Have these written and the file closed."""
        self._wire.say((Job.END, self._number, notes, now))
        return self.ended


@implementer(IReadWriteDescriptor)
class Wire:
    """One such process, from its start to its end."""

    def __init__(self, reactor: LinkReactor, start: Start, disk: Disk) -> None:
        self.alive = True
        self._reactor, self._disk = reactor, disk
        self._pens: dict[int, ProcessPen] = {}
        self._begun = 0
        self._unsent: deque[bytes] = deque()
        self._waiting = 0
        """Octets of it."""
        self._lagging = False
        """Whether some of it was lost since there was none."""
        self._messages = Unframing()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = start(theirs)
        self._socket.setblocking(False)
        reactor.addReader(self)

    def begin(self, path: Path, tracks: Tracks, now: float) -> ProcessPen:
        """Begin a recording to that file."""
        self._begun += 1
        pen = self._pens[self._begun] = ProcessPen(self, self._begun, path)
        self.say((Job.BEGIN, self._begun, str(path), tracks.value, now))
        return pen

    def say(self, job: tuple[Any, ...]) -> None:
        """Send it, at once as far as there is room."""
        if not self.alive:
            return
        if self._waiting > MOST_WAITING and job[0] == Job.WRITE:
            job = self._without_sound(job)
        data = framed(job)
        self._waiting += len(data)
        self._unsent.append(data)
        if len(self._unsent) == 1:
            self._send()
            if self._unsent:
                self._reactor.addWriter(self)

    def stop(self) -> None:
        """Let it finish, and wait for it."""
        if self.alive:
            self._part()
            self._process.wait()

    # --- called by the reactor --------------------------------------------------------------

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Word of recordings, or the end of the process."""
        try:
            data = self._socket.recv(LARGEST_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        for said in self._messages.feed(data):
            self._take(said)

    def doWrite(self) -> None:  # noqa: N802  (Twisted's name)
        """Go on with what there was no room for."""
        self._send()
        if not self._unsent:
            self._lagging = False
            self._reactor.removeWriter(self)

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops."""
        self._lose()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "recordings"

    # --- inside -----------------------------------------------------------------------------

    def _send(self) -> None:
        while self._unsent:
            data = self._unsent[0]
            try:
                sent = self._socket.send(data)
            except BlockingIOError:
                return
            except OSError:
                return  # it is gone: the next read says so
            self._waiting -= sent
            if sent < len(data):
                self._unsent[0] = data[sent:]
                return
            self._unsent.popleft()

    def _without_sound(self, job: tuple[Any, ...]) -> tuple[Any, ...]:
        kind, number, notes, now = job
        if not self._lagging:
            self._lagging = True
            log.error("Recordings have gaps from now on: the disk is too slow")
        return kind, number, [note for note in notes if note[0] not in SOUND], now

    def _take(self, said: tuple[Any, ...]) -> None:
        match said:
            case (Said.ENDED, number, seconds, digest):
                self._pens.pop(number).closed(Held(seconds, digest))
            case (_, number, reason, trace):
                tell_stopped(self._pens[number].path, reason, trace)

    def _part(self) -> None:
        self.alive = False
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        self._socket.close()

    def _lose(self) -> None:
        if not self.alive:
            return
        self._part()
        pens, self._pens = self._pens, {}
        if pens:
            log.error("{count} recordings stopped: who wrote them died", count=len(pens))
        for pen in pens.values():
            closing = self._disk.run(partial(close_after_crash, pen.path, ending=True))
            closing.addErrback(_not_closed, pen.path)
            closing.addCallback(pen.closed)


def _not_closed(failure: Failure, path: Path) -> None:
    failure.trap(OSError)
    log.error("Recording {path} cannot be closed: {reason}", path=path, reason=failure.value)


def start_writer(arguments: tuple[str, ...], end: socket.socket) -> "subprocess.Popen[bytes]":
    """Start the process; in the scheduler it comes after whoever sends sound."""
    return subprocess.Popen(  # noqa: S603  (this interpreter, a module and paths of ours)
        [sys.executable, "-m", "cti.worker.writer_process", *arguments],
        stdin=end.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | ALONE,
    )
