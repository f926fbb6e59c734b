"""The table of replies by automatic call."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.schema import NUMBER, STAFF

OPEN = text("state <> 'ended'")


class ReplyCallRow(Base):
    """An answer that is to be read to a customer; `due` is when to call, or its lease.

    `server` is who holds the lease, by a name that it has after a restart too. `tried` are the
    instants of attempts in vain, `wrong` those of wrong digits, in ISO 8601.
    """

    __tablename__ = "ticket_reply_calls"
    __table_args__ = (
        Index("ticket_reply_calls_due", "due", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ticket_reply_calls_by_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(NUMBER, ForeignKey("tickets.number"))
    to: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    by: Mapped[str] = mapped_column(STAFF)
    queued: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    server: Mapped[str | None] = mapped_column(String(32))
    tried: Mapped[list[Any]] = mapped_column(JSON, default=list)
    wrong: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    call_id: Mapped[str | None] = mapped_column(String(64))
    answered: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
