"""More than two in a call: conferences and supervisors, who hears whom."""

from cti.call.control import Snoop
from cti.call.events import Conferenced
from cti.call.model import Party
from cti.kernel.identifiers import DeviceId
from tests.support.conversations import OUTSIDE, consulting, device_of, hears, talking, told
from tests.support.worlds import RealWorld


def test_a_conference_of_four_and_one_who_leaves_it(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.conference(held, active)
    assert [call.id for call in world.control.calls()] == [call_id]
    fourth = world.control.join(call_id, DeviceId(OUTSIDE))
    world.phone_answers(fourth)
    outside = device_of(world, caller)
    assert hears(world, caller) == {"1001", "1002", OUTSIDE}
    assert hears(world, held) == {outside, "1002", OUTSIDE}
    assert hears(world, fourth) == {outside, "1001", "1002"}
    assert len(told(world, Conferenced)) == 3
    world.control.clear_connection(held, Party.AGENT)
    assert hears(world, caller) == {"1002", OUTSIDE}
    world.phone_hangs_up(fourth)
    assert hears(world, caller) == {"1002"}
    assert world.control.get(call_id) is not None
    world.hang_up(call_id)
    assert not world.switch.legs


def test_eight_can_be_in_one_call(world: RealWorld) -> None:
    call_id, caller, _ = talking(world)
    for number in range(6):
        world.register(f"20{number}")
        world.phone_answers(world.control.join(call_id, DeviceId(f"20{number}")))
    assert len(hears(world, caller)) == 7


def test_listen_whisper_and_barge(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    outside = device_of(world, caller)
    supervisor = world.control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN)
    world.phone_answers(supervisor)
    assert hears(world, supervisor) == {outside, "1001"}
    assert (hears(world, caller), hears(world, agent)) == ({"1001"}, {outside})
    assert world.control.snoop(call_id, DeviceId("1003"), Snoop.WHISPER) == supervisor
    assert (hears(world, caller), hears(world, agent)) == ({"1001"}, {outside, "1003"})
    world.control.snoop(call_id, DeviceId("1003"), Snoop.BARGE)
    assert (hears(world, caller), hears(world, agent)) == ({"1001", "1003"}, {outside, "1003"})
    world.phone_hangs_up(supervisor)
    assert hears(world, caller) == {"1001"}
    assert world.control.get(call_id) is not None


def test_a_supervisor_does_not_keep_a_conversation_alive(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.phone_answers(world.control.snoop(call_id, DeviceId("1003"), Snoop.BARGE))
    world.phone_hangs_up(agent)
    assert world.control.get(call_id) is None


def test_an_intercepting_telephone_takes_the_agents_place(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    taking = world.control.intercept(agent, DeviceId("1003"))
    assert hears(world, caller) == {"1001"}, "nothing changes while it rings"
    world.phone_answers(taking)
    assert hears(world, caller) == {"1003"}
    assert agent not in world.switch.members
    assert world.control.get(call_id) is not None


def test_lost_sound_of_one_in_a_conference_leaves_the_others(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.conference(held, active)
    leg = world.switch.members[held].leg
    assert leg is not None
    world.services.legs_lost([leg.id])
    assert world.control.get(call_id) is not None
    assert hears(world, caller) == {"1002"}
