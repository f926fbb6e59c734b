"""Recordings that workers write, and what becomes of them when a worker dies: they are sealed.

A worker closes its recordings and says so. One that died cannot: once its process is over, what it
wrote is closed here, so that the call record knows how long it is and what vouches for it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.deferreds import fork
from cti.kernel.identifiers import ConnectionId
from cti.recording.repair import close_after_crash
from cti.recording.writer import Held
from cti.worker.disk import Disk

log = Logger()

Closed = Callable[[ConnectionId, Path, float, str], None]
"""Told of each recording that was closed: its leg, its name, its seconds and its digest."""


class Unclosed:
    """The recordings of one worker that are not reported closed."""

    def __init__(self, disk: Disk, closed: Closed) -> None:
        self._disk, self._closed = disk, closed
        self._of_leg: dict[ConnectionId, list[Path]] = {}
        self._sealing: dict[ConnectionId, Deferred[None]] = {}
        """Fire when those of a leg whose worker is gone are closed."""

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [path for paths in self._of_leg.values() for path in paths]

    def begun(self, leg: ConnectionId, path: Path) -> None:
        """The leg is recorded to that file."""
        self._of_leg.setdefault(leg, []).append(path)

    def ended(self, leg: ConnectionId, path: Path) -> None:
        """The worker closed it."""
        paths = self._of_leg.get(leg, [])
        if path in paths:
            paths.remove(path)
        if not paths:
            self._of_leg.pop(leg, None)

    def forget(self, leg: ConnectionId) -> None:
        """The worker said all there is to say of the leg."""
        self._of_leg.pop(leg, None)

    def sealed(self, leg: ConnectionId) -> Deferred[None]:
        """Fires when nothing of a leg whose worker is gone is left to close."""
        if leg not in self._of_leg and leg not in self._sealing:
            return succeed(None)
        return fork(self._sealing.setdefault(leg, Deferred()))

    def seal(self) -> None:
        """The process is over: close what it left behind."""
        left, self._of_leg = self._of_leg, {}
        for leg, paths in left.items():
            self._sealing.setdefault(leg, Deferred())
            done = DeferredList([self._seal(leg, path) for path in paths])
            done.addCallback(partial(self._done, leg))

    def _seal(self, leg: ConnectionId, path: Path) -> Deferred[None]:
        sealing = self._disk.run(partial(close_after_crash, path, ending=True))
        sealing.addErrback(partial(self._failed, path))
        return sealing.addCallback(partial(self._tell, leg, path))

    def _tell(self, leg: ConnectionId, path: Path, held: Held | None) -> None:
        known = held or Held()
        self._closed(leg, path, known.seconds, known.digest)

    def _done(self, leg: ConnectionId, _results: object) -> None:
        self._sealing.pop(leg).callback(None)

    @staticmethod
    def _failed(path: Path, failure: Failure) -> None:
        failure.trap(OSError)
        log.error("Recording {path} cannot be closed: {reason}", path=path, reason=failure.value)
