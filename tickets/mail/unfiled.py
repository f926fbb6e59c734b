"""Letters that belong to no ticket, and what people decide about them.

A letter stays among the unfiled until somebody files it under a ticket, opens one from it, or
discards it with a reason; each decision names the version it was based on, so of two people who
decide at once the second is told who was quicker. Each stands in a record that is only ever added
to. Everything here that ends in ``_txn`` runs in the database thread.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.principal import Principal
from tickets.attachments.model import Attachment, Way
from tickets.attachments.repository import attach_txn
from tickets.mail.model import Automatic, Letter, Mail
from tickets.mail.repository import mail_of_row
from tickets.mail.schema import MailActRow, MailFileRow, MailRow
from tickets.model import CUSTOMER
from tickets.search.index import reindex_txn

LONGEST_REASON = 1000
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
MOST_PHONES = 3
MOST_COUNTED = 999


class Why(Enum):
    """Why a letter was filed under no ticket."""

    LOOP = "loop"
    """It is one of ours that came back."""
    BOUNCE = "bounce"
    """A report on a letter that nobody knows."""
    REPLY = "reply"
    """An automatic answer to no letter of a ticket."""
    BULK = "bulk"
    """It went to many: a newsletter, or a list."""
    NO_SENDER = "no_sender"
    """A machine wrote it, and it says not whose."""
    RETURNED = "returned"
    """A report on a letter of ours that was about no ticket."""


class Deed(Enum):
    """What somebody decided."""

    FILE = "file"
    OPEN = "open"
    DISCARD = "discard"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what about a letter, and when."""

    at: datetime
    by: StaffId
    by_name: str
    deed: Deed
    number: TicketNumber | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A file that came with a letter."""

    file_id: int
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class Unfiled:
    """A letter as its page shows it; `mail.number` is there once it is filed."""

    mail: Mail
    sender_name: str
    why: Why
    version: int
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[LetterFile, ...] = ()
    discarded: datetime | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether nobody decided yet what becomes of it."""
        return self.mail.number is None and self.discarded is None

    @property
    def mechanical(self) -> bool:
        """Whether a machine wrote it to a machine: filing it says nothing in anybody's name."""
        automatic = self.mail.automatic
        return automatic is not None and automatic.mechanical

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """By what its writer may be known on other tickets: their address, and their telephones."""
        written = f"{self.mail.subject}\n{self.mail.body.text}\n{self.mail.body.signature}"
        mobiles = dict.fromkeys(MOBILE.findall(written))
        address = (("address", self.mail.sender),) if self.mail.sender else ()
        return (*address, *(("phone", each) for each in list(mobiles)[:MOST_PHONES]))


@dataclass(frozen=True, slots=True)
class Claim:
    """Which letter an act on a ticket takes, as somebody saw it."""

    mail_id: int
    version: int


def why_unfiled(letter: Letter) -> Why:
    """Why it was not filed, by what it is."""
    return Why.BOUNCE if letter.report is not None else _why(letter.automatic, letter.sender)


def _why(automatic: Automatic | None, sender: str) -> Why:
    """Why a letter was not filed that reports no failed delivery."""
    if automatic is not None and (automatic.mechanical or automatic is Automatic.BULK):
        return Why(automatic.value)
    return Why.LOOP if sender else Why.NO_SENDER


def keep_unfiled_txn(session: Session, mail_id: int, why: Why, files: Iterable[Attachment]) -> None:
    """Write down why the letter belongs nowhere, and what came with it."""
    session.execute(update(MailRow).where(MailRow.id == mail_id).values(why=why.value))
    session.add_all(
        MailFileRow(
            mail=mail_id,
            digest=each.digest,
            name=each.name,
            media_type=each.media_type,
            size=each.size,
        )
        for each in files
    )


def count_txn(session: Session) -> int:
    """How many wait for a decision; at most one more than `MOST_COUNTED`."""
    first = select(MailRow.id).where(*_WAITING).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def list_txn(session: Session, limit: int, before: int | None, *, over: bool) -> list[Unfiled]:
    """Those that wait, the latest first; with `over` those that were discarded."""
    which = (MailRow.number.is_(None), MailRow.discarded.is_not(None)) if over else _WAITING
    rows = select(MailRow).where(*which).order_by(MailRow.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(MailRow.id < before)
    return _unfiled(session, session.scalars(rows).all())


def letter_txn(session: Session, mail_id: int) -> Unfiled:
    """The letter; Refused (``ticket.letter_unknown``) where it never was among the unfiled."""
    row = session.get(MailRow, mail_id)
    if row is None:
        raise Refused("ticket.letter_unknown")
    (letter,) = _unfiled(session, [row])
    if row.number is not None and not letter.decisions:
        raise Refused("ticket.letter_unknown")
    return letter


def file_txn(
    session: Session, claim: Claim, number: TicketNumber, deed: Deed, by: Principal, at: datetime
) -> None:
    """Let the letter and its files belong to the ticket; Refused as by `_move_txn`."""
    values = {"number": number, "opened": deed is Deed.OPEN}
    _move_txn(session, claim, values, discarded=False)
    row = session.get_one(MailRow, claim.mail_id, populate_existing=True)
    for each in _files(session, [row.id])[row.id]:
        attach_txn(session, number, each.attachment, Way.MAIL, CUSTOMER, at)
    reindex_txn(session, number, (row.subject, row.text, row.sender_name))
    _note(session, claim.mail_id, deed, by, at, number=number)


def discard_txn(session: Session, claim: Claim, reason: str, by: Principal, at: datetime) -> None:
    """Nothing becomes of it; Refused without a reason, or as by `_move_txn`."""
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused("ticket.field_missing", field="reason")
    _move_txn(session, claim, {"discarded": at}, discarded=False)
    _note(session, claim.mail_id, Deed.DISCARD, by, at, reason=reason)


def restore_txn(session: Session, claim: Claim, by: Principal, at: datetime) -> None:
    """It waits for a decision again; Refused as by `_move_txn`."""
    _move_txn(session, claim, {"discarded": None}, discarded=True)
    _note(session, claim.mail_id, Deed.RESTORE, by, at)


_WAITING = (MailRow.number.is_(None), MailRow.discarded.is_(None))


def _move_txn(
    session: Session, claim: Claim, values: dict[str, object], *, discarded: bool
) -> None:
    """Change it if nobody did since; Refused (``ticket.letter_taken``) with who was quicker."""
    moved = session.execute(
        update(MailRow)
        .where(
            MailRow.id == claim.mail_id,
            MailRow.version == claim.version,
            MailRow.number.is_(None),
            MailRow.discarded.is_not(None) if discarded else MailRow.discarded.is_(None),
        )
        .values(version=claim.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        return
    last = next(reversed(_decisions(session, [claim.mail_id])[claim.mail_id]), None)
    raise Refused("ticket.letter_taken", name=last.by_name if last else "–")


def _note(
    session: Session,
    mail_id: int,
    deed: Deed,
    by: Principal,
    at: datetime,
    *,
    number: TicketNumber | None = None,
    reason: str = "",
) -> None:
    session.add(
        MailActRow(
            mail=mail_id,
            at=at,
            by=by.staff_id,
            by_name=by.name,
            deed=deed.value,
            number=number,
            reason=reason,
        )
    )


def _unfiled(session: Session, rows: Sequence[MailRow]) -> list[Unfiled]:
    ids = [row.id for row in rows]
    files, decisions = _files(session, ids), _decisions(session, ids)
    return [_shown(row, files[row.id], decisions[row.id]) for row in rows]


def _shown(row: MailRow, files: Sequence[LetterFile], decisions: Sequence[Decision]) -> Unfiled:
    mail = mail_of_row(row)
    return Unfiled(
        mail=mail,
        sender_name=row.sender_name,
        why=Why(row.why) if row.why else _why(mail.automatic, mail.sender),
        version=row.version,
        headers=tuple((name, value) for name, value in row.headers or ()),
        files=tuple(files),
        discarded=row.discarded,
        decisions=tuple(decisions),
    )


def _files(session: Session, mail_ids: Sequence[int]) -> Mapping[int, list[LetterFile]]:
    rows = session.scalars(
        select(MailFileRow).where(MailFileRow.mail.in_(mail_ids)).order_by(MailFileRow.id)
    )
    found: dict[int, list[LetterFile]] = {mail_id: [] for mail_id in mail_ids}
    for each in rows:
        attachment = Attachment(each.digest, each.name, each.media_type, each.size)
        found[each.mail].append(LetterFile(each.id, attachment))
    return found


def _decisions(session: Session, mail_ids: Sequence[int]) -> Mapping[int, list[Decision]]:
    rows = session.scalars(
        select(MailActRow).where(MailActRow.mail.in_(mail_ids)).order_by(MailActRow.id)
    )
    found: dict[int, list[Decision]] = {mail_id: [] for mail_id in mail_ids}
    for each in rows:
        found[each.mail].append(
            Decision(
                each.at,
                StaffId(each.by),
                each.by_name,
                Deed(each.deed),
                TicketNumber(each.number) if each.number else None,
                each.reason,
            )
        )
    return found
