"""Changes of the working calendar on both databases: acts beside them, and other servers."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from cti.kernel.clock import utc
from tests.support.calendar_desk import CLOSED, CalendarDesk, open_at, saying
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import DISPATCHER
from tickets.calendar.repository import HELD, changes_txn, concerned_txn
from tickets.calendar.service import CalendarStale
from tickets.clocks.model import Clock
from tickets.workflow import Action, ClockKind

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def desk(url: str) -> Iterator[CalendarDesk]:
    database = DirectDatabase(url)
    yield CalendarDesk(database)
    database.stop()


def sent(desk: CalendarDesk) -> str:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    return number


def result(desk: CalendarDesk, number: str) -> Clock:
    clocks = desk.view(number).clocks
    return next(each for each in clocks if each.kind is ClockKind.RESULT)


def test_a_change_and_its_undoing_move_what_goes_by_it(desk: CalendarDesk) -> None:
    numbers = [sent(desk) for _ in range(2)]
    before = [desk.view(each).clocks for each in numbers]
    version = desk.change(saying(CLOSED, TUESDAY))
    assert {result(desk, each).due - result(desk, numbers[0]).due for each in numbers} == {
        timedelta(0)
    }
    assert [desk.view(each).clocks for each in numbers] != before
    desk.undo(version)
    assert [desk.view(each).clocks for each in numbers] == before
    first, second = result_of(desk.database.read(changes_txn))
    assert first.moved == second.moved > 0
    assert second.undoes == 1


def test_the_concerned_are_met_by_their_numbers_a_few_at_a_time(desk: CalendarDesk) -> None:
    numbers = sorted(sent(desk) for _ in range(3))
    last = max(each.due for each in desk.view(numbers[0]).clocks)

    def found(since: datetime, after: str = "", limit: int | None = None) -> list[str]:
        return [*result_of(desk.database.read(concerned_txn, since, after, limit))]

    now = utc(desk.clock)
    assert found(now) == numbers
    assert found(now, limit=2) == numbers[:2]
    assert found(now, numbers[1], 2) == numbers[2:]
    assert found(last + timedelta(minutes=1)) == numbers, "it is told to others after it is missed"
    assert found(last + timedelta(days=3650)) == []


def test_the_concerned_are_not_looked_for_among_all_that_run(desk: CalendarDesk) -> None:
    if desk.database.engine.dialect.name != "sqlite":
        pytest.skip("what PostgreSQL plans goes by how much there is")
    planned: list[str] = []

    def plan(session: Session) -> None:
        def explain(_conn: object, cursor: Any, statement: str, given: Any, *_: object) -> None:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            planned.extend(detail for *_, detail in cursor.fetchall())

        connection = session.connection()
        event.listen(connection, "before_cursor_execute", explain)
        concerned_txn(session, utc(desk.clock), "", 20)
        event.remove(connection, "before_cursor_execute", explain)

    desk.database.run(plan)
    assert planned
    assert not [each for each in planned if "TEMP B-TREE" in each], planned


def test_another_server_makes_its_change_from_the_latest(desk: CalendarDesk) -> None:
    service, _, other = desk.server()
    desk.change(saying(CLOSED, TUESDAY))
    with pytest.raises(CalendarStale):
        desk.change(saying(CLOSED, TUESDAY + timedelta(days=1)), base=0)
    number = desk.register().number
    done = service.act(
        number,
        Action.DISPATCH,
        {"department": "cards", "text": "请核实"},
        DISPATCHER,
        desk.view(number).case.version,
        desk.request_id(),
    )
    result_of(done)
    mine = result(desk, number)
    assert mine.due == desk.calendar.book.calendars.named("office").add(mine.started, mine.target)
    desk.change(saying(open_at("09:00-12:00"), TUESDAY))
    result_of(desk.database.run(lambda session: other.pin_txn(session, [number], utc(desk.clock))))


def test_acts_hold_the_calendar_together_and_a_change_holds_it_alone(desk: CalendarDesk) -> None:
    if desk.database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time")
    engine = desk.database.engine
    with engine.begin() as act, engine.begin() as another, engine.begin() as change:
        act.execute(select(func.pg_advisory_xact_lock_shared(HELD)))
        assert another.scalar(select(func.pg_try_advisory_xact_lock_shared(HELD)))
        assert not change.scalar(select(func.pg_try_advisory_xact_lock(HELD)))
