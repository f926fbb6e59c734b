"""Callers lent to a real IVR by agents of a small call centre, on one fake of call control."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import no_call, no_customer, no_loan
from agents.events import (
    AgentState,
    CallAnswered,
    CallLent,
    CallLoanEnded,
    CallQueued,
    GivenTo,
)
from agents.lending import SECURE
from cti.call.control import Snoop
from cti.call.model import Call, Cause
from cti.kernel.errors import Refused
from cti.kernel.events import encode
from cti.kernel.identifiers import DeviceId
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.ports import IN_FRONT
from cti.kernel.vocabulary import Verification
from ivr.quiet import LONGEST, QUIET
from tests.support.lending_house import SIGN_IN, VERIFIED_FOR, WRONG_SIGN_IN, A, B, LendingHouse

SUPERVISOR = DeviceId("1900")
SECRETS = ("6001010101", "135790", "80000101", "246801")


@pytest.fixture
def house() -> Iterator[LendingHouse]:
    house = LendingHouse()
    yield house
    assert house.centre.errors == []


def call_of(house: LendingHouse) -> Call:
    call = house.calls.get(house.call_id)
    assert call is not None
    return call


def endings(house: LendingHouse) -> list[tuple[LoanResult, GivenTo]]:
    return [(each.result, each.given_to) for each in house.centre.events(CallLoanEnded)]


def test_a_caller_is_verified_while_the_agent_waits_in_their_state(house: LendingHouse) -> None:
    house.lend()
    assert house.calls.secluded == {house.call_id}
    assert house.calls.marks == [(house.call_id, SECURE)]
    assert house.heard == ["loan.verify", "sign_in.account"]
    view = house.lending.last(house.call_id)
    assert view is not None
    assert view.result is None
    house.sign_in()
    assert house.calls.secluded == set()
    assert endings(house) == [(LoanResult.VERIFIED, GivenTo.AGENT)]
    assert call_of(house).user_data.verification is Verification.SIGNED_IN
    assert house.centre.service.view(A).state is AgentState.BUSY
    over = house.lending.last(house.call_id)
    assert over is not None
    assert (over.result, over.since) == (LoanResult.VERIFIED, view.since)
    (event,) = house.centre.events(CallLoanEnded)
    assert (event.agent_id, event.seconds) == (A, 2.0)
    kinds = [type(each) for each in house.centre.journal]
    assert kinds.index(CallLent) < kinds.index(CallLoanEnded)


def test_what_is_keyed_is_in_no_event(house: LendingHouse) -> None:
    house.lend()
    house.sign_in()
    written = "".join(str(encode(each)) for each in house.centre.journal)
    assert not [secret for secret in SECRETS if secret in written]


def test_who_fails_comes_back_as_they_were(house: LendingHouse) -> None:
    house.lend()
    house.press(WRONG_SIGN_IN)
    house.finish_play()
    house.press("2")
    house.clock.advance(2.0)
    house.finish_play()
    assert endings(house) == [(LoanResult.FAILED, GivenTo.AGENT)]
    assert call_of(house).user_data.verification is Verification.NONE


def test_a_hold_is_what_it_was(house: LendingHouse) -> None:
    house.centre.service.hold(A)
    house.lend()
    house.sign_in()
    assert house.centre.service.view(A).state is AgentState.HOLD
    house.lend()
    house.centre.service.retrieve(A)
    assert house.calls.secluded == {house.call_id}
    house.lending.take_back(A)
    house.finish_play()
    house.clock.advance(QUIET)
    assert house.calls.secluded == set()
    assert house.centre.service.view(A).state is AgentState.BUSY


def test_the_agent_takes_the_caller_back_when_nothing_more_is_keyed(house: LendingHouse) -> None:
    house.lend()
    house.press("600101")
    house.lending.take_back(A)
    house.press("0")
    house.finish_play()
    house.clock.advance(QUIET * 0.9)
    assert house.calls.secluded == {house.call_id}
    house.clock.advance(QUIET)
    assert house.calls.secluded == set()
    assert endings(house) == [(LoanResult.TAKEN_BACK, GivenTo.AGENT)]


def test_a_caller_who_hangs_up_ends_it(house: LendingHouse) -> None:
    house.lend()
    house.press("600")
    house.calls.hang_up(house.call_id)
    assert endings(house) == [(LoanResult.CALLER_LEFT, GivenTo.NOBODY)]
    assert house.lending.last(house.call_id) is None
    assert house.lending.lent(house.call_id) is None


def test_a_caller_without_agent_waits_in_front_and_stays_verified_for_a_while(
    house: LendingHouse,
) -> None:
    house.centre.service.set_not_ready(A, "lunch")
    house.lend()
    house.agent_hangs_up()
    assert house.calls.secluded == {house.call_id}
    before = house.centre.call()
    house.clock.advance(60)
    house.sign_in()
    assert endings(house) == [(LoanResult.VERIFIED, GivenTo.QUEUE)]
    assert house.calls.secluded == set()
    assert house.heard == ["loan.agent_gone"]
    assert house.centre.events(CallQueued)[-1].head_start == IN_FRONT
    house.clock.advance(VERIFIED_FOR - 5)
    house.centre.ready("b")
    ringing = house.centre.phone(house.call_id)
    assert ringing.device.id == "1002"
    house.centre.answer(house.call_id)
    house.clock.advance(VERIFIED_FOR)
    assert call_of(house).user_data.verification is Verification.SIGNED_IN
    assert house.centre.events(CallAnswered)[-1].agent_id == B
    assert house.calls.get(before) is not None


def test_after_that_while_they_are_not_verified_any_more(house: LendingHouse) -> None:
    house.lend()
    house.agent_hangs_up()
    house.sign_in()
    house.clock.advance(VERIFIED_FOR)
    known = call_of(house).user_data
    assert (known.verification, known.verified) == (Verification.RECOGNISED, None)


def test_supervisors_cannot_come_and_go_when_there_is_no_agent(house: LendingHouse) -> None:
    house.calls.register(SUPERVISOR)
    listening = house.calls.snoop(house.call_id, SUPERVISOR, Snoop.LISTEN)
    house.calls.phone_answers(listening)
    house.lend()
    with pytest.raises(Refused) as refused:
        house.calls.snoop(house.call_id, DeviceId("1901"), Snoop.LISTEN)
    assert refused.value.error_id == "call.secure"
    house.agent_hangs_up()
    assert call_of(house).connections == (call_of(house).customer,)


def test_an_agent_who_comes_back_in_time_has_the_caller_back(house: LendingHouse) -> None:
    house.lend()
    house.agent_hangs_up()
    house.calls.phone_answers(house.calls.deliver(house.call_id, DeviceId("1001")))
    house.sign_in()
    assert endings(house) == [(LoanResult.VERIFIED, GivenTo.AGENT)]
    assert len(house.centre.events(CallQueued)) == 1


def test_whom_no_queue_brought_is_let_go_when_nobody_is_there(house: LendingHouse) -> None:
    house.calls.attach(house.call_id, queue_id=None)
    house.lend()
    house.agent_hangs_up()
    house.sign_in()
    assert house.calls.get(house.call_id) is None


def test_what_cannot_be_is_refused_and_changes_nothing(house: LendingHouse) -> None:
    with pytest.raises(Refused) as refused:
        house.lending.lend(B, LoanPurpose.VERIFY)
    assert refused.value.error_id == no_call().error_id
    with pytest.raises(Refused) as refused:
        house.lending.take_back(A)
    assert refused.value.error_id == no_loan().error_id
    with pytest.raises(Refused) as refused:
        house.lending.lend(A, LoanPurpose.SELF_SERVICE, flow="main")
    assert refused.value.error_id == "loan.no_flow"
    assert house.calls.secluded == set()
    assert house.centre.events(CallLent) == []
    house.lend()
    with pytest.raises(Refused) as refused:
        house.lend()
    assert refused.value.error_id == "loan.running"
    assert house.calls.secluded == {house.call_id}


def test_a_colleague_is_nobody_to_verify(house: LendingHouse) -> None:
    house.calls.hang_up(house.call_id)
    house.centre.service.finish_after_call(A)
    house.calls.register("1002")
    made = house.calls.make(DeviceId("1001"), "1002")
    house.calls.phone_answers(house.centre.phone(made).id)
    (call,) = house.calls.calls()
    (colleague,) = [each for each in call.connections if each.device.id == "1002"]
    house.calls.phone_answers(colleague.id)
    with pytest.raises(Refused) as refused:
        house.lending.lend(A, LoanPurpose.VERIFY)
    assert refused.value.error_id == no_customer().error_id


# --- through a restart --------------------------------------------------------------------------


def test_a_restart_gives_the_caller_back_when_nothing_is_keyed(house: LendingHouse) -> None:
    house.lend()
    house.press("600101")
    house.restart()
    assert house.calls.seclusions[-1] == (house.call_id, True), "said to media once more"
    assert house.heard == ["loan.no_more_keys"]
    view = house.lending.last(house.call_id)
    assert view is not None
    assert view.result is None
    house.press("0101")
    house.finish_play()
    house.clock.advance(QUIET)
    assert house.calls.secluded == set()
    assert endings(house) == [(LoanResult.INTERRUPTED, GivenTo.AGENT)]
    assert house.centre.service.view(A).state is AgentState.BUSY


def test_a_restart_without_agent_leads_to_the_queue_once(house: LendingHouse) -> None:
    house.lend()
    house.agent_hangs_up()
    house.restart()
    assert house.centre.service.waiting_since(house.call_id) is None, "still with the IVR"
    assert house.ivr.serves(house.call_id)
    house.finish_play()
    house.clock.advance(QUIET)
    assert endings(house) == [(LoanResult.INTERRUPTED, GivenTo.QUEUE)]
    assert house.centre.service.waiting_since(house.call_id) is not None


def test_how_long_a_caller_stays_verified_does_not_begin_anew(house: LendingHouse) -> None:
    house.lend()
    house.agent_hangs_up()
    house.sign_in()
    house.clock.advance(VERIFIED_FOR - 20)
    house.restart(10)
    assert call_of(house).user_data.verification is Verification.SIGNED_IN
    house.clock.advance(10)
    assert call_of(house).user_data.verification is Verification.RECOGNISED


def test_a_restart_after_the_call_finds_nothing(house: LendingHouse) -> None:
    house.lend()
    house.lending.stop()
    house.calls.clear(house.call_id, cause=Cause.INTERRUPTED)
    house.restart()
    assert house.lending.lent(house.call_id) is None


# --- whatever happens ----------------------------------------------------------------------------

HAPPENINGS = (
    *("lend", "self", "back", "key", "sign in", "play", "tick", "long"),
    *("agent", "return", "hold", "retrieve", "hang up", "restart"),
)


@settings(max_examples=70, deadline=None)
@given(st.lists(st.sampled_from(HAPPENINGS), max_size=25))
def test_in_every_order_it_ends_once_and_nobody_stays_secluded(storm: list[str]) -> None:
    house = LendingHouse()
    for index, what in enumerate(storm):
        happen(house, what, SIGN_IN[index % len(SIGN_IN)])
        check(house)
    for _ in range(12):  # as many as a caller needs who answers nothing any more
        happen(house, "back", "")
        house.finish_play()
        house.clock.advance(LONGEST)
    check(house)
    lent, over = house.centre.events(CallLent), house.centre.events(CallLoanEnded)
    assert len(lent) == len(over)
    assert house.calls.secluded == set()
    assert house.announcer.lent == []
    assert house.centre.errors == []


def happen(house: LendingHouse, what: str, key: str) -> None:
    """One of the happenings, as far as it can happen now."""
    call = house.calls.get(house.call_id)
    with suppress(Refused):
        if what in ("agent", "return", "hold", "retrieve"):
            happen_to_agent(house, what, call)
        else:
            happen_to_caller(house, what, key)


def happen_to_agent(house: LendingHouse, what: str, call: Call | None) -> None:
    if call is None:
        return
    if call.agent is None:
        if what == "return":
            house.calls.phone_answers(house.calls.deliver(call.id, DeviceId("1001")))
        return
    match what:
        case "agent":
            house.calls.clear_connection(call.agent.id)
        case "hold":
            house.calls.hold(call.agent.id)
        case "retrieve":
            house.calls.retrieve(call.agent.id)


def happen_to_caller(house: LendingHouse, what: str, key: str) -> None:
    steps: dict[str, Callable[[], object]] = {
        "lend": house.lend,
        "self": lambda: house.lend(LoanPurpose.SELF_SERVICE),
        "back": lambda: house.lending.take_back(A),
        "key": lambda: house.press(key),
        "sign in": lambda: house.press(SIGN_IN),
        "play": house.finish_play,
        "tick": lambda: house.clock.advance(0.4),
        "long": lambda: house.clock.advance(9.0),
        "restart": house.restart,
    }
    if what in steps:
        steps[what]()
    elif key in "60":
        house.calls.hang_up(house.call_id)


def check(house: LendingHouse) -> None:
    """A caller is secluded exactly as long as a loan lasts."""
    lent = house.lending.lent(house.call_id) is not None
    assert (house.call_id in house.calls.secluded) == lent
