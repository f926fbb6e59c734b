"""Customers who are called back a little before an agent is free, in a whole call centre."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.acd.overflow import waiting_from
from agents.events import (
    AgentState,
    CallAbandoned,
    CallAnswered,
    CallBackAttempted,
    CallBackEnded,
    CallBackOutcome,
    CallQueued,
    OfferEnded,
    OfferOutcome,
)
from agents.model import AgentSettings
from cti.call.model import Cause, Connection
from cti.call.routing import Entry
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.ports import IN_FRONT
from tests.support.call_centre import QUEUES, CallCentre

NUMBER, OTHER, THIRD = "13800138001", "01066668888", "13900000003"
USUAL = {"window": ["00:00", "24:00"], "numbers": ["1\\d{10}", "0\\d{9,11}"], "lead": 60}


def centre_with(**call_back: Any) -> CallCentre:
    """Calls take 20 seconds there, so who is taken will be free within the minute."""
    general, complaints = QUEUES
    waiting = waiting_from({"call_back": {**USUAL, **call_back}})
    agents = {"a": {"general": 5}, "b": {"general": 5}}
    queues = [replace(general, waiting=waiting), complaints]
    centre = CallCentre(agents, AgentSettings(expected_handling=20.0), queues=queues)
    centre.calls.outside |= {NUMBER, OTHER, THIRD}
    return centre


def caller(centre: CallCentre, number: str) -> CallId:
    call_id = centre.calls.dial(number)
    centre.queue(call_id)
    return call_id


def promise(centre: CallCentre, number: str = NUMBER) -> None:
    call_id = caller(centre, number)
    for key in "91":
        centre.calls.press(call_id, key)
    centre.calls.finish_play(call_id)
    assert centre.calls.get(call_id) is None


def taken(centre: CallCentre, name: str = "a") -> CallId:
    """A caller whom that agent talks with."""
    centre.ready(name)
    call_id = caller(centre, OTHER)
    centre.answer(call_id)
    return call_id


def rung(centre: CallCentre) -> list[Connection]:
    """The customers who are being called back, or were."""
    return [call.customer for call in centre.calls.calls() if not call.caller and call.customer]


def come_free(centre: CallCentre, call_id: CallId, name: str = "a") -> None:
    """The agent's caller hangs up, and they finish their work."""
    centre.calls.hang_up(call_id)
    centre.service.finish_after_call(AgentId(name))


def state(centre: CallCentre, name: str) -> AgentState:
    return centre.service.view(AgentId(name)).state


def outcomes(centre: CallCentre) -> list[CallBackOutcome]:
    return [event.outcome for event in centre.events(CallBackEnded)]


def test_the_customer_is_called_while_the_agent_talks_still_and_answers_in_time() -> None:
    centre = centre_with()
    first = taken(centre)
    promise(centre)
    assert not centre.events(CallBackAttempted)
    centre.clock.advance(1)
    [attempted] = centre.events(CallBackAttempted)
    assert (attempted.agent_id, attempted.attempt) == (None, 1)
    [customer] = rung(centre)
    assert customer.device.id == NUMBER
    assert sum(view.call_backs_out for view in centre.service.queues()) == 1
    come_free(centre, first)
    assert state(centre, "a") is AgentState.RESERVED
    assert len(centre.events(CallBackAttempted)) == 1
    centre.calls.phone_answers(customer.id)
    assert centre.calls.playing[customer.call_id] == (Path("zh/call_back.hello"),)
    centre.clock.advance(3)
    centre.answer(customer.call_id)
    answered = centre.events(CallAnswered)[-1]
    assert (answered.call_id, answered.waited) == (customer.call_id, 3)
    assert outcomes(centre) == [CallBackOutcome.REACHED]
    assert centre.service.called_back_for(customer.call_id) is not None
    assert not centre.errors


def test_who_answers_before_the_agent_is_free_hears_so_and_is_the_next() -> None:
    centre = centre_with()
    first = taken(centre)
    promise(centre)
    centre.clock.advance(1)
    other = caller(centre, THIRD)
    centre.clock.advance(4)
    [customer] = rung(centre)
    attempt = customer.call_id
    centre.calls.phone_answers(customer.id)
    assert centre.calls.playing[attempt] == (Path("zh/call_back.one_moment"),)
    centre.calls.finish_play(attempt)
    assert centre.calls.playing[attempt] == (Path("music.wav"),)
    queued = centre.events(CallQueued)[-1]
    assert (queued.call_id, queued.head_start) == (attempt, IN_FRONT)
    centre.clock.advance(7)
    come_free(centre, first)
    assert centre.phone(attempt).device.id == "1001"
    centre.answer(attempt)
    answered = centre.events(CallAnswered)[-1]
    assert (answered.call_id, answered.waited) == (attempt, 7)
    assert answered.forecast is not None
    kept = centre.service.called_back_for(attempt)
    assert kept is not None
    assert kept.number == NUMBER
    assert centre.service.waiting_since(other) is not None
    assert not centre.errors


def test_who_hangs_up_before_an_agent_is_free_has_abandoned() -> None:
    centre = centre_with()
    taken(centre)
    promise(centre)
    centre.clock.advance(1)
    [customer] = rung(centre)
    centre.calls.phone_answers(customer.id)
    centre.clock.advance(9)
    centre.calls.hang_up(customer.call_id)
    [abandoned] = centre.events(CallAbandoned)
    assert (abandoned.call_id, abandoned.waited) == (customer.call_id, 9)
    assert outcomes(centre) == [CallBackOutcome.REACHED]
    assert sum(view.waiting for view in centre.service.queues()) == 0


def test_who_does_not_answer_is_tried_again_later() -> None:
    centre = centre_with(attempts=2, pause=60, ring=20)
    taken(centre)
    promise(centre)
    centre.clock.advance(1)
    centre.calls.phone_refuses(rung(centre)[0].id, Cause.BUSY)
    assert not outcomes(centre)
    centre.clock.advance(60)
    centre.clock.advance(1)
    assert [event.attempt for event in centre.events(CallBackAttempted)] == [1, 2]
    centre.clock.advance(20)
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]


def test_a_number_without_a_way_out_has_been_tried() -> None:
    centre = centre_with(attempts=1)
    taken(centre)
    promise(centre)
    originate = centre.calls.originate

    def in_vain(number: str, entry: Entry) -> CallId:
        call_id = originate(number, entry)
        centre.calls.clear(call_id, cause=Cause.BUSY)
        return call_id

    centre.calls.originate = in_vain  # type: ignore[method-assign]
    centre.clock.advance(1)
    assert outcomes(centre) == [CallBackOutcome.NOT_REACHED]
    assert not centre.errors


def test_one_agent_is_counted_on_for_one_customer() -> None:
    centre = centre_with()
    first = taken(centre)
    promise(centre)
    promise(centre, THIRD)
    centre.clock.advance(1)
    centre.clock.advance(20)
    [customer] = rung(centre)
    centre.calls.phone_answers(customer.id)
    centre.clock.advance(10)
    assert len(rung(centre)) == 1
    come_free(centre, first)
    centre.answer(customer.call_id)
    centre.clock.advance(1)
    assert [each.device.id for each in rung(centre)] == [NUMBER, THIRD]


def test_nobody_is_called_for_an_agent_who_takes_no_further_call() -> None:
    centre = centre_with()
    taken(centre)
    centre.service.set_not_ready(AgentId("a"), "break")
    promise(centre)
    centre.clock.advance(5)
    assert not centre.events(CallBackAttempted)
    centre.service.set_ready(AgentId("a"))
    caller(centre, THIRD)
    centre.clock.advance(1)
    assert [each.device.id for each in rung(centre)] == [NUMBER]


def test_without_a_lead_nobody_is_called_before_an_agent_is_reserved() -> None:
    centre = centre_with(lead=0)
    taken(centre)
    promise(centre)
    centre.clock.advance(60)
    assert not centre.events(CallBackAttempted)


def test_an_agent_who_is_lost_after_all_costs_no_attempt() -> None:
    centre = centre_with()
    first = taken(centre)
    promise(centre)
    centre.clock.advance(1)
    come_free(centre, first)
    centre.calls.unregister("1001")
    assert not centre.calls.calls()
    [ended] = centre.events(OfferEnded)[1:]
    assert ended.outcome is not OfferOutcome.ACCEPTED
    assert not outcomes(centre)
    centre.ready("b")
    assert centre.events(CallBackAttempted)[-1].attempt == 1


def test_who_is_served_meanwhile_is_rung_no_longer() -> None:
    centre = centre_with()
    taken(centre)
    promise(centre)
    again = caller(centre, NUMBER)
    centre.calls.press(again, "2")
    assert outcomes(centre) == [CallBackOutcome.CANCELLED]
    centre.clock.advance(5)
    assert not rung(centre)
    assert not centre.errors


def test_a_restart_forgets_neither_who_was_rung_nor_who_waits_in_front() -> None:
    centre = centre_with()
    taken(centre)
    promise(centre)
    centre.clock.advance(1)
    centre.restart()
    assert not outcomes(centre)
    centre.clock.advance(1)
    [customer] = rung(centre)
    assert centre.events(CallBackAttempted)[-1].attempt == 1
    centre.calls.phone_answers(customer.id)
    other = caller(centre, THIRD)
    centre.clock.advance(2)
    centre.restart()
    centre.ready("b")
    centre.answer(customer.call_id)
    assert centre.events(CallAnswered)[-1].waited == 3
    assert centre.service.waiting_since(other) is not None
    assert not centre.errors


def test_nobody_is_rung_ahead_while_the_house_closes() -> None:
    centre = centre_with()
    taken(centre)
    promise(centre)
    centre.service.stop()
    centre.clock.advance(5)
    assert not centre.events(CallBackAttempted)
    assert not centre.clock.getDelayedCalls()
