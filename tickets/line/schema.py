"""The tables of wrong tries by telephone."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime


class WrongTryRow(Base):
    """Somebody did not prove that a ticket is theirs; what they keyed in stands nowhere.

    `sought` is the number of the ticket, whether there is one or not.
    """

    __tablename__ = "ticket_wrong_tries"
    __table_args__ = (
        Index("ticket_wrong_tries_at", "at"),
        Index("ticket_wrong_tries_by_caller", "calling", "at"),
        Index("ticket_wrong_tries_by_ticket", "sought", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    calling: Mapped[str] = mapped_column(String(32))
    sought: Mapped[str] = mapped_column(String(16))


class CoolDownRow(Base):
    """The house saw too many wrong tries, and lets few prove anything until then."""

    __tablename__ = "ticket_cool_downs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
