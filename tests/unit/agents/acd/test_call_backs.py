"""Call-backs of a whole call centre: promised by key, kept in the place that was had."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from agents.acd.call_back_dialogue import MayCall, anybody
from agents.acd.outflow import WaitingPorts
from agents.acd.overflow import waiting_from
from agents.events import (
    AgentState,
    CallAbandoned,
    CallAnswered,
    CallBackAttempted,
    CallBackEnded,
    CallBackOutcome,
    CallBackPromised,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    OfferEnded,
    OfferOutcome,
)
from agents.schema import CallBackRow
from cti.call.model import Cause, Connection
from cti.call.routing import Entry
from cti.kernel.identifiers import AgentId, CallId, CustomerId
from tests.support.call_centre import GENERAL, QUEUES, CallCentre

NUMBER = "13800138001"
OTHER = "01066668888"
ALWAYS = {"window": ["00:00", "24:00"], "numbers": ["1\\d{10}", "0\\d{9,11}"]}


def centre_with(may_call: MayCall = anybody, **call_back: Any) -> CallCentre:
    general, complaints = QUEUES
    waiting = waiting_from({"call_back": {**ALWAYS, **call_back}})
    agents = {"a": {"general": 5}, "b": {"general": 5}}
    ports = WaitingPorts(may_call=may_call)
    queues = [replace(general, waiting=waiting), complaints]
    centre = CallCentre(agents, queues=queues, ports=ports)
    centre.calls.outside |= {NUMBER, OTHER}
    return centre


def caller(centre: CallCentre, number: str = NUMBER, customer: str = "") -> CallId:
    call_id = centre.calls.dial(number)
    if customer:
        centre.calls.attach(call_id, customer_id=CustomerId(customer))
    centre.queue(call_id)
    return call_id


def promised(centre: CallCentre, number: str = NUMBER) -> CallId:
    """A caller who was promised to be called back, and has hung up."""
    call_id = caller(centre, number)
    centre.calls.press(call_id, "91")
    centre.calls.finish_play(call_id)
    assert centre.calls.get(call_id) is None
    return call_id


def customer(centre: CallCentre) -> Connection:
    """The customer who is being called back, or was."""
    [call] = [call for call in centre.calls.calls() if call.caller is None]
    assert call.customer is not None
    return call.customer


def outcomes(centre: CallCentre) -> list[CallBackOutcome]:
    return [event.outcome for event in centre.events(CallBackEnded)]


def state(centre: CallCentre, name: str) -> AgentState:
    return centre.service.view(AgentId(name)).state


def test_the_caller_keeps_their_place_and_leaves_the_line() -> None:
    centre = centre_with()
    call_id = promised(centre)
    [event] = centre.events(CallBackPromised)
    assert (event.call_id, event.number) == (call_id, NUMBER)
    [out] = centre.events(CallFlowedOut)
    assert (out.reason, out.to) == ("call_back", "call_back")
    assert not centre.events(CallAbandoned)
    [view] = [view for view in centre.service.queues() if view.queue_id == GENERAL]
    assert (view.waiting, view.call_backs, view.call_backs_out) == (0, 1, 0)


def test_the_key_is_told_once_the_wait_is_long() -> None:
    centre = centre_with(offer_after=40)
    call_id = caller(centre)
    centre.clock.advance(8)
    assert Path("zh/queue.call_back") not in centre.calls.playing[call_id]
    centre.calls.finish_play(call_id)
    centre.clock.advance(32)
    assert Path("zh/queue.call_back") in centre.calls.playing[call_id]


def test_nothing_is_promised_outside_of_the_hours_in_which_customers_are_called() -> None:
    centre = centre_with(window=["08:00", "20:00"])
    call_id = caller(centre)
    centre.calls.press(call_id, "9")
    assert centre.calls.playing[call_id] == (Path("music.wav"),)
    centre.clock.advance(100)
    assert Path("zh/queue.call_back") not in centre.calls.playing[call_id]


def test_the_customer_is_called_when_it_is_their_turn_and_an_agent_reserved() -> None:
    centre = centre_with()
    promised(centre)
    centre.clock.advance(30)
    later = caller(centre, OTHER)
    centre.ready("a")
    assert customer(centre).device.id == NUMBER
    assert state(centre, "a") is AgentState.RESERVED
    assert [event.attempt for event in centre.events(CallBackAttempted)] == [1]
    kept = centre.service.called_back_for(customer(centre).call_id)
    assert kept is not None
    assert kept.number == NUMBER
    [view] = [view for view in centre.service.queues() if view.queue_id == GENERAL]
    assert (view.call_backs, view.call_backs_out) == (1, 1)
    call = centre.calls.get(later)
    assert call is not None
    assert call.agent is None
    assert not centre.errors


def test_the_agents_phone_rings_as_the_customer_answers() -> None:
    centre = centre_with()
    promised(centre)
    centre.clock.advance(30)
    centre.ready("a")
    attempt = customer(centre).call_id
    centre.calls.phone_answers(customer(centre).id)
    assert centre.calls.playing[attempt] == (Path("zh/call_back.hello"),)
    assert outcomes(centre) == [CallBackOutcome.REACHED]
    queued = centre.events(CallQueued)[-1]
    assert (queued.call_id, queued.head_start) == (attempt, 31)
    centre.clock.advance(2)
    centre.answer(attempt)
    [answered] = centre.events(CallAnswered)
    assert (answered.call_id, answered.waited) == (attempt, 2)
    assert state(centre, "a") is AgentState.BUSY
    [offered] = centre.events(CallOffered)
    [ended] = centre.events(OfferEnded)
    assert (offered.offer_id, ended.outcome) == (ended.offer_id, OfferOutcome.ACCEPTED)
    assert centre.service.called_back_for(attempt) is not None
    centre.calls.hang_up(attempt)
    assert centre.service.called_back_for(attempt) is None
    assert not centre.errors


def test_who_does_not_answer_frees_the_agent_at_once_and_is_tried_again() -> None:
    centre = centre_with(attempts=2, pause=60)
    promised(centre)
    centre.ready("a")
    centre.calls.phone_refuses(customer(centre).id, Cause.BUSY)
    assert state(centre, "a") is AgentState.READY
    assert not centre.calls.calls()
    centre.clock.advance(60)
    assert state(centre, "a") is AgentState.RESERVED
    centre.calls.phone_refuses(customer(centre).id, Cause.NO_ANSWER)
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]
    assert state(centre, "a") is AgentState.READY
    assert not centre.events(CallAbandoned)


def test_a_telephone_that_rings_on_is_given_up() -> None:
    centre = centre_with(ring=20, attempts=1)
    promised(centre)
    centre.ready("a")
    centre.clock.advance(20)
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]
    assert state(centre, "a") is AgentState.READY


def test_an_agent_freed_by_silence_takes_the_next_caller_in_the_same_turn() -> None:
    centre = centre_with()
    promised(centre)
    later = caller(centre, OTHER)
    centre.ready("a")
    centre.calls.phone_refuses(customer(centre).id)
    assert centre.phone(later).device.id == "1001"


def test_an_agent_who_is_lost_lets_the_customer_be_and_costs_no_attempt() -> None:
    centre = centre_with()
    promised(centre)
    centre.ready("a")
    centre.calls.unregister("1001")
    assert not centre.calls.calls()
    assert not outcomes(centre)
    centre.ready("b")
    assert centre.events(CallBackAttempted)[-1].attempt == 1
    centre.calls.phone_answers(customer(centre).id)
    centre.answer(customer(centre).call_id)
    assert state(centre, "b") is AgentState.BUSY


def test_a_customer_whose_agent_does_not_answer_is_the_first_to_be_served() -> None:
    centre = centre_with()
    promised(centre)
    centre.clock.advance(100)
    other = caller(centre, OTHER)
    centre.ready("a")
    attempt = customer(centre).call_id
    centre.calls.phone_answers(customer(centre).id)
    centre.clock.advance(15)
    assert state(centre, "a") is AgentState.NOT_READY
    centre.ready("b")
    assert centre.phone(attempt).device.id == "1002"
    centre.answer(attempt)
    call = centre.calls.get(other)
    assert call is not None
    assert call.agent is None


def test_a_customer_who_hangs_up_before_the_agent_answers_has_abandoned() -> None:
    centre = centre_with()
    promised(centre)
    centre.ready("a")
    attempt = customer(centre).call_id
    centre.calls.phone_answers(customer(centre).id)
    centre.calls.hang_up(attempt)
    assert len(centre.events(CallAbandoned)) == 1
    assert state(centre, "a") is AgentState.READY
    assert outcomes(centre) == [CallBackOutcome.REACHED]


def test_an_answer_over_the_dialogue_connects_at_once() -> None:
    centre = centre_with()
    call_id = caller(centre)
    centre.calls.press(call_id, "9")
    assert centre.calls.playing[call_id] == (Path("zh/call_back.confirm"),)
    centre.ready("a")
    centre.answer(call_id)
    assert call_id not in centre.calls.playing
    centre.calls.press(call_id, "1")
    centre.clock.advance(60)
    assert not centre.events(CallBackPromised)
    assert state(centre, "a") is AgentState.BUSY


def test_a_promise_made_while_a_phone_rings_is_none() -> None:
    centre = centre_with()
    call_id = caller(centre)
    centre.calls.press(call_id, "9")
    centre.ready("a")
    centre.calls.press(call_id, "1")
    assert not centre.events(CallBackPromised)
    assert centre.calls.playing[call_id] == (Path("music.wav"),)


def test_another_number_is_called() -> None:
    centre = centre_with()
    call_id = caller(centre)
    centre.calls.press(call_id, f"92{OTHER}#1")
    assert [event.number for event in centre.events(CallBackPromised)] == [OTHER]


def test_nobody_is_called_where_the_house_calls_no_customers() -> None:
    centre = centre_with(may_call=lambda number: number != OTHER)
    call_id = caller(centre)
    centre.calls.press(call_id, f"92{OTHER}#1")
    assert centre.events(CallBackPromised) == []
    assert centre.calls.get(call_id) is not None


def test_callers_cannot_have_somebody_called_again_and_again() -> None:
    centre = centre_with()
    for number in (NUMBER, "13900000001", "13900000002"):
        call_id = caller(centre, number)
        centre.calls.press(call_id, f"92{OTHER}#1")
        centre.calls.finish_play(call_id)
        assert centre.calls.get(call_id) is None
    assert [event.number for event in centre.events(CallBackPromised)] == [OTHER]


def test_who_says_nothing_waits_on_with_music() -> None:
    centre = centre_with()
    call_id = caller(centre)
    centre.calls.press(call_id, "9")
    for _ in range(3):
        centre.calls.finish_play(call_id)
        centre.clock.advance(5)
    assert centre.calls.playing[call_id] == (Path("music.wav"),)
    centre.ready("a")
    centre.answer(call_id)


@pytest.mark.parametrize("key", ["1", "2"])
def test_who_calls_again_keeps_the_promise_or_waits_in_its_place(key: str) -> None:
    centre = centre_with()
    call_id = caller(centre, customer="C1")
    centre.calls.press(call_id, "91")
    centre.clock.advance(50)
    other = caller(centre, OTHER)
    again = caller(centre, "13900000000", customer="C1")
    assert centre.calls.playing[again] == (Path("zh/call_back.open"),)
    centre.calls.press(again, key)
    if key == "1":
        assert centre.calls.playing[again] == (Path("zh/call_back.promised"),)
        assert not outcomes(centre)
        return
    assert outcomes(centre) == [CallBackOutcome.CANCELLED]
    centre.ready("a")
    centre.answer(again)
    call = centre.calls.get(other)
    assert call is not None
    assert call.agent is None


def test_who_is_served_meanwhile_is_not_called() -> None:
    centre = centre_with()
    promised(centre)
    again = caller(centre)
    for _ in range(3):
        centre.calls.finish_play(again)
        centre.clock.advance(5)
    centre.ready("a")
    attempt = customer(centre).call_id
    centre.ready("b")
    centre.answer(again)
    assert outcomes(centre) == [CallBackOutcome.CANCELLED]
    assert centre.calls.get(attempt) is None
    assert state(centre, "a") is AgentState.READY


def test_a_number_without_a_way_out_is_given_up_and_keeps_no_agent() -> None:
    centre = centre_with(attempts=1)
    promised(centre)
    centre.calls.outside.clear()
    centre.ready("a")
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]
    assert state(centre, "a") is AgentState.READY
    centre.answer(caller(centre, OTHER))


def test_promises_survive_a_restart_with_their_place() -> None:
    centre = centre_with()
    promised(centre)
    centre.clock.advance(10)
    centre.restart(away=20)
    caller(centre, OTHER)
    centre.ready("a")
    assert customer(centre).device.id == NUMBER
    centre.calls.phone_answers(customer(centre).id)
    assert centre.events(CallQueued)[-1].head_start == 31
    assert not centre.errors


def test_a_call_that_rang_through_a_restart_was_no_attempt() -> None:
    centre = centre_with(attempts=1)
    promised(centre)
    centre.ready("a")
    before = customer(centre).call_id
    centre.restart()
    assert centre.calls.get(before) is None
    assert not outcomes(centre)
    assert state(centre, "a") is AgentState.RESERVED
    assert customer(centre).call_id != before


def test_a_customer_who_answered_before_a_restart_was_reached() -> None:
    centre = centre_with()
    promised(centre)
    centre.ready("a")
    attempt = customer(centre).call_id
    centre.calls.phone_answers(customer(centre).id)
    centre.restart()
    centre.answer(attempt)
    assert outcomes(centre) == [CallBackOutcome.REACHED]
    assert len(centre.events(CallBackAttempted)) == 1


def test_promises_leave_no_timer_behind() -> None:
    centre = centre_with()
    promised(centre)
    centre.service.stop()
    assert not centre.clock.getDelayedCalls()


def test_who_is_promised_without_a_question_goes_nowhere_else() -> None:
    waiting = {
        "most": {"calls": 0, "then": {"to": "call_back"}},
        "empty": {"then": {"to": "queue", "queue": "complaints"}},
        "call_back": {**ALWAYS, "confirm_number": False},
    }
    general, complaints = QUEUES
    queues = [replace(general, waiting=waiting_from(waiting)), complaints]
    centre = CallCentre({"a": {"general": 5}}, queues=queues)
    call_id = caller(centre)
    assert len(centre.events(CallBackPromised)) == 1
    assert [event.queue_id for event in centre.events(CallQueued)] == [GENERAL]
    centre.calls.finish_play(call_id)
    assert centre.calls.get(call_id) is None


def test_an_attempt_that_fails_as_it_is_made_holds_nobody() -> None:
    centre = centre_with(attempts=1)
    promised(centre)
    originate = centre.calls.originate

    def in_vain(number: str, entry: Entry) -> CallId:
        call_id = originate(number, entry)
        centre.calls.clear(call_id, cause=Cause.BUSY)
        return call_id

    centre.calls.originate = in_vain  # type: ignore[method-assign]
    centre.ready("a")
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]
    assert state(centre, "a") is AgentState.READY
    centre.answer(caller(centre, OTHER))


def test_an_agent_who_is_not_ready_after_all_lets_the_customer_be() -> None:
    centre = centre_with()
    promised(centre)
    session = centre.service.sessions.of(AgentId("a"))
    centre.service.sign_in(session.agent_id)
    session.tell_free()
    assert not centre.calls.calls()
    assert session.offer is None
    centre.ready("b")
    assert state(centre, "b") is AgentState.RESERVED


def test_a_promise_of_a_queue_that_is_gone_keeps_no_other_from_being_kept() -> None:
    centre = centre_with()
    lost = caller(centre, OTHER)
    centre.calls.press(lost, "91")
    centre.clock.advance(1)
    promised(centre)
    with centre.database.engine.begin() as connection:
        row = connection.execute(select(CallBackRow.record).where(CallBackRow.call_id == lost))
        record = {**row.scalar_one(), "queue_id": "gone"}
        changed = update(CallBackRow).where(CallBackRow.call_id == lost).values(record=record)
        connection.execute(changed)
    centre.restart()
    assert not centre.errors
    centre.ready("a")
    assert customer(centre).device.id == NUMBER


def test_nobody_is_called_back_while_the_house_closes() -> None:
    centre = centre_with()
    promised(centre)
    centre.ready("a", "b")
    centre.service.stop()
    assert len(centre.events(CallBackAttempted)) == 1
    assert not centre.clock.getDelayedCalls()


def test_whom_a_customer_called_back_keeps_busy_is_known_to_who_waits_next() -> None:
    """As long as by a call of their own, from the same answer on."""

    def expected(*, called_back: bool) -> object:
        centre = centre_with()
        if called_back:
            promised(centre)
            centre.ready("a")
            attempt = customer(centre)
            centre.clock.advance(25)
            centre.calls.phone_answers(attempt.id)
            centre.answer(attempt.call_id)
        else:
            centre.ready("a")
            centre.clock.advance(25)
            centre.answer(caller(centre))
        centre.clock.advance(60)
        waiting = caller(centre, OTHER)
        centre.clock.advance(60)
        centre.ready("b")
        centre.answer(waiting)
        return centre.events(CallAnswered)[-1].forecast

    assert expected(called_back=True) == expected(called_back=False) is not None
