"""The tables of what leaves the house."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.schema import NUMBER, STAFF


class OutboxRow(Base):
    """A message on its way out.

    `due` is when it is looked at next: its next attempt, or the end of the lease of whoever
    carries it now. `attempts` counts the claims, and tells whoever held an earlier one that it is
    theirs no more. `ended` is null while it waits; `settled` is null until whoever asked for its
    end has dealt with it.
    """

    __tablename__ = "ticket_outbox"
    __table_args__ = (
        Index(
            "ticket_outbox_waiting",
            "due",
            postgresql_where=text("ended IS NULL"),
            sqlite_where=text("ended IS NULL"),
        ),
        Index(
            "ticket_outbox_unsettled",
            "id",
            postgresql_where=text("ended IS NOT NULL AND settled IS NULL"),
            sqlite_where=text("ended IS NOT NULL AND settled IS NULL"),
        ),
        Index("ticket_outbox_by_number", "number", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(NUMBER, ForeignKey("tickets.number"))
    purpose: Mapped[str] = mapped_column(String(16))
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    queued: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    end: Mapped[str | None] = mapped_column(String(16))
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said: Mapped[str] = mapped_column(Text, default="")
    """The proof of delivery, or why the last attempt failed."""


class NoticeRow(Base):
    """Somebody is to know of a message from `release` on; `told` once that is in the outbox."""

    __tablename__ = "ticket_notices"
    __table_args__ = (
        Index(
            "ticket_notices_waiting",
            "release",
            postgresql_where=text("told IS NULL"),
            sqlite_where=text("told IS NULL"),
        ),
        Index("ticket_notices_by_message", "message_id"),
        Index("ticket_notices_by_outbox", "outbox_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(STAFF)
    message_id: Mapped[int] = mapped_column(ForeignKey("ticket_messages.id"))
    release: Mapped[datetime] = mapped_column(UtcDateTime)
    pressing: Mapped[bool]
    """Told at once and alone."""
    told: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_outbox.id"))
