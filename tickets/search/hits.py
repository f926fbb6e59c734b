"""Which entries have some terms, by PostgreSQL's index of them, in the order of the entries.

That index (GIN) knows no order, and gives all that it finds or nothing. So it is asked for one
block of entries after another (see `blocks`), until the page is full. It is asked for the rarest
terms alone, since each costs it a walk of its own, and each entry that has those is asked for the
others. Each term is a condition of its own: GIN leaps from one condition's next entry to another's,
and steps through the entries of one condition.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Table,
    cast,
    exists,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from tickets.search.blocks import indexed, walk
from tickets.search.words import has_all, words_table

KEYS = 2
"""Terms that the index is asked for."""
_EXPECTED = "tickets.search.hits.expected"
"""Where a session keeps what the planner said of each term: a search of places asks twice."""
_INDEXED = indexed("ticket_words.")


def in_order(
    session: Session,
    terms: Collection[int],
    ends: tuple[int, int],
    entries: Table,
    details: Collection[ColumnElement[bool]],
) -> Select[int]:
    """Selects the entries from one end to the other, in this order, that have the terms.

    The first end may be the higher. `details` are conditions of their rows in `entries`: looked up
    one by one, so no more of them than the reader of the rows wants.
    """
    first, last = ends
    _, key = words_table(session)
    order = key.asc() if first <= last else key.desc()
    blocks = func.unnest(cast([*walk(first, last)], ARRAY(Integer))).table_valued("term")
    hits = (
        select(key.label("entry"))
        .where(*_conditions(session, terms), _has("block.term"))
        .where(key.between(min(ends), max(ends)))
        .order_by(order)
        .offset(0)  # sorted as a whole, before a detail is looked up
    )
    # LATERAL is read in the order of the blocks.
    found = _sifted(hits, entries, details).lateral("found")
    return select(found.c.entry).select_from(blocks.render_derived("block").join(found, true()))


def some(session: Session, terms: Collection[int]) -> Select[int]:
    """Selects the entries that have the terms, in any order."""
    _, key = words_table(session)
    return select(key).where(*_conditions(session, terms))


def _sifted(
    hits: Select[int], entries: Table, details: Collection[ColumnElement[bool]]
) -> Select[int]:
    found = hits.subquery("hit")
    if not details:
        return select(found.c.entry)
    row = select(entries.c.id).where(entries.c.id == found.c.entry, *details).offset(0)
    return select(found.c.entry).where(exists(row.correlate(found).subquery().select()))


def _conditions(session: Session, terms: Collection[int]) -> Iterator[ColumnElement[bool]]:
    """What the index is asked for, and what those are asked for that it gives."""
    rarest = sorted(terms)
    if len(rarest) > KEYS:
        rarest.sort(key=lambda term: _expected(session, term))
    yield from map(_has, rarest[:KEYS])
    if len(rarest) > KEYS:
        yield has_all(session, rarest[KEYS:])


def _expected(session: Session, term: int) -> int:
    """How many entries the planner expects to have the term, as it said first in this session."""
    told: dict[int, int] = session.info.setdefault(_EXPECTED, {})
    if term not in told:
        told[term] = _planned(session, term)
    return told[term]


def _planned(session: Session, term: int) -> int:
    _, key = words_table(session)
    asked = select(key).where(_has(term)).compile(dialect=session.get_bind().dialect)
    told = session.scalar(text(f"EXPLAIN (FORMAT JSON) {asked}"))
    rows: int = told[0]["Plan"]["Plan Rows"]
    return rows


def _has(term: int | str) -> ColumnElement[bool]:
    return literal_column(f"{_INDEXED} @> ARRAY[{term}]")
