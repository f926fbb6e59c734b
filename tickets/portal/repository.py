"""Codes and readers in the database; every function runs in the database thread."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tickets.delivery.model import Channel, Outgoing
from tickets.delivery.repository import queue_txn
from tickets.model import OPEN_STATES
from tickets.portal.codes import KEPT, Challenge, Verdict, judged, renewed
from tickets.portal.contact import Contact, belongs
from tickets.portal.counted import forget_free_txn
from tickets.portal.schema import ChallengeRow, ReaderRow
from tickets.records import draft_from, draft_record
from tickets.schema import CaseRow

OPEN = tuple(sorted(each.value for each in OPEN_STATES))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told of a ticket: by which proven address, in which language."""

    contact: Contact
    language: Language


def ask_txn(session: Session, challenge: Challenge, code: Outgoing, now: datetime) -> None:
    """Keep the challenge in the place of the browser's last one, and send its code."""
    _keep_txn(session, challenge, now)
    queue_txn(session, code, now)


def follow_txn(session: Session, challenge: Challenge, code: Outgoing, now: datetime) -> bool:
    """As `ask_txn`, for a ticket; where the contact is not its customer's, no code is sent or fits.

    Whether one was sent.
    """
    theirs = _theirs_txn(session, challenge)
    _keep_txn(session, challenge if theirs else replace(challenge, digest=""), now)
    if theirs:
        queue_txn(session, code, now)
    return theirs


def again_txn(session: Session, visitor: str, digest: str, code: Outgoing, now: datetime) -> None:
    """Send another code for what the browser asked last; nothing where that is forgotten."""
    found = challenge_txn(session, visitor, now, lock=True)
    if found is None:
        return
    fits = bool(found.digest) and _theirs_txn(session, found)
    _write_txn(session, renewed(found, digest if fits else "", now))
    if fits:
        queue_txn(session, code, now)


def challenge_txn(
    session: Session, visitor: str, now: datetime, *, lock: bool = False
) -> Challenge | None:
    """What the browser asked last; None where nothing is kept of it."""
    row = session.get(ChallengeRow, visitor, with_for_update=lock, populate_existing=True)
    found = _challenge(row) if row is not None else None
    return found if found is not None and now < found.kept_until else None


def try_txn(
    session: Session, visitor: str, digest: str, now: datetime
) -> tuple[Verdict, Challenge | None]:
    """Judge a code and count the try; a code for a ticket fits once.

    It does not fit where the contact that it was sent to is its customer's no more.
    """
    found = challenge_txn(session, visitor, now, lock=True)
    if found is None:
        return Verdict.OVER, None
    verdict, after = judged(found, digest, now)
    if verdict is Verdict.RIGHT and after.number is not None:
        forget_txn(session, visitor)
        if not _theirs_txn(session, after):
            return Verdict.OVER, None
    else:
        _write_txn(session, after)
    return verdict, after


def open_of_txn(session: Session, contact: Contact) -> int:
    """How many open tickets whoever reads that address has."""
    counted = session.scalar(
        select(func.count())
        .select_from(ReaderRow)
        .join(CaseRow, CaseRow.number == ReaderRow.number)
        .where(ReaderRow.contact == contact.to, CaseRow.state.in_(OPEN))
    )
    return counted or 0


def registered_txn(
    session: Session, number: TicketNumber, challenge: Challenge, told: Outgoing, now: datetime
) -> None:
    """The ticket has a reader, who is told so; done once, however often it is asked for."""
    forget_txn(session, challenge.visitor)
    if session.get(ReaderRow, number) is not None:
        return
    contact = challenge.contact
    session.add(
        ReaderRow(
            number=number,
            channel=contact.channel.value,
            contact=contact.to,
            language=challenge.language.value,
            since=now,
        )
    )
    queue_txn(session, told, now)


def reader_txn(session: Session, number: str) -> Reader | None:
    """Who is told of the ticket; None where nobody proved an address on the page."""
    row = session.get(ReaderRow, number)
    if row is None:
        return None
    return Reader(Contact(Channel(row.channel), row.contact), Language(row.language))


def forget_txn(session: Session, visitor: str) -> None:
    """Nothing is asked for in that browser any more."""
    session.execute(delete(ChallengeRow).where(ChallengeRow.visitor == visitor))


def sweep_txn(session: Session, now: datetime) -> datetime | None:
    """Forget what was not completed in time; when the next is to be forgotten."""
    forget_free_txn(session, now)
    session.execute(delete(ChallengeRow).where(ChallengeRow.made <= now - KEPT))
    oldest = session.scalar(select(func.min(ChallengeRow.made)))
    return oldest + KEPT if oldest is not None else None


def _theirs_txn(session: Session, challenge: Challenge) -> bool:
    """Whether it is for a ticket of whoever has that contact, or for one that is written anew.

    One statement whether there is such a ticket or not: what it costs tells nobody either.
    """
    if challenge.number is None:
        return True
    kept = session.scalar(select(CaseRow.draft).where(CaseRow.number == challenge.number))
    return kept is not None and belongs(draft_from(kept), challenge.contact)


def _keep_txn(session: Session, challenge: Challenge, now: datetime) -> None:
    forget_txn(session, challenge.visitor)
    sweep_txn(session, now)
    contact, draft = challenge.contact, challenge.draft
    session.add(
        ChallengeRow(
            visitor=challenge.visitor,
            channel=contact.channel.value,
            contact=contact.to,
            language=challenge.language.value,
            digest=challenge.digest,
            made=challenge.made,
            expires=challenge.expires,
            tries=challenge.tries,
            number=challenge.number,
            draft=draft_record(draft) if draft else None,
        )
    )
    session.flush()


def _write_txn(session: Session, challenge: Challenge) -> None:
    row = session.get(ChallengeRow, challenge.visitor)
    assert row is not None
    row.digest, row.expires, row.tries = challenge.digest, challenge.expires, challenge.tries


def _challenge(row: ChallengeRow) -> Challenge:
    return Challenge(
        visitor=row.visitor,
        contact=Contact(Channel(row.channel), row.contact),
        language=Language(row.language),
        digest=row.digest,
        made=row.made,
        expires=row.expires,
        tries=row.tries,
        number=TicketNumber(row.number) if row.number else None,
        draft=draft_from(row.draft) if row.draft else None,
    )
