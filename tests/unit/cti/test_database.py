"""Reading beside a writer: who only reads waits for nobody, and sees what was committed."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cti.database import connect, reading


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
