"""The tables of tickets.

What searches and sorts has columns; the words of a draft and an act are JSON. Alarms are rows
with a due instant: the index on unfired ones is all that the timer reads.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime

NUMBER = String(16)
STAFF = String(64)


class DepartmentRow(Base):
    """A department."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    calendar: Mapped[str] = mapped_column(String(64))


class SerialRow(Base):
    """The last serial given out on a day; it only ever grows, so no number comes twice."""

    __tablename__ = "ticket_serials"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class CaseRow(Base):
    """A case."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("tickets_by_state", "state", "opened"),
        Index("tickets_by_customer", "customer_id", "opened"),
    )

    number: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    urgency: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(4000))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    customer_id: Mapped[str | None] = mapped_column(String(64))
    opened: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[str] = mapped_column(STAFF)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int]
    cycle: Mapped[int]
    level: Mapped[int]
    handlers: Mapped[list[str] | None] = mapped_column(JSON, nullable=False, default=list)
    """JSON's null until the next act on a ticket older than the rule of who handles a matter."""
    supervised: Mapped[bool] = mapped_column(default=False)
    extensions: Mapped[int] = mapped_column(default=0)
    appraised: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[list[str]] = mapped_column(JSON, default=list)
    rating: Mapped[int | None]
    merged_into: Mapped[str | None] = mapped_column(NUMBER, index=True)
    void_asked_by: Mapped[str | None] = mapped_column(STAFF)
    adopted: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[datetime | None] = mapped_column(UtcDateTime)
    call_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DispatchRow(Base):
    """A dispatch of a case."""

    __tablename__ = "ticket_dispatches"
    __table_args__ = (
        Index("ticket_dispatches_by_department", "department_id", "state"),
        Index(
            "ticket_dispatches_suspended",
            "suspended_until",
            postgresql_where=text("suspended_until IS NOT NULL"),
            sqlite_where=text("suspended_until IS NOT NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    lead: Mapped[bool]
    state: Mapped[str] = mapped_column(String(32))
    refusals: Mapped[int]
    urges: Mapped[int]
    urge_open: Mapped[bool]
    sent: Mapped[datetime | None] = mapped_column(UtcDateTime)
    petition: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    ground: Mapped[str | None] = mapped_column(String(32))
    suspended_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    facts: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClockRow(Base):
    """A clock of a case; durations are seconds. One that is halted is not overdue."""

    __tablename__ = "ticket_clocks"
    __table_args__ = (
        Index(
            "ticket_clocks_running",
            "due",
            postgresql_where=text("stopped IS NULL"),
            sqlite_where=text("stopped IS NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    dispatch: Mapped[int | None]
    calendar: Mapped[str] = mapped_column(String(64))
    target: Mapped[float]
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    halted: Mapped[datetime | None] = mapped_column(UtcDateTime)
    policy: Mapped[str] = mapped_column(String(12))
    stopped: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[str | None] = mapped_column(String(16))


class PauseRow(Base):
    """A time in which a clock stood still; open while `ended` is empty."""

    __tablename__ = "ticket_pauses"

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    clock: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ground: Mapped[str] = mapped_column(String(32))


class ExtensionRow(Base):
    """Time that was added to a clock, in seconds of its own calendar, and who approved it."""

    __tablename__ = "ticket_extensions"

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    clock: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    added: Mapped[float]
    by: Mapped[str] = mapped_column(String(100))


class PolicyRow(Base):
    """A version of the policy, as it was written, since when it was first in force."""

    __tablename__ = "ticket_policies"

    version: Mapped[str] = mapped_column(String(12), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)


class AlarmRow(Base):
    """An instant at which somebody is told; fired once, by the update that finds `fired` empty."""

    __tablename__ = "ticket_alarms"
    __table_args__ = (
        Index(
            "ticket_alarms_waiting",
            "due",
            postgresql_where=text("fired IS NULL"),
            sqlite_where=text("fired IS NULL"),
        ),
        Index("ticket_alarms_by_clock", "number", "clock"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    clock: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    to_role: Mapped[str] = mapped_column(String(32))
    fired: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a change of the calendar put its instant into the past."""


class HistoryRow(Base):
    """An act or alarm; rows are only ever added."""

    __tablename__ = "ticket_history"
    __table_args__ = (Index("ticket_history_by_number", "number", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(32))
    previous: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(32))
    dispatch: Mapped[int | None]
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    version: Mapped[int | None]
    request_id: Mapped[str] = mapped_column(String(64), default="")
    order_state: Mapped[str] = mapped_column(String(32), default="")


class CallRow(Base):
    """A call that belongs to a ticket."""

    __tablename__ = "ticket_calls"

    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RequestRow(Base):
    """A request that was answered, so that its repetition gets the same answer."""

    __tablename__ = "ticket_requests"
    __table_args__ = (Index("ticket_requests_by_number", "number"),)

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    action: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(STAFF)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(32))


class MessageRow(Base):
    """An in-house message to a role, a role in a department, or one person."""

    __tablename__ = "ticket_messages"
    __table_args__ = (
        Index("ticket_messages_by_role", "role", "id"),
        Index("ticket_messages_by_number", "number"),
        Index(
            "ticket_messages_not_spread",
            "id",
            postgresql_where=text("spread IS NULL"),
            sqlite_where=text("spread IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(ForeignKey("tickets.number"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(32))
    late: Mapped[bool]
    role: Mapped[str] = mapped_column(String(32))
    department_id: Mapped[str | None] = mapped_column(String(64))
    staff_id: Mapped[str | None] = mapped_column(STAFF)
    due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The deadline it is about."""
    spread: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was looked up who is to be told of it outside the house's pages."""


class ReadingRow(Base):
    """A message that a person has read."""

    __tablename__ = "ticket_readings"
    __table_args__ = (Index("ticket_readings_by_message", "message_id"),)

    staff_id: Mapped[str] = mapped_column(STAFF, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("ticket_messages.id"), primary_key=True)


class TaskRow(Base):
    """An act that the system does at `due`; `done` is null until it is."""

    __tablename__ = "ticket_tasks"
    __table_args__ = (
        Index(
            "ticket_tasks_waiting",
            "due",
            postgresql_where=text("done IS NULL"),
            sqlite_where=text("done IS NULL"),
        ),
        Index("ticket_tasks_by_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    dispatch: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(32))
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    done: Mapped[datetime | None] = mapped_column(UtcDateTime)
