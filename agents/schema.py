"""Tables of staff, their skills, queues, and the notes agents write about calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cti.database import Base, UtcDateTime


class StaffRow(Base):
    """A member of staff. Passwords are Argon2 hashes; the telephone's secret is kept only as the
    digests of RFC 7616 (HA1), which open nothing but this realm.
    """

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    roles: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(8))
    languages: Mapped[list[str]] = mapped_column(JSON)
    may_dial: Mapped[list[str]] = mapped_column(JSON)
    priorities: Mapped[dict[str, int]] = mapped_column(JSON)
    department_id: Mapped[str | None] = mapped_column(String(40))
    extension: Mapped[str | None] = mapped_column(String(20), unique=True)
    email: Mapped[str] = mapped_column(String(320), server_default="")
    team: Mapped[str] = mapped_column(String(40), server_default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    sip_md5: Mapped[str | None] = mapped_column(String(32))
    sip_sha256: Mapped[str | None] = mapped_column(String(64))
    skills: Mapped[list["SkillRow"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class SkillRow(Base):
    """How well a member of staff has a skill: 1 (learning) to 10 (best)."""

    __tablename__ = "staff_skill"

    staff_id: Mapped[str] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True
    )
    skill: Mapped[str] = mapped_column(String(40), primary_key=True)
    level: Mapped[int]


class QueueRow(Base):
    """A queue; threshold in seconds, rules as `agents.acd` reads them."""

    __tablename__ = "queue"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    threshold: Mapped[float]
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    waiting: Mapped[dict[str, Any]] = mapped_column(JSON)


class CallNoteRow(Base):
    """What an agent wrote about a call; a draft until the after-call work is finished."""

    __tablename__ = "call_note"

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    saved: Mapped[datetime] = mapped_column(UtcDateTime)


class CallBackRow(Base):
    """A promise to call a customer back; `outcome` is null while it is open."""

    __tablename__ = "call_back"
    __table_args__ = (Index("ix_call_back_open", "outcome", "promised"),)

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    queue_id: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[str | None] = mapped_column(String(64))
    promised: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
