from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import (
    CallAbandoned,
    CallAnswered,
    CallCoded,
    CallFlowedOut,
    CallLent,
    CallLoanEnded,
    CallQueued,
    CallWrappedUp,
    GivenTo,
)
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallStarted,
    ConnectionCleared,
    Delivered,
    Established,
    Failed,
    Held,
    MediaReported,
    NetworkReached,
    Originated,
    RecordingStarted,
    RecordingStopped,
    Retrieved,
    Transferred,
    UserDataAttached,
)
from cti.call.model import Cause, Direction, Party
from cti.kernel.events import decode, encode
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, CustomerId, DeviceId, QueueId
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.plain import from_plain, to_plain
from cti.kernel.vocabulary import Language, ServiceLevel, Verification
from monitoring import cdr
from monitoring.cdr import CallRecord, Loan, Outcome, WaitEnd, fold, record_of
from tests.support.simulated_house import SimulatedHouse

BEGIN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
CALL = CallId("c1")


def at(seconds: float) -> dict[str, Any]:
    return {"at": BEGIN + timedelta(seconds=seconds), "call_id": CALL}


def leg(name: str, party: Party) -> dict[str, Any]:
    return {"connection_id": ConnectionId(name), "device_id": DeviceId(name), "party": party}


CALLER, AGENT = leg("caller", Party.CALLER), leg("1001", Party.AGENT)
QUEUE: dict[str, Any] = {"queue_id": QueueId("general")}
STARTED = CallStarted(
    **at(0), direction=Direction.INBOUND, calling="13800138000", called="95588", trunk="carrier"
)
ANSWERED = Established(**at(1), **CALLER)
QUEUED = CallQueued(**at(10), **QUEUE, service_level=ServiceLevel.PRIORITY)
CLEARED = CallCleared(**at(100), cause=Cause.NORMAL, cleared_by=Party.CALLER)


def test_a_record_is_copied_once_for_what_happens_to_a_connection() -> None:
    copied: list[object] = []

    def noted(value: Any, **changes: Any) -> Any:
        copied.append(value)
        return replace(value, **changes)

    record = record_of([STARTED, ANSWERED, QUEUED, Established(**at(22), **AGENT)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cdr, "replace", noted)
        fold(
            record, ConnectionCleared(**at(60), **AGENT, cause=Cause.NORMAL, cleared_by=Party.AGENT)
        )
    assert sum(isinstance(each, CallRecord) for each in copied) == 1


def test_a_conversation_counts_its_parts_once() -> None:
    record = record_of([
        STARTED,
        Delivered(**at(0), **CALLER),
        ANSWERED,
        RecordingStarted(**at(1), connection_id=ConnectionId("caller"), file="c1.wav"),
        UserDataAttached(
            **at(5), customer_id=CustomerId("k7"), service_level=ServiceLevel.SPECIAL,
            language=Language.ENGLISH, verification=Verification.SIGNED_IN, path=("main", "person"),
        ),
        QUEUED,
        Delivered(**at(18), **AGENT),
        Established(**at(22), **AGENT),
        CallAnswered(**at(22), **QUEUE, agent_id=AgentId("a1"), waited=12.0),
        Held(**at(40), **AGENT),
        Retrieved(**at(50), **AGENT),
        ConnectionCleared(**at(100), **AGENT, cause=Cause.NORMAL, cleared_by=Party.CALLER),
        ConnectionCleared(**at(100), **CALLER, cause=Cause.NORMAL, cleared_by=Party.CALLER),
        MediaReported(
            **at(101), **AGENT, packets_sent=3900, packets_received=3850, packets_lost=3,
            jitter=2.5, round_trip=31.0, rating=91.2, codec="PCMA",
        ),
        CLEARED,
        RecordingStopped(
            **at(100), connection_id=ConnectionId("caller"), file="c1.wav", seconds=99.0
        ),
        CallWrappedUp(**at(115), agent_id=AgentId("a1"), talked=68.0, held=10.0, after_call=15.0),
    ])  # fmt: skip
    assert record is not None
    assert record.outcome is Outcome.ANSWERED
    assert (record.waited, record.talked, record.held, record.after_call) == (12, 68, 10, 15)
    assert (record.seconds, record.recording, record.recording_seconds) == (100, "c1.wav", 99)
    assert (record.queue_id, record.agent_id) == (QueueId("general"), AgentId("a1"))
    assert (record.customer_id, record.path) == (CustomerId("k7"), ("main", "person"))
    caller, agent = record.legs
    assert (caller.party, agent.party) == (Party.CALLER, Party.AGENT)
    assert agent.alerting == BEGIN + timedelta(seconds=18)
    assert (agent.packets_sent, agent.packets_lost) == (3900, 3)
    assert (agent.jitter, agent.round_trip, agent.rating, agent.codec) == (2.5, 31, 91.2, "PCMA")
    assert agent.ended == BEGIN + timedelta(seconds=100)


LENT = CallLent(
    **at(30),
    agent_id=AgentId("a1"),
    connection_id=ConnectionId("1001"),
    purpose=LoanPurpose.VERIFY,
)
GIVEN_BACK = CallLoanEnded(
    **at(72),
    agent_id=AgentId("a1"),
    purpose=LoanPurpose.VERIFY,
    result=LoanResult.VERIFIED,
    given_to=GivenTo.AGENT,
    seconds=42.0,
    services=("balance",),
)
LOAN = Loan(AgentId("a1"), LoanPurpose.VERIFY, LENT.at, 42.0, LoanResult.VERIFIED, ("balance",))


def test_a_stay_with_the_ivr_is_on_record_with_its_end() -> None:
    lent = record_of([STARTED, ANSWERED, LENT])
    assert lent is not None
    assert lent.loans == (Loan(AgentId("a1"), LoanPurpose.VERIFY, LENT.at),)
    record = record_of([STARTED, ANSWERED, LENT, GIVEN_BACK, GIVEN_BACK, CLEARED])
    assert record is not None
    assert record.loans == (LOAN,)
    assert from_plain(tuple[Loan, ...], to_plain(record.loans)) == record.loans


def test_a_stay_whose_end_nobody_told_ends_with_the_interrupted_call() -> None:
    cut = CallCleared(**at(50), cause=Cause.INTERRUPTED, cleared_by=Party.SYSTEM)
    record = record_of([STARTED, ANSWERED, LENT, cut])
    assert record is not None
    (loan,) = record.loans
    assert (loan.seconds, loan.result) == (20.0, LoanResult.INTERRUPTED)
    gone = record_of([STARTED, ANSWERED, LENT, CLEARED])
    assert gone is not None
    assert gone.loans[0].result is None, "told behind the call's end"


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([ANSWERED], Outcome.SELF_SERVED),
        ([], Outcome.FAILED),
        ([ANSWERED, QUEUED, CallAbandoned(**at(30), **QUEUE, waited=20)], Outcome.ABANDONED),
        ([ANSWERED, QUEUED], Outcome.ABANDONED),
        (
            [ANSWERED, QUEUED, CallFlowedOut(**at(30), **QUEUE, waited=20, reason="closed")],
            Outcome.FAILED,
        ),
        ([ANSWERED, QUEUED, Established(**at(20), **AGENT)], Outcome.ANSWERED),
        (
            [ANSWERED, QUEUED, Delivered(**at(20), **AGENT),
             Failed(**at(35), **AGENT, cause=Cause.NO_ANSWER)],
            Outcome.ABANDONED,
        ),
    ],
)  # fmt: skip
def test_outcomes(events: list[CallEvent], outcome: Outcome) -> None:
    record = record_of([STARTED, *events, CLEARED])
    assert record is not None
    assert record.outcome is outcome


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [(Cause.INTERRUPTED, Outcome.INTERRUPTED), (Cause.MEDIA_LOST, Outcome.FAILED)],
)
def test_a_call_that_broke_down(cause: Cause, outcome: Outcome) -> None:
    record = record_of(
        [STARTED, ANSWERED, CallCleared(**at(50), cause=cause, cleared_by=Party.SYSTEM)]
    )
    assert record is not None
    assert record.outcome is outcome
    assert record.legs[0].ended == BEGIN + timedelta(seconds=50)
    assert record.legs[0].cause is cause


def test_an_interrupted_wait_is_nobodys_hang_up() -> None:
    record = record_of(
        [STARTED, ANSWERED, QUEUED,
         CallCleared(**at(40), cause=Cause.INTERRUPTED, cleared_by=Party.SYSTEM)]
    )  # fmt: skip
    assert record is not None
    assert (record.waits[0].end, record.waits[0].seconds) == (WaitEnd.FLOWED_OUT, 30)


def test_each_agent_s_last_code_is_kept_in_the_words_of_that_day() -> None:
    def coded(agent: str, code: str, *, again: bool = False) -> CallCoded:
        names = {Language.CHINESE: f"中{code}", Language.ENGLISH: code}
        return CallCoded(**at(110), agent_id=AgentId(agent), code=code, names=names, again=again)

    told = [coded("a1", "lost"), coded("a2", "rates"), coded("a1", "dispute", again=True)]
    record = record_of([STARTED, CLEARED, *(decode(each.kind, encode(each)) for each in told)])  # type: ignore[list-item]  # encoded calls' events
    assert record is not None
    assert [(each.agent_id, each.code) for each in record.codes] == [
        ("a2", "rates"),
        ("a1", "dispute"),
    ]
    assert record.codes[1].names[Language.CHINESE] == "中dispute"


def test_what_is_told_twice_counts_once() -> None:
    record = record_of([STARTED, ANSWERED, QUEUED, CLEARED])
    again = fold(record, CallAbandoned(**at(101), **QUEUE, waited=91))
    assert again == record
    assert (
        fold(record, CallCleared(**at(200), cause=Cause.NORMAL, cleared_by=Party.AGENT)) == record
    )


def test_queued_again_at_the_same_place_waits_on() -> None:
    record = record_of([STARTED, ANSWERED, QUEUED, CallQueued(
        **at(25), **QUEUE, service_level=ServiceLevel.UNIFORM)])  # fmt: skip
    assert record is not None
    assert len(record.waits) == 1


def test_another_queue_ends_the_first_wait() -> None:
    other = CallQueued(**at(25), queue_id=QueueId("complaints"), service_level=ServiceLevel.UNIFORM)
    record = record_of([STARTED, ANSWERED, QUEUED, other])
    assert record is not None
    assert [wait.end for wait in record.waits] == [WaitEnd.FLOWED_OUT, None]
    assert record.waits[0].seconds == 15


def test_without_its_start_there_is_no_record() -> None:
    assert record_of([ANSWERED, CLEARED]) is None


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 150))
def test_any_day_gives_sound_records(random: Random, steps: int) -> None:
    house = SimulatedHouse(random)
    events = [*house.day(steps), *house.finish()]
    assert [decode(event.kind, encode(event)) for event in events] == events
    by_call: dict[CallId, list[CallEvent]] = {}
    for event in events:
        if isinstance(event, CallEvent):
            by_call.setdefault(event.call_id, []).append(event)
    for call_events in by_call.values():
        record = record_of(call_events)
        assert record is not None
        assert record.outcome is not None
        assert record.waiting is None
        assert all(leg.ended and leg.held_since is None for leg in record.legs)
        wrapped = [event for event in call_events if isinstance(event, CallWrappedUp)]
        assert record.talked == pytest.approx(sum(event.talked for event in wrapped))
        assert record.held == pytest.approx(sum(event.held for event in wrapped))


def test_a_transferred_call_has_both_agents_and_one_recording() -> None:
    second = leg("1002", Party.AGENT)
    by: dict[str, Any] = {"cause": Cause.TRANSFERRED, "cleared_by": Party.AGENT}
    transferred = Transferred(
        **at(40),
        other_call_id=CallId("c2"),
        resulting_call_id=CALL,
        transferring_device=DeviceId("1001"),
        transferred_to="1002",
    )
    record = record_of(
        [
            STARTED,
            ANSWERED,
            RecordingStarted(**at(1), connection_id=ConnectionId("caller"), file="c1.wav"),
            Established(**at(10), **AGENT),
            Held(**at(20), **AGENT),
            ConnectionCleared(**at(40), **AGENT, **by),
            Established(**at(40), **second),
            transferred,
            RecordingStarted(**at(40), connection_id=ConnectionId("1002"), file="c2.wav"),
            RecordingStopped(
                **at(99), connection_id=ConnectionId("1002"), file="c2.wav", seconds=59.0
            ),
            RecordingStopped(
                **at(99), connection_id=ConnectionId("caller"), file="c1.wav", seconds=98
            ),
            CLEARED,
        ]
    )
    assert record is not None
    assert record.outcome is Outcome.ANSWERED
    assert [each.talked for each in record.legs if each.party is Party.AGENT] == [10.0, 60.0]
    assert record.held == 20.0
    assert (record.recording, record.recording_seconds) == ("c1.wav", 98)


def test_two_agents_in_one_call_talk_once_and_hold_only_together() -> None:
    second = leg("1002", Party.AGENT)
    record = record_of(
        [
            CallStarted(
                **at(0), direction=Direction.INBOUND, calling="138", called="95588", trunk="c"
            ),
            Established(**at(0), **CALLER),
            Established(**at(10), **AGENT),
            Established(**at(20), **second),
            Held(**at(30), **AGENT),
            Held(**at(40), **second),
            Retrieved(**at(45), **AGENT),
            ConnectionCleared(**at(50), **AGENT, cause=Cause.NORMAL, cleared_by=Party.AGENT),
            Retrieved(**at(55), **second),
            CallCleared(**at(60), cause=Cause.NORMAL, cleared_by=Party.CALLER),
        ]
    )
    assert record is not None
    assert (record.talked, record.held) == (40, 10)
    legs = {leg.device_id: (leg.talked, leg.held) for leg in record.legs}
    assert (legs[DeviceId("1001")], legs[DeviceId("1002")]) == ((25, 15), (25, 15))


def test_an_outgoing_call_is_answered_by_whom_it_calls() -> None:
    far = leg("13700137000", Party.CALLED)
    made = CallStarted(
        **at(0), direction=Direction.OUTBOUND, calling="1001", called="13700137000", trunk=""
    )
    ringing = [
        made,
        Established(**at(1), **AGENT),
        Originated(**at(1), **AGENT, called="13700137000"),
        NetworkReached(**at(1), **far, trunk="carrier"),
    ]
    end = CallCleared(**at(30), cause=Cause.BUSY, cleared_by=Party.SYSTEM)
    failed = record_of([*ringing, Failed(**at(9), **far, cause=Cause.BUSY), end])
    assert failed is not None
    assert (failed.outcome, failed.trunk, failed.answered) == (Outcome.FAILED, "carrier", None)
    reached = record_of([*ringing, Established(**at(9), **far), CLEARED])
    assert reached is not None
    assert reached.outcome is Outcome.ANSWERED
    assert reached.answered == BEGIN + timedelta(seconds=9)


def test_a_call_between_telephones_is_answered_by_the_second() -> None:
    inside = CallStarted(
        **at(0), direction=Direction.INTERNAL, calling="1001", called="1002", trunk=""
    )
    asking = Originated(**at(0), **AGENT, called="1002")
    alone = record_of([inside, asking, CLEARED])
    assert alone is not None
    assert alone.outcome is Outcome.FAILED
    assert not alone.served
    both = record_of([inside, asking, Established(**at(5), **leg("1002", Party.AGENT)), CLEARED])
    assert both is not None
    assert both.outcome is Outcome.ANSWERED
