"""One thread that writes recordings, one that reads sounds: no disk ever delays a packet."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


class Disk(Protocol):
    """Runs jobs one after the other, in the order they were given."""

    def run(self, job: Callable[[], T]) -> Deferred[T]: ...

    def stop(self) -> None: ...


class ThreadDisk:
    """A disk thread beside the reactor; started by its first job."""

    def __init__(self, reactor: Any, name: str = "recordings") -> None:
        self._reactor = reactor
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name=name)

    def run(self, job: Callable[[], T]) -> Deferred[T]:
        """The job's result, once every job before it is done."""
        if not self._pool.started:
            self._pool.start()
        return deferToThreadPool(self._reactor, self._pool, job)

    def stop(self) -> None:
        """Wait until all is written."""
        if self._pool.started:
            self._pool.stop()
