"""Who is told, and what is carried, in SQLite and PostgreSQL: one suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from cti.kernel.clock import utc
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.deliveries import BUSY, UNKNOWN, letter
from tests.support.telling import TellingDesk
from tests.support.tickets import AGENT, DISPATCHER, OFFICER, SUPERVISOR, draft
from tickets.alarms import fire_due_txn
from tickets.delivery.model import Channel, Purpose
from tickets.delivery.outbox import LEASE, queue_txn
from tickets.delivery.repository import Claimed, claim_txn
from tickets.delivery.undelivered import failing_txn
from tickets.model import Urgency
from tickets.workflow import Action


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TellingDesk]:
    url = f"sqlite:///{tmp_path}/deliveries.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    desk = TellingDesk(programs=True, database=DirectDatabase(url))
    yield desk
    desk.database.stop()


def test_from_a_deadline_to_the_people_and_the_program(desk: TellingDesk) -> None:
    desk.start()
    number = desk.register(draft(urgency=Urgency.URGENT)).number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=2)
    purposes = {mail.purpose for mail in desk.mails(OFFICER)}
    assert purposes == {Purpose.DIGEST, Purpose.ALARM}
    programs = [each for _, each in desk.carrier.carried if each.channel is Channel.WEBHOOK]
    assert [each.number for each in programs[:2]] == [number, number]
    assert len(set(desk.carrier.ids)) == len(desk.carrier.ids)


def test_what_fails_is_listed_until_it_arrives(desk: TellingDesk) -> None:
    desk.outbox.start()
    desk.carrier.wrong = BUSY
    result_of(desk.database.run(queue_txn, letter(), utc(desk.clock)))
    desk.carrier.wrong = UNKNOWN
    result_of(desk.database.run(queue_txn, letter("x@bank.example"), utc(desk.clock)))
    desk.outbox.wake()
    failing = result_of(desk.database.run(failing_txn, 10))
    assert {each.why for each in failing} == {UNKNOWN.why}
    assert len(failing) == 2


def test_what_one_transaction_has_claimed_another_does_not_wait_for(desk: TellingDesk) -> None:
    engine = desk.database.engine
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: the second waits for the first's commit")
    now = utc(desk.clock)
    ids = [result_of(desk.database.run(queue_txn, letter(), now)) for _ in range(4)]

    def ids_of(claimed: list[Claimed]) -> list[int]:
        return [each.outbox_id for each in claimed]

    with Session(engine) as one, Session(engine) as other, one.begin(), other.begin():
        first = ids_of(claim_txn(one, now, LEASE, 2))
        second = ids_of(claim_txn(other, now, LEASE, 4))
    assert sorted(first + second) == ids


def test_deadlines_of_a_ticket_that_is_acted_on_are_left_to_the_next_look(
    desk: TellingDesk,
) -> None:
    engine = desk.database.engine
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: the second waits for the first's commit")
    desk.register()
    desk.register()
    desk.clock.advance(7200)
    with Session(engine) as one, Session(engine) as other, one.begin(), other.begin():
        first = fire_due_txn(one, utc(desk.clock), 1)
        second = fire_due_txn(other, utc(desk.clock), 100)
    assert len(first) == 1
    assert second
    assert first[0].number not in {each.number for each in second}
    assert desk.mails(SUPERVISOR) == []
