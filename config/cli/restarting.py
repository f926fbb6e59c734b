"""Restarting in place: the process becomes a new server, and calls go on in its media workers.

The settings, and the code that will read them, are tried in a process of their own before this one
lets go of anything: a mistake in them leaves it running as it is.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import Logger

CHECK = "--check"


class Restarting:
    """What SIGHUP does; it is not heard until `at_hangup`, nor once a restart is under way."""

    log = Logger()

    def __init__(self) -> None:
        self.wanted = False
        """Whether the process is to become a new server when this one has stopped."""
        self._busy = False
        self._on_terminal = sys.stdin is not None and sys.stdin.isatty()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def at_hangup(self, reactor: Any, leave: Callable[[], Awaitable[None]]) -> None:
        """From now on have SIGHUP check what is to come, then `leave` and restart."""

        def heard(_number: int, _frame: object) -> None:
            reactor.callFromThread(self._hangup, reactor, leave)

        signal.signal(signal.SIGHUP, heard)

    def execute(self) -> None:
        """Become the new server: same command, same process."""
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, command())  # noqa: S606  (our own command: no shell is wanted)

    def _hangup(self, reactor: Any, leave: Callable[[], Awaitable[None]]) -> None:
        if self._on_terminal and terminal_is_gone():
            reactor.stop()
            return
        if self._busy:
            return
        self._busy = True
        trying = Deferred.fromCoroutine(self._try(reactor, leave))
        trying.addErrback(lambda failure: self.log.failure("The restart failed", failure))

    async def _try(self, reactor: Any, leave: Callable[[], Awaitable[None]]) -> None:
        program, *arguments = [*command(), CHECK]
        out, said, status = await getProcessOutputAndValue(
            program, arguments, env=os.environ, reactor=reactor
        )
        if status != 0:
            self._busy = False
            why = (said or out).decode(errors="replace").strip()
            self.log.error("Not restarted, for the new start would fail: {why}", why=why)
            return
        self.log.info("The hotline restarts; calls go on")
        self.wanted = True
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        await leave()


def command() -> list[str]:
    """What this process was started with."""
    return [sys.executable, *sys.orig_argv[1:]]


def terminal_is_gone() -> bool:
    """Whether the terminal we were started from was closed, which is what SIGHUP once meant."""
    with suppress(OSError):
        os.tcgetpgrp(sys.stdin.fileno())
        return False
    return True
