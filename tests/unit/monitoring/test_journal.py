from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from cti.call.events import DeviceRegistered
from cti.kernel.bus import Bus
from cti.kernel.clock import utc
from cti.kernel.events import Event
from cti.kernel.identifiers import DeviceId
from monitoring.events import JournalGap, JournalRecovered, JournalStalled
from monitoring.journal import BATCH, DELAY, PACE, JournalWriter
from monitoring.repository import ForeignWriterError, append_events_txn, read_journal_txn
from monitoring.schema import JournalRow
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of


class FlakyDatabase(DirectDatabase):
    """Fails, or commits and then says it failed, when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.lose_answers = 0
        self.runs = 0

    def run(self, transaction: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self.runs += 1
        if self.broken:
            return fail(ConnectionError("gone: 6222 0000 1111 2222"))
        done = super().run(transaction, *args, **kwargs)
        if self.lose_answers:
            self.lose_answers -= 1
            return fail(ConnectionError("answer lost"))
        return done


class World:
    def __init__(self, limit: int = 100_000) -> None:
        self.clock = Clock()
        self.clock.advance(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
        self.errors: list[BaseException] = []
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        self.database = FlakyDatabase()
        self.writer = JournalWriter(self.database, self.bus, self.clock, limit=limit)
        self.count = 0

    def publish(self, count: int = 1) -> None:
        for _ in range(count):
            self.count += 1
            device = DeviceId(str(self.count))
            self.bus.publish(DeviceRegistered(at=utc(self.clock), device_id=device))

    def written(self) -> list[Event]:
        broken, self.database.broken = self.database.broken, False
        entries = result_of(self.database.run(read_journal_txn))
        self.database.broken = broken
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
        return [entry.event for entry in entries]

    def devices(self) -> list[int]:
        return [int(e.device_id) for e in self.written() if isinstance(e, DeviceRegistered)]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    result_of(world.writer.start())
    yield world
    assert world.errors == []


def test_a_lone_event_is_written_within_the_delay(world: World) -> None:
    world.publish()
    assert world.devices() == []
    world.clock.advance(DELAY)
    assert world.devices() == [1]
    assert world.writer.backlog == 0


def test_a_full_batch_does_not_wait(world: World) -> None:
    world.publish(BATCH)
    assert len(world.devices()) == BATCH
    world.publish(1)
    assert len(world.devices()) == BATCH
    world.clock.advance(PACE)
    assert len(world.devices()) == BATCH + 1


def test_few_events_at_a_time_are_gathered(world: World) -> None:
    runs = world.database.runs
    for _ in range(100):
        world.publish()
        world.clock.advance(0.01)
    assert world.database.runs - runs <= 1 + 1.0 / PACE
    world.clock.pump([PACE] * 2)
    assert len(world.devices()) == 100
    world.publish()
    world.clock.advance(DELAY)
    assert len(world.devices()) == 101, "after a rest the first one waits for no longer than ever"


def test_events_before_it_is_open_are_kept() -> None:
    world = World()
    answer: Deferred[int] = Deferred()
    world.database.read = lambda *_args, **_kw: answer  # type: ignore[method-assign, assignment]  # slow
    started = world.writer.start()
    world.publish(3)
    del world.database.read
    answer.callback(0)
    result_of(started)
    assert world.devices() == [1, 2, 3]


def test_flush_fires_when_all_is_committed(world: World) -> None:
    world.publish(BATCH * 2 + 5)
    result_of(world.writer.flush())
    assert world.devices() == list(range(1, BATCH * 2 + 6))
    result_of(world.writer.flush())


def test_a_failing_database_loses_and_reorders_nothing(world: World) -> None:
    world.database.broken = True
    world.publish(3)
    world.clock.advance(DELAY)
    world.publish(BATCH)
    runs = world.database.runs
    world.clock.pump([0.1] * 50)
    assert 2 < world.database.runs - runs < 10, "tried again, with growing pauses"
    flushed = world.writer.flush()
    assert not flushed.called
    world.database.broken = False
    world.clock.pump([0.5] * 12)
    result_of(flushed)
    assert world.devices() == list(range(1, BATCH + 4))
    (stalled,) = (event for event in world.written() if isinstance(event, JournalStalled))
    assert stalled.why == "ConnectionError", "the error's own text may quote what was written"
    assert any(isinstance(event, JournalRecovered) for event in world.written())


def test_a_commit_whose_answer_was_lost_is_not_repeated(world: World) -> None:
    world.database.lose_answers = 2
    world.publish(5)
    world.clock.pump([DELAY, 0.1, 0.2, 0.4])
    assert world.devices() == [1, 2, 3, 4, 5]


def test_a_second_writer_is_noticed() -> None:
    database = DirectDatabase()
    now = datetime(2026, 11, 21, tzinfo=UTC)
    one, other = (DeviceRegistered(at=now, device_id=DeviceId(name)) for name in "12")
    result_of(database.run(append_events_txn, 1, [one]))
    with pytest.raises(ForeignWriterError):
        result_of(database.run(append_events_txn, 1, [other]))


def test_two_servers_take_turns(world: World) -> None:
    other = JournalWriter(world.database, (bus := Bus(lambda *_: None)), world.clock)
    result_of(other.start())
    for device in range(1001, 1004):
        world.publish(2)
        world.clock.advance(PACE)
        bus.publish(DeviceRegistered(at=utc(world.clock), device_id=DeviceId(str(device))))
        world.clock.advance(PACE)
    assert world.devices() == [1, 2, 1001, 3, 4, 1002, 5, 6, 1003]
    assert not [each for each in world.written() if isinstance(each, JournalStalled)]


def test_what_stands_there_already_is_not_written_behind_another(world: World) -> None:
    world.database.lose_answers = 1
    world.publish()
    world.clock.advance(PACE)
    foreign = DeviceRegistered(at=utc(world.clock), device_id=DeviceId("1001"))
    result_of(DirectDatabase.run(world.database, append_events_txn, 2, [foreign]))
    world.publish()
    world.clock.pump([PACE] * 4)
    assert world.devices() == [1, 1001, 2]


def test_health_tells_since_when_it_cannot_be_written(world: World) -> None:
    assert world.writer.trouble() == ""
    world.database.broken = True
    world.publish(3)
    world.clock.advance(PACE)
    assert world.writer.trouble().endswith("UTC, 4 events wait")
    world.database.broken = False
    world.clock.advance(PACE)
    assert world.writer.trouble() == ""


def test_memory_is_bounded_and_the_gap_is_written_down() -> None:
    world = World(limit=10)
    result_of(world.writer.start())
    world.database.broken = True
    world.publish(1)
    world.clock.advance(DELAY)  # one is under way, and JournalStalled waits
    world.publish(20)
    assert world.writer.backlog == 12
    world.database.broken = False
    world.clock.advance(1)
    result_of(world.writer.flush())
    assert world.devices() == list(range(1, 11))
    gap = next(event for event in world.written() if isinstance(event, JournalGap))
    assert gap.lost == 11
    world.publish()
    result_of(world.writer.flush())
    assert world.devices()[-1] == 22


def test_stop_gives_up_after_a_while(world: World) -> None:
    world.database.broken = True
    world.publish(2)
    stopped = world.writer.stop(limit=2.0)
    world.clock.pump([0.5] * 5)
    assert result_of(stopped) == 2
    assert world.clock.getDelayedCalls() == []
    world.publish()
    assert world.writer.backlog == 2, "no longer listening"
    world.errors.clear()


def test_stop_flushes(world: World) -> None:
    world.publish(2)
    assert result_of(world.writer.stop()) == 0
    assert world.devices() == [1, 2]
    assert not [call for call in world.clock.getDelayedCalls() if call.active()]


def test_numbering_goes_on_after_a_restart(world: World) -> None:
    world.publish(2)
    result_of(world.writer.stop())
    second = JournalWriter(world.database, world.bus, world.clock)
    result_of(second.start())
    world.publish(1)
    result_of(second.stop())

    def count_txn(session: Session) -> int | None:
        return session.scalar(select(func.max(JournalRow.sequence)))

    assert result_of(world.database.run(count_txn)) == 3
