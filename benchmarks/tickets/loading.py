"""Lines of a million tickets into SQLite or PostgreSQL, in the ways that load quickest.

What a part adds and how far the loading is are written in one transaction, so a loading that was
broken off goes on where it stopped. Indexes are made at the end; durability waits until then too.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, Protocol

from sqlalchemy import Engine, Table, text
from sqlalchemy.schema import CreateIndex

from benchmarks.tickets.stencil import NULL, POSTGRESQL, SQLITE, Clone, Dialect, columns
from config.migrations.tables import all_tables

STATE = "benchmark_loading"
WORDS = "ticket_words"
MADE = "made"


@dataclass(slots=True)
class Progress:
    """How far the loading is: parts that are loaded, rows of each table."""

    parts: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    tables: frozenset[str] = frozenset()
    """Tables that anything is loaded into."""

    def written(self) -> str:
        """As the database keeps it."""
        return json.dumps({"parts": self.parts, "rows": self.rows, "tables": sorted(self.tables)})

    @classmethod
    def read(cls, text: str | None) -> "Progress":
        """As it was kept."""
        if not text:
            return cls()
        kept = json.loads(text)
        return cls(kept["parts"], Counter(kept["rows"]), frozenset(kept["tables"]))


@dataclass(frozen=True, slots=True)
class Batch:
    """A part as it is loaded: the lines of each table, the terms of each entry."""

    tickets: int
    lines: Mapping[str, list[str]]
    terms: list[tuple[int, str]]


class Loader(Protocol):
    """Writes the tables of one database."""

    dialect: Dialect

    def begin(self, tables: Iterable[str]) -> Progress:
        """Get ready to load, or to go on loading; how far it is."""

    def load(self, part: Batch) -> None:
        """Write a part."""

    def finish(self) -> Iterator[str]:
        """Make what was left out; tells what it is about to do, each step once for all."""

    def close(self) -> None:
        """Let go of the database."""


def batch(clones: Iterable[Clone]) -> Batch:
    """These tickets; where lines are numbered they stand in the order in which they came to be."""
    ordered: dict[str, list[tuple[str, str]]] = {}
    terms: list[tuple[int, str]] = []
    total = 0
    for clone in clones:
        total += len(clone.numbers)
        terms += clone.terms
        for name, order, line in clone.lines:
            ordered.setdefault(name, []).append((order, line))
    lines = {}
    for name, of_table in ordered.items():
        of_table.sort(key=lambda each: each[0])
        lines[name] = [line for _, line in of_table]
    return Batch(total, lines, terms)


class _Common:
    dialect: Dialect

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = engine.raw_connection()
        self._progress = Progress()

    def _tables(self) -> list[Table]:
        return [each for each in all_tables().sorted_tables if each.name in self._progress.tables]

    def _numbered(self, table: Table, lines: list[str]) -> Iterable[str]:
        if columns(table)[0] != "id" or table.name == "ticket_index":
            return lines
        first, separator = self._progress.rows[table.name] + 1, self.dialect.separator
        return (f"{number}{separator}{line}" for number, line in enumerate(lines, first))

    def _count(self, lines: Mapping[str, list[str]]) -> None:
        self._progress.parts += 1
        self._progress.rows.update({name: len(of_table) for name, of_table in lines.items()})

    def close(self) -> None:
        self._connection.close()


class SqliteLoader(_Common):
    """By executemany, one transaction a part."""

    dialect = SQLITE

    def begin(self, tables: Iterable[str]) -> Progress:
        run = self._connection.execute
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
            run(f"PRAGMA {pragma}")
        run(f"CREATE TABLE IF NOT EXISTS {STATE} (name TEXT PRIMARY KEY, value TEXT)")
        row = run(f"SELECT value FROM {STATE} WHERE name = 'progress'").fetchone()
        self._progress = Progress.read(row[0] if row else None)
        if row is None:
            self._progress.tables = frozenset(tables)
            run("PRAGMA auto_vacuum")
            for table in self._tables():
                for index in table.indexes:
                    run(f'DROP INDEX IF EXISTS "{index.name}"')
        return self._progress

    def load(self, part: Batch) -> None:
        lines, terms = part.lines, part.terms
        run, separator = self._connection.execute, self.dialect.separator
        run("BEGIN IMMEDIATE")
        for table in self._tables():
            of_table = lines.get(table.name, [])
            names = columns(table)
            marks = ",".join(
                f"NULLIF(?, '{NULL}')" if table.c[name].nullable else "?" for name in names
            )
            listed = ",".join(f'"{name}"' for name in names)
            self._connection.executemany(
                f"INSERT INTO {table.name} ({listed}) VALUES ({marks})",
                (line.split(separator) for line in self._numbered(table, of_table)),
            )
        self._connection.executemany(f"INSERT INTO {WORDS} (rowid, terms) VALUES (?, ?)", terms)
        self._count(lines)
        run(f"REPLACE INTO {STATE} VALUES ('progress', ?)", (self._progress.written(),))
        run("COMMIT")

    def finish(self) -> Iterator[str]:
        run = self._connection.execute
        run("PRAGMA temp_store=MEMORY")
        there = {row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'index'")}
        for table in self._tables():
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                if index.name not in there:
                    yield f"the index {index.name}"
                    run(str(CreateIndex(index).compile(dialect=self._engine.dialect)))
        done = run(f"SELECT value FROM {STATE} WHERE name = '{MADE}'").fetchone()
        if done is None:
            yield "one piece of the index of words"
            run(f"INSERT INTO {WORDS}({WORDS}) VALUES ('optimize')")
            yield "what the planner knows"
            run("ANALYZE")
            run(f"INSERT INTO {STATE} VALUES ('{MADE}', '')")
        run("PRAGMA wal_checkpoint(TRUNCATE)")


class PostgresqlLoader(_Common):
    """By COPY; keys and indexes are made at the end from what the database said of them."""

    dialect = POSTGRESQL

    def begin(self, tables: Iterable[str]) -> Progress:
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {STATE} (name TEXT PRIMARY KEY, value TEXT)"
            )
            row = cursor.execute(f"SELECT value FROM {STATE} WHERE name = 'progress'").fetchone()
            self._progress = Progress.read(row[0] if row else None)
            if row is None:
                self._progress.tables = frozenset(tables)
                self._strip(cursor)
        self._connection.commit()
        return self._progress

    def _strip(self, cursor: Any) -> None:
        names = [*(each.name for each in self._tables()), WORDS]
        keys = cursor.execute(_KEYS, [names, names]).fetchall()
        indexes = cursor.execute(_INDEXES, [names]).fetchall()
        # Keys before what refers to them, when they are made again.
        again = [f"ALTER TABLE {table} ADD {what}" for table, _, what, kind in keys if kind != "f"]
        again += [what for _, what in indexes]
        again += [f"ALTER TABLE {table} ADD {what}" for table, _, what, kind in keys if kind == "f"]
        for table, name, _, _ in reversed(keys):
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(f"INSERT INTO {STATE} VALUES ('again', %s)", [json.dumps(again)])
        self._keep(cursor)

    def _keep(self, cursor: Any) -> None:
        cursor.execute(
            f"INSERT INTO {STATE} VALUES ('progress', %s)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [self._progress.written()],
        )

    def load(self, part: Batch) -> None:
        lines, terms = part.lines, part.terms
        with self._connection.cursor() as cursor:
            for table in self._tables():
                listed = ",".join(f'"{name}"' for name in columns(table))
                of_table = self._numbered(table, lines.get(table.name, []))
                with cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
                    copy.write("".join(f"{line}\n" for line in of_table))
            with cursor.copy(f"COPY {WORDS} (id, terms) FROM STDIN") as copy:
                copy.write("".join(starmap("{}\t{}\n".format, terms)))
            self._count(lines)
            self._keep(cursor)
        self._connection.commit()

    def finish(self) -> Iterator[str]:
        connection = self._connection
        with connection.cursor() as cursor:
            row = cursor.execute(f"SELECT value FROM {STATE} WHERE name = 'again'").fetchone()
            left = json.loads(row[0])
            cursor.execute("SET maintenance_work_mem = '2GB'")
            while left:
                yield left[0].partition(" USING ")[0].partition(" (")[0]
                cursor.execute(left.pop(0))
                cursor.execute(
                    f"UPDATE {STATE} SET value = %s WHERE name = 'again'", [json.dumps(left)]
                )
                connection.commit()
            for table in self._tables():
                if columns(table)[0] == "id" or table.name == "ticket_index":
                    cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                        f" (SELECT max(id) FROM {table.name}))"
                    )
            connection.commit()
        connection.dbapi_connection.autocommit = True
        with connection.cursor() as cursor:
            done = cursor.execute(f"SELECT 1 FROM {STATE} WHERE name = '{MADE}'").fetchone()
            if done is None:
                yield "what the planner knows"
                cursor.execute("VACUUM ANALYZE")
                cursor.execute(f"INSERT INTO {STATE} VALUES ('{MADE}', '')")
                cursor.execute("CHECKPOINT")


def loader(engine: Engine) -> Loader:
    """The one for that database."""
    return SqliteLoader(engine) if engine.dialect.name == "sqlite" else PostgresqlLoader(engine)


def is_made(engine: Engine) -> bool:
    """Whether a loading ended there."""
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, STATE):
            return False
        return connection.scalar(text(f"SELECT 1 FROM {STATE} WHERE name = '{MADE}'")) is not None


def count(engine: Engine, table: str) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype::text
FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) OR confrelid = ANY(%s::regclass[])
ORDER BY contype = 'f', conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (
    SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
ORDER BY 1
"""
