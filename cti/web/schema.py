"""The table of sign-ins, for a restart that nobody on the telephone notices."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime


class WebSessionRow(Base):
    """A sign-in, by the SHA-256 digest of its token: who reads the table can use none of them."""

    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(String(64))
    opened: Mapped[datetime] = mapped_column(UtcDateTime)
    used: Mapped[datetime] = mapped_column(UtcDateTime)
