"""A test peer in a process of its own: a JSON object per line there, one per line back."""

import json
import sys
from collections import deque
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.support.reactor import reactor


def lives(pid: int) -> bool:
    """Whether that process has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class PeerProcess(ProcessProtocol):
    """Asks `module`, started with these arguments, one thing after the other."""

    def __init__(self, module: str, *arguments: object) -> None:
        self.ended: Deferred[None] = Deferred()
        self.errors = b""
        self._line = b""
        self._asked: deque[Deferred[dict[str, Any]]] = deque()
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process = reactor().spawnProcess(self, sys.executable, command, env=None)

    def ask(self, do: str, **more: object) -> Deferred[dict[str, Any]]:
        """What it says to this."""
        answered: Deferred[dict[str, Any]] = Deferred()
        self._asked.append(answered)
        self._process.write(json.dumps({"do": do, **more}).encode() + b"\n")
        return answered

    async def kill(self) -> None:
        """Let it die on the spot."""
        self._process.signalProcess("KILL")
        await self.ended

    async def close(self) -> None:
        """Have it end, and wait until it has."""
        self._process.write(b'{"do": "close"}\n')
        await self.ended

    def outReceived(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._asked.popleft().callback(json.loads(line))

    def errReceived(self, data: bytes) -> None:
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        for answered in self._asked:
            answered.errback(RuntimeError(self.errors.decode() or str(reason.value)))
        self.ended.callback(None)
