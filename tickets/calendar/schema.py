"""The tables of the working calendar: changes, and what each says of days and years."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime

CALENDAR = String(64)


class CalendarChangeRow(Base):
    """A change; rows are only ever added, and the last version is in force."""

    __tablename__ = "calendar_changes"
    __table_args__ = (
        Index(
            "calendar_changes_left",
            "version",
            postgresql_where=text("reached IS NOT NULL"),
            sqlite_where=text("reached IS NOT NULL"),
        ),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(200))
    undoes: Mapped[int | None]
    request_id: Mapped[str] = mapped_column(String(64), unique=True)
    moved: Mapped[int] = mapped_column(default=0)
    """How many deadlines it has moved, but for those that an act moved before it came there."""
    reached: Mapped[str | None] = mapped_column(String(16))
    """The number up to which tickets were reckoned anew; empty when all are."""


class CalendarDayRow(Base):
    """What a change says of a date: closed, open at spans, or as written in the file."""

    __tablename__ = "calendar_days"

    version: Mapped[int] = mapped_column(ForeignKey("calendar_changes.version"), primary_key=True)
    calendar: Mapped[str] = mapped_column(CALENDAR, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    spans: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(40))


class CalendarYearRow(Base):
    """Whether a change says that a year's list of holidays is complete."""

    __tablename__ = "calendar_years"

    version: Mapped[int] = mapped_column(ForeignKey("calendar_changes.version"), primary_key=True)
    calendar: Mapped[str] = mapped_column(CALENDAR, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    complete: Mapped[bool]
