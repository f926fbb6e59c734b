"""Databases for tests: transactions run at once, in the calling thread.

To make the tables, and to compile the statements, costs many times what a test asks of them. So
the tables are made once a process, copied or emptied for each test; and what is compiled is kept.
"""

import sqlite3
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import StaticPool
from twisted.internet.defer import Deferred, execute

from cti.database import Base, Database, T, connect, reading


class DirectDatabase(Database):
    """The `run` of `cti.database.Database` without threads: what it returns has fired.

    Without a URL it is SQLite in memory; tables that are imported by then are created. A
    PostgreSQL database is emptied first, of tables that are not imported too.
    """

    def __init__(self, url: str = "") -> None:
        self.engine = _empty_engine(url)
        self._reading = reading(self.engine)

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        self.engine.dispose()

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:  # noqa: ARG002  (one thread does both)
        return execute(work)


def _empty_engine(url: str) -> Engine:
    if not url:
        return _in_memory()
    if url.startswith("sqlite"):
        return _in_file(url)
    server = _server(url)
    server.empty()
    return server.engine


def _in_memory() -> Engine:
    """A database of its own with all tables; statements are compiled once for all of them."""
    first, compiled = _sqlite()
    pool = StaticPool(partial(_with_tables, len(Base.metadata.tables)), dialect=first.dialect)
    event.listen(pool, "connect", _enforce_foreign_keys)
    return Engine(pool, first.dialect, first.url, execution_options={"compiled_cache": compiled})


def _in_file(url: str) -> Engine:
    """The same in a file, as the house opens it; no test outlives a machine that loses power."""
    first, compiled = _sqlite()
    engine = connect(url)
    engine.dialect = first.dialect
    engine.update_execution_options(compiled_cache=compiled)
    event.listen(engine, "connect", _never_wait_for_the_disk)
    Path(make_url(url).database or "").write_bytes(_empty(len(Base.metadata.tables)))
    return engine


@cache
def _sqlite() -> tuple[Engine, dict[Any, Any]]:
    """The engine whose dialect the rest have, and what has been compiled for it."""
    engine = create_engine("sqlite://")
    with engine.connect():
        return engine, {}


def _with_tables(tables: int) -> Any:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.deserialize(_empty(tables))
    return connection


@cache
def _empty(tables: int) -> bytes:
    """An empty database with as many tables as are imported by now."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        made = connection.connection.driver_connection
        assert isinstance(made, sqlite3.Connection)
        assert tables == len(Base.metadata.tables)
        return made.serialize()


class _Server:
    """A database on a PostgreSQL server, and what was made there."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self._made: tuple[int, list[str]] = (0, [])

    def empty(self) -> None:
        """Leave the tables that are imported by now, without rows and counting from one."""
        with self.engine.begin() as connection:
            if (len(Base.metadata.tables), _relations(connection)) == self._made:
                _truncate(connection)
                return
            if found := ", ".join(_tables(connection)):
                connection.execute(text(f"DROP TABLE {found} CASCADE"))
            Base.metadata.create_all(connection)
            self._made = len(Base.metadata.tables), _relations(connection)


@cache
def _server(url: str) -> _Server:
    return _Server(url)


def _relations(connection: Connection, kinds: str = "%") -> list[str]:
    """Tables, indexes and sequences, quoted: whatever a test may have taken away or added."""
    found = """
        SELECT quote_ident(relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind LIKE :kinds ORDER BY relname
    """
    return list(connection.scalars(text(found), {"kinds": kinds}))


def _tables(connection: Connection) -> list[str]:
    return _relations(connection, "r")


def _truncate(connection: Connection) -> None:
    """Empty those of the tables that hold anything, and all that point to them."""
    held = " UNION ALL ".join(
        f"SELECT '{each}' WHERE EXISTS (SELECT FROM {each})" for each in _tables(connection)
    )
    if held and (full := ", ".join(connection.scalars(text(held)))):
        connection.execute(text(f"TRUNCATE {full} RESTART IDENTITY CASCADE"))


def _enforce_foreign_keys(connection: object, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]  # DB-API connection


def _never_wait_for_the_disk(connection: object, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]  # DB-API connection
