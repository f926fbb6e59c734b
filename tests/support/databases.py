"""Databases for tests: transactions run at once, in the calling thread."""

import sqlite3
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from twisted.internet.defer import Deferred, execute

from cti.database import Base, Database, T, connect, reading


class DirectDatabase(Database):
    """The `run` of `cti.database.Database` without threads: what it returns has fired.

    Without a URL it is SQLite in memory; tables that are imported by then are created. A
    PostgreSQL database is emptied first.
    """

    def __init__(self, url: str = "") -> None:
        self.engine = connect(url) if url else _in_memory()
        self._reading = reading(self.engine)
        if not url:
            return
        Base.metadata.drop_all(self.engine)
        Base.metadata.create_all(self.engine)

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        self.engine.dispose()

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:  # noqa: ARG002  (one thread does both)
        return execute(work)


def _in_memory() -> Engine:
    """A database of its own with all tables; statements are compiled once for all of them."""
    first, compiled = _sqlite()
    pool = StaticPool(partial(_with_tables, len(Base.metadata.tables)), dialect=first.dialect)
    event.listen(pool, "connect", _enforce_foreign_keys)
    return Engine(pool, first.dialect, first.url, execution_options={"compiled_cache": compiled})


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


def _enforce_foreign_keys(connection: object, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]  # DB-API connection
