"""Pages of tickets as a browser has them from the server: each asked for, and read to its end."""

from collections.abc import Iterator, Sequence
from http.client import NOT_FOUND, OK, HTTPConnection
from itertools import cycle, islice
from random import Random
from time import perf_counter
from typing import Any
from urllib.parse import quote

from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.tickets.words import Language
from tests.support.house import House

READER = "2001"
"""A supervisor of the demo bank, who sees every ticket."""
OPEN, EMPTY = "open a ticket", "reference: a page with nothing on it"
NOWHERE = "/tickets/nothing/is/here"
LISTS = ("open", "overdue", "dispatch", "review", "reply", "closing", "urged", "all")
WARMING = 100
"""Pages before the first that is measured: the start is over then, with all that it looks up."""
PATIENCE = 300.0
"""Seconds that a server may take for its first start, and for a page."""


class _Serving(House):
    """A house over a database that is there already."""

    program = "benchmarks.tickets.serving"


def pages(
    bench: Bench, url: str, numbers: Sequence[str], words: Language
) -> Iterator[tuple[str, list[float]]]:
    """What is looked at, and the seconds that each page took."""
    random = Random(1)
    looked_at = {
        EMPTY: [NOWHERE] * bench.samples,
        OPEN: [f"/tickets/{number}" for number in numbers],
        "list": [f"/tickets?view={random.choice(LISTS)}" for _ in range(bench.samples)],
        "search for words": [
            f"/tickets?q={quote(' '.join(words.some(random, random.choice((1, 1, 2, 3)))))}"
            for _ in range(bench.samples)
        ],
    }
    folder = bench.folder / f"pages-{url.partition(':')[0]}"
    folder.mkdir()
    house: Any = _Serving(folder, folder / "prompts", {"database": {"url": url}})
    with machine.on(bench.house.cores):
        house.start()
    try:
        reader = _Reader(house.web_port, house.sign_in(READER))
        for what, paths in looked_at.items():
            for path in islice(cycle(paths), WARMING):
                reader.read(path)
            yield what, [reader.read(path) for path in paths]
    finally:
        house.stop()


class _Reader:
    """Somebody who is signed in, on a connection that stays open."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._headers = {"Authorization": f"Bearer {token}"}

    def read(self, path: str) -> float:
        """Seconds until the page was there."""
        began = perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        with self._connection.getresponse() as answer:
            answer.read()
        if answer.status != (NOT_FOUND if path == NOWHERE else OK):
            raise RuntimeError(f"{path} was answered {answer.status}")
        return perf_counter() - began
