"""Whole calls through the shipped flow, on fakes and with time moved by hand."""

import gc
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cti.call.control import PlayEnd
from cti.call.events import CallCleared
from cti.call.model import Cause
from cti.kernel.errors import LocalError
from cti.kernel.events import encode
from cti.kernel.identifiers import CallId, QueueId
from cti.kernel.ports import QueueRequest
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification
from customers.model import Customer
from ivr.events import (
    ChoiceMade,
    FlowEntered,
    FlowLeft,
    ServiceUsed,
    SignInAttempted,
    SignInOutcome,
)
from ivr.session import SERVICE_LIMIT
from tests.support.fake_bank import ACCOUNT, CUSTOMER
from tests.support.fake_tickets import ENDING, NUMBER
from tests.support.ivr_house import KNOWN_NUMBER, SHANGHAI, WANG, IvrHouse

SIGN_IN = "6001010101#13579080000101#246801"
WRONG_SIGN_IN = "6001010101#13579080000101#000000"


@pytest.fixture
def house() -> Iterator[IvrHouse]:
    house = IvrHouse()
    yield house
    assert house.errors == []


def outcomes(house: IvrHouse) -> list[str]:
    return [event.outcome for event in house.of(FlowLeft) if isinstance(event, FlowLeft)]


def services(house: IvrHouse) -> list[tuple[str, bool]]:
    used = house.of(ServiceUsed)
    return [(each.service, each.succeeded) for each in used if isinstance(each, ServiceUsed)]


def at_rest(house: IvrHouse, call_id: CallId) -> None:
    """Nothing of the call is left: no timer, no sound on loan, no mask."""
    assert house.clock.getDelayedCalls() == []
    assert house.announcer.lent == []
    assert call_id not in house.calls.masked or house.calls.get(call_id) is None


# --- whole calls ----------------------------------------------------------------------------


def test_what_a_call_leaves_behind_goes_without_the_garbage_collector(house: IvrHouse) -> None:
    """So that it is asked for less often, while which nobody else is served."""
    call_id = house.dial()
    house.calls.press(call_id, "1")
    house.calls.press(call_id, "11")
    house.clock.advance(SERVICE_LIMIT)
    visit = ref(house.ivr._sessions[call_id])
    gc.disable()
    try:
        house.calls.hang_up(call_id)
        assert visit() is None
    finally:
        gc.enable()


def test_a_caller_hears_the_rates_and_hangs_up(house: IvrHouse) -> None:
    call_id = house.dial()
    assert house.heard(call_id) == ["language.choice", "language.choice"]
    assert house.calls.playing[call_id] == (Path("zh/language.choice"), Path("en/language.choice"))
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.ordinary", "main.menu"]
    house.calls.press(call_id, "11")
    assert house.heard(call_id) == ["rates.effective", "rates.rate", "rates.rate", "rates.menu"]
    house.calls.hang_up(call_id)
    assert services(house) == [("rates", True)]
    assert outcomes(house) == ["hung_up"]
    assert [each.choice for each in house.of(ChoiceMade) if isinstance(each, ChoiceMade)] == [
        "mandarin",
        "rates",
        "deposit_rates",
    ]
    at_rest(house, call_id)


def test_the_flow_is_left_before_the_call_is_cleared(house: IvrHouse) -> None:
    house.calls.hang_up(house.dial())
    kinds = [type(event) for event in house.events]
    assert kinds.index(FlowEntered) < kinds.index(FlowLeft) < kinds.index(CallCleared)


def test_a_caller_signs_in_and_hears_the_account(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "12" + SIGN_IN)
    assert house.heard(call_id) == ["sign_in.wait"]
    house.calls.finish_play(call_id)
    assert house.heard(call_id) == [
        "sign_in.verified",
        "balance.told",
        "transactions.heading",
        "transactions.out",
        "transactions.in",
        "account.menu",
    ]
    call = house.calls.get(call_id)
    assert call
    assert call.user_data.verification is Verification.SIGNED_IN
    assert call.user_data.customer_id == CUSTOMER
    assert call.user_data.customer_name == "王建国"
    assert call.user_data.service_level is ServiceLevel.SPECIAL
    assert call.user_data.path == ("mandarin", "account")
    assert services(house) == [("balance", True), ("transactions", True)]


def test_three_wrong_sign_ins_lead_to_a_person(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "12" + WRONG_SIGN_IN)
    house.calls.finish_play(call_id)
    for _ in range(2):
        assert house.heard(call_id) == ["sign_in.wrong", "sign_in.account"]
        house.calls.press(call_id, WRONG_SIGN_IN)
        house.calls.finish_play(call_id)
    assert house.heard(call_id) == ["sign_in.locked", "person.connecting"]
    house.calls.finish_play(call_id)
    attempts = [e.outcome for e in house.of(SignInAttempted) if isinstance(e, SignInAttempted)]
    assert attempts == [SignInOutcome.WRONG, SignInOutcome.WRONG, SignInOutcome.LOCKED]
    assert outcomes(house) == ["queued"]


def test_a_card_is_reported_lost_after_confirmation(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "13" + SIGN_IN)
    house.calls.finish_play(call_id)
    assert house.heard(call_id) == [
        "sign_in.verified",
        "loss.cards",
        "loss.item",
        "loss.item",
        "loss.which_card",
    ]
    house.calls.press(call_id, "2")
    assert house.heard(call_id) == ["loss.confirm"]
    assert house.bank.reports == {}
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["loss.reported", "main.menu"]
    assert [report.ending for report in house.bank.reports.values()] == ["0405"]
    assert services(house) == [("card_loss", True)]


def test_a_cancelled_loss_report_blocks_nothing(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "13" + SIGN_IN)
    house.calls.finish_play(call_id)
    house.calls.press(call_id, "12")
    assert house.heard(call_id) == ["loss.cancelled", "main.menu"]
    assert house.bank.reports == {}


def test_a_loss_the_bank_cannot_take_goes_to_a_person_first_in_line(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "13" + SIGN_IN)
    house.calls.finish_play(call_id)
    house.bank.down = True
    house.calls.press(call_id, "11")
    house.calls.finish_play(call_id)
    assert house.queues.queued == [
        (
            call_id,
            QueueRequest(
                QueueId("general"), Language.CHINESE, ServiceLevel.SPECIAL, Situation.CARD_LOSS
            ),
        )
    ]
    assert services(house) == [("card_loss", False)]


def test_a_caller_hears_the_state_of_a_ticket(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "14" + NUMBER + "#" + ENDING)
    assert house.heard(call_id) == ["ticket.told", "ticket.due", "ticket.menu_open"]
    call = house.calls.get(call_id)
    assert call
    assert call.user_data.entered == {"ticket_number": NUMBER}
    assert services(house) == [("ticket_state", True)]


def test_a_complaint_in_english(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "29")
    assert house.calls.playing[call_id] == (Path("en/complaint.connecting"),)
    house.calls.finish_play(call_id)
    assert call_id not in house.calls._collectors
    request = QueueRequest(QueueId("complaints"), Language.ENGLISH)
    assert house.queues.queued == [(call_id, request)]
    assert outcomes(house) == ["queued"]


def test_silence_ends_in_the_queue(house: IvrHouse) -> None:
    call_id = house.dial()
    for _ in range(4):
        house.calls.finish_play(call_id)
        house.clock.advance(6.0)
    assert house.heard(call_id) == ["retry.person", "person.connecting"]
    house.calls.finish_play(call_id)
    assert [request.queue_id for _, request in house.queues.queued] == ["general"]
    at_rest(house, call_id)


@pytest.mark.parametrize(
    ("hour", "said"),
    [("2026-11-23 21:00", "closed.night"), ("2027-01-01 10:00", "closed.holiday")],
)
def test_nobody_serves_outside_hours(hour: str, said: str) -> None:
    house = IvrHouse(now=datetime.fromisoformat(hour).replace(tzinfo=SHANGHAI))
    call_id = house.dial()
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.ordinary", said, "night.menu"]


# --- the caller's number --------------------------------------------------------------------


def test_a_known_caller_is_greeted_by_level(house: IvrHouse) -> None:
    call_id = house.dial(KNOWN_NUMBER)
    call = house.calls.get(call_id)
    assert call
    assert call.user_data.verification is Verification.RECOGNISED
    assert call.user_data.service_level is ServiceLevel.SPECIAL
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.special", "main.menu"]


def test_a_slow_directory_delays_the_first_prompt_a_moment_only(house: IvrHouse) -> None:
    slow: Deferred[Customer | None] = Deferred()
    house.customers.slow = slow
    call_id = house.dial(KNOWN_NUMBER)
    assert house.heard(call_id) == []
    house.clock.advance(0.3)
    assert house.heard(call_id) == ["language.choice", "language.choice"]
    slow.callback(WANG)
    call = house.calls.get(call_id)
    assert call
    assert call.user_data.customer_id == CUSTOMER, "the agent will want to know"


def test_a_directory_that_answers_after_the_end_is_ignored(house: IvrHouse) -> None:
    slow: Deferred[Customer | None] = Deferred()
    house.customers.slow = slow
    call_id = house.dial(KNOWN_NUMBER)
    house.calls.hang_up(call_id)
    at_rest(house, call_id)
    slow.callback(WANG)
    at_rest(house, call_id)


def test_a_broken_directory_stops_nobody(house: IvrHouse) -> None:
    house.customers.broken = True
    call_id = house.dial(KNOWN_NUMBER)
    assert house.heard(call_id) == ["language.choice", "language.choice"]


# --- sound ----------------------------------------------------------------------------------


def test_sounds_that_come_too_late_are_not_played(house: IvrHouse) -> None:
    call_id = house.dial()
    house.announcer.held = []
    house.calls.press(call_id, "1")
    held, house.announcer.held = house.announcer.held, None
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["rates.menu"]
    for give in held:
        give()
    assert house.heard(call_id) == ["rates.menu"]
    house.calls.hang_up(call_id)
    at_rest(house, call_id)


def test_a_sound_that_a_key_cut_is_not_taken_for_finished(house: IvrHouse) -> None:
    call_id = house.dial()
    cut = house.calls._plays[call_id][0]
    house.announcer.held = []
    house.calls._plays.clear()
    house.calls.press(call_id, "1")
    cut.callback(PlayEnd.FINISHED)
    assert house.clock.getDelayedCalls() == [], "the menu has not been said yet"


def test_an_interruption_waits_for_its_key(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.stop(call_id)
    assert house.clock.getDelayedCalls() == []
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.ordinary", "main.menu"]


def test_without_a_voice_the_menu_still_works(house: IvrHouse) -> None:
    house.announcer.broken = True
    call_id = house.dial()
    house.calls.press(call_id, "10")
    assert [request.queue_id for _, request in house.queues.queued] == ["general"]


# --- the bank -------------------------------------------------------------------------------


def test_a_slow_bank_is_not_waited_for(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "1")
    house.bank.held = []
    house.calls.press(call_id, "11")
    house.clock.advance(5.0)
    assert house.heard(call_id) == ["common.sorry", "main.menu"]
    house.bank.release()
    assert house.heard(call_id) == ["common.sorry", "main.menu"]
    assert services(house) == [("rates", False)]


def test_a_sign_in_goes_on_when_the_caller_hangs_up(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "12" + WRONG_SIGN_IN[:-1])
    house.bank.held = []
    house.calls.press(call_id, WRONG_SIGN_IN[-1])
    house.calls.hang_up(call_id)
    at_rest(house, call_id)
    house.bank.release()
    assert house.bank.wrong == 1
    assert house.of(SignInAttempted) == [], "nothing of a call happens after its end"


# --- recording and secrets ------------------------------------------------------------------


def test_the_recording_is_masked_while_secrets_are_keyed(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "1")
    assert house.calls.mask_changes == []
    house.calls.press(call_id, "2")
    assert house.calls.mask_changes == [(call_id, True)]
    house.calls.press(call_id, SIGN_IN)
    house.clock.advance(0.49)
    assert call_id in house.calls.masked
    house.clock.advance(0.02)
    assert house.calls.mask_changes == [(call_id, True), (call_id, False)]


def test_the_mask_falls_even_after_the_caller_was_handed_over(house: IvrHouse) -> None:
    call_id = house.dial()
    house.bank.wrong = 3
    house.announcer.broken = True
    house.calls.press(call_id, "12" + SIGN_IN)
    assert outcomes(house) == ["queued"]
    assert call_id in house.calls.masked
    house.clock.advance(0.5)
    assert call_id not in house.calls.masked
    at_rest(house, call_id)


def test_no_secret_is_in_any_event_or_user_data(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "12" + WRONG_SIGN_IN)
    house.calls.finish_play(call_id)
    house.calls.press(call_id, SIGN_IN)
    house.calls.finish_play(call_id)
    call = house.calls.get(call_id)
    written = repr([encode(event) for event in house.events]) + repr(call)
    for secret in ("6001010101", "135790", "80000101", "246801", ACCOUNT):
        assert secret not in written


# --- the end --------------------------------------------------------------------------------

EVERYTHING = "12" + SIGN_IN + "1#3" + "11" + "4" + NUMBER + "#90"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["key", "played", "time"]), max_size=70), st.booleans())
def test_hanging_up_at_any_point_leaves_nothing_behind(script: list[str], held: bool) -> None:
    house = IvrHouse()
    call_id = house.dial()
    keys = iter(EVERYTHING)
    if held:
        house.bank.held = []
    for act in script:
        match act:
            case "key":
                house.calls.press(call_id, next(keys, "0"))
            case "played":
                house.calls.finish_play(call_id)
            case "time":
                house.clock.advance(1.7)
    house.calls.hang_up(call_id)
    at_rest(house, call_id)
    house.bank.release()
    at_rest(house, call_id)
    assert house.errors == []
    assert len(outcomes(house)) == 1


def test_a_call_the_network_lost_is_left_as_failed(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.clear(call_id, cause=Cause.MEDIA_LOST)
    assert outcomes(house) == ["failed"]
    at_rest(house, call_id)


def test_a_goodbye_ends_the_call() -> None:
    house = IvrHouse(now=datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI))
    call_id = house.dial()
    house.calls.press(call_id, "1")
    for _ in range(4):
        house.calls.finish_play(call_id)
        house.clock.advance(6.0)
    assert house.heard(call_id) == ["common.goodbye"]
    house.calls.finish_play(call_id)
    assert house.calls.get(call_id) is None
    assert outcomes(house) == ["ended"]
    at_rest(house, call_id)


def test_a_queue_that_refuses_ends_the_call_cleanly(house: IvrHouse) -> None:
    house.queues.closed = True
    call_id = house.dial()
    house.calls.press(call_id, "10")
    house.calls.finish_play(call_id)
    assert outcomes(house) == ["failed"]
    assert house.calls.get(call_id) is None
    at_rest(house, call_id)


def test_a_caller_who_left_before_the_answer(house: IvrHouse) -> None:
    call_id = house.calls.dial()
    house.calls.hang_up(call_id)
    house.ivr.take(call_id, "main")
    at_rest(house, call_id)
    assert house.of(FlowEntered) == []


def test_a_flow_nobody_wrote(house: IvrHouse) -> None:
    with pytest.raises(LocalError):
        house.ivr.take(house.calls.dial(), "night")
