"""The table of terms: written, and asked, in the way of each database (see `schema`).

Everything here runs in the database thread. Terms are integers of our own making, so they stand
in the statements as they are: PostgreSQL then plans for these terms, common or rare, and not for
any.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, TableClause, column, literal_column, table, text
from sqlalchemy.orm import Session

_TABLES = {key: table("ticket_words", column(key), column("terms")) for key in ("rowid", "id")}


def is_sqlite(session: Session) -> bool:
    """Whether the session speaks to SQLite, else PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def put_txn(
    session: Session, entry: int, terms: Collection[int], before: Collection[int] | None
) -> None:
    """Let the entry have these terms; `before` are those it had, None for a new one."""
    if not is_sqlite(session):
        session.execute(
            text(
                "INSERT INTO ticket_words (id, terms) VALUES (:id, CAST(:terms AS INTEGER[]))"
                " ON CONFLICT (id) DO UPDATE SET terms = excluded.terms"
            ),
            {"id": entry, "terms": sorted(terms)},
        )
        return
    if before is not None:
        drop_txn(session, entry, before)
    session.execute(
        text("INSERT INTO ticket_words (rowid, terms) VALUES (:id, :terms)"),
        {"id": entry, "terms": tokens(terms)},
    )


def drop_txn(session: Session, entry: int, before: Collection[int]) -> None:
    """Let the entry, which had these terms, be found by nothing any more."""
    if not is_sqlite(session):
        session.execute(text("DELETE FROM ticket_words WHERE id = :id"), {"id": entry})
        return
    session.execute(
        text("INSERT INTO ticket_words (ticket_words, rowid, terms) VALUES ('delete', :id, :t)"),
        {"id": entry, "t": tokens(before)},
    )


def tokens(terms: Collection[int]) -> str:
    """Terms as words that FTS5 takes as they are."""
    return " ".join(f"{term:x}" for term in sorted(terms))


def words_table(session: Session) -> tuple[TableClause, ColumnElement[int]]:
    """The table, and the column of entries in it."""
    key = "rowid" if is_sqlite(session) else "id"
    return _TABLES[key], _TABLES[key].c[key]


def has_all(session: Session, terms: Collection[int]) -> ColumnElement[bool]:
    """Whether an entry of the table has all of these terms (one at least)."""
    if is_sqlite(session):
        return literal_column(f"ticket_words MATCH '{tokens(terms)}'")
    listed = ",".join(map(str, sorted(terms)))
    return literal_column(f"ticket_words.terms @> ARRAY[{listed}]")
