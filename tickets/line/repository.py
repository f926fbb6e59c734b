"""Proofs, and tickets by the telephone number that they have, in the database."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import Proof, Proven
from customers.numbers import normalise
from tickets.line.schema import WrongTryRow
from tickets.line.settings import LineSettings
from tickets.line.telling import SHORTEST_NUMBER, proves, written
from tickets.model import Case
from tickets.numbers import parse_number
from tickets.repository import load_case_txn
from tickets.search.finding import Query, find_txn
from tickets.search.query import Asked
from tickets.search.schema import EntryRow

WITHHELD = ""
MORE_WITHHELD = 10
"""Times as many wrong tries for all whose number is withheld, who count as one."""
LONGEST_CALLING = 32
LONGEST_SOUGHT = 16
MOST_MERGERS = 20
MOST_OPEN = 20


def prove_txn(
    session: Session,
    number: str,
    ending: Secret,
    calling: str,
    settings: LineSettings,
    now: datetime,
) -> Proven:
    """Whether the digits belong to the ticket; what is wrong is counted, what is locked is not.

    Numbers that no ticket has are counted like others, so nobody learns which there are.
    """
    since = now - settings.within
    calling, sought = calling[:LONGEST_CALLING], number[:LONGEST_SOUGHT]
    session.execute(delete(WrongTryRow).where(WrongTryRow.at < since))
    by_caller = settings.wrong_by_caller * (1 if calling != WITHHELD else MORE_WITHHELD)
    if _wrong_txn(session, WrongTryRow.calling == calling) >= by_caller:
        return Proven(Proof.LOCKED)
    if _wrong_txn(session, WrongTryRow.sought == sought) >= settings.wrong_by_ticket:
        return Proven(Proof.LOCKED)
    parsed = parse_number(number)
    stored = load_case_txn(session, parsed) if parsed is not None else None
    if stored is None or not proves(stored.case, ending.reveal()):
        session.add(WrongTryRow(at=now, calling=calling, sought=sought))
        return Proven(Proof.WRONG)
    return Proven(Proof.PROVEN, _going_on_txn(session, stored.case).number)


def open_of_txn(session: Session, calling: str, now: datetime) -> list[TicketNumber]:
    """The open tickets that have the telephone number they call from, the latest first."""
    digits = normalise(calling).removeprefix("+")
    if len(digits) < SHORTEST_NUMBER:
        return []
    asked = Asked(requester=(digits,), facets=("open:yes",))
    entries = [
        each.entry for each in find_txn(session, Query(asked=asked, limit=MOST_OPEN), now).found
    ]
    numbers = session.scalars(
        select(EntryRow.number).where(EntryRow.id.in_(entries)).order_by(EntryRow.id.desc())
    )
    found = (load_case_txn(session, number) for number in numbers)
    return [
        stored.case.number
        for stored in found
        if stored is not None
        and any(normalise(each).removeprefix("+") == digits for each in written(stored.case))
    ]


def _wrong_txn(session: Session, which: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(WrongTryRow).where(which)
    return session.execute(counted).scalar_one()


def _going_on_txn(session: Session, case: Case) -> Case:
    """The case in which this one goes on, where it was merged."""
    for _ in range(MOST_MERGERS):
        if case.merged_into is None:
            break
        stored = load_case_txn(session, case.merged_into)
        if stored is None:
            break
        case = stored.case
    return case
