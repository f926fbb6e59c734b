"""Where an operator on this machine asks the running server, and tells it: a Unix socket.

Who may open the socket is whoever may read the house's folder, so there is no password; one line of
JSON each way, then it closes. Nothing is polled, and the command line needs no reactor.
"""

import json
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from cti.transport.unix_address import short_address

FILE = "operator.socket"
LONGEST_LINE = 16 * 1024 * 1024
LONGEST_ORDER = 4096
PATIENCE = 10.0
"""Seconds a command waits for the answer."""
OWNER_ONLY = 0o600

Record = Mapping[str, Any]
Answer = Callable[[Record], Record]


class UnixReactor(Protocol):
    """What of the reactor is used here."""

    def listenUNIX(  # noqa: N802  (Twisted's name)
        self, address: str, factory: Any, backlog: int = 50, mode: int = 0o666
    ) -> IListeningPort: ...


class OperatorPort:
    """Answers orders by `answer`, from `start` to `stop`; ValueError of it is told as ``error``."""

    def __init__(self, folder: Path, reactor: UnixReactor, answer: Answer) -> None:
        self._folder, self._reactor = folder, reactor
        self._factory = _Orders(answer)
        self._port: IListeningPort | None = None
        self._address = ExitStack()

    def start(self) -> None:
        """Listen; CannotListenError. What a crash left of the socket is taken away."""
        path = Path(self._address.enter_context(short_address(self._folder / FILE)))
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        self._port = self._reactor.listenUNIX(str(path), self._factory, mode=OWNER_ONLY)

    async def stop(self) -> None:
        """Listen no more."""
        port, self._port = self._port, None
        if port is not None:
            closed: Deferred[Any] = maybeDeferred(port.stopListening)
            await closed
        self._address.close()


def ask(folder: Path, order: Record) -> Record:
    """Give the server that runs in that folder an order, and wait for what it says.

    OSError when none runs; ValueError for what it refuses.
    """
    with _connected(folder) as line:
        line.sendall(json.dumps(order).encode() + b"\r\n")
        with line.makefile("rb") as answers:
            answer = json.loads(answers.readline(LONGEST_LINE))
    if not isinstance(answer, dict) or "error" in answer:
        raise ValueError(answer["error"] if isinstance(answer, dict) else answer)
    return answer


@contextmanager
def _connected(folder: Path) -> Iterator[socket.socket]:
    with (
        short_address(folder / FILE) as address,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line,
    ):
        line.settimeout(PATIENCE)
        line.connect(address)
        yield line


class _Orders(Factory):
    """Takes connections, one for each order."""

    noisy = False

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def buildProtocol(self, addr: Any) -> "_Order":  # noqa: ARG002  (Twisted's signature)
        """What answers there."""
        return _Order(self._answer)


class _Order(LineOnlyReceiver):
    """One order and its answer."""

    MAX_LENGTH = LONGEST_ORDER

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def lineReceived(self, line: bytes) -> None:
        """Answer, and close."""
        assert self.transport is not None
        self.transport.write(json.dumps(self._answered(line)).encode() + b"\r\n")
        self.transport.loseConnection()

    def _answered(self, line: bytes) -> Record:
        try:
            order = json.loads(line)
            if not isinstance(order, dict):
                return {"error": "an order is a JSON object"}
            answer = self._answer(order)
        except ValueError as error:
            return {"error": str(error)}
        return answer
