"""Proofs, and tickets by the telephone number that they have, in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import Proof, Proven
from customers.numbers import normalise
from tickets.line.guard import (
    LONGEST_CALLING,
    LONGEST_SOUGHT,
    WITHHELD,
    Try,
    hold_txn,
    locked_txn,
    wrong_txn,
)
from tickets.line.settings import LineSettings
from tickets.line.telling import SHORTEST_NUMBER, proves, written
from tickets.model import Case
from tickets.numbers import parse_number
from tickets.repository import load_case_txn
from tickets.search.finding import Query, find_txn
from tickets.search.query import Asked
from tickets.search.schema import EntryRow

MOST_MERGERS = 20
MOST_OPEN = 20


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of an attempt, and whether supervisors were told that it was one too many."""

    proven: Proven
    alarmed: bool = False


def prove_txn(
    session: Session,
    number: str,
    ending: Secret,
    calling: str,
    settings: LineSettings,
    now: datetime,
) -> Judged:
    """Whether the digits belong to the ticket; what is wrong is counted, what is locked is not.

    Numbers that no ticket has are counted like others, so nobody learns which there are.
    """
    hold_txn(session)
    parsed = parse_number(number)
    stored = load_case_txn(session, parsed) if parsed is not None else None
    caller = normalise(calling)[:LONGEST_CALLING]
    own = stored is not None and caller != WITHHELD and _has(stored.case, caller)
    one = Try(caller, number[:LONGEST_SOUGHT], own, now)
    if locked_txn(session, one, settings):
        return Judged(Proven(Proof.LOCKED))
    if stored is None or not proves(stored.case, ending.reveal()):
        return Judged(Proven(Proof.WRONG), wrong_txn(session, one, settings))
    return Judged(Proven(Proof.PROVEN, _going_on_txn(session, stored.case).number))


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
        stored.case.number for stored in found if stored is not None and _has(stored.case, digits)
    ]


def _has(case: Case, calling: str) -> bool:
    """Whether the ticket has that telephone number."""
    digits = calling.removeprefix("+")
    return any(normalise(each).removeprefix("+") == digits for each in written(case))


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
