"""Two calls of one device: one held, one active, on the same leg."""

import pytest

from cti.call.events import CallCleared
from cti.call.model import ConnectionState
from cti.kernel.errors import Refused
from tests.support.conversations import consulting, device_of, hears, talking, told
from tests.support.worlds import MUSIC, RealWorld


def test_a_consultation_is_a_second_call_on_the_same_leg(world: RealWorld) -> None:
    _, caller, held, active, asked = consulting(world)
    assert len(world.signalling.invited) == 2, "the agent's telephone was not called again"
    assert world.media.playing[caller].files == (MUSIC,)
    assert hears(world, asked) == {"1001"}
    assert hears(world, active) == {"1002"}
    world.control.alternate(held, active)
    assert hears(world, caller) == {"1001"}
    assert hears(world, held) == {device_of(world, caller)}
    leg = world.switch.members[asked].leg
    assert leg is not None
    assert world.media.playing[leg.id].repeat


def test_reconnecting_ends_the_consultation_and_takes_the_caller_back(world: RealWorld) -> None:
    _, caller, held, active, _ = consulting(world)
    world.control.reconnect(held, active)
    assert hears(world, caller) == {"1001"}
    assert len(told(world, CallCleared)) == 1
    assert len(world.switch.calls) == 1


def test_a_held_call_cannot_be_taken_back_while_talking_in_another(world: RealWorld) -> None:
    _, _, held, _, _ = consulting(world)
    with pytest.raises(Refused, match=r"call\.not_now"):
        world.control.retrieve(held)


def test_the_consulted_one_leaving_leaves_the_caller_held(world: RealWorld) -> None:
    call_id, _, held, _, asked = consulting(world)
    world.phone_hangs_up(asked)
    assert world.control.get(call_id) is not None
    assert world.switch.members[held].state is ConnectionState.HOLD
    world.control.retrieve(held)
    assert world.switch.members[held].state is ConnectionState.CONNECTED


def test_nobody_to_consult_is_refused_before_the_caller_is_held(world: RealWorld) -> None:
    _, _, agent = talking(world)
    with pytest.raises(Refused, match=r"call\.no_route"):
        world.control.consult(agent, "12")
    assert world.switch.members[agent].state is ConnectionState.CONNECTED
