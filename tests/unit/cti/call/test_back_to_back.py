"""Telephones and lines that call by way of the house: what of one side the other is told."""

from cti.call.events import CallStarted, RecordingStarted
from cti.call.lines import Identity
from cti.call.model import Cause
from cti.sip import sdp
from cti.sip.events import SessionProgressed
from tests.support.conversations import OUTSIDE, hears, other_in, told
from tests.support.worlds import RealWorld


def test_a_telephone_calls_another_and_hears_it_ring(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", "1002")
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert call.agent is not None
    assert world.signalling.invited[world.session(call.agent.id)].max_forwards == 69
    world.phone_rings(call.agent.id)
    session = world.session(call.caller.id)
    assert world.signalling.rung[session] == [(180, None)]
    world.phone_answers(call.agent.id)
    assert session in world.signalling.accepted
    assert hears(world, call.caller.id) == {"1002"}
    assert told(world, RecordingStarted) == []


def test_early_media_of_the_network_reaches_an_unanswered_telephone(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", OUTSIDE)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    far = other_in(world, call.caller.id)
    ours = world.signalling.invited[world.session(far)].offer
    assert ours is not None
    early = sdp.answer(ours, "192.0.2.1", 30000)
    world.services.report(SessionProgressed(world.session(far), 183, early))
    ((status, description),) = world.signalling.rung[world.session(call.caller.id)]
    assert status == 183
    assert description is not None
    assert hears(world, call.caller.id) == {OUTSIDE}


def test_the_cause_of_one_side_is_told_to_the_other(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", "1002")
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert call.agent is not None
    session = world.session(call.caller.id)
    world.phone_refuses(call.agent.id, Cause.REFUSED)
    assert world.signalling.rejected[session] == 603


def test_a_call_passed_on_too_often_is_483(world: RealWorld) -> None:
    report = world.signalling.offered("1001", "1002", account="1001", max_forwards=0)
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 483}


def test_a_trunk_that_is_full_brings_no_more(world: RealWorld) -> None:
    world.lines.room["carrier"] = 1
    world.dial()
    report = world.signalling.offered("13800138001", "95588")
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 503}


def test_a_call_tells_whom_it_was_first_for(world: RealWorld) -> None:
    world.lines.identity = Identity(
        "+8613800138000", "95588", diverted_from="+861066668888", diverted_why="user-busy"
    )
    call = world.control.get(world.dial())
    assert call is not None
    assert (call.diverted_from, call.diverted_why) == ("+861066668888", "user-busy")
    (started,) = told(world, CallStarted)
    assert (started.diverted_from, started.diverted_why) == ("+861066668888", "user-busy")
