from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from agents.events import AgentState, AgentStateChanged, CallOffered
from cti.call.events import CallCleared, CallEvent, RecordingStopped
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, StaffId, TicketNumber
from cti.recording.writer import Held
from monitoring.cdr import Outcome, record_of
from monitoring.recordings import RecordingFolder
from monitoring.repository import (
    CallFilter,
    append_events_txn,
    find_calls_txn,
    open_calls_txn,
    read_journal_txn,
)
from monitoring.restart import (
    SLACK,
    GoingOn,
    close_interrupted_txn,
    closing_events,
    left_txn,
    reply_calls_txn,
)
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.simulated_house import SimulatedHouse
from tests.support.sounds import wav
from tickets.events import ReplyCallEnded, ReplyCallMade, TicketChanged


def call_up_to(stage: str) -> list[CallEvent]:
    """The events of one call as far as that stage, as a killed server leaves them."""
    for seed in range(500):
        house = SimulatedHouse(Random(seed))
        events = list(house.day(40))
        for call in house.calls:
            if call.stage == stage:
                return [
                    event
                    for event in events
                    if isinstance(event, CallEvent) and event.call_id == call.call_id
                ]
    raise AssertionError(stage)


def test_the_sound_on_disk_may_be_newer_than_the_journal() -> None:
    events = call_up_to("menu")
    stopped, cleared = closing_events(events, Held(3600.0, "5ea1"))
    assert isinstance(stopped, RecordingStopped)
    assert isinstance(cleared, CallCleared)
    assert (stopped.seconds, stopped.digest) == (3600.0, "5ea1")
    assert cleared.at == stopped.at
    assert cleared.at > events[-1].at


def test_a_call_is_closed_not_before_its_last_event() -> None:
    events = call_up_to("talking")
    *_, cleared = closing_events(events, Held())
    assert cleared.at == events[-1].at
    record = record_of([*events, *closing_events(events, Held())])
    assert record is not None
    assert record.outcome is Outcome.INTERRUPTED
    assert all(leg.ended for leg in record.legs)


def test_killed_in_a_call(tmp_path: Path) -> None:
    events = call_up_to("talking")
    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    result_of(database.run(append_events_txn, 1, events))
    call_id = events[0].call_id
    (tmp_path / f"{call_id}.wav").write_bytes(wav(8000 * 5)[:-3])
    closing = result_of(database.run(close_interrupted_txn, folder))
    assert {type(event) for event in closing} == {RecordingStopped, CallCleared}
    (record,) = result_of(database.run(find_calls_txn, CallFilter())).records
    assert record.outcome is Outcome.INTERRUPTED
    assert record.recording_seconds == (8000 * 5 - 1) / 8000
    assert result_of(database.run(close_interrupted_txn, folder)) == []


def test_an_agent_was_there_as_long_as_the_call_is_heard(tmp_path: Path) -> None:
    events = call_up_to("talking")
    busy = AgentStateChanged(
        at=events[-1].at,
        agent_id=AgentId("1001"),
        previous=AgentState.RESERVED,
        state=AgentState.BUSY,
    )
    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    result_of(database.run(append_events_txn, 1, [*events, busy]))
    (tmp_path / f"{events[0].call_id}.wav").write_bytes(wav(8000 * 900))
    closing = result_of(database.run(close_interrupted_txn, folder))
    (cleared,) = (event for event in closing if isinstance(event, CallCleared))
    (left,) = (event for event in closing if isinstance(event, AgentStateChanged))
    assert left.state is AgentState.LOGGED_OFF
    assert left.at == cleared.at > busy.at


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_nothing_stays_open(random: Random, steps: int) -> None:
    house = SimulatedHouse(random)
    events = list(house.day(steps))
    database, folder = DirectDatabase(), RecordingFolder(Path("/nonexistent"))
    if events:
        result_of(database.run(append_events_txn, 1, events))
    closing = result_of(database.run(close_interrupted_txn, folder))
    assert result_of(database.run(open_calls_txn)) == []
    entries = result_of(database.run(read_journal_txn))
    assert [entry.event for entry in entries] == [*events, *closing]
    assert all(one.at <= later.at for one, later in pairwise(closing))
    states = {
        entry.event.agent_id: entry.event.state
        for entry in entries
        if isinstance(entry.event, AgentStateChanged)
    }
    assert set(states.values()) <= {AgentState.LOGGED_OFF}
    left = {call.call_id for call in house.calls}
    records = result_of(database.run(find_calls_txn, CallFilter(), None, 1000)).records
    outcomes = {record.call_id: record.outcome for record in records}
    assert all(
        (outcome is Outcome.INTERRUPTED) == (call_id in left)
        for call_id, outcome in outcomes.items()
    )
    assert len(outcomes) == len({CallId(r.call_id) for r in records})
    database.stop()


def test_what_goes_on_stays_open_and_is_told_of(tmp_path: Path) -> None:
    events = call_up_to("talking")
    call_id = events[0].call_id
    (offered,) = [event for event in events if isinstance(event, CallOffered)][-1:]
    busy = AgentStateChanged(
        at=events[-1].at,
        agent_id=offered.agent_id,
        previous=AgentState.RESERVED,
        state=AgentState.BUSY,
    )
    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    result_of(database.run(append_events_txn, 1, [*events, busy]))
    going_on = GoingOn(frozenset({call_id}), agents=True)
    assert result_of(database.run(close_interrupted_txn, folder, going_on)) == []
    assert result_of(database.run(left_txn, going_on)) == [*events, busy]
    assert result_of(database.run(left_txn, GoingOn())) == []


def test_agents_stay_whose_call_is_over(tmp_path: Path) -> None:
    events = call_up_to("talking")
    (offered,) = [event for event in events if isinstance(event, CallOffered)][-1:]
    busy = AgentStateChanged(
        at=events[-1].at,
        agent_id=offered.agent_id,
        previous=AgentState.RESERVED,
        state=AgentState.BUSY,
    )
    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    result_of(database.run(append_events_txn, 1, [*events, busy]))
    going_on = GoingOn(agents=True)
    closing = result_of(database.run(close_interrupted_txn, folder, going_on))
    assert {type(event) for event in closing} <= {CallCleared, RecordingStopped}
    told = result_of(database.run(left_txn, going_on))
    assert told == [*events, busy, *closing], "how the call ended is told, too"


def test_what_happened_to_tickets_and_was_not_written_down_is_told(tmp_path: Path) -> None:
    first, second = changed_to("dispatched", 0), changed_to("closed", 20)
    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    result_of(database.run(append_events_txn, 1, [first]))
    asked: list[tuple[datetime, list[Event]]] = []

    def untold(_session: Session, since: datetime | None, told: Iterable[Event]) -> list[Event]:
        assert since is not None
        asked.append((since, [*told]))
        return [second]

    added = result_of(database.run(close_interrupted_txn, folder, GoingOn(), untold))
    assert asked == [(first.at - SLACK, [first])]
    assert added == [second]
    entries = result_of(database.run(read_journal_txn))
    assert [entry.event for entry in entries] == [first, second]


def test_the_first_of_all_events_is_told_too(tmp_path: Path) -> None:
    first = changed_to("dispatched", 0)

    def untold(_session: Session, since: datetime | None, told: Iterable[Event]) -> list[Event]:
        assert (since, [*told]) == (None, [])
        return [first]

    database, folder = DirectDatabase(), RecordingFolder(tmp_path)
    assert result_of(database.run(close_interrupted_txn, folder, GoingOn(), untold)) == [first]
    entries = result_of(database.run(read_journal_txn))
    assert [entry.event for entry in entries] == [first]


def test_reply_calls_without_an_end_are_known() -> None:
    at, number = datetime(2026, 11, 23, 1, tzinfo=UTC), TicketNumber("T1")
    one, two = (
        ReplyCallMade(at=at, number=number, call_id=CallId(each), attempt=1) for each in "12"
    )
    ended = ReplyCallEnded(at=at, number=number, call_id=CallId("1"), outcome="told")
    database = DirectDatabase()
    assert result_of(database.run(reply_calls_txn)) == []
    result_of(database.run(append_events_txn, 1, [one, two, ended]))
    assert result_of(database.run(reply_calls_txn)) == [two]


def changed_to(state: str, seconds: int) -> TicketChanged:
    return TicketChanged(
        at=datetime(2026, 11, 23, 1, tzinfo=UTC) + timedelta(seconds=seconds),
        number=TicketNumber("T1"),
        action="act",
        previous="registered",
        state=state,
        by=StaffId("1001"),
    )
