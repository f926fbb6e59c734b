"""Looks up what one customer has told before, and how many tell the same: ranges of one index.

Everything here runs in the database thread.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import TicketNumber
from tickets.model import OPEN_STATES, CaseState, Draft
from tickets.records import draft_from
from tickets.regulation.matters import people_of
from tickets.regulation.repeats import MOST_COMPARED, Earlier, Repeat, RepeatRules, repeats
from tickets.regulation.schema import KeyRow
from tickets.schema import CaseRow

MOST_IN_CROWD = 500
"""Tickets of a crowd that are looked at: people complain more than once."""
_OPEN = frozenset(state.value for state in OPEN_STATES)
_NO_REPEAT = frozenset({CaseState.VOID.value, CaseState.MERGED.value})
_LATEST = (
    select(KeyRow.number)
    .where(KeyRow.key.in_(bindparam("keys", expanding=True)))
    .where(KeyRow.received.between(bindparam("since"), bindparam("until")))
    .where(KeyRow.number != bindparam("own"))
    .group_by(KeyRow.number)
    .order_by(func.max(KeyRow.received).desc())
    .limit(MOST_COMPARED)
    .subquery()
)
_EARLIER = select(CaseRow.number, CaseRow.draft, CaseRow.opened, CaseRow.state).join(
    _LATEST, _LATEST.c.number == CaseRow.number
)


def repeats_txn(
    session: Session,
    draft: Draft,
    at: datetime,
    rules: RepeatRules,
    own: TicketNumber | None = None,
) -> tuple[Repeat, ...]:
    """The customer's earlier tickets that this one repeats or may repeat."""
    keys = people_of(draft)
    if not keys:
        return ()
    return repeats(draft, at, _earlier_txn(session, keys, at, rules, own), rules)


def _earlier_txn(
    session: Session,
    keys: Collection[str],
    at: datetime,
    rules: RepeatRules,
    own: TicketNumber | None,
) -> list[Earlier]:
    since = at - rules.looks_back
    rows = rows_txn(session, _EARLIER, keys=[*keys], since=since, until=at, own=own or "")
    return [
        Earlier(TicketNumber(row.number), draft_from(row.draft), row.opened, row.state in _OPEN)
        for row in rows
        if row.state not in _NO_REPEAT
    ]


def crowd_txn(session: Session, key: str, at: datetime, rules: RepeatRules) -> tuple[int, datetime]:
    """How many people complained of that matter in the days before, and when the first did."""
    latest = (
        select(KeyRow.who, KeyRow.received)
        .where(KeyRow.key == key, KeyRow.received.between(at - rules.crowd_within, at))
        .order_by(KeyRow.received.desc())
        .limit(MOST_IN_CROWD)
        .subquery()
    )
    people, first = session.execute(
        select(func.count(latest.c.who.distinct()), func.min(latest.c.received))
    ).one()
    return people, first or at
