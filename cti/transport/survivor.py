"""A process that another server started: watched and ended by its descriptor, as one of our own."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer


class Watching(Protocol):
    """What of the reactor watching a descriptor needs."""

    def addReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)

    def removeReader(self, reader: Any) -> None: ...  # noqa: N802  (Twisted's name)


@implementer(IReadDescriptor)
class Survivor:
    """Calls `ended` once when the process is over (pidfd_open(2)); nothing polls."""

    def __init__(self, reactor: Watching, pid: int, ended: Callable[[str], None]) -> None:
        """ProcessLookupError when there is no such process."""
        self.pid = pid
        self._reactor, self._ended = reactor, ended
        self._descriptor = os.pidfd_open(pid)
        reactor.addReader(self)

    def signalProcess(self, name: str) -> None:  # noqa: N802  (as child processes have it)
        """Send it that signal, never to another process that has its number by now."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.Signals[f"SIG{name}"])

    def loseConnection(self) -> None:
        """Watch it no more."""
        if self._descriptor >= 0:
            self._reactor.removeReader(self)
            os.close(self._descriptor)
            self._descriptor = -1

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._descriptor

    def doRead(self) -> None:
        """It is over."""
        with suppress(ChildProcessError):
            # Ours after all: a server that restarted in place has the children of the one before.
            os.waitpid(self.pid, os.WNOHANG)
        self.loseConnection()
        self._ended("it ended")

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002  (Twisted's name)
        """The reactor stops."""
        self.loseConnection()

    def logPrefix(self) -> str:
        """How the reactor names this descriptor in its log."""
        return "survivor"


def survivor(reactor: Watching, pid: int, ended: Callable[[str], None]) -> Survivor | None:
    """That process, watched; None when it is over already."""
    try:
        return Survivor(reactor, pid, ended)
    except ProcessLookupError:
        return None
