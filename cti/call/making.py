"""Calls the house makes, for a telephone of its own or by itself, and calls it sends elsewhere."""

from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.delivery import Delivery
from cti.call.events import CallStarted, Diverted, Originated
from cti.call.kept import OVER
from cti.call.live import Leg, LiveCall, Member
from cti.call.model import Cause, DeviceKind, Direction, Party
from cti.call.routing import Entry
from cti.call.rules import Service, check
from cti.call.switch import HOUSE, Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.outgoing import uri_host

MOVED_TEMPORARILY = 302


class Making:
    """Begins calls, and sends what rings elsewhere."""

    def __init__(
        self, switch: Switch, clearing: Clearing, delivery: Delivery, connecting: Connecting
    ) -> None:
        self._switch, self._clearing = switch, clearing
        self._delivery, self._connecting = delivery, connecting

    def make(self, device_id: DeviceId, number: str) -> CallId:
        """The telephone first, then the number; see `CallControl.make`."""
        switch = self._switch
        if not switch.signalling.contacts(device_id):
            raise Refused("call.not_registered", device=device_id)
        switch.require_reachable(number, device_id)
        outside = switch.device(number).kind is DeviceKind.TRUNK
        direction = Direction.OUTBOUND if outside else Direction.INTERNAL
        legs = [leg for leg in switch.legs_of_device(device_id) if leg.members]
        group = legs[0].group if legs else None
        call = switch.new_call(direction, device_id, number, group)
        self._tell_start(call)

        def answered(member: Member) -> None:
            originated = Originated(**switch.about(member), called=number)
            self._connecting.put_through(member, originated)
            if member.id in switch.members:
                called = self._connecting.for_waiting(self._over, ring_back=True, outcome=OVER)
                self._delivery.call(call, number, called)

        calling = self._connecting.for_waiting(self._over, outcome=OVER)
        calling.answered, calling.own = answered, True
        self._delivery.call(call, device_id, calling)
        return call.id

    def originate(self, number: str, entry: Entry) -> CallId:
        """The number, for the house itself; see `CallControl.originate`."""
        switch = self._switch
        switch.require_route(number)
        call = switch.new_call(Direction.OUTBOUND, HOUSE, number)
        self._tell_start(call)

        def answered(member: Member) -> None:
            self._connecting.put_through(member)
            if member.id in switch.members:
                entry(call.id)

        calling = self._connecting.for_waiting(self._over, outcome=OVER)
        calling.answered = answered
        self._delivery.call(call, number, calling)
        return call.id

    def deflect(
        self, connection_id: ConnectionId, number: str, *, redirect: bool = False
    ) -> ConnectionId:
        """Send what rings elsewhere; see `CallControl.deflect`."""
        switch = self._switch
        member = switch.members.get(connection_id)
        if member is None:
            return ConnectionId("")
        check(Service.DEFLECT, member.state)
        leg = member.leg
        if member.calling is None and leg is not None and redirect:
            self._redirect(member, leg, number)
            return ConnectionId("")
        switch.require_reachable(number)
        if member.calling is not None:
            return self._delivery.divert(member, number).id
        call = switch.call_of(member)
        call.called = number
        return self._connecting.pass_on(call, number)

    def _redirect(self, member: Member, leg: Leg, number: str) -> None:
        """The far exchange is to call there itself (RFC 3261, 21.3.3)."""
        switch = self._switch
        contact = f"<sip:{number}@{uri_host(switch.settings.host)}>"
        if routes := switch.routes(number):
            contact = f"<{routes[0].target}>"
        call_id = member.connection.call_id
        switch.bus.publish(Diverted(**switch.about(member), diverted_to=number))
        if (session := switch.part(leg)) is not None:
            switch.signalling.reject(session, MOVED_TEMPORARILY, (("Contact", contact),))
        self._clearing.clear(call_id, Party.SYSTEM, Cause.DIVERTED)

    def _tell_start(self, call: LiveCall) -> None:
        self._switch.bus.publish(
            CallStarted(
                at=utc(self._switch.clock),
                call_id=call.id,
                direction=call.direction,
                calling=call.calling,
                called=call.called,
                trunk="",
            )
        )

    def _over(self, member: Member, cause: Cause) -> None:
        self._clearing.clear(member.connection.call_id, Party.SYSTEM, cause)
