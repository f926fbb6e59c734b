"""Tables of what a restart needs: a row for each call that is up and each account reachable.

States are JSON, for nobody searches them: they are written whole and read once, at the start.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime


class KeptCallRow(Base):
    """A call in conversation; the row goes when the call does."""

    __tablename__ = "kept_calls"

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    written: Mapped[datetime] = mapped_column(UtcDateTime)


class KeptBindingsRow(Base):
    """Where the telephones of an account are reached."""

    __tablename__ = "kept_bindings"

    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    state: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    written: Mapped[datetime] = mapped_column(UtcDateTime)
