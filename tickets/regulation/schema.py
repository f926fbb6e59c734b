"""The tables of what is reported: facts, what was submitted, groups, holds, deletions, letters.

`ticket_facts` has no foreign key: a fact outlives the ticket it was taken from.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.regulation.matters import LONGEST_KEY
from tickets.schema import NUMBER, STAFF

CODE = String(64)
QUARTER = String(8)
DEPARTMENT = String(64)


class FactRow(Base):
    """A ticket as it is counted; durations are seconds."""

    __tablename__ = "ticket_facts"
    __table_args__ = (
        Index("ticket_facts_by_received", "kind", "received"),
        Index("ticket_facts_by_ended", "erased", "ended", "number"),
    )

    number: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    received: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(32))
    changed: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(CODE)
    channel_assumed: Mapped[bool]
    business: Mapped[str] = mapped_column(CODE)
    product: Mapped[str] = mapped_column(CODE)
    cause: Mapped[str] = mapped_column(CODE)
    region: Mapped[str] = mapped_column(CODE)
    branch: Mapped[str] = mapped_column(String(100))
    due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed: Mapped[bool]
    days: Mapped[int | None]
    extensions: Mapped[int]
    repeats: Mapped[str | None] = mapped_column(NUMBER)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    about_staff: Mapped[str | None] = mapped_column(STAFF)
    about_unit: Mapped[str | None] = mapped_column(DEPARTMENT)
    hotline: Mapped[float]
    department: Mapped[float]
    customer: Mapped[float]
    external: Mapped[float]
    erased: Mapped[bool]


class SubmissionRow(Base):
    """A quarter as it was submitted; rows are only ever added to."""

    __tablename__ = "ticket_submissions"

    quarter: Mapped[str] = mapped_column(QUARTER, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(String(500))
    codes_version: Mapped[str] = mapped_column(String(16))
    codes: Mapped[dict[str, Any]] = mapped_column(JSON)


class SubmittedRow(Base):
    """A complaint as it was counted in that submission."""

    __tablename__ = "ticket_submitted"
    __table_args__ = (
        ForeignKeyConstraint(
            ["quarter", "revision"], ["ticket_submissions.quarter", "ticket_submissions.revision"]
        ),
    )

    quarter: Mapped[str] = mapped_column(QUARTER, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    fact: Mapped[dict[str, Any]] = mapped_column(JSON)


class KeyRow(Base):
    """Whose a ticket is, or what many have in common with it: found by key, the latest first."""

    __tablename__ = "ticket_keys"
    __table_args__ = (Index("ticket_keys_by_key", "key", "received"),)

    number: Mapped[str] = mapped_column(
        NUMBER, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    who: Mapped[str] = mapped_column(String(LONGEST_KEY))
    """The first key of who asked, so that a crowd is counted in people."""
    received: Mapped[datetime] = mapped_column(UtcDateTime)


class GroupRow(Base):
    """Many customers on one matter: told once, and counted on while it goes on."""

    __tablename__ = "ticket_groups"
    __table_args__ = (Index("ticket_groups_by_key", "key", "last"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    first: Mapped[datetime] = mapped_column(UtcDateTime)
    last: Mapped[datetime] = mapped_column(UtcDateTime)
    found: Mapped[datetime] = mapped_column(UtcDateTime)
    people: Mapped[int]


class HoldRow(Base):
    """A ticket whose records must not be deleted, whatever their age; lifted ones stay."""

    __tablename__ = "ticket_holds"
    __table_args__ = (Index("ticket_holds_by_number", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(NUMBER)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    lifted: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(STAFF)


class ErasureRow(Base):
    """What was deleted of a ticket: its number and how many rows, and nothing of what they said."""

    __tablename__ = "ticket_erasures"

    number: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    rule: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    files: Mapped[int]


class LetterErasureRow(Base):
    """How many letters of no ticket were deleted at once, and nothing of what they said."""

    __tablename__ = "ticket_mail_erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    rule: Mapped[str] = mapped_column(String(64))
    letters: Mapped[int]
    files: Mapped[int]


class CatalogueRow(Base):
    """A version of the dispatch catalogue, whole; the last one is in force."""

    __tablename__ = "ticket_catalogue"

    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(String(200))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class RouteRow(Base):
    """An order as the catalogue saw it: which line spoke for it, and whether it was handed back."""

    __tablename__ = "ticket_routes"
    __table_args__ = (Index("ticket_routes_by_sent", "sent"),)

    number: Mapped[str] = mapped_column(
        NUMBER, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True
    )
    dispatch: Mapped[int] = mapped_column(primary_key=True)
    sent: Mapped[datetime] = mapped_column(UtcDateTime)
    department_id: Mapped[str] = mapped_column(DEPARTMENT)
    version: Mapped[int]
    line: Mapped[str] = mapped_column(String(32))
    """The line that proposed best; empty where none did."""
    proposed: Mapped[str] = mapped_column(DEPARTMENT)
    refusals: Mapped[int]
    refused: Mapped[bool]


class LetterRow(Base):
    """A letter or notice exactly as it was printed; rows are only ever added to."""

    __tablename__ = "ticket_letters"
    __table_args__ = (Index("ticket_letters_by_number", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(NUMBER, ForeignKey("tickets.number", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    dispatch: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
