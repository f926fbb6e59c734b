"""Ten thousand deadlines, processes that die, and processes beside each other: each fires once."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cti.database import connect
from tests.support.deadlines import fill, fired, told

MANY = 10_000
LONG_AGO = datetime(2026, 1, 5, 1, tzinfo=UTC)
DUES = [LONG_AGO + timedelta(seconds=index) for index in range(MANY)]


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def process() -> Iterator[Start]:
    """Starts processes, and ends those that a test that failed has left."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> "subprocess.Popen[str]":
        started.append(ready(*words))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()


def ready(*words: str) -> "subprocess.Popen[str]":
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.support.deadline_process", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def begin(started: "subprocess.Popen[str]") -> None:
    assert started.stdin is not None
    started.stdin.write("now\n")
    started.stdin.flush()


def engine_of(url: str) -> Engine:
    return connect(url)


def test_a_process_killed_in_the_middle_of_them(tmp_path: Path, process: Start) -> None:
    url = f"sqlite:///{tmp_path}/deadlines.sqlite"
    fill(url, DUES)
    engine = engine_of(url)
    first = process(url, str(MANY // 10))
    begin(first)
    assert first.wait(timeout=60) == -signal.SIGKILL
    assert MANY // 10 <= fired(engine) < MANY
    second = process(url)
    begin(second)
    second.communicate(timeout=60)
    assert fired(engine) == MANY
    assert told(engine) == Counter({1: MANY})
    engine.dispose()


@pytest.mark.needs("postgresql")
def test_two_processes_share_them(postgresql_url: str, process: Start) -> None:
    fill(postgresql_url, DUES)
    engine = engine_of(postgresql_url)
    both = [process(postgresql_url), process(postgresql_url)]
    for each in both:
        begin(each)
    counts = [int(each.communicate(timeout=60)[0].split()[-1]) for each in both]
    assert min(counts) > 0
    assert told(engine) == Counter({1: MANY})
    engine.dispose()
