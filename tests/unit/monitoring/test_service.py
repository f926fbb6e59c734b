from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from cti.kernel.bus import Bus
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, CustomerId, StaffId, TicketNumber
from monitoring.cdr import Outcome
from monitoring.events import RecordingPlayed
from monitoring.journal import DELAY
from monitoring.repository import CallFilter
from monitoring.service import MonitoringService, MonitoringSettings
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.floors import SmallFloor
from tests.support.simulated_house import SimulatedHouse
from tests.support.sounds import wav
from tickets.events import TicketChanged, TicketRated, TicketRegistered

T = TypeVar("T")


class World:
    def __init__(self, recordings: Path, database: DirectDatabase | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(datetime(2026, 11, 21, 1, 0, tzinfo=UTC).timestamp())
        self.bus = Bus(lambda _event, error: pytest.fail(str(error)))
        self.database = database or DirectDatabase()
        self.service = MonitoringService(
            self.database, self.bus, self.clock, MonitoringSettings(recordings), SmallFloor()
        )
        self.wait(self.service.start())

    @staticmethod
    def wait(coroutine: Coroutine[Deferred[Any], Any, T]) -> T:
        return result_of(Deferred.fromCoroutine(coroutine))

    def live(self, house: SimulatedHouse, steps: int) -> None:
        for event in house.day(steps):
            self.bus.publish(event)
        self.clock.advance(DELAY)


def test_what_the_board_showed_is_what_a_restart_shows(tmp_path: Path) -> None:
    world, house = World(tmp_path), SimulatedHouse(Random(3))
    world.live(house, 300)
    for event in house.finish():
        world.bus.publish(event)
    world.wait(world.service.stop())
    before = world.service.board.figures
    again = World(tmp_path, world.database).service.board.figures
    assert again.queues == before.queues
    assert again.outcomes == before.outcomes
    assert again.calls == before.calls == {}
    assert {a: f.answered for a, f in again.agents.items()} == {
        a: f.answered for a, f in before.agents.items()
    }


def test_the_day_of_tickets_goes_on_after_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    number, at = TicketNumber("2611210001"), datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    world.bus.publish(
        TicketRegistered(
            at=at,
            number=number,
            type="complaint",
            urgency="ordinary",
            opened_by=StaffId("1001"),
            due=at,
        )
    )
    world.bus.publish(
        TicketChanged(
            at=at,
            number=number,
            action="reply",
            previous="registered",
            state="closed",
            by=StaffId("1001"),
        )
    )
    world.bus.publish(TicketRated(at=at, number=number, score=4))
    world.wait(world.service.stop())
    before = world.service.board.snapshot()["ticket_day"]
    assert (before["registered"], before["ended"], before["rated"]) == (1, 1, 1)
    again = World(tmp_path, world.database).service.board
    assert again.snapshot()["ticket_day"] == before


def test_a_killed_run_is_closed_at_the_next_start(tmp_path: Path) -> None:
    world, house = World(tmp_path), SimulatedHouse(Random(4))
    world.live(house, 120)
    assert house.calls
    again = World(tmp_path, world.database)
    assert again.service.board.figures.calls == {}
    interrupted = result_of(again.service.find_calls(CallFilter(outcome=Outcome.INTERRUPTED)))
    assert {record.call_id for record in interrupted.records} == {c.call_id for c in house.calls}
    assert again.service.board.snapshot()["totals"]["signed_in"] == 0


def test_listening_is_written_down_once(tmp_path: Path) -> None:
    world, house = World(tmp_path), SimulatedHouse(Random(5))
    world.live(house, 100)
    page = result_of(world.service.find_calls(CallFilter(recorded=True)))
    record = page.records[0]
    assert record.recording
    played: list[RecordingPlayed] = []
    world.bus.subscribe(RecordingPlayed, played.append)
    with pytest.raises(Refused):
        world.wait(world.service.listen(record.call_id, StaffId("s1")))
    assert played == []
    (tmp_path / record.recording).write_bytes(wav(80))
    for staff in ("s1", "s1", "s2"):
        with world.wait(world.service.listen(record.call_id, StaffId(staff))) as sound:
            assert sound.read() == wav(80)
    world.clock.advance(601)
    world.wait(world.service.listen(record.call_id, StaffId("s1")))
    assert [event.by for event in played] == ["s1", "s2", "s1"]
    world.clock.advance(DELAY)
    _, events = world.wait(world.service.call(record.call_id))
    assert played[0] in events


def test_unknown_calls_are_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(Refused):
        world.wait(world.service.call(CallId("nobody")))
    with pytest.raises(Refused):
        world.wait(world.service.listen(CallId("nobody"), StaffId("s1")))


def test_a_call_that_is_up_has_a_page(tmp_path: Path) -> None:
    world, house = World(tmp_path), SimulatedHouse(Random(6))
    world.live(house, 60)
    call = next(call for call in house.calls if call.stage != "new")
    record, events = world.wait(world.service.call(call.call_id))
    assert record.ended is None
    assert record.answered is not None
    assert events[-1].at <= house.now


def test_last_calls_of_a_customer(tmp_path: Path) -> None:
    world, house = World(tmp_path), SimulatedHouse(Random(7))
    world.live(house, 400)
    calls = result_of(world.service.history.last_calls(CustomerId("k1"), limit=3))
    assert len(calls) == 3
    assert [c.started for c in calls] == sorted((c.started for c in calls), reverse=True)
    assert {c.outcome for c in calls} <= {each.value for each in Outcome}
    talked = [call for call in calls if call.outcome == "answered"]
    assert all(call.agent_name and call.agent_name.startswith("Agent ") for call in talked)
