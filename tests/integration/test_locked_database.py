"""A file that somebody writes to for long: who has to write waits, who only reads does not."""

from pathlib import Path
from threading import Event

from sqlalchemy import text

from cti.database import Database
from tests.support.patience import ample
from tests.support.reactor import reactor, run_in_reactor

MANY = 5
"""More than there are threads."""


def test_readers_do_not_stand_in_line_behind_writers(tmp_path: Path) -> None:
    async def main() -> None:
        database = Database(f"sqlite:///{tmp_path}/test.sqlite", reactor())
        database.start()
        read = Event()
        writing = [database.run(lambda _: read.wait(ample())) for _ in range(MANY)]
        assert await database.read(lambda session: session.scalar(text("SELECT 1"))) == 1
        read.set()
        for each in writing:
            assert await each
        database.stop()

    run_in_reactor(main)
