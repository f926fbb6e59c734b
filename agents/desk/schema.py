"""Tables of what a desk keeps."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from agents.schema import StaffRow
from cti.database import Base, UtcDateTime
from customers.schema import CustomerRow

CALL = String(80)
STAFF = String(40)


class CallCodeRow(Base):
    """What an agent says a call was about."""

    __tablename__ = "call_code"

    call_id: Mapped[str] = mapped_column(CALL, primary_key=True)
    agent_id: Mapped[str] = mapped_column(STAFF, primary_key=True)
    code: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    follow_up: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FollowUpRow(Base):
    """A call-back that an agent promised, one of each call and agent."""

    __tablename__ = "follow_up"
    __table_args__ = (Index("follow_up_by_done", "done", "due"),)

    call_id: Mapped[str] = mapped_column(CALL, primary_key=True)
    agent_id: Mapped[str] = mapped_column(STAFF, primary_key=True)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(80))
    done: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CustomerNoteRow(Base):
    """A note about a customer; never changed, so who wrote what stays certain."""

    __tablename__ = "customer_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(
        ForeignKey(CustomerRow.id, ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    text: Mapped[str] = mapped_column(Text)
    important: Mapped[bool] = mapped_column(server_default=false())


class CustomerConsentRow(Base):
    """What a customer agreed to, or refused, for one purpose."""

    __tablename__ = "customer_consent"

    customer_id: Mapped[str] = mapped_column(
        ForeignKey(CustomerRow.id, ondelete="CASCADE"), primary_key=True
    )
    purpose: Mapped[str] = mapped_column(String(40), primary_key=True)
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class FavouriteRow(Base):
    """Whom a member of staff calls often."""

    __tablename__ = "favourite"

    staff_id: Mapped[str] = mapped_column(
        ForeignKey(StaffRow.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    target: Mapped[str] = mapped_column(CALL, primary_key=True)
