"""Tickets that are older than the facts get theirs: what their histories tell, act by act.

Everything here runs in the database thread.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from tickets.regulation.fault import NO_SHARES, shared_out
from tickets.regulation.following import Follower
from tickets.regulation.rows import fact_from, fact_values
from tickets.regulation.schema import FactRow
from tickets.replay import NotReplayableError, lives
from tickets.repository import history_txn, load_case_txn, numbers_without_txn

A_FEW = 100
"""Tickets in one transaction."""


def catch_up_txn(session: Session, follower: Follower) -> int:
    """Take the facts of the next few tickets that have none, the oldest first; how many."""
    numbers = numbers_without_txn(session, FactRow.number, A_FEW)
    for number in numbers:
        _take_txn(session, follower, number)
    return len(numbers)


def _take_txn(session: Session, follower: Follower, number: str) -> None:
    stored = load_case_txn(session, number)
    assert stored is not None
    case, history = stored.case, history_txn(session, number)
    follower.registered_txn(session, case, stored.clocks, quietly=True)
    row = session.get_one(FactRow, number)
    last = max((each.at for each in history), default=case.opened)
    try:
        shares = shared_out(lives(case.number, history, case.draft), last)
    except NotReplayableError:
        shares = NO_SHARES
    causes = [each.fields["cause"] for each in history if each.fields.get("cause")]
    fact = replace(fact_from(row), shares=shares, changed=last, cause=causes[-1] if causes else "")
    for name, value in fact_values(fact).items():
        setattr(row, name, value)
    session.flush()
