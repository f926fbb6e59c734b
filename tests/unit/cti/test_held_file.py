"""A SQLite file that a stranger holds: the first who writes waits, the others are told at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import connect as connect_sqlite

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cti import database
from cti.database import Trouble, connect, reading, trouble_of


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 100)
    monkeypatch.setattr(database, "HELD_MILLISECONDS", 1)
    engine = connect(f"sqlite:///{tmp_path / 'test.sqlite'}")
    with Session(engine) as session, session.begin():
        session.execute(text("CREATE TABLE fact (value INTEGER)"))
    yield engine
    engine.dispose()


@contextmanager
def stranger(engine: Engine) -> Iterator[None]:
    """Another program writes and does not come to an end."""
    other = connect_sqlite(engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def write(engine: Engine, value: int) -> None:
    with Session(engine) as session, session.begin():
        session.execute(text("INSERT INTO fact VALUES (:value)"), {"value": value})


def values(engine: Engine) -> list[int]:
    with Session(reading(engine)) as session, session.begin():
        return list(session.scalars(text("SELECT value FROM fact")))


def test_only_the_first_waits_until_it_is_free_again(engine: Engine) -> None:
    waits: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _noted(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if "busy_timeout" in statement or statement == "BEGIN IMMEDIATE":
            waits.append(statement.rpartition("=")[2])

    begin = "BEGIN IMMEDIATE"
    with stranger(engine):
        for value in range(3):
            with pytest.raises(OperationalError) as held:
                write(engine, value)
            assert trouble_of(held.value) is Trouble.BUSY
        assert waits == [begin, "1", begin, "100", "1", begin, "100"]
        assert values(engine) == [], "who reads waits for nobody"
    waits.clear()
    write(engine, 7)
    assert waits == ["1", begin, "100"]
    write(engine, 8)
    assert waits[3:] == [begin], "it is as it was"
    assert values(engine) == [7, 8]
