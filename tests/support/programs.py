"""Programs of the house as processes of their own, begun in a moment.

To load what a server is made of takes longer than all else that a test does with it. So one process
beside the tests has loaded it (`tests.support.loaded`), and each program begins as a fork of that
one: in a session of its own, with the streams, the folder, the environment and the words it would
have had as ``python -m``. That it can load itself is seen where it restarts in place.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from select import select
from typing import IO

ROOT = Path(__file__).parents[2]
LOADER = "tests.support.loaded"
LONGEST_WORDS = 1 << 16


class Program:
    """A process that began so; what is asked of it is named as in `subprocess.Popen`."""

    def __init__(self, words: list[str], report: socket.socket) -> None:
        self.args, self._report = words, report
        self.pid = int(self._said())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, once it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended; TimeoutExpired when that takes longer."""
        if self.returncode is None:
            readable, _, _ = select([self._report], [], [], timeout)
            if not readable:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self.returncode = os.waitstatus_to_exitcode(int(self._said()))
            self._report.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it the signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _said(self) -> bytes:
        said = self._report.recv(64)
        if not said:
            raise ChildProcessError("the process that has everything loaded has ended")
        return said


def start_program(
    module: str,
    *words: str,
    out: IO[bytes],
    folder: Path,
    stdin: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Program:
    """``python -m module words`` in that folder, its two outputs in one file."""
    report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", module, *words]
    request = {
        "words": command,
        "folder": str(folder),
        "environment": os.environ | {"PYTHONPATH": str(ROOT)} | dict(environment or {}),
    }
    with theirs, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno() if stdin is None else stdin, out.fileno(), out.fileno()]
        socket.send_fds(_loaded(), [json.dumps(request).encode()], [*streams, theirs.fileno()])
        return Program(command, report)


@cache
def _loaded() -> socket.socket:
    """The line to the process that has everything loaded; it ends with ours."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", LOADER, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return ours
