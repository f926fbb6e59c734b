"""A disk for recordings without a thread, and one that is full."""

import errno
from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, maybeDeferred

T = TypeVar("T")


class DirectDisk:
    """Runs each job at once, where it is asked to."""

    def run(self, job: Callable[[], T]) -> Deferred[T]:
        return maybeDeferred(job)

    def stop(self) -> None: ...


class FullDisk:
    """Where a recording's sound no longer goes."""

    def append(self, data: bytes) -> bytes:
        raise OSError(errno.ENOSPC, f"no room for {len(data)} octets")
