"""The process that has loaded the house, and becomes any program of it by a fork.

Run by `tests.support.programs`, which sends along a line what is to begin: its words, folder and
environment, with its three streams and a socket. That socket is told the process number, and, when
it has ended, how. Nothing here may have a thread or a reactor: a fork has neither.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
from importlib import import_module
from select import select
from types import ModuleType
from typing import Any

from cti.web.texts import read
from tests.support.programs import LONGEST_WORDS, ROOT

LOADED = (
    "config.cli.call",
    "config.cli.demo",
    "config.cli.phone",
    "config.cli.recordings",
    "config.cli.restarting",
    "config.cli.running",
    "config.cli.serve",
    "config.cli.trace",
    "config.log",
    "config.progress",
    "config.services",
    "config.settings_file",
)
REACTOR = "twisted.internet.reactor"
STREAMS = 3


class Loaded:
    """Waits for words of what is to begin, and for the end of what has begun."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._reports: dict[int, socket.socket] = {}
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno())

    def serve(self) -> list[str] | None:
        """Come back as the program that has these words, or with none when no more are wanted."""
        while True:
            readable, _, _ = select([self._line, self._woken], [], [])
            if self._woken in readable:
                self._woken.recv(LONGEST_WORDS)
                self._tell_ends()
            if self._line in readable:
                said, handles, _, _ = socket.recv_fds(self._line, LONGEST_WORDS, STREAMS + 1)
                if not said:
                    return None
                if self._begin(handles):
                    return _become(json.loads(said), handles[:STREAMS])

    def _begin(self, handles: list[int]) -> bool:
        """Fork; whether this is the new process."""
        report = socket.socket(fileno=handles[STREAMS])
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for kept in (report, self._line, self._woken, self._waker, *self._reports.values()):
                kept.close()
            return True
        for handle in handles[:STREAMS]:
            os.close(handle)
        self._reports[pid] = report
        _tell(report, pid)
        return False

    def _tell_ends(self) -> None:
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self._reports.pop(pid) as report:
                _tell(report, status)


def _tell(report: socket.socket, number: int) -> None:
    try:
        report.send(str(number).encode())
    except OSError:  # the test that began it waits no longer
        return


def _become(request: dict[str, Any], streams: list[int]) -> list[str]:
    os.setsid()
    for number, handle in enumerate(streams):
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return list(request["words"])


def load() -> None:
    """Load all of it without a reactor; those who name one without using it name nothing."""
    sys.modules[REACTOR] = ModuleType(REACTOR)
    gc.disable()
    for name in LOADED:
        import_module(name)
    del sys.modules[REACTOR]
    for locales in sorted(ROOT.glob("*/web/locales")):
        read(locales)
    gc.freeze()
    gc.enable()
    if threading.active_count() > 1:
        raise RuntimeError("a thread began as the house was loaded: a fork would lack it")


def main() -> None:
    """Serve the line that the first word is the number of, and go on as what is wanted there."""
    line = socket.socket(fileno=int(sys.argv[1]))
    load()
    words = Loaded(line).serve()
    if words is not None:
        sys.orig_argv[:] = words
        python, _, module, *rest = words
        sys.argv[:] = [python, *rest]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
