"""A supervisor at work: listen, whisper and barge in, and take an agent's place."""

from dataclasses import replace

from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.control import Snoop
from cti.call.delivery import Delivery
from cti.call.events import RoleChanged
from cti.call.live import LiveCall, Member
from cti.call.model import Cause, Party, Role
from cti.call.rules import Service, check
from cti.call.switch import Switch
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId

ROLES = {
    Snoop.LISTEN: Role.LISTENER,
    Snoop.WHISPER: Role.WHISPERER,
    Snoop.BARGE: Role.INTRUDER,
}


class Supervising:
    """Brings supervisors into conversations that do not depend on them."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        delivery: Delivery,
        connecting: Connecting,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._delivery, self._connecting = delivery, connecting

    def snoop(
        self,
        call_id: CallId,
        device_id: DeviceId,
        mode: Snoop,
        agent: ConnectionId | None = None,
    ) -> ConnectionId:
        """Listen, whisper or barge in; see `CallControl.snoop`."""
        call = self._switch.live(call_id)
        if call is None:
            return ConnectionId("")
        self._switch.require_open(call)
        ear = self._ear(call, mode, agent)
        there = next(
            (each for each in call.members.values() if each.connection.device.id == device_id),
            None,
        )
        if there is None:
            return self._ring(call, device_id, mode, ear)
        if there.party is not Party.SUPERVISOR:
            raise Refused("call.not_now", service="snoop", state="in the call")
        self._change(call, there, mode, ear)
        return there.id

    def intercept(self, connection_id: ConnectionId, device_id: DeviceId) -> ConnectionId:
        """Take the place of a connection; see `CallControl.intercept`."""
        switch = self._switch
        replaced = switch.members.get(connection_id)
        if replaced is None:
            return ConnectionId("")
        check(Service.INTERCEPT, replaced.state)
        call = switch.call_of(replaced)
        switch.require_open(call)
        if replaced is call.customer:
            raise Refused("call.not_now", service="intercept", state="the customer")
        if replaced.connection.device.id == device_id:
            raise Refused("call.not_now", service="intercept", state="in the call")
        switch.require_reachable(device_id)

        def answered(member: Member) -> None:
            told = switch.handed_on(call, replaced, device_id)
            if replaced.id in switch.members:
                self._clearing.drop(replaced, Party.SUPERVISOR, Cause.TRANSFERRED, told=(told,))
            if member.id in switch.members:
                self._connecting.put_through(member)

        calling = self._connecting.for_waiting()
        calling.answered = answered
        return self._delivery.call(call, device_id, calling).id

    def _ring(
        self, call: LiveCall, device_id: DeviceId, mode: Snoop, ear: ConnectionId | None
    ) -> ConnectionId:
        self._switch.require_reachable(device_id)
        member = self._delivery.call(
            call,
            device_id,
            self._connecting.for_waiting(),
            party=Party.SUPERVISOR,
            role=ROLES[mode],
        )
        member.whispers_to = ear
        return member.id

    def _change(
        self, call: LiveCall, member: Member, mode: Snoop, ear: ConnectionId | None
    ) -> None:
        role = ROLES[mode]
        if (member.connection.role, member.whispers_to) == (role, ear):
            return
        member.connection = replace(member.connection, role=role)
        member.whispers_to = ear
        if not member.answered:
            return
        self._bridging.settle(call)
        self._switch.bus.publish(RoleChanged(**self._switch.about(member), role=role))

    def _ear(self, call: LiveCall, mode: Snoop, agent: ConnectionId | None) -> ConnectionId | None:
        """Whose ear a whisper reaches; Refused when there is nobody to be heard."""
        talking = [each for each in call.members.values() if each.participates]
        agents = [each for each in talking if each.party is Party.AGENT]
        if agent is not None:
            agents = [each for each in talking if each.id == agent]
        if not talking or (mode is Snoop.WHISPER and not agents):
            raise Refused("call.not_now", service="snoop", state="nobody talks")
        return agents[-1].id if mode is Snoop.WHISPER else None
