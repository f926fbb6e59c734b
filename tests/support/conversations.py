"""Conversations in a `RealWorld`: how they come about, and who hears whom in them."""

from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld

OUTSIDE = "13700137000"
"""A number that a line leads to."""


def talking(world: RealWorld, phone: str = "1001") -> tuple[CallId, ConnectionId, ConnectionId]:
    """A caller's call with the caller's connection and the telephone's."""
    call_id = world.dial()
    assert result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, DeviceId(phone))
    world.phone_answers(agent)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    return call_id, call.caller.id, agent


def consulting(
    world: RealWorld, number: str = "1002"
) -> tuple[CallId, ConnectionId, ConnectionId, ConnectionId, ConnectionId]:
    """Caller's call, caller, the agent's held connection, its active one, the consulted one."""
    call_id, caller, held = talking(world)
    active = world.control.consult(held, number)
    asked = other_in(world, active)
    world.phone_answers(asked)
    return call_id, caller, held, active, asked


def other_in(world: RealWorld, connection: ConnectionId) -> ConnectionId:
    """The other connection of a call of two."""
    call = world.switch.call_of(world.switch.members[connection])
    (other,) = [each.id for each in call.members.values() if each.id != connection]
    return other


def hears(world: RealWorld, connection: ConnectionId) -> set[str]:
    """The devices the connection's leg hears."""
    leg = world.switch.members[connection].leg
    assert leg is not None
    heard = world.media.heard.get(leg.id, ())
    return {world.switch.legs[source].device.id for source in heard}


def told(world: RealWorld, kind: type) -> list:  # type: ignore[type-arg]  # events of that class
    return [event for event in world.events if type(event) is kind]


def device_of(world: RealWorld, connection: ConnectionId) -> str:
    return world.switch.members[connection].connection.device.id
