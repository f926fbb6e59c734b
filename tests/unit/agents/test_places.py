"""An agent's page that is gone in mid-call: the call is theirs for a while, then the queue's."""

from agents.events import AgentState, CallOffered, CallQueued, CallWrappedUp
from agents.model import AgentSettings, NotReadyReason
from cti.call.events import Away, Back, CallCleared
from cti.call.model import Cause
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.vocabulary import Situation
from tests.support.call_centre import CallCentre

BOTH = {"a": {"general": 8}, "b": {"general": 5}}
A, B = AgentId("a"), AgentId("b")


def talking(centre: CallCentre) -> CallId:
    """A caller who talks with agent a."""
    centre.ready("a")
    call_id = centre.call()
    centre.calls.phone_answers(centre.phone(call_id).id)
    assert centre.service.view(A).state is AgentState.BUSY
    return call_id


def test_an_agent_whose_page_is_back_in_time_has_never_left() -> None:
    centre = CallCentre(BOTH)
    call_id = talking(centre)
    phone = centre.phone(call_id).id
    before = centre.service.view(A)
    centre.calls.page_is_lost(phone)
    centre.clock.advance(20)
    assert centre.service.view(A).state is AgentState.BUSY
    centre.calls.page_is_back(phone)
    assert centre.service.view(A) == before
    assert [type(event) for event in centre.journal[-2:]] == [Away, Back]


def test_a_caller_left_alone_is_the_next_one_served_and_the_agent_not_ready() -> None:
    centre = CallCentre(BOTH)
    call_id = talking(centre)
    centre.clock.advance(5)
    other = centre.call()
    phone = centre.phone(call_id).id
    centre.calls.page_is_lost(phone)
    centre.clock.advance(30)
    centre.calls.page_stays_away(phone)
    view = centre.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, NotReadyReason.PHONE_LOST)
    (wrapped,) = [event for event in centre.journal if isinstance(event, CallWrappedUp)]
    assert (wrapped.talked, wrapped.after_call) == (35.0, 0.0)
    centre.ready("b")
    offered = [event for event in centre.journal if isinstance(event, CallOffered)]
    assert [(event.call_id, event.agent_id) for event in offered] == [(call_id, A), (call_id, B)]
    assert centre.service.waiting_since(other) is not None


def test_what_makes_a_caller_urgent_is_not_forgotten() -> None:
    centre = CallCentre(BOTH)
    centre.ready("a")
    call_id = centre.call(situation=Situation.CARD_LOSS)
    phone = centre.phone(call_id).id
    centre.calls.phone_answers(phone)
    centre.calls.page_is_lost(phone)
    centre.calls.page_stays_away(phone)
    queued = [event for event in centre.journal if isinstance(event, CallQueued)]
    assert [event.situation for event in queued] == [Situation.CARD_LOSS] * 2


def test_an_agent_who_was_leaving_has_left() -> None:
    centre = CallCentre(BOTH)
    call_id = talking(centre)
    centre.service.sign_out(A)
    phone = centre.phone(call_id).id
    centre.calls.page_is_lost(phone)
    centre.calls.page_stays_away(phone)
    assert centre.service.view(A).state is AgentState.LOGGED_OFF


def test_a_call_that_came_by_no_queue_is_over() -> None:
    centre = CallCentre(BOTH)
    centre.ready("a")
    call_id = centre.calls.dial()
    phone = centre.calls.deliver(call_id, centre.extensions["a"])
    centre.calls.phone_answers(phone)
    centre.calls.page_is_lost(phone)
    centre.calls.page_stays_away(phone)
    assert centre.calls.get(call_id) is None


def test_nobody_is_waited_for_who_is_not_at_work_or_where_nobody_is_to_be() -> None:
    for settings, signed_in in ((AgentSettings(return_within=0), True), (AgentSettings(), False)):
        centre = CallCentre(BOTH, settings)
        if signed_in:
            centre.ready("a")
        else:
            centre.calls.register("1001")
        call_id = centre.calls.dial()
        phone = centre.calls.deliver(call_id, centre.extensions["a"])
        centre.calls.phone_answers(phone)
        centre.calls.page_is_lost(phone)
        (cleared,) = [event for event in centre.journal if isinstance(event, CallCleared)]
        assert cleared.cause is Cause.MEDIA_LOST
