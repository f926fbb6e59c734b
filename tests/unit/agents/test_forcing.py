"""What supervisors do to agents, and what agents choose for after their call."""

import pytest

from agents.events import AgentPendingChanged, AgentState, AgentStateChanged, CallWrappedUp
from agents.left import agents_left
from agents.model import AgentSettings
from agents.state import Presence
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from tests.support.call_centre import CallCentre

A = AgentId("a")
BOSS = Principal(StaffId("boss"), "Boss", frozenset({Role.SUPERVISOR}), Language.ENGLISH)


@pytest.fixture
def centre() -> CallCentre:
    centre = CallCentre({"a": {"general": 5}})
    centre.ready("a")
    return centre


def test_only_supervisors_force(centre: CallCentre) -> None:
    agent = Principal(StaffId("a"), "A", frozenset({Role.AGENT}), Language.ENGLISH)
    with pytest.raises(Refused) as caught:
        centre.service.force(A, AgentState.LOGGED_OFF, "", agent)
    assert caught.value.error_id == "access.role_missing"
    assert centre.service.view(A).state is AgentState.READY


def test_an_idle_agent_is_forced_at_once_and_the_journal_says_by_whom(centre: CallCentre) -> None:
    centre.service.force(A, AgentState.NOT_READY, "", BOSS)
    view = centre.service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "forced")
    assert centre.events(AgentStateChanged)[-1].forced_by == "boss"
    centre.service.force(A, AgentState.READY, "", BOSS)
    assert centre.service.view(A).state is AgentState.READY
    centre.service.set_not_ready(A, "lunch")
    assert centre.events(AgentStateChanged)[-1].forced_by is None


def test_forced_in_a_call_it_comes_after_it(centre: CallCentre) -> None:
    centre.answer(centre.call())
    centre.service.force(A, AgentState.LOGGED_OFF, "", BOSS)
    assert centre.service.view(A).state is AgentState.BUSY
    [told] = centre.events(AgentPendingChanged)
    assert (told.state, told.forced_by) == (AgentState.LOGGED_OFF, "boss")
    centre.service.hang_up(A)
    centre.service.finish_after_call(A)
    assert centre.service.view(A).state is AgentState.LOGGED_OFF


def test_signed_off_at_once_the_caller_keeps_the_call(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.answer(call_id)
    centre.clock.advance(20)
    centre.service.force(A, AgentState.LOGGED_OFF, "", BOSS, at_once=True)
    assert centre.service.view(A).state is AgentState.LOGGED_OFF
    assert centre.calls.get(call_id) is not None
    [wrapped] = centre.events(CallWrappedUp)
    assert wrapped.talked == 20
    centre.calls.hang_up(call_id)
    assert centre.service.view(A).state is AgentState.LOGGED_OFF
    assert not centre.clock.getDelayedCalls()
    assert not centre.errors


def test_signed_off_at_once_while_it_rings_the_caller_waits_on(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.service.force(A, AgentState.LOGGED_OFF, "", BOSS, at_once=True)
    assert centre.service.view(A).state is AgentState.LOGGED_OFF
    assert centre.service.waiting_since(call_id) is not None


@pytest.mark.parametrize(
    ("state", "reason", "error"),
    [
        (AgentState.BUSY, "", "agent.state_unknown"),
        (AgentState.NOT_READY, "phone_lost", "agent.reason_unknown"),
    ],
)
def test_nobody_is_forced_into_what_nobody_can_choose(
    centre: CallCentre, state: AgentState, reason: str, error: str
) -> None:
    with pytest.raises(Refused) as caught:
        centre.service.force(A, state, reason, BOSS)
    assert caught.value.error_id == error


def test_nobody_is_forced_to_be_ready_without_a_telephone(centre: CallCentre) -> None:
    centre.service.set_not_ready(A, "lunch")
    centre.calls.unregister("1001")
    with pytest.raises(Refused) as caught:
        centre.service.force(A, AgentState.READY, "", BOSS)
    assert caught.value.error_id == "agent.phone_not_registered"


def test_what_comes_next_is_chosen_in_the_call_and_in_the_work_after_it(
    centre: CallCentre,
) -> None:
    centre.answer(centre.call())
    centre.service.choose_next(A, AgentState.NOT_READY, "lunch")
    centre.service.hang_up(A)
    centre.service.choose_next(A, AgentState.NOT_READY, "break")
    view = centre.service.view(A)
    assert view.state is AgentState.WORKING_AFTER_CALL, "the work goes on"
    assert view.pending == Presence(AgentState.NOT_READY, "break")
    assert agents_left(centre.journal)[A].status == centre.service.sessions.of(A).status
    centre.clock.advance(30)
    assert centre.service.view(A).reason == "break"


def test_nothing_comes_next_for_who_is_in_no_call(centre: CallCentre) -> None:
    with pytest.raises(Refused) as caught:
        centre.service.choose_next(A, AgentState.NOT_READY, "lunch")
    assert caught.value.error_id == "agent.not_now"
    centre.answer(centre.call())
    for state, reason in ((AgentState.NOT_READY, "forced"), (AgentState.HOLD, "")):
        with pytest.raises(Refused):
            centre.service.choose_next(A, state, reason)


def test_an_overlong_break_is_told_once_also_through_a_restart() -> None:
    from agents.events import NotReadyOverlong

    centre = CallCentre({"a": {"general": 5}}, AgentSettings(reasons={"break": 60, "lunch": None}))
    centre.ready("a")
    centre.service.set_not_ready(A, "break")
    centre.clock.advance(50)
    centre.restart(5)
    assert not centre.events(NotReadyOverlong)
    centre.clock.advance(5)
    [told] = centre.events(NotReadyOverlong)
    assert (told.reason, (told.at - told.since).total_seconds()) == ("break", 60)
    centre.restart(5)
    assert len(centre.events(NotReadyOverlong)) == 1
    centre.service.set_not_ready(A, "lunch")
    centre.clock.advance(10_000)
    centre.service.set_not_ready(A, "break")
    centre.clock.advance(30)
    centre.service.set_ready(A)
    centre.clock.advance(100)
    assert len(centre.events(NotReadyOverlong)) == 1


def test_who_signs_in_again_in_the_call_they_kept_is_busy_with_it(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.answer(call_id)
    centre.service.force(A, AgentState.LOGGED_OFF, "", BOSS, at_once=True)
    centre.clock.advance(5)
    centre.service.sign_in(A)
    view = centre.service.view(A)
    assert (view.state, view.call_id) == (AgentState.BUSY, call_id)
    centre.clock.advance(7)
    centre.service.hang_up(A)
    centre.service.finish_after_call(A)
    assert centre.service.view(A).state is AgentState.NOT_READY
    assert [event.talked for event in centre.events(CallWrappedUp)] == [0, 7]
