"""Run by Alembic for each of its commands."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from config.migrations.tables import all_tables


def plain(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write types of ours as what the database has, so that revisions need none of our code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def known(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out the table of search terms, which each database makes in its own way."""
    return kind != "table" or not (name or "").startswith("ticket_words")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=all_tables(),
    compare_type=True,
    render_item=plain,
    include_name=known,
    # SQLite changes a table by copying it.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
