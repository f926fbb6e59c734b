"""The disk thread: every job in order, every result to whoever gave the job."""

from functools import partial
from threading import Event

import pytest

from cti.worker.disk import ThreadDisk
from tests.support.reactor import reactor, run_in_reactor


def test_jobs_are_done_in_order_and_answered_with_what_came_of_each() -> None:
    done: list[int] = []

    def job(number: int) -> int:
        done.append(number)
        if number == 3:
            raise OSError("full")
        return number

    async def main() -> None:
        disk = ThreadDisk(reactor())
        gate = Event()
        first = disk.run(lambda: gate.wait(60))
        answers = [disk.run(partial(job, number)) for number in range(6)]
        gate.set()
        assert await first
        for number, answer in enumerate(answers):
            if number == 3:
                with pytest.raises(OSError, match="full"):
                    await answer
            else:
                assert await answer == number
        assert done == list(range(6))
        assert await disk.run(lambda: job(7)) == 7
        disk.stop()

    run_in_reactor(main)


def test_stopping_waits_for_what_was_given() -> None:
    done: list[int] = []

    async def main() -> None:
        disk = ThreadDisk(reactor())
        for number in range(100):
            disk.run(partial(done.append, number))
        disk.stop()
        assert len(done) == 100

    run_in_reactor(main)
