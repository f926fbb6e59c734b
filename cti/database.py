"""The database: one engine, a private thread pool, transactions as Deferreds.

SQLAlchemy is used synchronously, in threads of our own, so neither a slow commit nor a full
reactor pool delays a call. Functions that run there end in ``_txn`` and take the session first;
they return plain values, never rows, and may be begun again where PostgreSQL undid them to end a
deadlock. Events are published after `run` has fired: after commit.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    Executable,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")

Transaction = Callable[Concatenate[Session, P], T]

SQLITE_WRITERS, SQLITE_READERS = 1, 3
"""Threads. SQLite lets one write at a time, and who waits for that shall keep no reader waiting."""
POSTGRESQL_THREADS = 8
BUSY_MILLISECONDS = 10_000
HELD_MILLISECONDS = 50
"""How long is waited for a file of which it is known that somebody else has held it that long: else
whoever is next in line would wait anew, and the last of ten for two minutes."""
LIVELY = (
    ("connect_timeout", "10"),
    ("keepalives_idle", "20"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
)
"""Of PostgreSQL's connections (libpq, 34.1.2): seconds, and for the last one milliseconds."""
ATTEMPTS = 5
TO_BE_REPEATED = frozenset({"40001", "40P01"})
"""SQLSTATE of what PostgreSQL undid for the sake of others (serialization_failure,
deadlock_detected): the whole transaction is begun again."""
READING = "hotline_reading"
"""Execution option of an engine whose transactions write nothing."""


class Trouble(Enum):
    """What keeps a database from its work, and whoever runs it can help."""

    FULL = "full"
    """There is no room left where it lies."""
    BUSY = "busy"
    """Somebody else holds it, such as a program that copies it."""
    GONE = "gone"
    """It cannot be reached, or not be read or written."""


SQLITE_TROUBLES = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_IOERR: Trouble.GONE,
    sqlite3.SQLITE_CANTOPEN: Trouble.GONE,
    sqlite3.SQLITE_READONLY: Trouble.GONE,
}
PRIMARY = 0xFF
"""Of SQLite's extended result codes, those bits are the primary one."""
DISK_FULL = "53100"
POSTGRESQL_TROUBLES = {
    "08": Trouble.GONE,
    "25006": Trouble.GONE,
    "40": Trouble.BUSY,
    "53": Trouble.BUSY,
    DISK_FULL: Trouble.FULL,
    "55P03": Trouble.BUSY,
    "57P": Trouble.GONE,
    "58": Trouble.GONE,
}
"""Beginnings of SQLSTATE (PostgreSQL, appendix A), of which the longest counts."""


class Base(DeclarativeBase):
    """Every table of the house derives from this, so one metadata knows them all."""


class UtcDateTime(TypeDecorator[datetime]):
    """A column of aware UTC datetimes on every database; SQLite forgets zones by itself."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """ValueError for a naive datetime: nobody can say which instant it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """SQLite gives back the UTC digits without their zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Runs transactions of one database in threads of its own."""

    def __init__(self, url: str, reactor: IReactorFromThreads) -> None:
        self.engine = connect(url)
        self._reading = reading(self.engine)
        if self.engine.dialect.name == "sqlite":
            self._writers = Threads(reactor, SQLITE_WRITERS, "database")
            self._readers = Threads(reactor, SQLITE_READERS, "database-reading")
        else:
            self._writers = self._readers = Threads(reactor, POSTGRESQL_THREADS, "database")

    def start(self) -> None:
        """Start the threads."""
        for threads in {self._writers, self._readers}:
            threads.start()

    def stop(self) -> None:
        """Let running transactions finish, then close every connection."""
        for threads in {self._writers, self._readers}:
            threads.stop()
        self.engine.dispose()

    def run(self, transaction: Transaction[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run `transaction(session, ...)` in one transaction; fires after the commit."""
        return self._later(partial(_transact, self.engine, transaction, *args, **kwargs))

    def read(
        self, transaction: Transaction[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """Run a transaction that writes nothing, and so waits for no writer."""
        work = partial(_transact, self._reading, transaction, *args, **kwargs)
        return self._later(work, reads=True)

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:
        return (self._readers if reads else self._writers).run(work)


def _transact(
    engine: Engine, transaction: Transaction[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return _once(engine, transaction, *args, **kwargs)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in TO_BE_REPEATED:
                raise
    return _once(engine, transaction, *args, **kwargs)


def _once(engine: Engine, transaction: Transaction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return transaction(session, *args, **kwargs)


def rows_txn(session: Session, composed: Executable, **values: object) -> Sequence[Any]:
    """The rows of a statement that was composed once, with its columns as attributes.

    They come past the object mapper, once what the session has not written yet is written: to
    compose a statement and to make objects of rows takes longer than to have it carried out
    (measured in SQLite, a few rows: 100 us, and 30 us in this way).
    """
    session.flush()
    return session.connection().execute(composed, values).all()


def connect(url: str) -> Engine:
    """An engine for the URL, with what each database needs to be safe and quick."""
    if url.startswith("postgresql:"):
        url = url.replace("postgresql:", "postgresql+psycopg:", 1)
    # An error's text would hold the values of the statement, a customer's among them.
    if url.startswith("postgresql"):
        engine = create_engine(
            url, pool_pre_ping=True, hide_parameters=True, connect_args=_patience_with(url)
        )
    else:
        engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        turns = _Turns()
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", turns.begin)
    return engine


def _patience_with(url: str) -> dict[str, str]:
    """How long a PostgreSQL is waited for, where the URL itself does not say so.

    A server that is unplugged says nothing more, and by itself a connection waits for it for
    hours; who holds a table by hand may go home. Neither may keep a thread.
    """
    said = make_url(url).query
    lock = f"-c lock_timeout={BUSY_MILLISECONDS}"
    return {name: value for name, value in (*LIVELY, ("options", lock)) if name not in said}


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What the error says is the matter with the database; None where it is about something else.

    With `Trouble.GONE` nobody knows whether a commit under way was made.
    """
    if not isinstance(error, DBAPIError):
        return None
    if (code := getattr(error.orig, "sqlite_errorcode", None)) is not None:
        return SQLITE_TROUBLES.get(code & PRIMARY)
    if state := getattr(error.orig, "sqlstate", None):
        beginnings = (state[:length] for length in range(len(state), 1, -1))
        return next(filter(None, map(POSTGRESQL_TROUBLES.get, beginnings)), None)
    lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return Trouble.GONE if lost else None


def report(log: Logger, failure: Failure, said: str, **values: Any) -> None:
    """Log what failed: where the database is in trouble in one line, else with its traceback.

    Whatever tries again and again would bury in tracebacks what an operator has to read.
    """
    if (trouble := trouble_of(failure.value)) is not None:
        log.error(f"{said} (the database is {trouble.value})", **values)
    else:
        log.failure(said, failure, **values)


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read; PostgreSQL refuses them to write."""
    options: dict[str, bool] = {READING: True}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    return engine.execution_options(**options)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


class _Turns:
    """Begins the transactions of a SQLite file, and remembers whether somebody else holds it.

    Its flag is set and read by one writing thread; whoever makes a second one asks in vain once
    more, or waits once more.
    """

    def __init__(self) -> None:
        self._held = False

    def begin(self, connection: Any) -> None:
        """In the database thread, at the beginning of each transaction."""
        if connection.get_execution_options().get(READING, False):
            connection.exec_driver_sql("BEGIN")
            return
        # A deferred transaction that turns into a writer may fail at once with "database is
        # locked", whatever the timeout; taking the write lock first makes it wait its turn.
        if not self._held:
            self._begin_writing(connection)
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={HELD_MILLISECONDS}")
        try:
            self._begin_writing(connection)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")

    def _begin_writing(self, connection: Any) -> None:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            self._held = trouble_of(error) is Trouble.BUSY
            raise
        self._held = False
