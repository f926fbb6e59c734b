"""One thread that writes recordings, one that reads sounds: no disk ever delays a packet."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from cti.kernel.threads import Threads

T = TypeVar("T")


class Disk(Protocol):
    """Runs jobs one after the other, in the order they were given."""

    def run(self, job: Callable[[], T]) -> Deferred[T]: ...

    def stop(self) -> None: ...


class ThreadDisk:
    """A disk thread beside the reactor; started by its first job."""

    def __init__(self, reactor: Any, name: str = "recordings") -> None:
        self._threads = Threads(reactor, 1, name)

    def run(self, job: Callable[[], T]) -> Deferred[T]:
        """The job's result, once every job before it is done."""
        if not self._threads.started:
            self._threads.start()
        return self._threads.run(job)

    def stop(self) -> None:
        """Wait until all is written."""
        if self._threads.started:
            self._threads.stop()
