"""Synthesis as the house sees it: texts in, telephone sound files out, never in this process.

`SpeechWorker` keeps one speech process (`prompts.speech_worker`), gives it one job at a time,
kills it when a job takes too long and starts another when it died. What callers wait for goes
before what is prepared.
"""

import json
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.errors import HotlineError
from cti.kernel.vocabulary import Language

START_LIMIT = 20.0
"""Seconds a new process may take to prove that it speaks."""
JOB_LIMIT = 5.0
"""Seconds a job may take before the process counts as hung."""
ATTEMPTS = 2
DEATHS_BEFORE_PAUSE = 3
PAUSE = 10.0
"""Seconds without a new process after that many deaths in a row."""


class SynthesisError(HotlineError):
    """No sound came of the text; its words are not in the message."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of the engine and its speed in words per minute."""

    name: str
    rate: int


VOICES = {Language.CHINESE: Voice("sit/cmn", 200), Language.ENGLISH: Voice("gmw/en-us", 160)}


class Synthesizer(Protocol):
    """Makes sound files; `identity` changes whenever the same text would sound otherwise."""

    @property
    def identity(self) -> str: ...

    def speak(
        self, text: str, language: Language, path: Path, *, urgent: bool = False
    ) -> Deferred[None]:
        """Write the spoken text to the WAV file; fails with SynthesisError."""

    def music(self, path: Path) -> Deferred[None]:
        """Write the hold music to the WAV file; fails with SynthesisError."""


class _State(Enum):
    DOWN = "down"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(slots=True, eq=False)
class _Job:
    request: dict[str, object]
    done: Deferred[None] = field(default_factory=Deferred)
    attempts: int = 0

    def succeed(self) -> None:
        """Tell whoever waits; a file nobody waits for any more is deleted."""
        if self.done.called:
            self._discard()
        self.done.callback(None)

    def fail(self, message: str) -> None:
        self._discard()
        self.done.errback(SynthesisError(message))

    def _discard(self) -> None:
        Path(str(self.request["path"])).unlink(missing_ok=True)
        Path(f"{self.request['path']}.part").unlink(missing_ok=True)


class Process(Protocol):
    """As much of a running process as is needed here (`IProcessTransport` has it)."""

    def write(self, data: bytes, /) -> None: ...

    def signalProcess(self, signal: str, /) -> None: ...  # noqa: N802  (Twisted's name)


Spawn = Callable[[ProcessProtocol], Process]


class SpeechWorker:
    """Owns the speech process; every Deferred fires, whatever becomes of it."""

    _log = Logger()

    def __init__(self, spawn: Spawn, clock: Clock) -> None:
        self._spawn, self._clock = spawn, clock
        self._state = _State.DOWN
        self._urgent: deque[_Job] = deque()
        self._ordinary: deque[_Job] = deque()
        self._current: _Job | None = None
        self._process: Process | None = None
        self._limit: DelayedCall | None = None
        self._deaths, self._paused_until = 0, 0.0
        self._gone: Deferred[None] | None = None

    @cached_property
    def identity(self) -> str:
        """Engine and versions, known without loading any of it."""
        return f"espeak-ng/{version('espeakng-loader')} pyttsx3/{version('pyttsx3')} sound/3"

    def start(self) -> None:
        """Start the process ahead of the first job."""
        if self._state is _State.DOWN:
            self._launch()

    def stop(self) -> Deferred[None]:
        """Fail what waits and end the process; fires when it is gone."""
        self._gone = Deferred()
        gone = self._gone
        self._fail_waiting("the speech worker stopped")
        if self._process is None:
            gone.callback(None)
        else:
            self._kill()
        return gone

    def speak(
        self, text: str, language: Language, path: Path, *, urgent: bool = False
    ) -> Deferred[None]:
        """Speak the text with the language's voice; urgent jobs go first."""
        voice = VOICES[language]
        request: dict[str, object] = {
            "do": "speak",
            "text": text,
            "voice": voice.name,
            "rate": voice.rate,
            "path": str(path),
        }
        return self._submit(request, urgent=urgent)

    def music(self, path: Path) -> Deferred[None]:
        """Write the hold music."""
        return self._submit({"do": "music", "path": str(path)}, urgent=False)

    def _submit(self, request: dict[str, object], *, urgent: bool) -> Deferred[None]:
        job = _Job(request)
        if self._gone is not None or self._clock.seconds() < self._paused_until:
            job.fail("the speech worker is down")
            return job.done
        (self._urgent if urgent else self._ordinary).append(job)
        self._next()
        return job.done

    def _next(self) -> None:
        jobs = self._urgent or self._ordinary
        if not jobs:
            return
        if self._state is _State.DOWN:
            self._launch()
        elif self._state is _State.IDLE and self._process is not None:
            job = jobs.popleft()
            if job.done.called:  # cancelled while it waited
                self._next()
                return
            self._current, self._state = job, _State.BUSY
            job.attempts += 1
            self._arm(JOB_LIMIT)
            self._process.write(json.dumps(job.request).encode() + b"\n")

    def _launch(self) -> None:
        self._state = _State.STARTING
        self._arm(START_LIMIT)
        self._process = self._spawn(_WorkerProtocol(self.answered, self.died))

    def answered(self, answer: dict[str, Any]) -> None:
        """The process wrote a line: its proof when starting, else what came of the job."""
        self._disarm()
        if self._state is _State.STARTING:
            if "error" in answer:
                self._log.error("The speech worker cannot speak: {reason}", reason=answer["error"])
                self._kill()
                return
            self._state = _State.IDLE
        elif self._current is not None:
            job, self._current = self._current, None
            self._state, self._deaths = _State.IDLE, 0
            if "error" in answer:
                job.fail(str(answer["error"]))
            else:
                job.succeed()
        self._next()

    def died(self, reason: str) -> None:
        """The process is gone: give its job one more chance, start anew if there is work."""
        self._disarm()
        self._process, self._state = None, _State.DOWN
        job, self._current = self._current, None
        if self._gone is not None:
            if job is not None:
                job.fail("the speech worker stopped")
            self._gone.callback(None)
            return
        self._log.warn("The speech worker died: {reason}", reason=reason)
        self._deaths += 1
        if job is not None and job.attempts < ATTEMPTS:
            self._urgent.appendleft(job)
        elif job is not None:
            job.fail("the speech worker died of it")
        if self._deaths >= DEATHS_BEFORE_PAUSE:
            self._pause()
        self._next()

    def _pause(self) -> None:
        self._paused_until, self._deaths = self._clock.seconds() + PAUSE, 0
        self._fail_waiting("the speech worker does not stay up")

    def _fail_waiting(self, message: str) -> None:
        jobs = [*self._urgent, *self._ordinary]
        self._urgent.clear()
        self._ordinary.clear()
        for job in jobs:
            job.fail(message)

    def _hung(self) -> None:
        self._limit = None
        self._log.error("The speech worker hangs and is killed")
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            try:
                self._process.signalProcess("KILL")
            except ProcessExitedAlready:
                self._log.debug("The speech worker was gone already")

    def _arm(self, seconds: float) -> None:
        self._limit = self._clock.callLater(seconds, self._hung)

    def _disarm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


class _WorkerProtocol(ProcessProtocol):
    """Cuts the process's output into answers; what it complains of goes to the log."""

    _log = Logger()

    def __init__(
        self, answered: Callable[[dict[str, Any]], None], died: Callable[[str], None]
    ) -> None:
        self._answered, self._died = answered, died
        self._rest = b""

    def outReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._answered(json.loads(line))

    def errReceived(self, data: bytes) -> None:
        self._log.debug("Speech worker: {text}", text=data.decode(errors="replace").rstrip())

    def processEnded(self, reason: Failure) -> None:
        self._died(reason.getErrorMessage())


def speech_process(reactor: IReactorProcess) -> Spawn:
    """Starts the real process, with this interpreter and one thread for its arithmetic."""
    # It finds the modules this process finds, whatever lies in the current folder (-P).
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-P", "-m", "prompts.speech_worker"]

    def spawn(protocol: ProcessProtocol) -> Process:
        return reactor.spawnProcess(protocol, command[0], command, env=environment)

    return spawn
