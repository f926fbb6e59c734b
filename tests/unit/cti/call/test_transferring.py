"""Transfers, attended and in a single step, by the house, a telephone or a far exchange."""

from cti.call.events import CallCleared, ConnectionCleared, Failed, RecordingStarted, Transferred
from cti.call.model import Cause, ConnectionState
from cti.kernel.identifiers import DeviceId
from cti.sip import sdp
from cti.sip.events import SessionReferProgressed, SessionReferred, SessionReoffered
from tests.support.conversations import OUTSIDE, consulting, device_of, hears, talking, told
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld


def test_an_attended_transfer_joins_both_under_the_callers_call(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.attach(call_id, customer_name="Li")
    agents_session = world.session(held)
    world.control.transfer(held, active)
    assert agents_session in world.signalling.ended
    (consulted,) = [each for each in world.switch.members if each != caller]
    assert hears(world, caller) == {"1002"}
    assert hears(world, consulted) == {device_of(world, caller)}
    assert [call.id for call in world.control.calls()] == [call_id]
    assert world.control.calls()[0].user_data.customer_name == "Li"
    both = told(world, Transferred)
    assert {each.resulting_call_id for each in both} == {call_id}
    assert len(both) == 2
    assert told(world, CallCleared)[0].cause is Cause.TRANSFERRED
    assert len(told(world, RecordingStarted)) == 1
    assert caller in world.media.recordings, "the caller is recorded on"


def test_a_transfer_to_a_ringing_telephone_rings_back_when_it_refuses(world: RealWorld) -> None:
    call_id, caller, held = talking(world)
    active = world.control.consult(held, "1002")
    world.control.transfer(held, active)
    assert world.media.playing[caller].repeat, "the caller waits with music"
    (ringing,) = [each for each in world.switch.members if each != caller]
    world.phone_refuses(ringing)
    (back,) = [each for each in world.switch.members if each != caller]
    assert device_of(world, back) == "1001"
    world.phone_answers(back)
    assert hears(world, caller) == {"1001"}
    assert [call.id for call in world.control.calls()] == [call_id]


def test_a_single_step_transfer_frees_the_agent_at_once(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    target = world.control.single_step_transfer(agent, OUTSIDE)
    assert told(world, ConnectionCleared)[0].cause is Cause.TRANSFERRED
    assert world.media.playing[caller].repeat
    world.phone_answers(target)
    assert hears(world, caller) == {OUTSIDE}
    world.hang_up(world.control.calls()[0].id)
    assert not any(world.lines.up.values())


def test_a_caller_passed_on_by_the_house_comes_back_when_it_is_busy(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    target = world.control.single_step_transfer(call.caller.id, OUTSIDE)
    world.phone_refuses(target)
    assert told(world, Failed)[-1].cause is Cause.BUSY
    assert world.control.get(call_id) is not None


def test_a_release_asks_the_far_exchange_and_ends_when_it_has_done_it(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    session = world.session(caller)
    world.control.single_step_transfer(agent, OUTSIDE, release=True)
    assert OUTSIDE in world.signalling.asked_to_call[session]
    world.services.report(SessionReferProgressed(session, 100))
    world.services.report(SessionReferProgressed(session, 486))
    assert world.control.get(call_id) is not None
    world.control.single_step_transfer(agent, OUTSIDE, release=True)
    world.services.report(SessionReferProgressed(session, 200))
    assert told(world, CallCleared)[-1].cause is Cause.TRANSFERRED


def test_a_telephone_that_refers_leaves_when_the_target_answers(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    session = world.session(agent)
    world.services.report(SessionReferred(session, "r1", "sip:1002@192.0.2.9"))
    assert world.signalling.refer_answers == {"r1": 202}
    target = next(each for each in world.switch.members if each not in (caller, agent))
    world.phone_rings(target)
    world.phone_answers(target)
    assert world.signalling.notified == {"r1": [100, 180, 200]}
    assert session in world.signalling.ended
    assert hears(world, caller) == {"1002"}


def test_nobody_outside_has_calls_made_at_the_houses_expense(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.services.report(SessionReferred(world.session(caller), "r1", f"sip:{OUTSIDE}@192.0.2.9"))
    world.services.report(
        SessionReferred(
            world.session(caller), "r2", "sip:1002@192.0.2.9", replaces=world.session(agent)
        )
    )
    assert world.signalling.refer_answers == {"r1": 403, "r2": 403}
    assert [each.id for each in world.control.calls()] == [call_id]
    assert set(world.switch.members) == {caller, agent}
    assert hears(world, caller) == {"1001"}


def test_a_telephone_hands_no_caller_on_where_it_may_not_call(world: RealWorld) -> None:
    world.services.restrict(lambda device, number: (device, number) != ("1001", OUTSIDE))
    _, caller, agent = talking(world)
    world.services.report(SessionReferred(world.session(agent), "r1", f"sip:{OUTSIDE}@192.0.2.9"))
    assert world.signalling.refer_answers == {"r1": 403}
    assert hears(world, caller) == {"1001"}


def test_a_telephone_that_refers_in_vain_talks_on(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.services.report(SessionReferred(world.session(agent), "r1", "sip:1002@192.0.2.9"))
    target = next(each for each in world.switch.members if each not in (caller, agent))
    world.phone_refuses(target)
    assert world.signalling.notified == {"r1": [100, 486]}
    assert hears(world, caller) == {"1001"}


def test_a_telephone_joins_its_own_two_calls_by_refer(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    held = sdp.offer("192.0.2.7", 40000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(world.session(agent), held))
    second = world.phone_dials("1001", "1002")
    dialled = world.control.get(second)
    assert dialled is not None
    assert dialled.caller is not None
    assert dialled.agent is not None
    world.phone_answers(dialled.agent.id)
    assert hears(world, dialled.caller.id) == {"1002"}
    report = SessionReferred(
        world.session(agent),
        "r1",
        "sip:1002@192.0.2.9",
        replaces=world.session(dialled.caller.id),
    )
    world.services.report(report)
    assert world.signalling.notified == {"r1": [200]}
    assert [call.id for call in world.control.calls()] == [call_id]
    assert hears(world, caller) == {"1002"}


def test_somebody_takes_the_place_of_a_far_side(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    session = world.session(agent)
    report = world.signalling.offered("1003", "95588", account="1003", replaces=session)
    world.services.report(report)
    assert report.session in world.signalling.accepted
    assert session in world.signalling.ended
    assert hears(world, caller) == {"1003"}
    assert [call.id for call in world.control.calls()] == [call_id]


def test_a_telephone_picks_up_what_rings_at_another(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    ringing = world.control.deliver(call_id, DeviceId("1001"))
    world.phone_rings(ringing)
    replaces = world.session(ringing)
    world.services.report(
        world.signalling.offered("1003", "1001", account="1003", replaces=replaces)
    )
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert hears(world, call.caller.id) == {"1003"}
    assert replaces in world.signalling.ended


def test_a_failed_transfer_leaves_the_call_held_while_its_telephone_talks_elsewhere(
    world: RealWorld,
) -> None:
    _, _, agent = talking(world)
    report = SessionReferred(world.session(agent), "refer-1", "sip:1002@192.0.2.9")
    world.services.report(report)
    call = world.switch.call_of(world.switch.members[agent])
    (target,) = [each.id for each in call.members.values() if each.calling]
    world.control.consult(agent, "1003")
    world.phone_refuses(target)
    assert world.signalling.notified["refer-1"][-1] == 486
    assert world.switch.members[agent].state is ConnectionState.HOLD


def test_who_takes_a_place_takes_it_in_the_call_it_is_in_by_then(world: RealWorld) -> None:
    call_id, caller, held, active, consulted = consulting(world)
    world.media.slow = True
    replaced = world.session(consulted)
    report = world.signalling.offered("1003", "95588", account="1003", replaces=replaced)
    world.services.report(report)
    world.control.transfer(held, active)
    world.media.work()
    assert replaced in world.signalling.ended
    assert hears(world, caller) == {"1003"}
    calls = {event.call_id for event in told(world, Transferred) if event.transferred_to == "1003"}
    assert calls == {call_id}
