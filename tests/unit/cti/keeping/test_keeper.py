from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, fail
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider

from cti.keeping.keeper import (
    AGAIN,
    AGAIN_BINDINGS,
    FIRST,
    FIRST_BINDINGS,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    Keeper,
)
from cti.keeping.repository import Found, read_txn
from cti.keeping.schema import KeptCallRow
from cti.kernel.identifiers import CallId, DeviceId
from cti.sip.access.kept import KeptBinding
from cti.sip.events import Endpoint
from tests.support.conversations import talking
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld

BINDING = KeptBinding(
    "1001",
    "sip:1001@192.0.2.7",
    Endpoint("192.0.2.7", 5060),
    "1@192.0.2.7",
    7,
    datetime(2026, 11, 22, 3, tzinfo=UTC),
)


class Shaky(DirectDatabase):
    """Counts transactions, and fails or waits when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0
        self.broken = self.slow = False
        self.waiting: list[Any] = []

    def run(self, transaction: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self.runs += 1
        if self.broken:
            return fail(ConnectionError("13800138000 is what was written"))
        if self.slow:
            done: Deferred[Any] = Deferred()
            done.addCallback(lambda _: super(Shaky, self).run(transaction, *args, **kwargs))
            self.waiting.append(done)
            return done
        return super().run(transaction, *args, **kwargs)


class House:
    def __init__(self) -> None:
        self.world = RealWorld()
        for phone in ("1001", "1002", "1003"):
            self.world.register(phone)
        self.database = Shaky()
        self.bindings: dict[str, tuple[KeptBinding, ...]] = {}
        self.keeper = Keeper(
            self.database, self.world.clock, self.world.services.keep, self.bindings.get
        )
        self.keeper.listen(self.world.bus)
        self.world.switch.changed = self.keeper.call_changed

    def kept(self) -> Found:
        return result_of(self.database.read(read_txn))

    def calls(self) -> list[CallId]:
        return [call.id for call in self.kept().calls]

    def states(self) -> dict[str, Any]:
        """The rows as they are."""

        def states_txn(session: Session) -> dict[str, Any]:
            rows = session.execute(select(KeptCallRow.call_id, KeptCallRow.state))
            return {row.call_id: row.state for row in rows}

        return result_of(self.database.read(states_txn))

    def pass_time(self, seconds: float) -> None:
        self.world.clock.advance(seconds)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.database.stop()


def test_a_call_is_kept_once_it_is_up_for_a_moment_and_forgotten_with_its_end(
    house: House,
) -> None:
    call_id, _, _ = talking(house.world)
    house.pass_time(FIRST - 0.01)
    assert house.calls() == []
    house.pass_time(0.02)
    assert house.kept().calls == (house.world.services.keep(call_id),)
    house.world.hang_up(call_id)
    house.pass_time(AGAIN)
    assert house.calls() == []


def test_a_call_that_is_over_at_once_costs_no_transaction(house: House) -> None:
    for _ in range(20):
        call_id = house.world.dial()
        assert result_of(house.world.control.answer(call_id))
        house.pass_time(0.05)
        house.world.hang_up(call_id)
    house.pass_time(5.0)
    assert house.database.runs == 0
    assert not house.world.clock.getDelayedCalls()


def test_what_changes_is_written_soon_and_many_changes_at_once(house: House) -> None:
    call_id, _, agent = talking(house.world)
    house.pass_time(FIRST)
    assert house.database.runs == 1
    house.world.control.hold(agent)
    house.world.control.mask(call_id, True)
    house.world.control.attach(call_id, customer_name="Li")
    house.pass_time(AGAIN)
    assert house.database.runs == 2
    (kept,) = house.kept().calls
    assert kept == house.world.services.keep(call_id)
    assert kept.user_data.customer_name == "Li"


def test_a_change_during_a_transaction_is_in_the_next(house: House) -> None:
    call_id, _, agent = talking(house.world)
    house.database.slow = True
    house.pass_time(FIRST)
    house.world.control.hold(agent)
    house.pass_time(1.0)
    assert house.database.runs == 1, "one at a time"
    house.database.slow = False
    house.database.waiting.pop().callback(None)
    house.pass_time(AGAIN)
    assert house.kept().calls == (house.world.services.keep(call_id),)


def test_a_call_that_ends_during_its_first_transaction_is_forgotten(house: House) -> None:
    call_id, _, _ = talking(house.world)
    house.database.slow = True
    house.pass_time(FIRST)
    house.world.hang_up(call_id)
    house.database.slow = False
    house.database.waiting.pop().callback(None)
    assert house.calls() == [call_id]
    house.pass_time(AGAIN)
    assert house.calls() == []


def test_while_the_database_fails_it_is_tried_again_and_said_once(house: House) -> None:
    said: list[str] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        if event["log_level"] is LogLevel.error:
            said.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(hear)
    call_id, _, agent = talking(house.world)
    house.database.broken = True
    for _ in range(200):
        house.pass_time(0.1)
    globalLogPublisher.removeObserver(hear)
    assert said == ["calls cannot be kept for a restart (ConnectionError)"]
    assert 5 < house.keeper.failures < 20
    house.world.control.hold(agent)
    house.database.broken = False
    house.pass_time(LONGEST_PAUSE)
    assert house.kept().calls == (house.world.services.keep(call_id),)
    runs = house.database.runs
    house.world.control.retrieve(agent)
    house.pass_time(SHORTEST_PAUSE)
    assert house.database.runs == runs + 1


def test_a_flush_writes_what_is_not_due_yet(house: House) -> None:
    call_id, _, _ = talking(house.world)
    flushed = house.keeper.flush()
    assert flushed.called
    assert house.calls() == [call_id]
    assert house.keeper.flush().called


def test_stopping_gives_up_on_a_database_that_does_not_come_back(house: House) -> None:
    talking(house.world)
    house.database.broken = True
    stopped = house.keeper.stop(limit=5.0)
    for _ in range(60):
        house.pass_time(0.1)
    assert result_of(stopped) is False
    assert not house.world.clock.getDelayedCalls()


def test_stopping_writes_and_listens_no_more(house: House) -> None:
    call_id, _, _ = talking(house.world)
    assert result_of(house.keeper.stop()) is True
    assert house.calls() == [call_id]
    house.world.hang_up(call_id)
    assert not house.world.clock.getDelayedCalls()


def test_what_happens_to_a_house_that_was_left_changes_nothing_of_what_is_kept(
    house: House,
) -> None:
    call_id, _, _ = talking(house.world)
    assert result_of(house.keeper.stop())
    kept = house.kept().calls
    assert [call.id for call in kept] == [call_id]
    house.world.hang_up(call_id)
    house.keeper.call_changed(call_id)
    house.keeper.bindings_changed("1001")
    house.pass_time(20.0)
    assert house.kept().calls == kept


def test_bindings_are_kept_by_account(house: House) -> None:
    house.bindings["1001"] = (BINDING,)
    house.keeper.bindings_changed("1001")
    house.pass_time(FIRST_BINDINGS)
    assert house.kept().bindings == {"1001": (BINDING,)}
    del house.bindings["1001"]
    house.keeper.bindings_changed("1001")
    house.pass_time(AGAIN_BINDINGS)
    assert house.kept().bindings == {}


def test_a_call_waits_for_no_binding(house: House) -> None:
    house.bindings["1001"] = (BINDING,)
    house.keeper.bindings_changed("1001")
    call_id, _, _ = talking(house.world)
    house.pass_time(FIRST)
    assert house.calls() == [call_id]
    assert not house.kept().bindings
    house.pass_time(FIRST_BINDINGS)
    assert house.kept().bindings


def test_what_is_found_stays_until_the_next_house_listens(house: House) -> None:
    world = house.world
    ended, _, _ = talking(world)
    going_on = world.dial()
    assert result_of(world.control.answer(going_on))
    assert world.control.deliver(going_on, DeviceId("1002"))
    result_of(house.keeper.stop())
    keeper = Keeper(house.database, world.clock, {going_on: 7}.get, house.bindings.get)
    found = result_of(keeper.open())
    assert [call.id for call in found.calls] == sorted([ended, going_on])
    house.pass_time(10.0)
    assert len(house.calls()) == 2
    keeper.listen(world.bus)
    house.pass_time(AGAIN)
    assert house.states() == {going_on: 7}, "what goes on is written anew, the rest is gone"


def test_a_row_of_another_version_is_passed_over_and_said(house: House) -> None:
    call_id, _, _ = talking(house.world)
    house.pass_time(FIRST)

    def spoil_txn(session: Any) -> None:
        row = KeptCallRow(call_id="older", state={"id": "older"}, written=BINDING.until)
        session.add(row)

    result_of(house.database.run(spoil_txn))
    found = house.kept()
    assert [call.id for call in found.calls] == [call_id]
    assert list(found.unreadable) == ["older"]
    keeper = Keeper(house.database, house.world.clock, lambda _: None, house.bindings.get)
    result_of(keeper.open())
    keeper.listen(house.world.bus)
    house.pass_time(AGAIN)
    assert house.states() == {}
