from dataclasses import replace

import pytest

from agents.acd.rules import Order
from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallWrappedUp,
    OfferEnded,
    OfferOutcome,
)
from agents.model import AfterCallMode, AfterCallRules, AgentSettings
from agents.state import Presence
from cti.call.events import Failed
from cti.call.model import Cause
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId
from cti.kernel.ports import AgentDay
from tests.support.call_centre import GENERAL, QUEUES, CallCentre
from tests.support.deferred import result_of

A, B = AgentId("a"), AgentId("b")
SKILLED = {"general": 5}


@pytest.fixture
def one() -> CallCentre:
    centre = CallCentre({"a": SKILLED})
    centre.ready("a")
    return centre


@pytest.fixture
def two() -> CallCentre:
    centre = CallCentre({"a": SKILLED, "b": SKILLED})
    centre.ready("a", "b")
    return centre


def state(centre: CallCentre, agent: AgentId = A) -> AgentState:
    return centre.service.view(agent).state


def outcomes(centre: CallCentre) -> list[tuple[str, OfferOutcome]]:
    assert not centre.errors
    return [(event.agent_id, event.outcome) for event in centre.events(OfferEnded)]


def test_a_call_is_offered_talked_and_wrapped_up(one: CallCentre) -> None:
    call_id = one.call()
    assert state(one) is AgentState.RESERVED
    [offer] = one.events(CallOffered)
    assert (offer.call_id, offer.agent_id, offer.queue_id) == (call_id, A, GENERAL)
    one.clock.advance(4)
    one.answer(call_id)
    assert state(one) is AgentState.BUSY
    [answered] = one.events(CallAnswered)
    assert (answered.agent_id, answered.waited) == (A, 4)
    one.clock.advance(60)
    one.service.hold(A)
    assert state(one) is AgentState.HOLD
    one.clock.advance(30)
    one.service.retrieve(A)
    one.clock.advance(10)
    one.service.hang_up(A)
    assert state(one) is AgentState.WORKING_AFTER_CALL
    one.clock.advance(20)
    one.service.finish_after_call(A)
    assert state(one) is AgentState.READY
    [wrapped] = one.events(CallWrappedUp)
    assert (wrapped.talked, wrapped.held, wrapped.after_call) == (70, 30, 20)
    assert outcomes(one) == [("a", OfferOutcome.ACCEPTED)]


def test_no_answer_takes_the_agent_out_and_rings_the_next(two: CallCentre) -> None:
    call_id = two.call()
    first = two.phone(call_id)
    two.calls.phone_rings(first.id)
    two.clock.advance(14.9)
    assert state(two, A) is AgentState.RESERVED
    two.clock.advance(0.1)
    view = two.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "no_answer")
    assert two.phone(call_id).device.id == "1002"
    assert outcomes(two) == [("a", OfferOutcome.NO_ANSWER)]
    two.answer(call_id)
    assert state(two, B) is AgentState.BUSY
    [answered] = two.events(CallAnswered)
    assert answered.waited == 15


def test_after_no_answer_the_caller_is_back_at_the_head(one: CallCentre) -> None:
    first = one.call()
    one.clock.advance(5)
    second = one.call()
    one.clock.advance(10)
    assert state(one) is AgentState.NOT_READY
    one.service.set_ready(A)
    assert [event.call_id for event in one.events(CallOffered)] == [first, first]
    one.answer(first)
    one.service.hang_up(A)
    one.service.finish_after_call(A)
    assert one.events(CallOffered)[-1].call_id == second


@pytest.mark.parametrize(
    ("cause", "outcome", "reason"),
    [
        (Cause.BUSY, OfferOutcome.REFUSED, "refused"),
        (Cause.REFUSED, OfferOutcome.REFUSED, "refused"),
        (Cause.NO_ANSWER, OfferOutcome.NO_ANSWER, "no_answer"),
        (Cause.NETWORK, OfferOutcome.PHONE_UNREACHABLE, "phone_unreachable"),
        (Cause.CANCELLED, OfferOutcome.REFUSED, "refused"),
    ],
)
def test_what_a_failed_ring_means(
    one: CallCentre, cause: Cause, outcome: OfferOutcome, reason: str
) -> None:
    call_id = one.call()
    one.calls.phone_refuses(one.phone(call_id).id, cause)
    view = one.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, reason)
    assert outcomes(one) == [("a", outcome)]
    assert one.service.waiting_since(call_id) is not None
    one.clock.advance(60)
    assert len(one.events(OfferEnded)) == 1


def test_a_phone_that_vanished_unnoticed_is_unreachable(one: CallCentre) -> None:
    one.calls._devices.clear()  # gone without a word
    call_id = one.call()
    assert outcomes(one) == [("a", OfferOutcome.PHONE_UNREACHABLE)]
    assert one.service.view(A).reason == "phone_unreachable"
    assert one.service.waiting_since(call_id) is not None


def test_a_caller_who_leaves_stops_the_ringing(one: CallCentre) -> None:
    call_id = one.call()
    one.calls.phone_rings(one.phone(call_id).id)
    one.clock.advance(3)
    one.calls.hang_up(call_id)
    assert outcomes(one) == [("a", OfferOutcome.CALLER_LEFT)]
    assert state(one) is AgentState.READY
    [abandoned] = one.events(CallAbandoned)
    assert abandoned.waited == 3
    assert not one.clock.getDelayedCalls()


def test_a_caller_who_leaves_makes_room_for_the_next(one: CallCentre) -> None:
    first = one.call()
    second = one.call()
    one.calls.hang_up(first)
    assert one.events(CallOffered)[-1].call_id == second
    assert state(one) is AgentState.RESERVED
    assert [event.call_id for event in one.events(CallAbandoned)] == [first]


def test_a_caller_who_leaves_costs_the_agent_no_place(two: CallCentre) -> None:
    first = two.call()
    two.clock.advance(3)
    two.calls.hang_up(first)
    two.call()
    assert [event.agent_id for event in two.events(CallOffered)] == ["a", "a"]


def test_a_phone_lost_while_ringing_moves_the_call_on(two: CallCentre) -> None:
    call_id = two.call()
    two.calls.phone_rings(two.phone(call_id).id)
    two.calls.unregister("1001")
    assert outcomes(two) == [("a", OfferOutcome.PHONE_UNREACHABLE)]
    assert two.service.view(A).reason == "phone_unreachable"
    assert two.phone(call_id).device.id == "1002"


def test_a_phone_lost_while_idle_takes_the_agent_out(one: CallCentre) -> None:
    one.calls.unregister("1001")
    view = one.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "phone_lost")
    one.call()
    assert not one.events(CallOffered)


def test_a_phone_lost_in_a_call_shows_after_it(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.unregister("1001")
    assert state(one) is AgentState.BUSY
    one.calls.hang_up(call_id)
    assert state(one) is AgentState.WORKING_AFTER_CALL
    one.service.finish_after_call(A)
    view = one.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "phone_lost")


def test_ready_needs_a_telephone() -> None:
    centre = CallCentre({"a": SKILLED})
    centre.service.sign_in(A)
    with pytest.raises(Refused) as caught:
        centre.service.set_ready(A)
    assert caught.value.error_id == "agent.phone_not_registered"
    assert caught.value.details == {"extension": "1001"}


def test_a_wish_while_ringing_acts_after_the_call(one: CallCentre) -> None:
    call_id = one.call()
    one.service.set_not_ready(A, "lunch")
    assert one.service.view(A).pending == Presence(AgentState.NOT_READY, "lunch")
    one.answer(call_id)
    one.calls.hang_up(call_id)
    one.clock.advance(30)
    view = one.service.view(A)
    assert (view.state, view.reason, view.pending) == (AgentState.NOT_READY, "lunch", None)


def test_an_unknown_reason_is_refused(one: CallCentre) -> None:
    with pytest.raises(Refused) as caught:
        one.service.set_not_ready(A, "no_answer")
    assert caught.value.error_id == "agent.reason_unknown"
    assert state(one) is AgentState.READY


def test_after_call_work_ends_by_itself_and_can_be_extended() -> None:
    limits = AgentSettings(after_call=AfterCallRules(limit=30, extension=20, extensions=2))
    centre = CallCentre({"a": SKILLED}, limits)
    centre.ready("a")
    call_id = centre.call()
    centre.answer(call_id)
    centre.calls.hang_up(call_id)
    centre.clock.advance(29)
    centre.service.extend_after_call(A)
    centre.service.extend_after_call(A)
    with pytest.raises(Refused) as caught:
        centre.service.extend_after_call(A)
    assert caught.value.error_id == "agent.no_more_time"
    centre.clock.advance(40)
    assert state(centre) is AgentState.WORKING_AFTER_CALL
    centre.clock.advance(1)
    assert state(centre) is AgentState.READY
    assert centre.events(CallWrappedUp)[0].after_call == 70


def test_where_no_work_comes_after_a_call_the_next_one_rings_in_the_same_turn() -> None:
    centre = CallCentre({"a": SKILLED}, AgentSettings(after_call=AfterCallRules(limit=0)))
    centre.ready("a")
    first, second = centre.call(), centre.call()
    centre.answer(first)
    centre.calls.hang_up(first)
    assert centre.phone(second).device.id == centre.extensions["a"]
    states = [event.state for event in centre.events(AgentStateChanged)]
    assert states[-3:] == [
        AgentState.WORKING_AFTER_CALL,
        AgentState.READY,
        AgentState.RESERVED,
    ]
    assert [event.after_call for event in centre.events(CallWrappedUp)] == [0.0]
    assert not centre.errors


@pytest.mark.parametrize(("order", "asked"), [(Order.LONGEST_IDLE, []), (Order.FEWEST_CALLS, [A])])
def test_figures_of_the_day_are_counted_for_who_comes_free_where_a_queue_chooses_by_them(
    order: Order, asked: list[AgentId]
) -> None:
    queues = [replace(each, rules=replace(each.rules, order=order)) for each in QUEUES]
    centre = CallCentre({"a": SKILLED}, queues=queues)
    looked: list[AgentId] = []

    class Days(dict[AgentId, AgentDay]):
        def get(self, agent_id: AgentId, *_: object) -> AgentDay:
            looked.append(agent_id)
            return AgentDay()

    centre.days = Days()
    centre.ready("a")
    assert looked == asked


def test_choosing_ready_finishes_the_after_call_work(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.hang_up(call_id)
    one.service.set_ready(A)
    assert state(one) is AgentState.READY
    assert len(one.events(CallWrappedUp)) == 1
    one.clock.advance(60)
    assert state(one) is AgentState.READY


def test_signing_out_in_a_call_happens_after_it(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.service.sign_out(A)
    assert state(one) is AgentState.BUSY
    one.calls.hang_up(call_id)
    assert state(one) is AgentState.WORKING_AFTER_CALL
    one.service.finish_after_call(A)
    assert state(one) is AgentState.LOGGED_OFF
    assert len(one.events(CallWrappedUp)) == 1


def test_signing_out_ends_the_after_call_work(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.hang_up(call_id)
    one.service.sign_out(A)
    assert state(one) is AgentState.LOGGED_OFF
    assert len(one.events(CallWrappedUp)) == 1


def test_a_phone_switched_off_while_leaving_signs_off(one: CallCentre) -> None:
    one.call()
    one.service.sign_out(A)
    one.calls.unregister("1001")
    assert state(one) is AgentState.LOGGED_OFF
    assert outcomes(one) == [("a", OfferOutcome.PHONE_UNREACHABLE)]


@pytest.mark.parametrize("wish", ["hang_up", "hold", "retrieve"])
def test_call_commands_need_a_call(one: CallCentre, wish: str) -> None:
    with pytest.raises(Refused) as caught:
        getattr(one.service, wish)(A)
    assert caught.value.error_id == "agent.no_call"


def test_the_agent_hanging_up_the_phone_ends_the_call(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.phone_hangs_up(one.phone(call_id).id)
    assert state(one) is AgentState.WORKING_AFTER_CALL
    assert not one.errors


def test_a_late_failure_of_an_old_offer_does_not_touch_the_new_one(one: CallCentre) -> None:
    call_id = one.call()
    old = one.phone(call_id)
    one.clock.advance(15)
    one.service.set_ready(A)
    assert state(one) is AgentState.RESERVED
    late = Failed(
        at=utc(one.clock),
        call_id=call_id,
        connection_id=old.id,
        device_id=old.device.id,
        party=old.party,
        cause=Cause.CANCELLED,
    )
    one.bus.publish(late)
    assert state(one) is AgentState.RESERVED


def test_notes_are_kept_while_typing_and_reach_the_history(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.service.write_notes(A, call_id, "asks")
    one.calls.hang_up(call_id)
    one.clock.advance(1)
    one.service.write_notes(A, call_id, "asks for a new card")
    assert one.service.view(A).notes == "asks for a new card"
    one.service.finish_after_call(A)
    assert one.events(CallWrappedUp)[0].notes == "asks for a new card"
    notes: list[str] = []
    one.service.notes(call_id).addCallback(lambda found: notes.extend(n.text for n in found))
    assert notes == ["asks for a new card"]


def test_words_typed_as_the_time_runs_out_are_kept(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.service.write_notes(A, call_id, "asks")
    one.calls.hang_up(call_id)
    one.clock.advance(30)
    assert state(one) is AgentState.READY
    one.service.write_notes(A, call_id, "asks for a new card")
    [note] = result_of(one.service.notes(call_id))
    assert note.text == "asks for a new card"
    following = one.call()
    assert one.service.view(A).notes == ""
    one.answer(following)
    one.calls.hang_up(following)
    one.service.finish_after_call(A)
    with pytest.raises(Refused):
        one.service.write_notes(A, call_id, "too late")


def test_stop_signs_everybody_off_whatever_they_do() -> None:
    centre = CallCentre(dict.fromkeys("abcd", SKILLED))
    centre.ready("a", "b", "c", "d")
    talked, wrapped = centre.call(), centre.call()
    centre.answer(talked)
    centre.answer(wrapped)
    centre.calls.hang_up(wrapped)
    centre.call()
    states = {view.state for view in centre.service.agents()}
    assert states == {
        AgentState.BUSY,
        AgentState.WORKING_AFTER_CALL,
        AgentState.RESERVED,
        AgentState.READY,
    }
    centre.service.stop()
    assert {view.state for view in centre.service.agents()} == {AgentState.LOGGED_OFF}
    last = {event.agent_id: event.state for event in centre.events(AgentStateChanged)}
    assert set(last.values()) == {AgentState.LOGGED_OFF}
    assert [event.reason for event in centre.events(CallFlowedOut)] == ["closing"]
    assert not centre.clock.getDelayedCalls()
    assert not centre.errors


def test_the_agent_goes_on_until_so_many_calls_in_a_row_are_missed() -> None:
    centre = CallCentre({"a": SKILLED}, AgentSettings(missed_limit=3))
    centre.ready("a")
    call_id = centre.call()
    centre.clock.advance(15)
    assert state(centre) is AgentState.RESERVED, "rung again at once: nobody else is there"
    centre.answer(call_id)
    centre.service.hang_up(A)
    centre.service.finish_after_call(A)
    centre.call()
    centre.clock.pump([15, 15])
    assert state(centre) is AgentState.RESERVED, "an answer begins the count anew"
    centre.clock.advance(15)
    view = centre.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "no_answer")
    assert len(centre.events(CallOffered)) == len(centre.events(OfferEnded)) == 5


def test_who_misses_a_call_stands_behind_the_others() -> None:
    centre = CallCentre({"a": SKILLED, "b": SKILLED}, AgentSettings(missed_limit=2))
    centre.ready("a", "b")
    first = centre.call()
    centre.clock.advance(15)
    assert centre.phone(first).device.id == "1002"
    assert state(centre, A) is AgentState.READY


def test_an_unreachable_phone_takes_the_agent_out_however_often() -> None:
    centre = CallCentre({"a": SKILLED}, AgentSettings(missed_limit=5))
    centre.ready("a")
    call_id = centre.call()
    centre.calls.phone_refuses(centre.phone(call_id).id, Cause.NETWORK)
    assert centre.service.view(A).reason == "phone_unreachable"


def test_a_queue_has_its_own_after_call_work() -> None:
    rules = AfterCallRules(AfterCallMode.UNTIL_FINISHED)
    centre = CallCentre({"a": SKILLED}, AgentSettings(after_call_in={GENERAL: rules}))
    centre.ready("a")
    call_id = centre.call()
    centre.answer(call_id)
    centre.calls.hang_up(call_id)
    view = centre.service.view(A)
    assert view.after_call is not None
    assert (view.after_call.mode, view.deadline) == (AfterCallMode.UNTIL_FINISHED, None)
    centre.clock.advance(3600)
    assert state(centre) is AgentState.WORKING_AFTER_CALL
    centre.service.finish_after_call(A)
    assert state(centre) is AgentState.READY
    assert centre.events(CallWrappedUp)[0].after_call == 3600


def test_who_is_transferred_away_from_has_after_call_work(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.register("2001")
    one.calls.single_step_transfer(one.phone(call_id).id, "2001")
    assert one.calls.get(call_id) is not None, "the caller goes on"
    assert state(one) is AgentState.WORKING_AFTER_CALL
    one.service.finish_after_call(A)
    [wrapped] = one.events(CallWrappedUp)
    assert wrapped.call_id == call_id


def test_after_call_work_can_be_ended_though_nobody_knows_its_call(one: CallCentre) -> None:
    call_id = one.call()
    one.answer(call_id)
    one.calls.hang_up(call_id)
    session = one.service.sessions.of(A)
    for talk in session.calls.over:
        one.service._book.report(session.extension, talk)
    one.service.finish_after_call(A)
    assert state(one) is AgentState.READY
    assert session.deadline is None
