"""Lists and search in SQLite and PostgreSQL: one suite, against what a plain reading would find."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain, product
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, event, text
from sqlalchemy.orm import Session

from cti.database import T
from cti.kernel.clock import utc
from cti.kernel.identifiers import DepartmentId, StaffId
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    OFFICER,
    TicketDesk,
    draft,
)
from tickets.model import RANKS, Urgency
from tickets.search import finding, places
from tickets.search.catching_up import catch_up_txn
from tickets.search.finding import Query, Viewer, count_txn
from tickets.search.index import reindex_txn
from tickets.search.lines import search_txn
from tickets.search.query import Asked, Order
from tickets.search.schema import EntryRow, PlaceRow
from tickets.view import TicketView
from tickets.workflow import Action

CHARACTERS = "柜台排队信用卡转账"


@pytest.fixture
def desk(url: str) -> Iterator[TicketDesk]:
    desk = TicketDesk(DirectDatabase(url))
    yield desk
    desk.database.stop()


def run(desk: TicketDesk, transaction: Callable[..., T], *args: Any) -> T:
    return result_of(desk.database.run(transaction, *args))


def titles(desk: TicketDesk, query: Query) -> list[str]:
    return [line.title for line in run(desk, search_txn, query, utc(desk.clock)).lines]


def test_words_are_found_as_a_plain_reading_finds_them(desk: TicketDesk) -> None:
    random = Random(7)
    written = ["".join(random.choices(CHARACTERS, k=6)) for _ in range(40)]
    for each in written:
        desk.register(replace(draft(title=each), text="-", occasion="", about=""))
    for length in (1, 2, 3, 4):
        for _ in range(10):
            word = "".join(random.choices(CHARACTERS, k=length))
            found = [each for each in reversed(written) if word in each]
            assert titles(desk, Query(asked=Asked((word,)))) == found, word
            assert sorted(titles(desk, Query(places.OPEN, Asked((word,))))) == sorted(found)
            query = Query(asked=Asked((word,)), limit=3)
            assert run(desk, count_txn, query, utc(desk.clock)).count == len(found)


@pytest.mark.parametrize("place", [places.OPEN, None])
def test_pages_have_every_line_once_there_and_back(desk: TicketDesk, place: str | None) -> None:
    for number in range(23):
        desk.register(draft(title=f"卡 {number}"))
        if number % 3:
            desk.advance(minutes=1)
    for asked in (Asked(), Asked(("卡",))):
        query = Query(place, asked, limit=5)
        whole = titles(desk, replace(query, limit=100))
        assert len(whole) == 23
        there_and_back(desk, query, whole)


URGENCIES = (Urgency.ORDINARY, Urgency.URGENT, Urgency.IMPORTANT)


def expected(desk: TicketDesk, order: Order, numbers: list[str]) -> list[str]:
    """The titles in that order, by looking at every ticket."""
    views = [desk.view(each) for each in numbers]

    def due(view: TicketView) -> datetime:
        return min(each.due for each in view.clocks if each.stopped is None)

    keys: dict[Order, Any] = {
        Order.NEWEST: lambda place: -place,
        Order.OLDEST: lambda place: place,
        Order.DUE: lambda place: (due(views[place]), place),
        Order.URGENCY: lambda place: (
            RANKS[views[place].case.draft.urgency],
            due(views[place]),
            place,
        ),
        Order.CHANGED: lambda place: (-views[place].history[-1].at.timestamp(), -place),
    }
    return [views[place].case.draft.title for place in sorted(range(len(views)), key=keys[order])]


def test_a_list_is_read_in_every_order_page_by_page(desk: TicketDesk) -> None:
    numbers = []
    for number in range(11):
        what = draft(urgency=URGENCIES[number % 3], title=f"卡 {number}")
        numbers.append(desk.register(what).number)
        if number % 3:
            desk.advance(minutes=1)
    for each in numbers[::4]:
        desk.act(each, Action.NOTE, AGENT)
        desk.advance(minutes=1)
    desk.act(numbers[5], Action.AMEND, AGENT, {"urgency": "urgent"})
    for order, place, words in product(Order, (places.OPEN, None), ((), ("卡",))):
        query = Query(place, Asked(words, order=order), limit=4)
        there_and_back(desk, query, expected(desk, order, [*numbers]))


def there_and_back(desk: TicketDesk, query: Query, whole: list[str]) -> None:
    pages, page = [], run(desk, search_txn, query, utc(desk.clock))
    assert page.previous is None
    while True:
        assert page.total == len(whole)
        pages.append([line.title for line in page.lines])
        if page.next is None:
            break
        page = run(desk, search_txn, replace(query, mark=page.next), utc(desk.clock))
    assert [*chain(*pages)] == whole
    for before in reversed(pages[:-1]):
        page = run(desk, search_txn, replace(query, mark=page.previous), utc(desk.clock))
        assert [line.title for line in page.lines] == before
    assert page.previous is None


def test_many_hits_are_read_in_the_order_of_changes_too(
    desk: TicketDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [desk.register(draft(title=f"卡 {each}")).number for each in range(5)]
    desk.advance(minutes=1)
    desk.act(numbers[2], Action.NOTE, AGENT)
    query = Query(asked=Asked(("卡",), order=Order.CHANGED))
    few = titles(desk, query)
    monkeypatch.setattr(finding, "FEW", 2)
    assert titles(desk, query) == few == ["卡 2", "卡 4", "卡 3", "卡 1", "卡 0"]


def test_no_list_is_sorted_whole(desk: TicketDesk) -> None:
    for number in range(12):
        desk.register(draft(title=f"卡 {number}"))
    for order, place in product(Order, (places.OPEN, None)):
        query = Query(place, Asked(order=order), limit=5)
        page = run(desk, search_txn, query, utc(desk.clock))
        for mark in (None, page.next):
            plan = run(desk, plan_txn, replace(query, mark=mark), utc(desk.clock))
            assert "Sort" not in plan, (order, place, plan)
            assert "TEMP B-TREE" not in plan, (order, place, plan)
            assert "Seq Scan" not in plan, (order, place, plan)


def test_words_are_looked_up_in_the_index_of_words(desk: TicketDesk) -> None:
    for number in range(10):
        desk.register(draft(title=f"信用卡 {number}"))
    run(desk, leave_only_the_index_of_words_txn)
    for words in (("卡",), ("信用卡",), ("信用卡", "柜台")):
        for order in (Order.NEWEST, Order.OLDEST):
            query = Query(asked=Asked(words, order=order))
            plan = run(desk, plan_txn, query, utc(desk.clock), ("seqscan", "indexscan"))
            assert "ticket_words" in plan
            assert "ticket_words_by_terms" in plan or "VIRTUAL TABLE" in plan, plan
            assert "Seq Scan" not in plan, plan


def test_the_planner_is_asked_once_about_each_term(desk: TicketDesk) -> None:
    desk.register(draft(title="信用卡转账"))
    asked = list[str]()

    def search_twice_txn(session: Session) -> None:
        event.listen(
            session.connection(), "before_cursor_execute", lambda *told: asked.append(told[2])
        )
        query = Query(places.OPEN, Asked(("信用卡转账",)))
        assert search_txn(session, query, utc(desk.clock)) == search_txn(
            session, query, utc(desk.clock)
        )

    run(desk, search_twice_txn)
    planned = [each for each in asked if each.startswith("EXPLAIN")]
    assert len(planned) == len(set(planned))
    assert bool(planned) == (desk.database.engine.dialect.name == "postgresql")


def leave_only_the_index_of_words_txn(session: Session) -> None:
    """So few entries would sooner be read by their numbers."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ticket_words DROP CONSTRAINT ticket_words_pkey"))


def plan_txn(
    session: Session,
    query: Query,
    now: datetime,
    without: tuple[str, ...] = ("seqscan", "bitmapscan", "sort"),
) -> str:
    """How the database would read that page; PostgreSQL reads a small table in the plain ways."""
    statement = finding.page_of(session, query, now)
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        for way in without:
            session.execute(text(f"SET LOCAL enable_{way} = off"))
    told = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    rows = session.connection().exec_driver_sql(f"{explain} {told}".replace("%", "%%"))
    return "\n".join(str(row[-1]) for row in rows)


def test_an_act_moves_a_ticket_from_list_to_list(desk: TicketDesk) -> None:
    number = desk.register().number

    def lies() -> set[str]:
        def read_txn(session: Session) -> set[str]:
            return {each.place for each in session.query(PlaceRow)}

        return run(desk, read_txn)

    own = {places.OPEN, places.mine(AGENT.staff_id)}
    assert lies() == own | {places.DISPATCH}
    desk.act(number, Action.DISPATCH, DISPATCHER)
    of_cards = places.department(CARDS)
    assert lies() == own | {of_cards, places.department(CARDS, places.SENT)}
    desk.act(number, Action.ACCEPT, OFFICER)
    assert lies() == own | {of_cards, places.department(CARDS, places.WORKING)}
    desk.act(number, Action.WITHDRAW, AGENT)
    assert lies() == set()
    assert titles(desk, Query(asked=Asked(facets=("state:withdrawn",)))) == [draft().title]
    assert titles(desk, Query(asked=Asked(facets=("state:in_progress",)))) == []


def test_what_a_letter_says_is_found_until_it_grows_too_old(desk: TicketDesk) -> None:
    number = desk.register().number
    run(desk, reindex_txn, number, ["附件是回单", ""])
    assert titles(desk, Query(asked=Asked(("回单",))))
    run(desk, reindex_txn, number, ["长" * 39_990])
    assert titles(desk, Query(asked=Asked(("回单",))))
    run(desk, reindex_txn, number, ["新" * 20])
    assert not titles(desk, Query(asked=Asked(("附件",))))
    assert titles(desk, Query(asked=Asked(("新新", "排队"))))


def test_tickets_older_than_the_index_enter_it(desk: TicketDesk) -> None:
    for number in range(5):
        desk.register(draft(title=f"旧 {number}"))
        desk.advance(minutes=1)
    desk.act(desk.register().number, Action.NOTE, AGENT, {"text": "叫号机"})
    before = titles(desk, Query())

    def forget_txn(session: Session) -> None:
        session.execute(delete(PlaceRow))
        session.execute(delete(EntryRow))
        postgresql = session.get_bind().dialect.name == "postgresql"
        session.execute(
            text(
                "TRUNCATE ticket_words"
                if postgresql
                else "INSERT INTO ticket_words (ticket_words) VALUES ('delete-all')"
            )
        )

    run(desk, forget_txn)
    assert titles(desk, Query()) == []
    assert run(desk, catch_up_txn) == 6
    assert run(desk, catch_up_txn) == 0
    assert titles(desk, Query()) == before
    assert titles(desk, Query(asked=Asked(("旧 3",)))) == ["旧 3"]
    assert titles(desk, Query(asked=Asked(("叫号机",)))) == [draft().title]


def test_whom_a_complaint_is_about_does_not_find_it(desk: TicketDesk) -> None:
    complaint = replace(draft(title="态度"), about_staff=StaffId("teller"), about_unit=CARDS)
    number = desk.register(complaint).number
    desk.act(number, Action.NOTE, AGENT, {"text": "还没有联系上"})
    for place in (None, places.OPEN):
        for asked in (Asked(), Asked(("态度",))):
            query = Query(place, asked)
            assert titles(desk, query) == ["态度"]
            for viewer in (Viewer(StaffId("teller")), Viewer(StaffId("x"), CARDS)):
                assert titles(desk, replace(query, viewer=viewer)) == []
            other = Viewer(StaffId("x"), DepartmentId("lending"))
            assert titles(desk, replace(query, viewer=other)) == ["态度"]
