"""A few threads beside the reactor for what may take its time: databases, disks.

What a job gives comes back in the reactor's thread, with whatever else was done by then: the
reactor is woken once for all of it. Waking is most of what a short job costs, which is why this is
no `twisted.python.threadpool`: there a job passes a coordinator and a lock of its own each way.
"""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

T = TypeVar("T")


class Threads:
    """Up to `most` threads, started as jobs come; what is asked for is begun in that order.

    Jobs given before `start` wait for it, those given after `stop` are never done.
    """

    def __init__(self, reactor: IReactorFromThreads, most: int, name: str) -> None:
        self._reactor, self._most, self._name = reactor, most, name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[tuple[Deferred[Any], Any]] = deque()
        self._told = False
        """Whether the reactor knows that there is something to fetch."""
        self._threads: list[Thread] = []
        self._under_way = 0
        self._started = False

    @property
    def started(self) -> bool:
        """Whether jobs are being done."""
        return self._started

    def start(self) -> None:
        """Begin with the jobs there are."""
        self._started = True
        for _ in range(min(self._under_way, self._most)):
            self._add_thread()

    def run(self, job: Callable[[], T]) -> Deferred[T]:
        """Have a thread do the job; fires in the reactor's thread with what it gives or raises."""
        done: Deferred[T] = Deferred()
        self._under_way += 1
        self._jobs.put((done, job))
        if self._started and len(self._threads) < min(self._under_way, self._most):
            self._add_thread()
        return done

    def stop(self) -> None:
        """Wait until every job is done; their Deferreds fire while the reactor runs."""
        self._started = False
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _add_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = Thread(target=self._work_in_thread, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work_in_thread(self) -> None:
        while (task := self._jobs.get()) is not None:
            done, job = task
            try:
                result = job()
            except BaseException:  # noqa: BLE001  (whoever waits for the job is told)
                result = Failure()
            self._done.append((done, result))
            del task, done, job, result
            # Cleared before what is done is fetched, so nothing is left behind untold.
            if not self._told:
                self._told = True
                self._reactor.callFromThread(self._fetch)

    def _fetch(self) -> None:
        self._told = False
        while self._done:
            done, result = self._done.popleft()
            self._under_way -= 1
            done.callback(result)


_Job = tuple[Deferred[Any], Callable[[], Any]]
