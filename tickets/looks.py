"""Who asked to read a customer's data, when and what for. Everything here runs in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from cti.database import Base, UtcDateTime, rows_txn
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from tickets.masking import may_unmask

LONGEST_REASON = 200


class LookRow(Base):
    """Somebody asked to read what is masked; rows are only ever added."""

    __tablename__ = "ticket_looks"
    __table_args__ = (Index("ticket_looks_by_number", "number", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(200))


_OF_TICKET = (
    select(LookRow.__table__).where(LookRow.number == bindparam("number")).order_by(LookRow.id)
)


@dataclass(frozen=True, slots=True)
class Look:
    """One asking."""

    at: datetime
    by: StaffId
    by_name: str
    reason: str


def look_txn(session: Session, number: str, by: Principal, reason: str, at: datetime) -> None:
    """Write the asking down; Refused (``ticket.may_not_unmask``, ``ticket.field_missing``)."""
    if not may_unmask(by):
        raise Refused("ticket.may_not_unmask")
    if not reason:
        raise Refused("ticket.field_missing", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused("ticket.field_too_long", field="reason", limit=LONGEST_REASON)
    session.add(LookRow(number=number, at=at, by=by.staff_id, by_name=by.name, reason=reason))


def looks_txn(session: Session, number: str) -> tuple[Look, ...]:
    """Who looked, oldest first."""
    rows = rows_txn(session, _OF_TICKET, number=number)
    return tuple(Look(row.at, StaffId(row.by), row.by_name, row.reason) for row in rows)
