"""The benchmark of tickets works on a few of them, and makes them as the house would have."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.measures.tickets import measured
from benchmarks.ticket_mill import NOW, Mill
from benchmarks.ticket_store import count, fill
from cti.database import connect
from tickets.repository import load_case_txn
from tickets.schema import CaseRow
from tickets.search import places
from tickets.search.finding import Query, find_txn
from tickets.search.query import Asked

TOTAL = 300


def test_few_tickets_are_made_found_and_measured(tmp_path: Path) -> None:
    engine, mill = connect(f"sqlite:///{tmp_path}/tickets.sqlite"), Mill(1, TOTAL)
    fill([engine], mill, lambda _what: None)
    assert count(engine, "tickets") == count(engine, "ticket_index") == TOTAL
    with Session(engine) as session:
        for number in session.scalars(select(CaseRow.number)):
            stored = load_case_txn(session, number)
            assert stored is not None
            lies = places.places_of(stored.case, stored.clocks)
            title = stored.case.draft.title
            for place in (None, *lies):
                query = Query(place, Asked((title,)), limit=TOTAL)
                assert find_txn(session, query, NOW).found, (place, title)
    figures = list(measured(engine, mill, 3, lambda _what: None))
    assert {figure.test for figure in figures} == {"tickets, sqlite"}
    assert all(figure.value > 0 for figure in figures)
    engine.dispose()


def test_a_seed_names_the_tickets() -> None:
    first, again, other = (list(Mill(seed, 20).tickets()) for seed in (1, 1, 2))
    assert first == again != other
