from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event, current_thread

import pytest

from cti.kernel.threads import Threads
from tests.support.deferred import result_of

PATIENCE = 10.0


class Inbox:
    """The part of a reactor that other threads call; the test does what it is asked."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.asked = 0

    def callFromThread(self, function: Callable[[], object]) -> None:  # noqa: N802  (Twisted's name)
        self._asked.put(function)

    def serve(self) -> None:
        """Wait until somebody asks for something, and do it."""
        self._asked.get(timeout=PATIENCE)()
        self.asked += 1

    def serve_all(self) -> None:
        """Do what is asked for by now."""
        while not self._asked.empty():
            self.serve()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def one(inbox: Inbox) -> Iterator[Threads]:
    threads = Threads(inbox, 1, "test")  # type: ignore[arg-type]  # as much as is used of it
    yield threads
    threads.stop()


def test_a_job_is_done_elsewhere_and_answered_here(one: Threads, inbox: Inbox) -> None:
    one.start()
    done = one.run(current_thread)
    answered_in = done.addCallback(lambda worked_in: (worked_in, current_thread()))
    inbox.serve()
    worked_in, heard_in = result_of(answered_in)
    assert worked_in.name == "test-0"
    assert heard_in is current_thread()


def test_what_a_job_raises_is_its_answer(one: Threads, inbox: Inbox) -> None:
    one.start()
    failed = one.run(lambda: 1 // 0)
    inbox.serve()
    with pytest.raises(ZeroDivisionError):
        result_of(failed)
    answered = one.run(lambda: "the thread lives")
    inbox.serve()
    assert result_of(answered) == "the thread lives"


def test_jobs_wait_for_the_start_and_keep_their_order(one: Threads, inbox: Inbox) -> None:
    seen: list[int] = []
    for number in range(5):
        one.run(lambda number=number: seen.append(number))  # type: ignore[misc]
    assert not one.started
    assert seen == []
    one.start()
    one.stop()
    assert seen == [0, 1, 2, 3, 4]
    inbox.serve_all()


def test_the_reactor_is_woken_once_for_all_that_is_done(one: Threads, inbox: Inbox) -> None:
    answers = [one.run(lambda number=number: number) for number in range(20)]  # type: ignore[misc]
    one.start()
    one.stop()
    inbox.serve_all()
    assert [result_of(each) for each in answers] == list(range(20))
    assert inbox.asked == 1


def test_a_slow_job_keeps_nobody_waiting_while_a_thread_is_free(inbox: Inbox) -> None:
    threads, goes_on = Threads(inbox, 2, "test"), Event()  # type: ignore[arg-type]
    threads.start()
    slow = threads.run(lambda: goes_on.wait(PATIENCE))
    quick = threads.run(lambda: "quick")
    inbox.serve()
    assert result_of(quick) == "quick"
    assert not slow.called
    goes_on.set()
    inbox.serve()
    assert result_of(slow) is True
    threads.stop()
