"""The tables of the customer page."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.schema import NUMBER

ADDRESS = String(254)


class ChallengeRow(Base):
    """A code that was asked for in a browser, with what its owner wants to submit.

    `digest` is the code's, under the house's key; rows are gone an hour after they were made.
    """

    __tablename__ = "portal_challenges"

    visitor: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    contact: Mapped[str] = mapped_column(ADDRESS)
    language: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64))
    made: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    number: Mapped[str | None] = mapped_column(NUMBER)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ReaderRow(Base):
    """By which proven address the customer of a ticket is told of it, and in which language."""

    __tablename__ = "ticket_readers"
    __table_args__ = (Index("ticket_readers_by_contact", "contact", "number"),)

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    contact: Mapped[str] = mapped_column(ADDRESS)
    language: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class QuotaRow(Base):
    """When whoever is counted there has all they may again, see `tickets.portal.quota`."""

    __tablename__ = "portal_quotas"

    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_up: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
