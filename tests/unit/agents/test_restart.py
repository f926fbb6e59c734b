"""What a restart makes of agents and waiting callers, beyond what any shift shows."""

from dataclasses import replace

import pytest

from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    OfferEnded,
    OfferOutcome,
)
from agents.left import agents_left
from agents.model import AfterCallRules, AgentSettings
from agents.state import Presence
from cti.call.events import CallCleared
from cti.call.model import Cause, Party
from cti.kernel.clock import utc
from cti.kernel.events import decode, encode
from cti.kernel.identifiers import AgentId
from cti.kernel.vocabulary import ServiceLevel, Situation
from tests.support.call_centre import CallCentre
from tests.support.deferred import result_of

A, B = AgentId("a"), AgentId("b")


@pytest.fixture
def centre() -> CallCentre:
    return CallCentre({"a": {"general": 5}, "b": {"complaints": 5}})


def talking(centre: CallCentre) -> None:
    centre.ready("a")
    centre.answer(centre.call())


def test_what_is_folded_can_be_read_in_the_journal(centre: CallCentre) -> None:
    talking(centre)
    centre.service.hold(A)
    centre.service.set_not_ready(A, "lunch")
    read = [decode(event.kind, encode(event)) for event in centre.journal]
    left = agents_left(read)
    assert left == agents_left(centre.journal)
    assert left[A].status.next == Presence(AgentState.NOT_READY, "lunch")


def test_how_long_a_caller_had_waited_is_known_until_they_leave(centre: CallCentre) -> None:
    queued = utc(centre.clock)
    call_id = centre.call()
    centre.clock.advance(40)
    centre.ready("a")
    centre.answer(call_id)
    assert centre.service.had_waited_since(call_id) is None
    centre.restart(2)
    assert centre.service.had_waited_since(call_id) == queued
    centre.calls.hang_up(call_id)
    assert centre.service.had_waited_since(call_id) is None


def test_a_conversation_goes_on_with_its_notes_and_its_wish(centre: CallCentre) -> None:
    talking(centre)
    call_id = centre.service.view(A).call_id
    assert call_id is not None
    result_of(centre.service.write_notes(A, call_id, "wants a card"))
    centre.service.set_not_ready(A, "lunch")
    centre.clock.advance(30)
    centre.restart(2)
    assert centre.service.view(A).notes == "wants a card"
    centre.clock.advance(8)
    centre.service.hang_up(A)
    centre.service.finish_after_call(A)
    (wrapped,) = centre.events(CallWrappedUp)
    assert (wrapped.talked, wrapped.notes) == (40, "wants a card")
    view = centre.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "lunch")


def test_a_call_that_did_not_outlive_it_leads_to_after_call_work(centre: CallCentre) -> None:
    talking(centre)
    call_id = centre.service.view(A).call_id
    assert call_id is not None
    centre.service.stop(leaving=True)
    closed = utc(centre.clock)
    centre.journal.append(
        CallCleared(at=closed, call_id=call_id, cause=Cause.INTERRUPTED, cleared_by=Party.SYSTEM)
    )
    centre.clock.advance(5)
    centre.calls._calls.clear()
    centre.restart()
    assert centre.service.view(A).state is AgentState.WORKING_AFTER_CALL
    centre.service.finish_after_call(A)
    (wrapped,) = centre.events(CallWrappedUp)
    assert wrapped.talked == 0, "until the last that is known of it"


def test_after_call_work_goes_on_with_what_is_left_of_it() -> None:
    centre = CallCentre({"a": {"general": 5}}, AgentSettings(after_call=AfterCallRules(limit=60)))
    talking(centre)
    centre.service.hang_up(A)
    before = centre.service.view(A)
    centre.service.extend_after_call(A)
    centre.clock.advance(10)
    centre.restart(3)
    after = centre.service.view(A)
    assert before.deadline is not None
    assert after.deadline is not None
    assert after.deadline > before.deadline
    assert after.extensions_left == before.extensions_left - 1


def test_an_offer_is_over_and_made_again(centre: CallCentre) -> None:
    centre.ready("a")
    call_id = centre.call(level=ServiceLevel.PRIORITY, situation=Situation.CARD_LOSS)
    centre.clock.advance(4)
    centre.restart(3)
    (ended,) = centre.events(OfferEnded)
    assert ended.outcome is OfferOutcome.INTERRUPTED
    first, second = centre.events(CallOffered)
    assert first.call_id == second.call_id == call_id
    assert len(centre.events(CallQueued)) == 1
    assert centre.service.view(A).state is AgentState.RESERVED


def test_those_who_waited_are_served_in_their_order(centre: CallCentre) -> None:
    first = centre.call()
    centre.clock.advance(1)
    card_lost = centre.call(situation=Situation.CARD_LOSS)
    centre.calls.register(centre.extensions["a"])
    centre.service.sign_in(A)
    centre.restart(5)
    assert centre.calls.playing[first], "music at once"
    centre.service.set_ready(A)
    (offered,) = centre.events(CallOffered)
    assert offered.call_id == card_lost, "who lost a card comes first, as before"
    assert offered.why
    assert offered.why.seconds == 5


def test_no_forecast_is_made_up_for_who_waited_before(centre: CallCentre) -> None:
    talking(centre)
    first = centre.events(CallOffered)[0].call_id
    second = centre.call()
    centre.restart(5)
    centre.calls.hang_up(first)
    centre.service.set_ready(A)
    centre.answer(second)
    answered = centre.events(CallAnswered)[-1]
    assert (answered.call_id, answered.forecast) == (second, None)


def test_whose_agent_is_lost_waits_once_more(centre: CallCentre) -> None:
    talking(centre)
    call_id = centre.service.view(A).call_id
    assert call_id is not None
    agent = centre.phone(call_id)
    call = centre.calls._calls[call_id]
    centre.calls._calls[call_id] = replace(
        call, connections=tuple(each for each in call.connections if each.id != agent.id)
    )
    centre.restart(2)
    assert centre.service.view(A).state is AgentState.WORKING_AFTER_CALL
    assert centre.service.waiting_since(call_id) == utc(centre.clock)
    assert len(centre.events(CallQueued)) == 2


def test_who_is_no_agent_any_more_is_signed_off(centre: CallCentre) -> None:
    centre.ready("a")
    centre.journal.append(
        AgentStateChanged(
            at=utc(centre.clock),
            agent_id=AgentId("gone"),
            previous=AgentState.NOT_READY,
            state=AgentState.READY,
        )
    )
    centre.restart()
    last = centre.events(AgentStateChanged)[-1]
    assert (last.agent_id, last.previous, last.state) == (
        "gone",
        AgentState.READY,
        AgentState.LOGGED_OFF,
    )
    assert centre.service.view(A).state is AgentState.READY


def test_a_telephone_that_is_gone_takes_its_agent_out(centre: CallCentre) -> None:
    centre.ready("a")
    centre.service.stop(leaving=True)
    centre.calls.unregister(centre.extensions["a"])
    centre.restart()
    view = centre.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "phone_lost")
