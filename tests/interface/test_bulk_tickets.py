"""Tickets that were loaded in bulk answer as those that the service wrote, in both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from benchmarks.tickets.clones import NOW
from benchmarks.tickets.lives import lives
from benchmarks.tickets.million import SEED, Size, fill
from benchmarks.tickets.proof import check
from benchmarks.tickets.stencil import unit_id
from benchmarks.tickets.words import Texts
from cti.kernel.identifiers import DepartmentId
from tests.support.databases import DirectDatabase
from tickets.model import TicketKind
from tickets.search import places
from tickets.search.catching_up import catch_up_txn
from tickets.search.finding import Query, Viewer
from tickets.search.lines import search_txn
from tickets.search.query import Asked
from tickets.search.schema import EntryRow, PlaceRow

TOTAL = 120
SIZE = Size(TOTAL, lives=10, stock=40)
Answer = set[tuple[str, str]]


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    else:
        url = f"sqlite:///{tmp_path}/tickets.db"
    database = DirectDatabase(url)
    yield database.engine
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE benchmark_loading"))
    database.stop()


def queries() -> Iterator[Query]:
    words = Texts(SEED, stock=SIZE.stock)
    unit = DepartmentId(unit_id(0))
    yield Query(viewer=Viewer(within=unit))
    yield Query(places.OPEN, overdue_only=True)
    for place in (*places.SHARED, places.department(unit), places.department(unit, places.SENT)):
        yield Query(place)
    for word in (*words.chinese.words[:12], *words.english.words[:4], "700", "柜台排队"):
        yield Query(asked=Asked((word,)))
        yield Query(places.OPEN, Asked((word,)))
    for kind in TicketKind:
        yield Query(asked=Asked(facets=(f"kind:{kind.value}",)))
    yield Query(asked=Asked(requester=("王",)))


def texts(session: Session) -> dict[str, tuple[str, str]]:
    rows = session.scalars(select(EntryRow))
    return {row.number: (row.matter, row.said) for row in rows}


def answers(engine: Engine) -> list[Answer]:
    with Session(engine) as session:
        pages = [
            search_txn(
                session,
                Query(each.place, each.asked, each.overdue_only, each.viewer, limit=TOTAL),
                NOW,
            )
            for each in queries()
        ]
        return [{(line.number, str(line.due)) for line in page.lines} for page in pages]


def test_what_was_loaded_is_found_as_the_service_would_have_it(engine: Engine) -> None:
    lived = lives(SEED, SIZE.lives)
    check(engine, fill(engine, lived, SIZE, lambda _what: None))
    loaded = answers(engine)
    assert sum(map(bool, loaded)) > len(loaded) / 2
    with Session(engine) as session, session.begin():
        said = texts(session)
        session.execute(delete(PlaceRow))
        session.execute(delete(EntryRow))
        empty = "DELETE FROM ticket_words"
        if engine.dialect.name == "sqlite":
            empty = "INSERT INTO ticket_words(ticket_words) VALUES('delete-all')"
        session.execute(text(empty))
        while catch_up_txn(session):
            session.flush()
        session.expire_all()
        assert texts(session) == said
    assert answers(engine) == loaded
