"""Writers who stand in each other's way in PostgreSQL: whoever is undone for it tries again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cti import database
from cti.database import ATTEMPTS, Trouble, connect, reading, trouble_of
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.patience import ample

pytestmark = pytest.mark.needs("postgresql")


class Accounts(DirectDatabase):
    """Two accounts; transactions run in the thread that asks."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self._reading = reading(self.engine)

    def make(self) -> None:
        self.say("CREATE TABLE account (id INTEGER PRIMARY KEY, sum INTEGER)")
        self.say("INSERT INTO account VALUES (1, 0), (2, 0)")

    def say(self, statement: str) -> None:
        result_of(self.run(lambda session: session.execute(text(statement)).close()))

    def sums(self) -> list[int]:
        wanted = text("SELECT sum FROM account ORDER BY id")
        return result_of(self.read(lambda session: list(session.scalars(wanted))))


@pytest.fixture
def accounts(postgresql_url: str) -> Iterator[Accounts]:
    accounts = Accounts(postgresql_url)
    accounts.make()
    yield accounts
    accounts.say("DROP TABLE account")
    accounts.stop()


def add(session: Session, account: int) -> None:
    session.execute(text("UPDATE account SET sum = sum + 1 WHERE id = :id"), {"id": account})


def test_two_who_lock_in_opposite_order_both_succeed(accounts: Accounts) -> None:
    both_hold_one = Barrier(2)
    tried: list[int] = []

    def transfer(session: Session, first: int, second: int) -> None:
        add(session, first)
        again = first in tried
        tried.append(first)
        if not again:
            both_hold_one.wait(ample())
        add(session, second)

    def whole(first: int, second: int) -> None:
        result_of(accounts.run(transfer, first, second))

    with ThreadPoolExecutor(2) as people:
        for done in [people.submit(whole, 1, 2), people.submit(whole, 2, 1)]:
            done.result(ample())
    assert accounts.sums() == [2, 2]
    assert len(tried) == 3, "one of them was undone, and tried again"


def test_who_built_on_what_changed_meanwhile_tries_again(accounts: Accounts) -> None:
    seen: list[int] = []

    def copy(session: Session) -> None:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        seen.append(session.scalar(text("SELECT sum FROM account WHERE id = 1")) or 0)
        if len(seen) == 1:
            result_of(accounts.run(add, 1))
        add(session, 1)

    result_of(accounts.run(copy))
    assert (seen, accounts.sums()) == ([0, 1], [2, 0])


@pytest.mark.parametrize(
    ("code", "times"), [("40P01", ATTEMPTS), ("40001", ATTEMPTS), ("23505", 1)]
)
def test_who_fails_again_and_again_is_told(accounts: Accounts, code: str, times: int) -> None:
    tried: list[str] = []

    def fail(session: Session) -> None:
        tried.append(code)
        add(session, 1)
        session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"))

    with pytest.raises(DBAPIError):
        result_of(accounts.run(fail))
    assert (len(tried), accounts.sums()) == (times, [0, 0])


def test_who_waits_for_a_table_that_somebody_holds_is_told(
    accounts: Accounts, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 50)
    waiting = connect(postgresql_url)
    with Session(accounts.engine) as holder, holder.begin():
        holder.execute(text("LOCK TABLE account"))
        with Session(waiting) as session, pytest.raises(DBAPIError) as held:
            session.execute(text("SELECT * FROM account"))
    assert trouble_of(held.value) is Trouble.BUSY
    with Session(waiting) as session:
        assert session.execute(text("SELECT * FROM account")).all() == [(1, 0), (2, 0)]
    waiting.dispose()


def test_a_server_that_is_not_there_is_gone() -> None:
    engine = connect("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DBAPIError) as gone, Session(engine) as session:
        session.execute(text("SELECT 1"))
    assert trouble_of(gone.value) is Trouble.GONE
    engine.dispose()


def test_what_the_url_says_of_patience_holds(postgresql_url: str) -> None:
    engine = connect(f"{postgresql_url}?options=-c%20lock_timeout%3D7000")
    with Session(engine) as session:
        assert session.scalar(text("SHOW lock_timeout")) == "7s"
    engine.dispose()
