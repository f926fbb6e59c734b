"""The tables of lists and search; what an index finds in them is loaded from the tickets' own.

`ticket_words` holds the terms of each entry, of its texts and of its facets. SQLAlchemy has no
words for it: on SQLite it is a full-text index without any content (FTS5), on PostgreSQL an array
of integers below a GIN index. Both are asked for the entries that have all of some terms.
"""

from datetime import UTC, datetime

from sqlalchemy import DDL, JSON, ForeignKey, Index, SmallInteger, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.schema import NUMBER, STAFF
from tickets.search.blocks import indexed

PLACE = String(96)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

WORDS_OF = {
    "sqlite": (
        """CREATE VIRTUAL TABLE ticket_words USING fts5
        (terms, content='', detail=none, columnsize=0, tokenize='ascii')""",
    ),
    "postgresql": (
        "CREATE TABLE ticket_words (id BIGINT PRIMARY KEY, terms INTEGER[] NOT NULL)",
        f"""CREATE INDEX ticket_words_by_terms ON ticket_words USING gin ({indexed()})
        WITH (gin_pending_list_limit = 256)""",
        "ALTER INDEX ticket_words_by_terms ALTER COLUMN 1 SET STATISTICS 1000",
    ),
}
"""What makes the table of terms on each database."""


class EntryRow(Base):
    """A ticket in the index. Entries are numbered as tickets were registered.

    `matter` and `said` may be shown around a hit; `whose` is only searched.
    """

    __tablename__ = "ticket_index"
    __table_args__ = (
        Index("ticket_index_by_opened", "opened", "id"),
        Index("ticket_index_by_changed", "changed", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(
        NUMBER, ForeignKey("tickets.number", ondelete="CASCADE"), unique=True
    )
    opened: Mapped[datetime] = mapped_column(UtcDateTime)
    facets: Mapped[str] = mapped_column(Text)
    matter: Mapped[str] = mapped_column(Text)
    whose: Mapped[str] = mapped_column(Text)
    said: Mapped[str] = mapped_column(Text)
    about_staff: Mapped[str | None] = mapped_column(STAFF)
    about_unit: Mapped[str | None] = mapped_column(String(64))
    changed: Mapped[datetime] = mapped_column(UtcDateTime, default=LONG_AGO)
    """When somebody last acted on it."""


class PlaceRow(Base):
    """A ticket in a list people work from, and when it is due there."""

    __tablename__ = "ticket_places"
    __table_args__ = (
        Index("ticket_places_by_entry", "entry"),
        Index("ticket_places_by_age", "place", "entry"),
        Index("ticket_places_by_urgency", "place", "urgency", "due", "entry"),
        Index("ticket_places_by_change", "place", "changed", "entry"),
    )

    place: Mapped[str] = mapped_column(PLACE, primary_key=True)
    due: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    entry: Mapped[int] = mapped_column(
        ForeignKey("ticket_index.id", ondelete="CASCADE"), primary_key=True
    )
    urgency: Mapped[int] = mapped_column(SmallInteger, default=2)
    """0 is the most urgent, see `tickets.model.RANKS`."""
    changed: Mapped[datetime] = mapped_column(UtcDateTime, default=LONG_AGO)


class ViewRow(Base):
    """A list that somebody saved under a name."""

    __tablename__ = "ticket_views"
    __table_args__ = (Index("ticket_views_by_staff", "staff_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(STAFF)
    name: Mapped[str] = mapped_column(String(100))
    tab: Mapped[str] = mapped_column(String(32))
    asked: Mapped[str] = mapped_column(String(500))
    shared: Mapped[bool]


class ViewOrderRow(Base):
    """In which order a person has their views and those that are shared; others come after."""

    __tablename__ = "ticket_view_orders"

    staff_id: Mapped[str] = mapped_column(STAFF, primary_key=True)
    views: Mapped[list[int]] = mapped_column(JSON)
    shared_last: Mapped[bool]


class ExportRow(Base):
    """That somebody took a list out of the house: rows are only ever added.

    `lines` is how many were sent, None while it is under way or when it broke off.
    """

    __tablename__ = "ticket_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(8))
    tab: Mapped[str] = mapped_column(String(32))
    asked: Mapped[str] = mapped_column(String(500))
    lines: Mapped[int | None]


def _keep_words_beside(dialect: str) -> None:
    table = EntryRow.__table__
    for statement in WORDS_OF[dialect]:
        made = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)
        event.listen(table, "after_create", made)
    gone = DDL("DROP TABLE IF EXISTS ticket_words").execute_if(dialect=dialect)
    event.listen(table, "before_drop", gone)


for _dialect in WORDS_OF:
    _keep_words_beside(_dialect)
