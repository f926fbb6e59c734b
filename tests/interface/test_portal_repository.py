"""Codes and readers in SQLite and PostgreSQL: one suite."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cti.kernel.clock import utc
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.portal import MOBILE, TYPED, PortalDesk
from tests.support.tickets import AGENT, TicketDesk
from tickets.delivery.model import Channel, Purpose
from tickets.portal.codes import KEPT
from tickets.portal.contact import Contact
from tickets.portal.counted import forget_free_txn, place_of, take_txn
from tickets.portal.quota import Quota
from tickets.portal.repository import open_of_txn, reader_txn, sweep_txn
from tickets.workflow import Action


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PortalDesk]:
    url = f"sqlite:///{tmp_path}/portal.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    database = DirectDatabase(url)
    yield PortalDesk(tmp_path / "attachments", desk=TicketDesk(database))
    database.stop()


def test_from_the_form_to_the_ticket_and_back_to_it(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/appointment", **TYPED)
    assert customer.send("/service/code", code="000000").status == 409
    assert customer.send("/service/code", "/service/code/again").status == 303
    number = customer.enter()
    database, contact = desk.desk.database, Contact(Channel.SMS, MOBILE)
    reader = result_of(database.read(reader_txn, number))
    assert reader is not None
    assert reader.contact == contact
    assert result_of(database.read(open_of_txn, contact)) == 1
    desk.desk.act(number, Action.INFORM, AGENT, {"channel": "web", "text": "已为您预留"})
    customer.send("/service/ticket", "/service/leave")
    customer.follow(number)
    assert customer.enter() == number
    assert customer.do("cancel").status == 303
    assert result_of(database.read(open_of_txn, contact)) == 0
    told = [each.purpose for each in desk.sent + desk.carried()]
    assert told.count(Purpose.CODE) == 3
    assert told.count(Purpose.NOTICE) == 1


def test_what_nobody_completed_is_forgotten(desk: PortalDesk) -> None:
    desk.customer().send("/service/new/complaint", **TYPED)
    database, now = desk.desk.database, utc(desk.desk.clock)
    assert result_of(database.run(sweep_txn, now)) == now + KEPT
    assert result_of(database.run(sweep_txn, now + KEPT)) is None


THREE, TEN = Quota("three", 3, 60.0), Quota("ten", 10, 100.0)


def test_what_is_counted_is_let_in_and_refused_together(desk: PortalDesk) -> None:
    database, start = desk.desk.database, utc(desk.desk.clock)
    mine, all_ = place_of(b"k", (THREE, "me")), place_of(b"k", (TEN, ""))

    def take(seconds: float, *places: str) -> float:
        charges = {each: THREE if each == mine else TEN for each in places}
        wait: float = result_of(database.run(take_txn, charges, start + timedelta(seconds=seconds)))
        return wait

    assert [take(0, mine, all_) for _ in range(3)] == [0.0] * 3
    assert take(0, mine, all_) == pytest.approx(20, abs=0.01)
    assert [take(0, all_) for _ in range(7)] == [0.0] * 7, "what was refused cost nothing"
    assert take(0, all_) == pytest.approx(10, abs=0.01)
    assert take(20, mine) == 0.0
    result_of(database.run(forget_free_txn, start + timedelta(seconds=500)))
    assert [take(500, mine) for _ in range(3)] == [0.0] * 3
