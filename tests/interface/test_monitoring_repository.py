"""The journal and the call records: the same suite on both databases."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from agents.events import CallLent, CallLoanEnded, GivenTo
from cti.call.events import CallCleared, CallEvent, CallStarted
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, CustomerId
from cti.kernel.loans import LoanPurpose, LoanResult
from monitoring.cdr import CallRecord, Outcome, record_of
from monitoring.recordings import RecordingFolder
from monitoring.repository import (
    CallFilter,
    Cursor,
    append_events_txn,
    call_events_txn,
    find_calls_txn,
    find_record_txn,
    last_calls_txn,
    last_instant_txn,
    last_sequence_txn,
    open_calls_txn,
    read_journal_txn,
)
from monitoring.restart import close_interrupted_txn
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.simulated_house import QUEUES, SimulatedHouse

BATCH = 7


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DirectDatabase]:
    if request.param == "sqlite":
        database = DirectDatabase(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    else:
        database = DirectDatabase(request.getfixturevalue("postgresql_url"))
    yield database
    database.stop()


def write(database: DirectDatabase, events: list[Event]) -> None:
    """In batches, as the journal's writer does."""
    for first in range(0, len(events), BATCH):
        result_of(database.run(append_events_txn, first + 1, events[first : first + BATCH]))


def a_day(steps: int = 150) -> tuple[list[Event], dict[CallId, CallRecord]]:
    house = SimulatedHouse(Random(11))
    events = [*house.day(steps), *house.finish()]
    calls: dict[CallId, list[CallEvent]] = {}
    for event in events:
        if isinstance(event, CallEvent):
            calls.setdefault(event.call_id, []).append(event)
    records = (record_of(each) for each in calls.values())
    return events, {record.call_id: record for record in records if record}


def test_an_empty_journal(database: DirectDatabase) -> None:
    assert result_of(database.run(last_sequence_txn)) == 0
    assert result_of(database.run(last_instant_txn)) is None
    assert result_of(database.run(read_journal_txn)) == []
    folder = RecordingFolder(Path("/nonexistent"))
    assert result_of(database.run(close_interrupted_txn, folder)) == []
    assert result_of(database.run(find_record_txn, CallId("c1"))) is None


def test_what_was_written_is_read(database: DirectDatabase) -> None:
    events, _ = a_day()
    write(database, events)
    entries = result_of(database.run(read_journal_txn))
    assert [entry.event for entry in entries] == events
    assert [entry.sequence for entry in entries] == list(range(1, len(events) + 1))
    assert result_of(database.run(last_sequence_txn)) == len(events)
    assert result_of(database.run(last_instant_txn)) == events[-1].at


def test_the_journal_is_read_from_anywhere(database: DirectDatabase) -> None:
    events, _ = a_day()
    write(database, events)

    def read(*args: int, **kwargs: object) -> list[Event]:
        found = result_of(database.run(read_journal_txn, *args, **kwargs))  # type: ignore[arg-type]  # a test's shorthand
        return [entry.event for entry in found]

    assert read(10, limit=5) == events[10:15]
    middle = events[len(events) // 2].at
    assert read(since=middle) == [event for event in events if event.at >= middle]
    kinds = [CallStarted.kind, CallCleared.kind]
    assert read(kinds=kinds) == [event for event in events if event.kind in kinds]
    call_id = CallId("c1")
    assert result_of(database.run(call_events_txn, call_id)) == [
        event for event in events if isinstance(event, CallEvent) and event.call_id == call_id
    ]


def test_records_are_those_of_the_events(database: DirectDatabase) -> None:
    """Also where the last word of a call came in a later batch than its end."""
    events, records = a_day()
    write(database, events)
    for call_id, record in records.items():
        assert result_of(database.run(find_record_txn, call_id)) == record
    assert result_of(database.run(open_calls_txn)) == []


def test_a_stay_with_the_ivr_is_read_as_it_was_told(database: DirectDatabase) -> None:
    events, records = a_day(20)
    call_id, record = next(iter(records.items()))
    of_call: dict[str, Any] = {
        "call_id": call_id,
        "agent_id": AgentId("a1"),
        "purpose": LoanPurpose.SELF_SERVICE,
    }
    lent = CallLent(at=record.started, connection_id=ConnectionId("1001"), **of_call)
    over = CallLoanEnded(
        at=record.started,
        result=LoanResult.SERVED,
        given_to=GivenTo.AGENT,
        seconds=12.5,
        services=("balance",),
        **of_call,
    )
    write(database, [*events, lent, over])
    read = result_of(database.run(find_record_txn, call_id))
    assert read is not None
    assert [(loan.result, loan.seconds, loan.services) for loan in read.loans] == [
        (LoanResult.SERVED, 12.5, ("balance",))
    ]
    assert read.loans[0].lent == record.started


def test_a_batch_written_twice_stands_once(database: DirectDatabase) -> None:
    events, _ = a_day(20)
    write(database, events)
    write(database, events)
    assert result_of(database.run(last_sequence_txn)) == len(events)


def test_paging_shows_every_call_once(database: DirectDatabase) -> None:
    events, records = a_day()
    write(database, events)
    seen: list[CallId] = []
    before: Cursor | None = None
    while True:
        page = result_of(database.run(find_calls_txn, CallFilter(), before, 3))
        assert len(page.records) <= 3
        seen += [record.call_id for record in page.records]
        if (before := page.next) is None:
            break
    newest_first = sorted(
        records.values(), key=lambda record: (record.started, record.call_id), reverse=True
    )
    assert seen == [record.call_id for record in newest_first]


def test_filters(database: DirectDatabase) -> None:
    events, records = a_day(250)
    write(database, events)

    def found(**fields: object) -> set[CallId]:
        wanted = CallFilter(**fields)  # type: ignore[arg-type]  # a test's shorthand
        page = result_of(database.run(find_calls_txn, wanted, None, 1000))
        return {record.call_id for record in page.records}

    def those(condition: Callable[[CallRecord], object]) -> set[CallId]:
        chosen = {call_id for call_id, record in records.items() if condition(record)}
        assert chosen, "the day has some of each"
        return chosen

    assert found(outcome=Outcome.ANSWERED) == those(lambda r: r.outcome is Outcome.ANSWERED)
    assert found(outcome=Outcome.FAILED) == those(lambda r: r.outcome is Outcome.FAILED)
    assert found(queue_id=QUEUES[1]) == those(lambda r: r.queue_id == QUEUES[1])
    agent_id = next(record.agent_id for record in records.values() if record.agent_id)
    assert found(agent_id=agent_id) == those(lambda r: r.agent_id == agent_id)
    assert found(customer_id="k1") == those(lambda r: r.customer_id == "k1")
    assert found(recorded=True) == those(lambda r: r.recording)
    assert found(numbers=("0007",)) == those(lambda r: "0007" in r.calling)
    either = those(lambda r: "0007" in r.calling or "0008" in r.calling)
    assert found(numbers=("0007", "0008")) == either
    assert found(numbers=("%",)) == set()
    middle = events[len(events) // 2].at
    assert found(since=middle) == those(lambda r: r.started >= middle)
    assert found(until=middle) == those(lambda r: r.started < middle)


def test_last_calls(database: DirectDatabase) -> None:
    events, records = a_day(250)
    write(database, events)
    of_customer = [record for record in records.values() if record.customer_id == "k1"]
    newest = sorted(of_customer, key=lambda record: record.started, reverse=True)[:4]
    assert result_of(database.run(last_calls_txn, CustomerId("k1"), 4)) == newest


def test_a_killed_run(database: DirectDatabase) -> None:
    events = list(SimulatedHouse(Random(12)).day(150))
    write(database, events)
    open_calls = result_of(database.run(open_calls_txn))
    assert open_calls
    folder = RecordingFolder(Path("/nonexistent"))
    closing = result_of(database.run(close_interrupted_txn, folder))
    assert result_of(database.run(open_calls_txn)) == []
    assert result_of(database.run(last_sequence_txn)) == len(events) + len(closing)
    for call_events in open_calls:
        record = result_of(database.run(find_record_txn, call_events[0].call_id))
        assert record is not None
        assert record.ended is not None
        assert record.ended - call_events[-1].at == timedelta(0)


def test_a_failed_transaction_leaves_nothing(database: DirectDatabase) -> None:
    events, _ = a_day(20)

    def broken_txn(session, events: list[Event]) -> None:  # type: ignore[no-untyped-def]  # a test's shorthand
        append_events_txn(session, 1, events)
        raise RuntimeError

    failed: Deferred[None] = database.run(broken_txn, events)
    with pytest.raises(RuntimeError):
        result_of(failed)
    assert result_of(database.run(last_sequence_txn)) == 0
