"""The benchmark of tickets makes them as the house would have, finds them and measures that."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from benchmarks.measures.tickets import measured
from benchmarks.tickets.clones import NOW, Plan
from benchmarks.tickets.lives import Life, lives
from benchmarks.tickets.loading import count
from benchmarks.tickets.million import SEED, Bar, Size, fill
from benchmarks.tickets.proof import UnlikeError, check
from benchmarks.tickets.stencil import POSTGRESQL, SQLITE, Dialect, Filler, stencil
from benchmarks.tickets.words import Texts
from config.migrations.tables import all_tables
from cti.database import connect
from tickets.repository import load_case_txn
from tickets.schema import AlarmRow, CaseRow, TaskRow
from tickets.search import places
from tickets.search.finding import Query, find_txn
from tickets.search.query import Asked

TOTAL = 200
STOCK = 40


@pytest.fixture(scope="module")
def lived() -> list[Life]:
    return lives(SEED, 10)


def test_few_tickets_are_made_found_and_measured(tmp_path: Path, lived: list[Life]) -> None:
    engine = connect(f"sqlite:///{tmp_path}/tickets.sqlite")
    all_tables().create_all(engine)
    plan = fill(engine, lived, Size(TOTAL, len(lived), STOCK), lambda _what: None)
    check(engine, plan)
    with Session(engine) as session:
        for number in session.scalars(select(CaseRow.number)):
            stored = load_case_txn(session, number)
            assert stored is not None
            lies = places.places_of(stored.case, stored.clocks)
            title = stored.case.draft.title
            for place in (None, *lies):
                query = Query(place, Asked((title,)), limit=TOTAL)
                assert find_txn(session, query, NOW).found, (place, title)
        waiting = [
            *session.scalars(select(AlarmRow.due).where(AlarmRow.fired.is_(None))),
            *session.scalars(select(TaskRow.due).where(TaskRow.done.is_(None))),
        ]
        assert waiting
        assert min(waiting) > NOW
    words = Texts(SEED, stock=STOCK).chinese
    figures = list(measured(engine, words, 3))
    assert {figure.test for figure in figures} == {"tickets, sqlite"}
    assert all(figure.value > 0 for figure in figures)
    engine.dispose()


def test_what_is_not_as_the_house_writes_it_is_noticed(tmp_path: Path, lived: list[Life]) -> None:
    engine = connect(f"sqlite:///{tmp_path}/tickets.sqlite")
    all_tables().create_all(engine)
    plan = fill(engine, lived, Size(20, len(lived), STOCK), lambda _what: None)
    again = fill(engine, lived, Size(20, len(lived), STOCK), lambda _what: None)
    assert again.parts == plan.parts
    assert count(engine, "tickets") == 20
    with Session(engine) as session, session.begin():
        session.execute(update(CaseRow).values(version=CaseRow.version + 1))
    with pytest.raises(UnlikeError, match="replays to another state"):
        check(engine, plan)
    with Session(engine) as session, session.begin():
        session.execute(update(CaseRow).values(version=CaseRow.version - 1))
        session.execute(update(CaseRow).values(state="replied"))
    with pytest.raises(UnlikeError, match="of another state"):
        check(engine, plan)
    engine.dispose()


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_a_clone_is_its_life_with_other_numbers_times_and_words(
    dialect: Dialect, lived: list[Life]
) -> None:
    texts = Texts(SEED, dialect.term, STOCK)
    filler = Filler(dialect, texts)
    for life in lived:
        cut = stencil(life, dialect, texts)
        numbers = [f"9911220000{place}" for place in range(len(life.numbers))]
        first, again, other = (
            filler.fill(cut, timedelta(days=days), numbers, 1, Random(seed))  # type: ignore[arg-type]  # plain digits
            for days, seed in ((7, 1), (7, 1), (8, 2))
        )
        assert first == again != other
        assert len(first.lines) == sum(map(len, life.rows.values()))
        filled = "\n".join(line for _, _, line in first.lines)
        assert not any(mark in filled for mark in ("zq", "%(", "C990000001", *life.numbers))


def test_a_seed_names_the_tickets(lived: list[Life]) -> None:
    first, again, other = (Plan(seed, 50, lived).parts for seed in (1, 1, 2))
    assert first == again != other
    assert sum(len(each.numbers) for part in first for each in part) == 50


def test_the_bar_tells_how_quickly_it_goes_and_how_long() -> None:
    now = [0.0]
    bar = Bar(1000, lambda: now[0])
    bar.begin(100)
    now[0] = 3.0
    assert bar.line(400).endswith("400 of 1,000 tickets, 100/s, 0 min 06 s left")
