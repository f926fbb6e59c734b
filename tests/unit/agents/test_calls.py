"""What calls make of agents: consulting, transferring, conferencing, dialling; and what it took."""

import pytest

from agents.events import AgentState, AgentStateChanged, BusyKind, CallOffered, CallWrappedUp
from cti.call.model import Connection, Party
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId
from tests.support.call_centre import CallCentre
from tests.support.deferred import result_of

A, B, C = AgentId("a"), AgentId("b"), AgentId("c")
OUTSIDE = "13700137000"
BUSY, READY = AgentState.BUSY, AgentState.READY
WORKING = AgentState.WORKING_AFTER_CALL


@pytest.fixture
def centre() -> CallCentre:
    centre = CallCentre({"a": {"general": 5}, "b": {"complaints": 5}, "c": {"complaints": 4}})
    centre.calls.outside.add(OUTSIDE)
    centre.ready("a", "b")
    return centre


def connection(centre: CallCentre, call_id: CallId, device: str = "1001") -> Connection:
    """The connection of that device in the call."""
    call = centre.calls.get(call_id)
    assert call is not None
    return next(each for each in call.connections if each.device.id == device)


def talking(centre: CallCentre) -> tuple[CallId, ConnectionId]:
    call_id = centre.call()
    centre.answer(call_id)
    return call_id, connection(centre, call_id).id


def consulting(centre: CallCentre) -> tuple[CallId, ConnectionId, CallId]:
    """The caller's call with the held connection in it, and the call of the consultation."""
    call_id, held = talking(centre)
    centre.clock.advance(10)
    centre.calls.consult(held, "1002")
    (second,) = [each.id for each in centre.calls.calls() if each.id != call_id]
    return call_id, held, second


def consulted(centre: CallCentre) -> tuple[CallId, ConnectionId, CallId, ConnectionId]:
    """The same, answered, with the agent's active connection."""
    call_id, held, second = consulting(centre)
    answer_in(centre, second, "1002")
    return call_id, held, second, connection(centre, second).id


def answer_in(centre: CallCentre, call_id: CallId, device: str) -> None:
    centre.calls.phone_answers(connection(centre, call_id, device).id)


def stands(centre: CallCentre, agent_id: AgentId) -> tuple[AgentState, BusyKind | None]:
    view = centre.service.view(agent_id)
    return view.state, view.busy


def worked(centre: CallCentre) -> dict[tuple[str, CallId], tuple[float, float, float]]:
    """Seconds talked, held and worked after, as reported, by agent and call."""
    return {
        (each.agent_id, each.call_id): (each.talked, each.held, each.after_call)
        for each in centre.events(CallWrappedUp)
    }


def test_a_consultation_makes_both_busy_with_it_and_the_colleague_gets_no_call(
    centre: CallCentre,
) -> None:
    _, _, second = consulting(centre)
    assert stands(centre, A) == (BUSY, BusyKind.CONSULT)
    assert stands(centre, B) == (READY, None)
    centre.calls.phone_rings(connection(centre, second, "1002").id)
    assert stands(centre, B) == (BUSY, BusyKind.CONSULT), "nobody else rings them meanwhile"
    answer_in(centre, second, "1002")
    assert stands(centre, B) == (BUSY, BusyKind.CONSULT)


def test_alternating_changes_the_kind_of_call_and_returning_ends_the_consultation(
    centre: CallCentre,
) -> None:
    call_id, held, second, active = consulted(centre)
    centre.clock.advance(5)
    centre.calls.alternate(held, active)
    assert stands(centre, A) == (BUSY, BusyKind.INBOUND)
    centre.clock.advance(5)
    centre.calls.alternate(active, held)
    centre.calls.reconnect(held, active)
    assert stands(centre, A) == (BUSY, BusyKind.INBOUND)
    assert stands(centre, B) == (READY, None), "a consultation leaves nothing to do"
    assert worked(centre) == {("a", second): (5, 5, 0), ("b", second): (10, 0, 0)}
    centre.calls.hang_up(call_id)
    centre.clock.advance(7)
    centre.service.finish_after_call(A)
    assert worked(centre)["a", call_id] == (15, 5, 7)


def test_after_a_transfer_both_work_after_their_own_part_of_the_call(centre: CallCentre) -> None:
    call_id, held, second, active = consulted(centre)
    centre.clock.advance(20)
    centre.calls.transfer(held, active)
    assert stands(centre, A) == (WORKING, None)
    assert stands(centre, B) == (BUSY, BusyKind.INBOUND)
    states = [each.state for each in centre.events(AgentStateChanged) if each.agent_id == B]
    assert states[-2:] == [BUSY, BUSY], "nobody was free for an instant between the calls"
    centre.clock.advance(28)
    centre.service.finish_after_call(A)
    centre.calls.hang_up(call_id)
    assert stands(centre, B) == (WORKING, None)
    centre.clock.advance(3)
    centre.service.finish_after_call(B)
    assert worked(centre) == {
        ("a", second): (20, 0, 0),
        ("b", second): (20, 0, 0),
        ("a", call_id): (10, 20, 28),
        ("b", call_id): (28, 0, 3),
    }


def test_a_conference_keeps_both_in_the_callers_call(centre: CallCentre) -> None:
    call_id, held, _, active = consulted(centre)
    centre.calls.conference(held, active)
    assert stands(centre, A) == stands(centre, B) == (BUSY, BusyKind.INBOUND)
    centre.clock.advance(8)
    centre.calls.clear_connection(connection(centre, call_id).id, Party.AGENT)
    assert stands(centre, A) == (WORKING, None)
    assert stands(centre, B) == (BUSY, BusyKind.INBOUND)
    centre.calls.hang_up(call_id)
    assert stands(centre, B) == (WORKING, None)


def test_a_caller_who_leaves_during_a_consultation_leaves_work_for_afterwards(
    centre: CallCentre,
) -> None:
    call_id, _, second, active = consulted(centre)
    centre.clock.advance(4)
    centre.calls.hang_up(call_id)
    assert stands(centre, A) == (BUSY, BusyKind.CONSULT)
    centre.clock.advance(6)
    centre.calls.phone_hangs_up(active)
    assert stands(centre, A) == (WORKING, None)
    centre.clock.advance(2)
    centre.service.finish_after_call(A)
    assert worked(centre)["a", call_id] == (10, 4, 2)
    assert worked(centre)["a", second] == (10, 0, 0)


def test_who_dials_is_busy_at_once_and_works_after_whom_they_reached(centre: CallCentre) -> None:
    call_id = centre.calls.make(DeviceId("1001"), OUTSIDE)
    assert stands(centre, A) == (BUSY, BusyKind.OUTBOUND)
    centre.call()
    assert not centre.events(CallOffered), "no call is offered to who dials"
    answer_in(centre, call_id, "1001")
    centre.clock.advance(5)
    answer_in(centre, call_id, OUTSIDE)
    centre.clock.advance(5)
    centre.calls.phone_hangs_up(connection(centre, call_id).id)
    assert stands(centre, A) == (WORKING, None)
    centre.service.finish_after_call(A)
    assert worked(centre)["a", call_id] == (10, 0, 0)
    assert centre.events(CallOffered)


def test_who_reached_nobody_has_nothing_to_work_after(centre: CallCentre) -> None:
    call_id = centre.calls.make(DeviceId("1001"), OUTSIDE)
    answer_in(centre, call_id, "1001")
    centre.clock.advance(5)
    centre.calls.phone_refuses(connection(centre, call_id, OUTSIDE).id)
    assert stands(centre, A) == (READY, None)
    assert worked(centre)["a", call_id] == (5, 0, 0)


def test_dialling_interrupts_after_call_work_and_all_of_it_counts(centre: CallCentre) -> None:
    call_id, _ = talking(centre)
    centre.calls.hang_up(call_id)
    centre.clock.advance(10)
    second = centre.calls.make(DeviceId("1001"), OUTSIDE)
    assert stands(centre, A) == (BUSY, BusyKind.OUTBOUND)
    centre.clock.advance(100)
    answer_in(centre, second, "1001")
    answer_in(centre, second, OUTSIDE)
    centre.calls.clear(second)
    centre.clock.advance(5)
    centre.service.finish_after_call(A)
    assert worked(centre) == {("a", call_id): (0, 0, 0), ("a", second): (0, 0, 15)}
    assert stands(centre, A) == (READY, None)


def test_internal_calls_leave_no_work_and_take_nobody_out_of_their_break(
    centre: CallCentre,
) -> None:
    centre.service.set_not_ready(B, "lunch")
    call_id = centre.calls.make(DeviceId("1001"), "1002")
    for device in ("1001", "1002"):
        answer_in(centre, call_id, device)
    assert stands(centre, B) == (BUSY, BusyKind.INTERNAL)
    centre.calls.clear(call_id)
    assert stands(centre, A) == (READY, None)
    view = centre.service.view(B)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "lunch")


def test_a_telephone_that_talks_while_its_agent_signs_in_is_busy_then(centre: CallCentre) -> None:
    centre.calls.register("1003")
    call_id = centre.calls.make(DeviceId("1003"), OUTSIDE)
    answer_in(centre, call_id, "1003")
    assert stands(centre, C) == (AgentState.LOGGED_OFF, None)
    centre.service.sign_in(C)
    assert stands(centre, C) == (BUSY, BusyKind.OUTBOUND)
    centre.service.sign_out(C)
    centre.calls.clear(call_id)
    assert stands(centre, C) == (AgentState.LOGGED_OFF, None)


def test_a_consultation_goes_on_through_a_restart(centre: CallCentre) -> None:
    call_id, held, _, active = consulted(centre)
    centre.clock.advance(5)
    centre.restart(2)
    assert stands(centre, A) == stands(centre, B) == (BUSY, BusyKind.CONSULT)
    centre.clock.advance(3)
    centre.calls.transfer(held, active)
    assert stands(centre, A) == (WORKING, None)
    assert stands(centre, B) == (BUSY, BusyKind.INBOUND)
    centre.service.finish_after_call(A)
    assert worked(centre)["a", call_id] == (10, 10, 0)


def test_notes_about_the_caller_can_be_written_during_a_consultation(centre: CallCentre) -> None:
    call_id, _, _, active = consulted(centre)
    result_of(centre.service.write_notes(A, call_id, "asked B about the limit"))
    centre.restart(1)
    assert centre.service.view(A).notes == "asked B about the limit"
    centre.calls.phone_hangs_up(active)
    centre.service.finish_after_call(A)
    told = {each.call_id: each.notes for each in centre.events(CallWrappedUp)}
    assert told[call_id] == "asked B about the limit"
