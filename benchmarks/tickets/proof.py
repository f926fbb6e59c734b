"""What was loaded is what the house would have written: a sample is replayed, figures reconcile."""

from collections.abc import Iterator
from random import Random
from typing import Any

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from benchmarks.tickets.clones import Plan, some
from benchmarks.tickets.loading import count
from tickets.model import OPEN_STATES
from tickets.regulation.schema import FactRow
from tickets.replay import replayed
from tickets.repository import history_txn, load_case_txn
from tickets.schema import CaseRow, DispatchRow
from tickets.search.facets import Entry, entry_of
from tickets.search.places import CLOSING, OPEN, places_of
from tickets.search.schema import EntryRow, PlaceRow
from tickets.search.words import tokens

PARTS, OF_PART = 10, 20


class UnlikeError(Exception):
    """What the tables hold is not what the house would have written."""


def check(engine: Engine, plan: Plan) -> None:
    """Look at a sample of tickets and at the sums; `UnlikeError` says what is wrong."""
    wrong = [*_sums(engine, plan), *_sample(engine, plan)]
    if wrong:
        raise UnlikeError("; ".join(wrong[:5]))


def _sums(engine: Engine, plan: Plan) -> Iterator[str]:
    for table in ("tickets", "ticket_index", "ticket_facts"):
        if (there := count(engine, table)) != plan.total:
            yield f"{table} has {there} rows for {plan.total} tickets"
    states = [each.value for each in OPEN_STATES]
    with Session(engine) as session:
        lists = {
            OPEN: CaseRow.state.in_(states),
            CLOSING: CaseRow.state == "replied",
        }
        for place, condition in lists.items():
            lying = _count(session, PlaceRow.place == place)
            there = _count(session, condition)
            if lying != there:
                yield f"{lying} tickets lie in {place}, {there} belong there"
        other = (FactRow.number == CaseRow.number) & (FactRow.state != CaseRow.state)
        facts = select(func.count()).select_from(FactRow).join(CaseRow, other)
        if unlike := session.scalar(facts):
            yield f"{unlike} facts are of another state than their tickets"
        orphans = (
            select(func.count())
            .select_from(DispatchRow)
            .outerjoin(CaseRow, CaseRow.number == DispatchRow.number)
            .where(CaseRow.number.is_(None))
        )
        if lost := session.scalar(orphans):
            yield f"{lost} orders are of no ticket"


def _count(session: Session, condition: Any) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0


def _sample(engine: Engine, plan: Plan) -> Iterator[str]:
    random = Random(1)
    with Session(engine) as session:
        for part in random.sample(plan.parts, min(PARTS, len(plan.parts))):
            for number in some(part, OF_PART, random):
                yield from _looked_at(session, number)


def _looked_at(session: Session, number: str) -> Iterator[str]:
    stored = load_case_txn(session, number)
    if stored is None:
        yield f"{number} is not there"
        return
    history = history_txn(session, number)
    if replayed(stored.case.number, history) != stored.case:
        yield f"{number} replays to another state"
    row = session.scalars(select(EntryRow).where(EntryRow.number == number)).one()
    places = places_of(stored.case, stored.clocks)
    entry = entry_of(stored.case, places, row.said)
    if (row.matter, row.whose) != (entry.matter, entry.whose):
        yield f"{number} is found by other texts"
    if {*row.facets.split("\n")} != {*entry.facets}:
        yield f"{number} is found by other facets"
    lying = session.execute(select(PlaceRow.place, PlaceRow.due).where(PlaceRow.entry == row.id))
    if {(each.place, each.due) for each in lying} != {*places.items()}:
        yield f"{number} lies elsewhere"
    if not _has_terms(session, row.id, entry):
        yield f"{number} has other terms"


def _has_terms(session: Session, entry_id: int, entry: Entry) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        found = session.execute(
            text("SELECT 1 FROM ticket_words WHERE rowid = :id AND ticket_words MATCH :terms"),
            {"id": entry_id, "terms": tokens(entry.terms)},
        )
        return found.first() is not None
    terms = session.scalar(text("SELECT terms FROM ticket_words WHERE id = :id"), {"id": entry_id})
    return terms is not None and {*terms} == entry.terms
