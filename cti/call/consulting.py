"""A second call from the same device: consult, alternate, reconnect (ECMA-269, 17.1.9 and on)."""

from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.delivery import Delivery
from cti.call.events import CallStarted, Originated
from cti.call.holding import Holding, require_free, require_here
from cti.call.kept import OVER
from cti.call.live import Member
from cti.call.model import Cause, DeviceKind, Direction, Party
from cti.call.rules import Service, check
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import ConnectionId


class Consulting:
    """Gives one leg two calls, at most one of them active."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        holding: Holding,
        delivery: Delivery,
        connecting: Connecting,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._holding, self._delivery, self._connecting = holding, delivery, connecting

    def consult(self, connection_id: ConnectionId, number: str) -> ConnectionId:
        """Hold, and call somebody else; see `CallControl.consult`."""
        switch = self._switch
        member = switch.members.get(connection_id)
        if member is None:
            return ConnectionId("")
        require_here(member)
        if member.leg is None:
            return ConnectionId("")
        check(Service.CONSULT, member.state)
        require_free(member)
        device, first = member.connection.device, switch.call_of(member)
        switch.require_open(first)
        if not first.partners(member) or device.kind is not DeviceKind.EXTENSION:
            raise Refused("call.not_now", service="consult", state="alone")
        switch.require_reachable(number, device.id)
        member.console_holds = True
        told = self._holding.put_on_hold(member)
        outside = switch.device(number).kind is DeviceKind.TRUNK
        direction = Direction.OUTBOUND if outside else Direction.INTERNAL
        call = switch.new_call(direction, device.id, number, first.group)
        asking = switch.add_member(call, device, Party.AGENT)
        switch.carry(member.leg, asking)
        self._connecting.off_hook(asking)
        self._bridging.settle(first, call)
        started = CallStarted(
            at=utc(switch.clock),
            call_id=call.id,
            direction=direction,
            calling=device.id,
            called=number,
            trunk="",
        )
        for event in (*told, started, Originated(**switch.about(asking), called=number)):
            switch.bus.publish(event)
        if asking.id in switch.members:
            called = self._connecting.for_waiting(self._failed, ring_back=True, outcome=OVER)
            self._delivery.call(call, number, called)
        return asking.id

    def alternate(self, held: ConnectionId, active: ConnectionId) -> None:
        """Swap the two calls; see `CallControl.alternate`."""
        pair = self.pair(held, active, Service.ALTERNATE_HELD, Service.ALTERNATE_ACTIVE)
        if pair is None:
            return
        waiting, talking = pair
        talking.console_holds = True
        told = [*self._holding.put_on_hold(talking, alone=True), *self._holding.take_back(waiting)]
        self._bridging.settle(self._switch.call_of(talking), self._switch.call_of(waiting))
        for event in told:
            self._switch.bus.publish(event)

    def reconnect(self, held: ConnectionId, active: ConnectionId) -> None:
        """Leave one, take the other back; see `CallControl.reconnect`."""
        pair = self.pair(held, active, Service.RECONNECT_HELD, Service.RECONNECT_ACTIVE)
        if pair is None:
            return
        waiting, talking = pair
        self._clearing.clear_connection(talking.id, Party.AGENT, Cause.NORMAL)
        if waiting.id in self._switch.members:
            self._holding.retrieve(waiting.id)

    def pair(
        self, held: ConnectionId, active: ConnectionId, of_held: Service, of_active: Service
    ) -> tuple[Member, Member] | None:
        """A device's two connections; None when one is gone, Refused when they are no such pair."""
        one, other = self._switch.members.get(held), self._switch.members.get(active)
        if one is None or other is None:
            return None
        same_device = one.connection.device == other.connection.device
        if one.connection.call_id == other.connection.call_id or not same_device:
            raise Refused("call.not_now", service=of_held.value, state="no second call")
        require_here(one, other)
        check(of_held, one.state)
        check(of_active, other.state)
        for member in (one, other):
            if member.leg is not None and member.leg.current not in (None, one, other):
                raise Refused("call.not_now", service=of_held.value, state="in a third call")
        return one, other

    def _failed(self, member: Member, cause: Cause) -> None:
        self._clearing.clear(member.connection.call_id, Party.SYSTEM, cause)
