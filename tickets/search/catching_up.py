"""Tickets that are older than the index enter it, in the order in which they were registered."""

from sqlalchemy.orm import Session

from tickets.repository import history_txn, load_case_txn, numbers_without_txn
from tickets.search.facets import said_in
from tickets.search.index import index_case_txn, reindex_txn
from tickets.search.schema import EntryRow

A_FEW = 200
"""Tickets in one transaction."""


def catch_up_txn(session: Session) -> int:
    """Index the next few tickets that are not in it; how many these were."""
    numbers = numbers_without_txn(session, EntryRow.number, A_FEW)
    for number in numbers:
        stored = load_case_txn(session, number)
        assert stored is not None
        index_case_txn(session, stored.case, stored.clocks)
        reindex_txn(
            session, number, [said_in(each.fields) for each in history_txn(session, number)]
        )
    return len(numbers)
