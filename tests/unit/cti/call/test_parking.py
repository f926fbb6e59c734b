"""Parked callers and muted telephones: what is heard, and what a restart keeps of it."""

from cti.call.events import Muted, RecordingStopped
from cti.call.hearing import SILENCE, Heard
from cti.kernel.identifiers import ConnectionId, DeviceId
from tests.support.conversations import consulting, device_of, hears, talking, told
from tests.support.worlds import MUSIC, RealWorld


def heard_by(world: RealWorld, connection: ConnectionId) -> Heard:
    leg = world.switch.members[connection].leg
    assert leg is not None
    return leg.heard


def test_a_parked_caller_hears_music_until_something_is_played(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.control.park(agent)
    assert heard_by(world, caller).music
    assert world.media.playing[caller].files == (MUSIC,)
    world.control.play(call_id, [MUSIC.with_name("prompt.wav")])
    world.finish_play(call_id)
    assert heard_by(world, caller) == SILENCE, "whoever serves the caller has the word"
    assert caller not in world.media.playing


def test_a_parked_caller_is_put_through_to_who_answers_next(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.control.park(agent)
    assert not told(world, RecordingStopped), "the recording goes on"
    world.phone_answers(world.control.deliver(call_id, DeviceId("1002")))
    assert hears(world, caller) == {"1002"}


def test_parking_one_call_gives_the_other_back_to_the_telephone(world: RealWorld) -> None:
    call_id, caller, held, active, asked = consulting(world)
    world.control.park(held)
    assert heard_by(world, caller).music
    assert hears(world, asked) == {"1001"}
    assert hears(world, active) == {"1002"}
    assert world.control.get(call_id) is not None


def test_who_is_muted_hears_and_is_not_heard(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.control.mute(agent, True)
    assert hears(world, caller) == set()
    assert hears(world, agent) == {device_of(world, caller)}
    world.control.mute(agent, False)
    assert hears(world, caller) == {"1001"}


def test_mute_goes_with_a_party_into_the_call_it_is_moved_to(world: RealWorld) -> None:
    call_id, caller, held, active, asked = consulting(world)
    world.control.mute(asked, True)
    world.control.conference(held, active)
    assert hears(world, caller) == {"1001"}
    moved = told(world, Muted)[-1]
    assert moved.call_id == call_id
    world.control.mute(moved.connection_id, False)
    assert hears(world, caller) == {"1001", "1002"}


def test_mute_and_park_last_through_a_restart(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.control.mute(agent, True)
    parked, other, second = talking(world, "1002")
    world.control.park(second)
    world.restart()
    assert hears(world, caller) == set()
    world.control.mute(agent, False)
    assert hears(world, caller) == {"1001"}
    assert heard_by(world, other).music
    world.phone_answers(world.control.deliver(parked, DeviceId("1003")))
    assert hears(world, other) == {"1003"}
