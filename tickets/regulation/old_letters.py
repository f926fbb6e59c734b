"""Letters that belong to no ticket, deleted when their time is over.

A letter of a ticket goes with its ticket (`tickets.regulation.erasing`). One that waits for a
decision stays, as an open ticket does. One that was discarded goes with its files and its record
once its own rule says so, counted from the day of that decision; it stays while anything of its
writer's is on hold, whom an address or a mobile number names. Everything here runs in the database
thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tickets.attachments.repository import unattached_txn
from tickets.mail.headers import address
from tickets.mail.schema import MailActRow, MailFileRow, MailRow
from tickets.mail.unfiled import MOBILE
from tickets.records import draft_from
from tickets.regulation.erasing import A_FEW, SHOWN, YEAR, Terms
from tickets.regulation.schema import HoldRow, LetterErasureRow
from tickets.schema import CaseRow


@dataclass(frozen=True, slots=True)
class LettersGone:
    """What one transaction deleted, the files that nothing needs any more, and where to go on."""

    letters: int
    digests: tuple[str, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class LetterErasure:
    """How many letters went at that instant."""

    at: datetime
    rule: str
    letters: int
    files: int


def letters_due_txn(session: Session, terms: Terms, most: int) -> int:
    """How many letters may go now, counted up to about `most`."""
    count, after = 0, 0
    while count < most:
        rows = _looked_at(session, terms, after)
        count += sum(1 for _ in _due(session, rows, terms))
        if len(rows) < A_FEW:
            break
        after = rows[-1].id
    return count


def erase_letters_txn(session: Session, terms: Terms, after: int) -> LettersGone:
    """Delete those of the next few discarded letters that are due."""
    rows = _looked_at(session, terms, after, lock=True)
    ids = [row.id for row in _due(session, rows, terms)]
    files = session.scalars(select(MailFileRow.digest).where(MailFileRow.mail.in_(ids))).all()
    going_on = rows[-1].id if len(rows) == A_FEW else None
    if not ids:
        return LettersGone(0, (), going_on)
    for mail in (MailFileRow.mail, MailActRow.mail, MailRow.id):
        session.execute(delete(mail.class_).where(mail.in_(ids)))
    rule = terms.retention.letters
    assert rule is not None, "without a rule nothing is due"
    session.add(LetterErasureRow(at=terms.now, rule=rule.name, letters=len(ids), files=len(files)))
    return LettersGone(len(ids), unattached_txn(session, sorted(set(files))), going_on)


def letter_erasures_txn(session: Session) -> list[LetterErasure]:
    """What went last."""
    rows = session.scalars(
        select(LetterErasureRow).order_by(LetterErasureRow.id.desc()).limit(SHOWN)
    )
    return [LetterErasure(row.at, row.rule, row.letters, row.files) for row in rows]


def _looked_at(session: Session, terms: Terms, after: int, *, lock: bool = False) -> list[MailRow]:
    """The next few that were discarded long enough ago for any calendar."""
    rule = terms.retention.letters
    if rule is None:
        return []
    wanted = select(MailRow).where(
        MailRow.number.is_(None),
        MailRow.discarded < terms.now - rule.years * YEAR,
        MailRow.id > after,
    )
    wanted = wanted.order_by(MailRow.id).limit(A_FEW)
    return list(session.scalars(wanted.with_for_update() if lock else wanted))


def _due(session: Session, rows: list[MailRow], terms: Terms) -> Iterator[MailRow]:
    """Those of them that may go; nobody is asked who is on hold where none may."""
    over = [
        row
        for row in rows
        if row.discarded and terms.retention.letter_due(row.discarded, terms.zone, terms.now)
    ]
    on_hold = _ways_on_hold_txn(session) if over else frozenset()
    for row in over:
        mobiles = MOBILE.findall("\n".join((row.subject, row.text, row.signature)))
        if on_hold.isdisjoint((row.sender.casefold(), *mobiles)):
            yield row


def _ways_on_hold_txn(session: Session) -> frozenset[str]:
    """The addresses and mobile numbers of those whose tickets are on hold."""
    held = select(HoldRow.number).where(HoldRow.lifted.is_(None))
    ways = set(session.scalars(select(MailRow.sender).where(MailRow.number.in_(held))))
    for record in session.scalars(select(CaseRow.draft).where(CaseRow.number.in_(held))):
        draft = draft_from(record)
        for text in (draft.requester.contact, *draft.details.values()):
            ways |= {address(text), *MOBILE.findall(text)}
    return frozenset(each.casefold() for each in ways if each)
