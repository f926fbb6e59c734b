"""Writes a mill's tickets into SQLite and PostgreSQL at once, in the ways that load quickest."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import JSON, Engine, text
from sqlalchemy.orm import Session

from benchmarks.ticket_mill import DEPARTMENTS, Made, Mill
from cti.database import Base
from tickets.model import Department
from tickets.repository import save_department_txn
from tickets.rows import changing_values, dispatch_row, draft_values
from tickets.schema import CaseRow, ClockRow, DispatchRow, HistoryRow
from tickets.search.facets import Entry, entry_of
from tickets.search.places import places_of
from tickets.search.schema import EntryRow, PlaceRow
from tickets.search.words import tokens

BATCH = 5000
TABLES: tuple[Any, ...] = (CaseRow, DispatchRow, ClockRow, HistoryRow, EntryRow, PlaceRow)
COLUMNS = {
    table.__tablename__: [
        (column.name, isinstance(column.type, JSON)) for column in table.__table__.columns
    ]
    for table in TABLES
}
Rows = dict[str, list[tuple[Any, ...]]]


class Loader(Protocol):
    """Writes rows of one database."""

    def load(self, rows: Rows, terms: list[tuple[int, frozenset[int]]]) -> None: ...

    def finish(self) -> None: ...


class SqliteLoader:
    """By executemany, one transaction a batch."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Any = engine.raw_connection()
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("PRAGMA foreign_keys=OFF")

    def load(self, rows: Rows, terms: list[tuple[int, frozenset[int]]]) -> None:
        """Write a batch."""
        self._connection.execute("BEGIN")
        for table in TABLES:
            marks = ",".join("?" * len(table.__table__.columns))
            values = ([_sqlite(each) for each in row] for row in rows[table.__tablename__])
            self._connection.executemany(
                f"INSERT INTO {table.__tablename__} VALUES ({marks})",
                values,
            )
        self._connection.executemany(
            "INSERT INTO ticket_words (rowid, terms) VALUES (?, ?)",
            ((entry, tokens(each)) for entry, each in terms),
        )
        self._connection.execute("COMMIT")

    def finish(self) -> None:
        """Let the planner know what there is."""
        self._connection.execute("ANALYZE")
        self._connection.close()


class PostgresqlLoader:
    """By COPY; the index of terms is made at the end."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Any = engine.raw_connection()
        self._connection.cursor().execute("DROP INDEX ticket_words_by_terms")

    def load(self, rows: Rows, terms: list[tuple[int, frozenset[int]]]) -> None:
        """Write a batch."""
        with self._connection.cursor() as cursor:
            for table in TABLES:
                names = ",".join(f'"{column.name}"' for column in table.__table__.columns)
                with cursor.copy(f"COPY {table.__tablename__} ({names}) FROM STDIN") as copy:
                    for row in rows[table.__tablename__]:
                        copy.write_row(row)
            with cursor.copy("COPY ticket_words (id, terms) FROM STDIN") as copy:
                for entry, each in terms:
                    copy.write(f"{entry}\t{{{','.join(map(str, each))}}}\n")
        self._connection.commit()

    def finish(self) -> None:
        """Make the index of terms, and let the planner know what there is."""
        with self._connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute("CREATE INDEX ticket_words_by_terms ON ticket_words USING gin (terms)")
        self._connection.commit()
        self._connection.dbapi_connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self._connection.close()


def fill(engines: Iterable[Engine], mill: Mill, say: Callable[[str], None]) -> None:
    """Make the tables and write every ticket of the mill into each database."""
    loaders = [_prepared(engine) for engine in engines]
    made, done = mill.tickets(), 0
    while batch := list(islice(made, BATCH)):
        rows, terms = _rows(batch, done)
        for loader in loaders:
            loader.load(rows, terms)
        done += len(batch)
        _bar(done, mill.total)
    say("\ntickets: making what the databases know of them")
    for loader in loaders:
        loader.finish()


def _prepared(engine: Engine) -> Loader:
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        for each in DEPARTMENTS:
            save_department_txn(session, Department(each, f"部门{each[-2:]}", each, "office"))
    if engine.dialect.name == "sqlite":
        return SqliteLoader(engine)
    return PostgresqlLoader(engine)


def _rows(batch: list[Made], done: int) -> tuple[Rows, list[tuple[int, frozenset[int]]]]:
    rows: Rows = {table.__tablename__: [] for table in TABLES}
    terms = []
    for number, made in enumerate(batch, done + 1):
        places = places_of(made.case, made.clocks)
        entry = entry_of(made.case, places, "\n".join(made.said))
        for row in _of(made, number, entry, places):
            rows[row.__tablename__].append(_values(row))
        terms.append((number, entry.terms))
    return rows, terms


def _of(made: Made, number: int, found: Entry, places: Mapping[str, datetime]) -> Iterator[Any]:
    case = made.case
    yield CaseRow(
        number=case.number,
        opened=case.opened,
        opened_by=case.opened_by,
        **draft_values(case),
        **changing_values(case),
    )
    yield from (dispatch_row(case.number, each) for each in case.dispatches)
    for clock in made.clocks:
        yield ClockRow(
            number=case.number,
            serial=clock.serial,
            kind=clock.kind.value,
            dispatch=clock.dispatch,
            calendar=clock.calendar,
            target=clock.target.total_seconds(),
            started=clock.started,
            due=clock.due,
            policy=clock.policy,
        )
    for place, said in enumerate(made.said):
        yield HistoryRow(
            id=number * 4 + place,
            number=case.number,
            at=case.opened,
            by=case.opened_by,
            by_name=case.opened_by,
            action="note",
            previous=case.state.value,
            state=case.state.value,
            fields={"text": said},
            request_id=f"mill-{number}-{place}",
            version=place + 1,
            order_state="",
        )
    yield EntryRow(
        id=number,
        number=case.number,
        opened=case.opened,
        facets="\n".join(found.facets),
        matter=found.matter,
        whose=found.whose,
        said=found.said,
    )
    for name, due in places.items():
        yield PlaceRow(place=name, due=due, entry=number)


def _values(row: Any) -> tuple[Any, ...]:
    kept = row.__dict__
    return tuple(
        json.dumps(kept[name], ensure_ascii=False) if is_json else kept.get(name)
        for name, is_json in COLUMNS[row.__tablename__]
    )


def _sqlite(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def _bar(done: int, total: int) -> None:
    filled = 40 * done // total
    bar = "#" * filled + "." * (40 - filled)
    print(f"\r  {bar} {done:,} of {total:,} tickets", end="", file=sys.stderr, flush=True)


def count(engine: Engine, table: str) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
