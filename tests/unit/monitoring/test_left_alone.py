"""The record of a call that an agent's page left: both waits, both agents, every second once."""

from agents.events import CallAnswered, CallWrappedUp
from cti.call.events import CallEvent
from cti.call.model import Cause
from monitoring.cdr import WaitEnd, record_of
from tests.support.call_centre import CallCentre


def test_a_call_that_a_page_left_is_talked_in_by_two_agents_and_waits_twice() -> None:
    centre = CallCentre({"a": {"general": 8}, "b": {"general": 5}})
    centre.ready("a")
    call_id = centre.call()
    centre.clock.advance(3)
    phone = centre.phone(call_id).id
    centre.answer(call_id)
    centre.clock.advance(10)
    centre.calls.page_is_lost(phone)
    centre.clock.advance(30)
    centre.calls.page_stays_away(phone)
    centre.clock.advance(4)
    centre.ready("b")
    centre.answer(call_id)
    centre.clock.advance(20)
    centre.calls.hang_up(call_id)
    record = record_of(centre.events(CallEvent))
    assert record is not None
    assert [(wait.seconds, wait.end) for wait in record.waits] == [
        (3.0, WaitEnd.ANSWERED),
        (5.0, WaitEnd.ANSWERED),
    ]
    assert (record.agent_id, record.talked) == ("b", 60.0)
    assert [leg.cause for leg in record.legs] == [Cause.NORMAL, Cause.MEDIA_LOST, Cause.NORMAL]
    (wrapped,) = centre.events(CallWrappedUp)
    assert (wrapped.agent_id, wrapped.talked) == ("a", 40.0)
    assert [each.waited for each in centre.events(CallAnswered)] == [3.0, 5.0]
