"""Who hears a telephone ring, and until when."""

from pathlib import Path

from cti.kernel.identifiers import ConnectionId, DeviceId
from cti.sip import sdp
from cti.sip.events import SessionProgressed
from tests.support.conversations import OUTSIDE, device_of, hears, other_in, talking
from tests.support.deferred import result_of
from tests.support.worlds import MUSIC, RING_BACK, RealWorld


def heard_ringing(world: RealWorld, connection: ConnectionId) -> bool:
    leg = world.switch.members[connection].leg
    assert leg is not None
    play = world.media.playing.get(leg.id)
    return play is not None and play.files == (RING_BACK,) and play.repeat


def test_a_telephone_that_calls_hears_it_ring_until_it_is_answered(world: RealWorld) -> None:
    world.control.make(DeviceId("1001"), "1002")
    (agent,) = world.switch.members
    world.phone_rings(agent)
    assert not world.media.playing, "nobody waits for that telephone yet"
    world.phone_answers(agent)
    other = other_in(world, agent)
    assert not heard_ringing(world, agent)
    world.phone_rings(other)
    assert heard_ringing(world, agent)
    world.phone_answers(other)
    assert not world.media.playing
    assert hears(world, agent) == {device_of(world, other)}


def test_the_networks_own_tone_takes_the_place_of_ours(world: RealWorld) -> None:
    world.control.make(DeviceId("1001"), OUTSIDE)
    (agent,) = world.switch.members
    world.phone_answers(agent)
    far = other_in(world, agent)
    world.phone_rings(far)
    assert heard_ringing(world, agent)
    session = world.session(far)
    ours = world.signalling.invited[session].offer
    assert ours is not None
    early = SessionProgressed(session, 183, sdp.answer(ours, "192.0.2.1", 40000))
    world.services.report(early)
    assert not world.media.playing
    assert hears(world, agent) == {OUTSIDE}


def test_who_consults_hears_it_ring_and_the_caller_hears_music(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    asking = world.control.consult(agent, "1002")
    world.phone_rings(other_in(world, asking))
    assert heard_ringing(world, asking)
    leg = world.switch.members[caller].leg
    assert leg is not None
    assert world.media.playing[leg.id].files == (MUSIC,)
    world.phone_refuses(other_in(world, asking))
    assert not any(each.files == (RING_BACK,) for each in world.media.playing.values())


def test_a_caller_handed_on_hears_it_ring_once_nothing_else_plays(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    call = world.control.get(call_id)
    assert call is not None
    assert call.customer is not None
    caller = call.customer.id
    prompt = world.control.play(call_id, [Path("/passing-on.wav")])
    other = world.control.single_step_transfer(caller, "1002")
    world.phone_rings(other)
    assert not prompt.called
    assert not heard_ringing(world, caller)
    world.finish_play(call_id)
    assert prompt.called
    assert heard_ringing(world, caller)
    world.phone_refuses(other)
    assert not world.media.playing


def test_who_waits_in_a_queue_hears_no_telephone_ring(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    world.phone_rings(world.control.deliver(call_id, DeviceId("1001")))
    assert not world.media.playing
