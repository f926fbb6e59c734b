"""Reading beside a writer: who only reads waits for nobody, and sees what was committed.

And what is the matter with a database that does not do its work.
"""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from cti.database import Trouble, connect, reading, trouble_of


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'test.sqlite'}")
    with Session(engine) as session, session.begin():
        session.execute(text("CREATE TABLE fact (value INTEGER)"))
    with Session(engine) as writer, writer.begin():
        writer.execute(text("INSERT INTO fact VALUES (1)"))
        with Session(reading(engine)) as reader, reader.begin():
            assert reader.scalar(text("SELECT count(*) FROM fact")) == 0
    with Session(reading(engine)) as reader, reader.begin():
        assert reader.scalar(text("SELECT count(*) FROM fact")) == 1
    engine.dispose()


@pytest.mark.needs("postgresql")
def test_postgresql_refuses_a_reader_who_writes(postgresql_url: str) -> None:
    engine = connect(postgresql_url)
    with (
        Session(reading(engine)) as reader,
        reader.begin(),
        pytest.raises(Exception, match="read-only"),
    ):
        reader.execute(text("CREATE TABLE fact (value INTEGER)"))
    engine.dispose()


def test_a_full_disk_and_a_foreign_lock_are_told_apart_in_sqlite(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'test.sqlite'}")
    with Session(engine) as session, session.begin():
        session.execute(text("CREATE TABLE fact (value TEXT UNIQUE)"))
    with Session(engine) as session:
        session.execute(text("PRAGMA max_page_count=1"))
        with pytest.raises(OperationalError) as full:
            session.execute(text("INSERT INTO fact VALUES (:text)"), {"text": "x" * 100_000})
    with Session(engine) as writer, engine.connect() as other:
        writer.execute(text("INSERT INTO fact VALUES ('1')"))
        other.connection.driver_connection.execute("PRAGMA busy_timeout=0")  # type: ignore[union-attr]
        with pytest.raises(OperationalError) as busy:
            other.execute(text("SELECT 1"))
        with pytest.raises(IntegrityError) as twice:
            writer.execute(text("INSERT INTO fact VALUES ('1')"))
    assert trouble_of(full.value) is Trouble.FULL
    assert trouble_of(busy.value) is Trouble.BUSY
    assert trouble_of(twice.value) is None
    engine.dispose()


class Said(Exception):  # noqa: N818  (an error of the driver, by what it says)
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "trouble"),
    [
        ("53100", Trouble.FULL),
        ("53300", Trouble.BUSY),
        ("55P03", Trouble.BUSY),
        ("57P01", Trouble.GONE),
        ("08006", Trouble.GONE),
        (None, Trouble.GONE),
        ("23505", None),
        ("57014", None),
    ],
)
def test_what_postgresql_says(sqlstate: str | None, trouble: Trouble | None) -> None:
    assert trouble_of(OperationalError("SELECT 1", {}, Said(sqlstate))) is trouble


def test_what_is_no_trouble_of_a_database() -> None:
    assert trouble_of(None) is None
    assert trouble_of(ValueError("x")) is None
    assert trouble_of(DBAPIError("SELECT 1", {}, Said(None))) is None
