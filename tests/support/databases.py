"""Databases for tests: transactions run at once, in the calling thread."""

from collections.abc import Callable

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
        Base.metadata.drop_all(self.engine)
        Base.metadata.create_all(self.engine)

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        self.engine.dispose()

    def _later(self, work: Callable[[], T]) -> Deferred[T]:
        return execute(work)


def _in_memory() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    event.listen(engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: object, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]  # DB-API connection
