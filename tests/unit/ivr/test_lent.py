"""Callers whom agents lend: the flow on a call that is up, and how it gives them back."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cti.kernel.errors import LocalError, Refused
from cti.kernel.events import encode
from cti.kernel.identifiers import CallId, DeviceId
from cti.kernel.loans import LoanEnded, LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, Verification
from ivr.events import FlowEntered, FlowLeft
from ivr.quiet import LONGEST, QUIET
from ivr.service import flows_left
from tests.support.fake_bank import CUSTOMER
from tests.support.ivr_house import IvrHouse

SIGN_IN = "6001010101#13579080000101#246801"
WRONG_SIGN_IN = "6001010101#13579080000101#000000"
VERIFY, SELF_SERVICE = LoanPurpose.VERIFY, LoanPurpose.SELF_SERVICE
ZH = Language.CHINESE


@pytest.fixture
def house() -> Iterator[IvrHouse]:
    house = IvrHouse()
    yield house
    assert house.errors == []


class Loan:
    """A caller talks with an agent, who lends them to the IVR."""

    def __init__(self, house: IvrHouse, purpose: LoanPurpose = VERIFY, flow: str = "") -> None:
        self.house = house
        self.call_id = in_conversation(house)
        self.ended: list[LoanEnded] = []
        self.lend(purpose, flow)

    def lend(self, purpose: LoanPurpose = VERIFY, flow: str = "") -> None:
        """The agent lends the caller."""
        self.house.calls.seclude(self.call_id, True)
        lent: Deferred[LoanEnded] = self.house.ivr.lend(self.call_id, purpose, ZH, flow)
        lent.addCallback(self.ended.append)

    def press(self, keys: str) -> None:
        """The caller presses keys."""
        self.house.calls.press(self.call_id, keys)

    def finish_play(self) -> None:
        """What plays comes to its end."""
        self.house.calls.finish_play(self.call_id)

    @property
    def heard(self) -> list[str]:
        """What plays to the caller."""
        return self.house.heard(self.call_id)

    @property
    def result(self) -> LoanResult | None:
        """How it ended, None while it lasts."""
        assert len(self.ended) <= 1
        return self.ended[0].result if self.ended else None


def in_conversation(house: IvrHouse) -> CallId:
    """A caller who talks with an agent."""
    house.calls.register("1001")
    call_id = house.calls.dial()
    house.calls.answer(call_id)
    house.calls.phone_answers(house.calls.deliver(call_id, DeviceId("1001")))
    return call_id


def data_of(loan: Loan) -> tuple[object, ...]:
    call = loan.house.calls.get(loan.call_id)
    assert call is not None
    known = call.user_data
    return known.verification, known.customer_id, known.verified, known.path, known.entered


def test_a_caller_is_verified_and_given_back(house: IvrHouse) -> None:
    loan = Loan(house)
    assert loan.heard == ["loan.verify", "sign_in.account"]
    loan.press(SIGN_IN)
    assert loan.heard == ["sign_in.wait"]
    loan.finish_play()
    assert loan.heard == ["sign_in.verified", "loan.back"]
    assert loan.result is None
    house.clock.advance(3.0)
    loan.finish_play()
    assert loan.ended == [LoanEnded(LoanResult.VERIFIED, Verification.SIGNED_IN)]
    verification, customer_id, verified, path, entered = data_of(loan)
    assert (verification, customer_id) == (Verification.SIGNED_IN, CUSTOMER)
    assert verified is not None
    assert (path, entered) == ((), {}), "nothing of the loan is how the caller came"
    assert house.of(FlowEntered) == [house.of(FlowEntered)[0]]
    assert [each.outcome for each in house.of(FlowLeft) if isinstance(each, FlowLeft)] == [
        "returned"
    ]
    loan.press("7")
    assert house.clock.getDelayedCalls() == []
    assert house.calls.get(loan.call_id) is not None
    assert house.announcer.lent == []


def test_the_masking_is_whose_loan_it_is(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press(SIGN_IN)
    loan.finish_play()
    house.clock.advance(5.0)
    assert house.calls.mask_changes == []


def test_who_is_wrong_chooses_to_try_again_or_to_go_back(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press(WRONG_SIGN_IN)
    loan.finish_play()
    assert loan.heard == ["sign_in.wrong", "loan.try_again"]
    loan.press("1" + WRONG_SIGN_IN)
    loan.finish_play()
    loan.press("2")
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.FAILED
    assert data_of(loan)[0] is Verification.NONE


def test_three_wrong_pins_lock_and_the_agent_is_told(house: IvrHouse) -> None:
    loan = Loan(house)
    for again in ("1", "1", ""):
        loan.press(WRONG_SIGN_IN)
        loan.finish_play()
        loan.press(again)
    assert loan.heard == ["sign_in.locked", "loan.back"]
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.LOCKED


def test_who_keys_nothing_gives_up(house: IvrHouse) -> None:
    loan = Loan(house)
    for _ in range(3):
        loan.finish_play()
        house.clock.advance(8.0)
    assert loan.heard == ["loan.back"]
    loan.finish_play()
    assert loan.result is LoanResult.GAVE_UP


def test_a_bank_that_does_not_answer_is_no_failure_of_the_caller(house: IvrHouse) -> None:
    house.bank.down = True
    loan = Loan(house)
    loan.press(SIGN_IN)
    loan.finish_play()
    assert loan.heard == ["loan.unavailable"]
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.INTERRUPTED
    assert house.announcer.lent == []


def test_what_the_agent_takes_back_is_told_to_stop_and_waited_for(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press("6001010101#135")
    house.ivr.take_back(loan.call_id)
    assert loan.heard == ["loan.no_more_keys"]
    loan.press("79")
    loan.finish_play()
    house.clock.advance(QUIET / 2)
    loan.press("0")
    house.clock.advance(QUIET * 0.9)
    assert loan.result is None, "that key was a digit of a PIN"
    house.ivr.take_back(loan.call_id)
    house.clock.advance(QUIET)
    assert loan.result is LoanResult.TAKEN_BACK
    assert house.clock.getDelayedCalls() == []


def test_a_caller_who_keys_on_is_not_waited_for_for_ever(house: IvrHouse) -> None:
    loan = Loan(house)
    house.ivr.take_back(loan.call_id)
    loan.finish_play()
    for _ in range(round(LONGEST / (QUIET / 2)) + 1):
        loan.press("5")
        house.clock.advance(QUIET / 2)
    assert loan.result is LoanResult.TAKEN_BACK


def test_keys_during_the_last_words_are_waited_for(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press(SIGN_IN)
    loan.finish_play()
    loan.press("#")
    loan.finish_play()
    assert loan.result is None
    house.clock.advance(QUIET)
    assert loan.result is LoanResult.VERIFIED


@pytest.mark.parametrize("when", ["", "600", SIGN_IN, "back"])
def test_a_caller_who_hangs_up_ends_it_once(house: IvrHouse, when: str) -> None:
    loan = Loan(house)
    if when == "back":
        house.ivr.take_back(loan.call_id)
    else:
        loan.press(when)
    house.calls.hang_up(loan.call_id)
    expected = LoanResult.TAKEN_BACK if when == "back" else LoanResult.CALLER_LEFT
    assert loan.result is expected
    assert house.clock.getDelayedCalls() == []
    assert house.announcer.lent == []


def test_an_agent_who_leaves_does_not_end_it(house: IvrHouse) -> None:
    loan = Loan(house)
    call = house.calls.get(loan.call_id)
    assert call is not None
    assert call.agent is not None
    house.calls.phone_hangs_up(call.agent.id)
    loan.press(SIGN_IN)
    loan.finish_play()
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.VERIFIED


def test_self_service_names_what_was_done(house: IvrHouse) -> None:
    loan = Loan(house, SELF_SERVICE)
    assert loan.heard == ["loan.self_service", "sign_in.account"]
    loan.press(SIGN_IN)
    loan.finish_play()
    loan.press("1")
    assert loan.heard == ["balance.told", "loan.menu"]
    loan.press("12")
    loan.press("0")
    house.clock.advance(2.0)
    loan.finish_play()
    ended = LoanEnded(LoanResult.SERVED, Verification.SIGNED_IN, ("balance", "transactions"))
    assert loan.ended == [ended]


def test_who_signed_in_before_is_not_asked_again_unless_that_ran_out(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press(SIGN_IN)
    loan.finish_play()
    house.clock.advance(2.0)
    loan.finish_play()
    loan.ended.clear()
    loan.lend(SELF_SERVICE)
    assert loan.heard == ["loan.self_service", "loan.menu"]
    loan.press("1")
    assert loan.heard == ["balance.told", "loan.menu"]
    house.clock.advance(2.0)
    loan.press("0")
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.SERVED
    loan.ended.clear()
    house.calls.attach(loan.call_id, verification=Verification.RECOGNISED, verified=None)
    loan.lend(SELF_SERVICE)
    assert loan.heard == ["loan.self_service", "sign_in.account"]


def test_who_does_nothing_by_themselves_gave_up(house: IvrHouse) -> None:
    loan = Loan(house, SELF_SERVICE)
    loan.press(SIGN_IN)
    loan.finish_play()
    loan.press("0")
    house.clock.advance(2.0)
    loan.finish_play()
    assert loan.result is LoanResult.GAVE_UP


def test_there_must_be_such_a_flow_and_only_one_loan(house: IvrHouse) -> None:
    loan = Loan(house)
    for flow, error in (
        ("main", "loan.no_flow"),
        ("nothing", "loan.no_flow"),
        ("", "loan.running"),
    ):
        with pytest.raises(Refused) as refused:
            house.ivr.lend(loan.call_id, VERIFY, ZH, flow)
        assert refused.value.error_id == error
    with pytest.raises(LocalError):
        house.ivr.take(house.calls.dial(), "verify")


def test_a_flow_that_breaks_gives_the_caller_back(
    house: IvrHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan = Loan(house)

    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.calls, "play", broken)
    loan.press("*")
    monkeypatch.undo()
    house.clock.advance(QUIET)
    assert loan.result is LoanResult.INTERRUPTED


def test_announcements_that_cannot_be_made_hold_nobody(house: IvrHouse) -> None:
    loan = Loan(house)
    house.announcer.broken = True
    house.ivr.take_back(loan.call_id)
    house.clock.advance(QUIET)
    assert loan.result is LoanResult.TAKEN_BACK


def test_a_loan_cut_off_by_a_restart_ends_when_nothing_is_keyed(house: IvrHouse) -> None:
    call_id = in_conversation(house)
    ended: list[LoanEnded] = []
    house.ivr.recover(call_id).addCallback(ended.append)
    assert house.heard(call_id) == ["loan.no_more_keys"]
    with pytest.raises(Refused):
        house.ivr.lend(call_id, VERIFY, ZH)
    house.calls.press(call_id, "12")
    house.calls.finish_play(call_id)
    house.calls.press(call_id, "34")
    house.clock.advance(QUIET * 0.9)
    assert ended == []
    house.clock.advance(QUIET)
    assert ended == [LoanEnded(LoanResult.INTERRUPTED, Verification.NONE)]


def test_a_caller_who_leaves_then_is_gone(house: IvrHouse) -> None:
    call_id = in_conversation(house)
    ended: list[LoanEnded] = []
    house.ivr.recover(call_id).addCallback(ended.append)
    house.calls.hang_up(call_id)
    assert ended == [LoanEnded(LoanResult.CALLER_LEFT)]
    house.ivr.recover(call_id).addCallback(ended.append)
    assert len(ended) == 2
    assert house.clock.getDelayedCalls() == []


def test_the_next_server_begins_no_loan_anew(house: IvrHouse) -> None:
    loan = Loan(house)
    assert flows_left(house.events) == {}
    loan.press("600")
    assert flows_left(house.events) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["key", "play", "time", "long", "back", "agent", "hang up"]), max_size=30
    ),
    st.sampled_from(LoanPurpose),
)
def test_whatever_happens_it_ends_at_most_once(storm: list[str], purpose: LoanPurpose) -> None:
    house = IvrHouse()
    loan = Loan(house, purpose)
    call = house.calls.get(loan.call_id)
    assert call is not None
    assert call.agent is not None
    agent = call.agent.id
    for index, what in enumerate(storm):
        match what:
            case "key":
                loan.press(SIGN_IN[index % len(SIGN_IN)])
            case "play":
                loan.finish_play()
            case "time":
                house.clock.advance(0.4)
            case "long":
                house.clock.advance(9.0)
            case "back":
                house.ivr.take_back(loan.call_id)
            case "agent":
                house.calls.clear_connection(agent)
            case "hang up":
                house.calls.hang_up(loan.call_id)
        assert len(loan.ended) <= 1
    house.ivr.take_back(loan.call_id)
    for _ in range(3):
        loan.finish_play()
        house.clock.advance(LONGEST)
    assert len(loan.ended) == 1
    assert house.clock.getDelayedCalls() == []
    assert house.announcer.lent == []
    assert house.errors == []


def test_nothing_keyed_is_in_any_event(house: IvrHouse) -> None:
    loan = Loan(house)
    loan.press(SIGN_IN)
    loan.finish_play()
    house.clock.advance(2.0)
    loan.finish_play()
    written = "".join(str(encode(event)) for event in house.events)
    for secret in ("6001010101", "135790", "80000101", "246801"):
        assert secret not in written
