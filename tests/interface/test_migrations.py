"""The migrated schema is that of the tables, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from config import migrations
from config.migrations.tables import all_tables
from cti.database import connect


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
        yield engine
        engine.dispose()
        return
    url = request.getfixturevalue("postgresql_url")
    maker = connect(url).execution_options(isolation_level="AUTOCOMMIT")
    with maker.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrated"))
        connection.execute(text("CREATE DATABASE migrated"))
    engine = connect(re.sub(r"/\w+$", "/migrated", url))
    yield engine
    engine.dispose()
    with maker.connect() as connection:
        connection.execute(text("DROP DATABASE migrated"))
    maker.dispose()


def known(name: str | None, kind: str, _parents: object) -> bool:
    """The table of search terms is made in the way of each database."""
    return kind != "table" or not (name or "").startswith("ticket_words")


def test_migrated_schema_is_that_of_the_tables(empty: Engine) -> None:
    assert migrations.upgrade(empty)
    with empty.connect() as connection:
        opts = {"compare_type": True, "include_name": known}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, all_tables()) == []


def test_second_upgrade_finds_nothing_to_do(empty: Engine) -> None:
    assert migrations.current(empty) is None
    assert migrations.upgrade(empty)
    assert migrations.current(empty) == migrations.head()
    assert not migrations.upgrade(empty)


def test_downgrade_leaves_nothing(empty: Engine) -> None:
    from alembic import command

    migrations.upgrade(empty)
    with empty.connect() as connection:
        command.downgrade(migrations.configuration(connection), "base")
        connection.commit()
    assert migrations.current(empty) is None
    migrations.upgrade(empty)


def test_head_is_the_one_alembic_finds() -> None:
    script = ScriptDirectory.from_config(migrations.configuration())
    assert script.get_heads() == [migrations.head()]
