"""The loan of a caller, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import CallLent, CallLoanEnded, GivenTo
from agents.self_service import (
    BEGINNING,
    Action,
    AgentCame,
    AgentLeft,
    AskBack,
    CallOver,
    DismissSupervisors,
    Event,
    ForgetVerification,
    Lend,
    Loan,
    LoanOver,
    Mark,
    Recover,
    Requeue,
    Resumed,
    Seclude,
    Stage,
    StartTimer,
    StopTimer,
    TakeBack,
    TellEnded,
    TellLent,
    TimerFired,
    loans_left,
    step,
)
from cti.call.events import CallCleared, Established
from cti.call.model import Cause, Party
from cti.kernel.events import decode, encode
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId
from cti.kernel.loans import LoanEnded, LoanPurpose, LoanResult
from cti.kernel.vocabulary import Verification

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
CALL, AGENT, CONNECTION = CallId("call"), AgentId("a"), ConnectionId("call.2")
LENT = Loan(CALL, AGENT, CONNECTION, LoanPurpose.VERIFY, NOW)
ALONE = replace(LENT, agent_there=False)
KEPT = replace(ALONE, stage=Stage.KEPT)
VERIFIED = LoanEnded(LoanResult.VERIFIED, Verification.SIGNED_IN)
FAILED = LoanEnded(LoanResult.FAILED, Verification.RECOGNISED)


def test_it_begins_in_one_step_with_nobody_hearing_before_the_ivr_speaks() -> None:
    assert (TellLent(), Seclude(True), Mark(), Lend()) == BEGINNING


@pytest.mark.parametrize(
    ("loan", "event", "stage", "actions"),
    [
        (LENT, TakeBack(), Stage.LENT, (AskBack(),)),
        (LENT, AgentLeft(), Stage.LENT, (DismissSupervisors(),)),
        (ALONE, AgentCame(), Stage.LENT, ()),
        (
            LENT,
            LoanOver(VERIFIED, True),
            Stage.OVER,
            (Seclude(False), TellEnded(VERIFIED, GivenTo.AGENT)),
        ),
        (
            ALONE,
            LoanOver(VERIFIED, True),
            Stage.KEPT,
            (Seclude(False), TellEnded(VERIFIED, GivenTo.QUEUE), Requeue(), StartTimer()),
        ),
        (
            ALONE,
            LoanOver(FAILED, True),
            Stage.OVER,
            (Seclude(False), TellEnded(FAILED, GivenTo.QUEUE), Requeue()),
        ),
        (LENT, LoanOver(VERIFIED, False), Stage.OVER, (TellEnded(VERIFIED, GivenTo.NOBODY),)),
        (LENT, Resumed(True, 0.0), Stage.LENT, (Seclude(True), Recover())),
        (KEPT, AgentCame(), Stage.OVER, (StopTimer(),)),
        (KEPT, TimerFired(), Stage.OVER, (ForgetVerification(),)),
        (KEPT, CallOver(), Stage.OVER, (StopTimer(),)),
        (KEPT, Resumed(False, 12.5), Stage.KEPT, (StartTimer(12.5),)),
        (KEPT, Resumed(False, -3.0), Stage.KEPT, (StartTimer(0.0),)),
        (KEPT, Resumed(True, 12.5), Stage.OVER, (StopTimer(),)),
        (KEPT, LoanOver(VERIFIED, True), Stage.KEPT, ()),
    ],
)
def test_each_step(loan: Loan, event: Event, stage: Stage, actions: tuple[Action, ...]) -> None:
    after, done = step(loan, event)
    assert (after.stage, done) == (stage, actions)


def test_a_call_that_is_over_says_that_the_caller_left() -> None:
    after, (told,) = step(LENT, CallOver())
    assert told == TellEnded(LoanEnded(LoanResult.CALLER_LEFT), GivenTo.NOBODY)
    assert step(after, LoanOver(VERIFIED, False)) == (after, ())


ends = st.builds(
    LoanEnded,
    st.sampled_from(LoanResult),
    st.sampled_from(Verification),
    st.sampled_from([(), ("balance",)]),
)
events = st.one_of(
    st.sampled_from([TakeBack(), AgentLeft(), AgentCame(), CallOver(), TimerFired()]),
    st.builds(LoanOver, ends, st.booleans()),
    st.builds(Resumed, st.booleans(), st.floats(-10, 300)),
)


@settings(max_examples=300)
@given(st.lists(events, max_size=25))
def test_whatever_happens_it_is_opened_once_and_only_by_the_ivr(storm: list[Event]) -> None:
    loan, secluded, done = LENT, True, list(BEGINNING)
    timer = False
    for event in storm:
        if isinstance(event, TimerFired) and not timer:
            continue
        before = loan
        loan, actions = step(loan, event)
        done += actions
        for action in actions:
            match action:
                case Seclude():
                    secluded = action.secluded
                    released = isinstance(event, LoanOver) and event.caller_there
                    assert secluded or released, "nothing else opens a call"
                case TellEnded():
                    assert before.stage is Stage.LENT
                    assert loan.stage is not Stage.LENT
                    gone = event == CallOver() or event == LoanOver(action.ended, False)
                    assert (action.given_to is GivenTo.NOBODY) == gone
                    assert secluded == gone, "opened before it is told, unless nobody is there"
                case Requeue():
                    assert not before.agent_there
                    assert not secluded
                case StartTimer():
                    timer = True
                case StopTimer() | ForgetVerification():
                    timer = False
        assert loan.stage is not Stage.LENT or secluded
        assert timer <= (loan.stage is Stage.KEPT)
    ended = [each for each in done if isinstance(each, TellEnded)]
    assert len(ended) == (loan.stage is not Stage.LENT)
    assert sum(isinstance(each, Lend) for each in done) == 1
    assert sum(isinstance(each, Requeue) for each in done) <= 1
    assert sum(each == Seclude(False) for each in done) <= 1


# --- what a restart finds -----------------------------------------------------------------------


def lent(at: datetime = NOW) -> CallLent:
    return CallLent(
        at=at,
        call_id=CALL,
        agent_id=AGENT,
        connection_id=CONNECTION,
        purpose=LoanPurpose.VERIFY,
    )


def ended(given_to: GivenTo, verification: Verification) -> CallLoanEnded:
    return CallLoanEnded(
        at=NOW + timedelta(seconds=40),
        call_id=CALL,
        agent_id=AGENT,
        purpose=LoanPurpose.VERIFY,
        result=LoanResult.VERIFIED,
        given_to=given_to,
        seconds=40.0,
        verification=verification,
        services=("balance",),
    )


def test_a_loan_that_lasts_is_found_in_the_journal() -> None:
    assert loans_left([decode(CallLent.kind, encode(lent()))]) == {CALL: LENT}


@pytest.mark.parametrize(
    ("given_to", "verification", "kept"),
    [
        (GivenTo.AGENT, Verification.SIGNED_IN, False),
        (GivenTo.QUEUE, Verification.SIGNED_IN, True),
        (GivenTo.QUEUE, Verification.RECOGNISED, False),
        (GivenTo.NOBODY, Verification.SIGNED_IN, False),
    ],
)
def test_who_waits_signed_in_is_found(
    given_to: GivenTo, verification: Verification, kept: bool
) -> None:
    over = ended(given_to, verification)
    left = loans_left([lent(), decode(CallLoanEnded.kind, encode(over))])
    assert left == ({CALL: replace(KEPT, since=over.at)} if kept else {})


def test_what_is_over_is_not_found() -> None:
    over = ended(GivenTo.QUEUE, Verification.SIGNED_IN)
    answered = Established(
        at=NOW,
        call_id=CALL,
        connection_id=ConnectionId("call.3"),
        device_id=DeviceId("1002"),
        party=Party.AGENT,
    )
    cleared = CallCleared(at=NOW, call_id=CALL, cause=Cause.NORMAL, cleared_by=Party.CALLER)
    assert loans_left([lent(), over, answered]) == {}
    assert loans_left([lent(), cleared]) == {}
    assert loans_left([over]) == {}
    assert loans_left([lent(), answered]) == {CALL: LENT}, "somebody came into a loan that lasts"
