"""What a ticket's page and its form tell beside the ticket: whose time it was, what it repeats.

Everything here runs in the database thread.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from tickets.model import Case, Draft
from tickets.regulation.fault import NO_SHARES, Shares, held
from tickets.regulation.finding import repeats_txn
from tickets.regulation.repeats import Repeat, RepeatRules
from tickets.regulation.rows import fact_from
from tickets.regulation.schema import FactRow, HoldRow
from tickets.schema import RequestRow

_FACT = select(FactRow.__table__).where(FactRow.number == bindparam("number"))
_HOLD = (
    select(HoldRow.reason)
    .where(HoldRow.number == bindparam("number"), HoldRow.lifted.is_(None))
    .order_by(HoldRow.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a ticket beside what stands in it."""

    shares: Shares
    """Whose time it was until now."""
    repeats: tuple[Repeat, ...]
    """Earlier tickets of the customer that it repeats or may repeat."""
    on_hold: str
    """Why its records must stay; empty where they need not."""


def beside_txn(
    session: Session, case: Case, rules: RepeatRules, now: datetime, *, on_hold: bool
) -> Beside:
    """What is known of the ticket now; `on_hold`: its records must stay, or had to once."""
    fact = next(map(fact_from, rows_txn(session, _FACT, number=case.number)), None)
    holds = rows_txn(session, _HOLD, number=case.number) if on_hold else ()
    return Beside(
        shares=fact.shares + held(case, fact.changed, now) if fact else NO_SHARES,
        repeats=repeats_txn(session, case.draft, case.opened, rules, case.number),
        on_hold=holds[0].reason if holds else "",
    )


def open_repeats_txn(
    session: Session, draft: Draft, request_id: str, rules: RepeatRules, now: datetime
) -> tuple[Repeat, ...]:
    """Open tickets that one would repeat; none for a request that was answered already."""
    if session.get(RequestRow, request_id) is not None:
        return ()
    return tuple(each for each in repeats_txn(session, draft, now, rules) if each.open)
