"""Park: a device leaves its party waiting alone (ECMA-269, 17.1.23), and mute (17.2).

Who is parked hears music until somebody plays to them or puts them through: what serves them next,
a queue, a flow or another telephone, is for whoever had them parked.
"""

from dataclasses import replace

from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.events import CallEvent, Muted, Parked, Unmuted
from cti.call.live import LiveCall, Member
from cti.call.model import Cause, Party
from cti.call.rules import Service, check
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import ConnectionId


class Parking:
    """Takes devices out of the conversation, for good or only their voice."""

    def __init__(self, switch: Switch, bridging: Bridging, clearing: Clearing) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing

    def park(self, connection_id: ConnectionId) -> None:
        """Park Call; see `CallControl.park`."""
        switch = self._switch
        member = switch.members.get(connection_id)
        if member is None:
            return
        check(Service.PARK, member.state)
        call = switch.call_of(member)
        switch.require_open(call)
        require_parkable(call, member)
        told = Parked(
            at=utc(switch.clock),
            call_id=call.id,
            connection_id=member.id,
            parking_device=member.connection.device.id,
        )
        self.leave_waiting(member, Party.AGENT, Cause.PARKED, told)

    def leave_waiting(self, member: Member, by: Party, cause: Cause, *told: CallEvent) -> None:
        """The member and whoever else is there leave; its customer waits alone, with music."""
        switch, call = self._switch, self._switch.call_of(member)
        call.waiting = True
        for other in call.others(member):
            if other is not call.customer and other.id in switch.members:
                self._take_out(other)
        if member.id in switch.members:
            self._clearing.drop(member, by, cause, told=told)

    def mute(self, connection_id: ConnectionId, muted: bool) -> None:
        """Microphone Mute; see `CallControl.mute`."""
        switch = self._switch
        member = switch.members.get(connection_id)
        if member is None:
            return
        check(Service.MUTE, member.state)
        if member.connection.muted == muted:
            return
        member.connection = replace(member.connection, muted=muted)
        self._bridging.settle(switch.call_of(member))
        kind = Muted if muted else Unmuted
        switch.bus.publish(kind(**switch.about(member)))

    def _take_out(self, other: Member) -> None:
        """A supervisor who listens, or somebody who rings to join, has nothing to stay for."""
        if other.calling is not None:
            self._clearing.fail(other, Cause.CANCELLED)
        else:
            self._clearing.drop(other, Party.AGENT, Cause.PARKED)


def require_parkable(call: LiveCall, member: Member) -> Member:
    """The one party that would wait; Refused where there are more, or none but the house."""
    partners = call.partners(member)
    if member is call.customer or len(partners) != 1 or partners[0] is not call.customer:
        raise Refused("call.not_now", service="park", state="no single party")
    return partners[0]
