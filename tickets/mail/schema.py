"""The tables of letters."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime
from tickets.schema import NUMBER, STAFF

ADDRESS = String(330)
MESSAGE_ID = String(255)


class MailRow(Base):
    """A letter; `fingerprint` is unique, so none is kept twice, whichever way it comes again.

    `number` is null for what belongs to no ticket. `opened` is true of the letter that opened it.
    """

    __tablename__ = "ticket_mails"
    __table_args__ = (
        Index("ticket_mails_by_number", "number", "id"),
        Index("ticket_mails_by_sender", "sender", "at"),
        Index("ticket_mails_by_message_id", "message_id"),
        Index(
            "ticket_mails_unfiled",
            "id",
            postgresql_where=text("number IS NULL"),
            sqlite_where=text("number IS NULL"),
        ),
        Index(
            "ticket_mails_discarded",
            "id",
            postgresql_where=text("discarded IS NOT NULL"),
            sqlite_where=text("discarded IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str | None] = mapped_column(NUMBER, ForeignKey("tickets.number"))
    direction: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    message_id: Mapped[str] = mapped_column(MESSAGE_ID)
    in_reply_to: Mapped[str] = mapped_column(MESSAGE_ID)
    sender: Mapped[str] = mapped_column(ADDRESS)
    sender_name: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    quoted: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    automatic: Mapped[str | None] = mapped_column(String(16))
    opened: Mapped[bool]
    delivery: Mapped[str] = mapped_column(String(16))
    proof: Mapped[str] = mapped_column(Text)
    why: Mapped[str | None] = mapped_column(String(16))
    """Why it was filed under no ticket when it came."""
    headers: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)
    discarded: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MailFileRow(Base):
    """A file of a letter that belonged to no ticket when it came."""

    __tablename__ = "ticket_mail_files"
    __table_args__ = (
        Index("ticket_mail_files_by_mail", "mail"),
        Index("ticket_mail_files_by_digest", "digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[int] = mapped_column(ForeignKey("ticket_mails.id"))
    digest: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(150))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)


class MailActRow(Base):
    """What somebody decided about a letter of no ticket: rows are only ever added."""

    __tablename__ = "ticket_mail_acts"
    __table_args__ = (Index("ticket_mail_acts_by_mail", "mail"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[int] = mapped_column(ForeignKey("ticket_mails.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(STAFF)
    by_name: Mapped[str] = mapped_column(String(100))
    deed: Mapped[str] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(NUMBER)
    reason: Mapped[str] = mapped_column(Text)


class MailboxRow(Base):
    """How far a polled mailbox was read (RFC 3501, 2.3.1.1); by server, user and folder."""

    __tablename__ = "ticket_mailboxes"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    validity: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
