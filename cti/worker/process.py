"""The media process: an engine behind a listening socket, which outlives the server that made it.

It is a session of its own, so that what a terminal or a service manager does to the server's
process group does not end it; the server says when calls end (`cti.worker.serving`).
"""

import argparse
import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import (
    ILogObserver,
    Logger,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from twisted.python.threadable import isInIOThread
from zope.interface import implementer

from cti.recording.keys import KeyPlace, read_keys
from cti.worker.disk import ThreadDisk
from cti.worker.engine import MediaEngine
from cti.worker.serving import Serving
from cti.worker.settings import DEFAULT_CACHE, MediaSettings
from cti.worker.writer_link import ProcessDesk, start_writer

log = Logger()

DOOR, LOCK = 3, 4
"""The worker's descriptors: the socket it listens on, and the lock it holds by living."""
NICENESS = -10
ROUND_ROBIN_PRIORITY = 10
GARBAGE_THRESHOLDS = (50_000, 50, 1000)
"""What legs leave behind is freed by counting references; full collections are nearly never."""
SWITCH_SECONDS = 0.0005
"""The thread that reads sounds gives the interpreter back sooner than the usual 5 ms."""


@implementer(IReadDescriptor)
class Door:
    """Lets servers in."""

    def __init__(self, listening: socket.socket, serving: Serving) -> None:
        listening.setblocking(False)
        self._socket, self._serving = listening, serving

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Somebody is there."""
        try:
            sock, _ = self._socket.accept()
        except OSError:
            return  # they left again
        self._serving.visit(sock)

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops."""
        self._socket.close()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "door"


@implementer(ILogObserver)
class LineObserver:
    """Makes each log event one line, for the server to pass on."""

    def __init__(self, reactor: Any, serving: Serving) -> None:
        self._reactor, self._serving = reactor, serving

    def __call__(self, event: dict[str, Any]) -> None:
        level: LogLevel = event.get("log_level", LogLevel.info)
        text = formatEvent(event)
        failure = event.get("log_failure")
        if failure is not None:
            text = f"{text}: {failure.getTraceback()}"
        line = " | ".join(part for part in text.splitlines() if part.strip())
        if isInIOThread():
            self._serving.log_line(level.name, line)
        else:
            self._reactor.callFromThread(self._serving.log_line, level.name, line)


def run(reactor: Any, arguments: Sequence[str]) -> None:
    """Be a media worker until the server says it is over, or none is there for too long."""
    with suppress(PermissionError):  # it leads a group of its own already
        os.setsid()
    options = _parser().parse_args(arguments)
    settings = MediaSettings(
        bind=options.bind,
        advertised=options.advertised,
        first_port=options.first_port,
        last_port=options.last_port,
        rtp_timeout=options.rtp_timeout,
        orphan_time=options.orphan_time,
        cache_octets=options.cache_octets,
        keys=KeyPlace(options.keys, options.key) if options.keys else None,
    )
    _prepare_process()
    if settings.keys is not None:
        read_keys(settings.keys)  # what is wrong with them is told here, where the server hears it
    start = partial(start_writer, settings.key_arguments)
    desk = ProcessDesk(reactor, start, ThreadDisk(reactor, "unclosed"))
    engine = MediaEngine(reactor, settings, desk=desk)
    serving = Serving(reactor, engine, tuple(arguments), settings.orphan_time, reactor.stop)
    globalLogBeginner.beginLoggingTo([LineObserver(reactor, serving)], redirectStandardIO=False)
    os.set_inheritable(LOCK, False)
    os.pwrite(LOCK, f"{os.getpid()}\n".encode(), 0)  # the server may have died before it could
    reactor.addReader(Door(socket.socket(fileno=DOOR), serving))
    _hear_signals(reactor, serving)
    reactor.run(installSignalHandlers=False)


def _hear_signals(reactor: Any, serving: Serving) -> None:
    """SIGTERM ends a worker without a server; a service manager signals every process at once."""

    def end_alone() -> None:
        if not serving.served:
            serving.end()

    def terminate(_number: int, _frame: object) -> None:
        reactor.callFromThread(end_alone)

    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare_process() -> None:
    """Before others in the scheduler where we may, and without the collector's long pauses."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK  # who writes recordings comes after us
        os.sched_setscheduler(0, policy, os.sched_param(ROUND_ROBIN_PRIORITY))
    except PermissionError:
        try:
            os.nice(NICENESS)
            os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        except PermissionError:
            log.debug("The media worker runs at ordinary priority")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cti.worker", description="A media worker of Hotline.")
    parser.add_argument("--bind", default="127.0.0.1", help="local IP address for RTP")
    parser.add_argument("--advertised", default="", help="IP address the far side sends to")
    parser.add_argument("--first-port", type=int, required=True)
    parser.add_argument("--last-port", type=int, required=True)
    parser.add_argument("--rtp-timeout", type=float, default=60.0, help="seconds")
    parser.add_argument("--orphan-time", type=float, default=60.0, help="seconds without a server")
    parser.add_argument("--cache-octets", type=int, default=DEFAULT_CACHE)
    parser.add_argument("--keys", type=Path, help="what recordings are encrypted with")
    parser.add_argument("--key", default="", help="the name of the key for new ones")
    return parser
