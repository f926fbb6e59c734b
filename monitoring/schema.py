"""Tables of the journal and of the call records folded from it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cti.database import Base, UtcDateTime

Sequence = BigInteger().with_variant(Integer, "sqlite")
OPEN = column("open").is_(True)


class JournalRow(Base):
    """One event. Rows are only ever added; the writer numbers them without gaps."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_call", "call_id", "sequence"),)

    sequence: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str | None] = mapped_column(String(64))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)


class CallRow(Base):
    """A call record; `ended` and what follows from it are null while the call is up.

    `open` while the call is up or its recording is still being written: what a start after a
    crash must close.
    """

    __tablename__ = "call_record"
    __table_args__ = (
        Index("ix_call_record_started", "started", "call_id"),
        Index("ix_call_record_customer", "customer_id", "started"),
        Index("ix_call_record_open", "call_id", postgresql_where=OPEN, sqlite_where=OPEN),
    )

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    answered: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    direction: Mapped[str] = mapped_column(String(16))
    calling: Mapped[str] = mapped_column(String(64))
    called: Mapped[str] = mapped_column(String(64))
    trunk: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(16))
    cause: Mapped[str | None] = mapped_column(String(32))
    cleared_by: Mapped[str | None] = mapped_column(String(16))
    customer_id: Mapped[str | None] = mapped_column(String(64))
    service_level: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    verification: Mapped[int]
    path: Mapped[list[str]] = mapped_column(JSON)
    queue_id: Mapped[str | None] = mapped_column(String(64))
    agent_id: Mapped[str | None] = mapped_column(String(64))
    waited: Mapped[float]
    talked: Mapped[float]
    held: Mapped[float]
    after_call: Mapped[float]
    codes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default="[]")
    recording: Mapped[str | None] = mapped_column(String(255))
    recording_seconds: Mapped[float | None]
    recording_digest: Mapped[str] = mapped_column(String(64), server_default="")
    """The end of the chain that seals the file; empty where there is none."""
    loans: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default="[]")
    """Stays with the IVR in the middle of conversations."""
    open: Mapped[bool]

    legs: Mapped[list["LegRow"]] = relationship(
        order_by="LegRow.place", cascade="all, delete-orphan", lazy="selectin"
    )
    waits: Mapped[list["WaitRow"]] = relationship(
        order_by="WaitRow.place", cascade="all, delete-orphan", lazy="selectin"
    )


class LegRow(Base):
    """One device's part in a call."""

    __tablename__ = "call_leg"

    call_id: Mapped[str] = mapped_column(
        ForeignKey("call_record.call_id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(64))
    device_id: Mapped[str] = mapped_column(String(64))
    party: Mapped[str] = mapped_column(String(16))
    alerting: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[str | None] = mapped_column(String(32))
    cleared_by: Mapped[str | None] = mapped_column(String(16))
    held: Mapped[float]
    packets_sent: Mapped[int]
    packets_received: Mapped[int]
    packets_lost: Mapped[int]
    jitter: Mapped[float] = mapped_column(server_default="0")
    round_trip: Mapped[float] = mapped_column(server_default="0")
    rating: Mapped[float] = mapped_column(server_default="0")
    codec: Mapped[str] = mapped_column(String(16), server_default="")


class WaitRow(Base):
    """One stay of a call in one queue."""

    __tablename__ = "call_wait"

    call_id: Mapped[str] = mapped_column(
        ForeignKey("call_record.call_id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[str] = mapped_column(String(64))
    queued: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float | None]
    end: Mapped[str | None] = mapped_column("ended_by", String(16))
