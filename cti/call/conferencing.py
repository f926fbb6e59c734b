"""More than two in a call: conference, of a device's two calls, and join, in a single step."""

from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.consulting import Consulting
from cti.call.delivery import Delivery
from cti.call.events import CallEvent, Conferenced
from cti.call.holding import Holding
from cti.call.live import LiveCall, Member
from cti.call.merging import Merging, require_together, survivor
from cti.call.model import Cause, ConnectionState, Party
from cti.call.rules import Service, check
from cti.call.switch import HOUSE, Switch
from cti.call.transferring import Transferring
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId

MOST_PARTIES = 32
"""In one conference; each costs its media worker a mix of its own."""


class Conferencing:
    """Brings devices together."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        holding: Holding,
        merging: Merging,
        consulting: Consulting,
        transferring: Transferring,
        delivery: Delivery,
        connecting: Connecting,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._holding, self._merging, self._consulting = holding, merging, consulting
        self._transferring = transferring
        self._delivery, self._connecting = delivery, connecting

    def conference(self, held: ConnectionId, active: ConnectionId) -> None:
        """Two calls of a device become one with it; see `CallControl.conference`."""
        services = Service.CONFERENCE_HELD, Service.CONFERENCE_ACTIVE
        pair = self._consulting.pair(held, active, *services)
        if pair is not None:
            self._merge(*pair)

    def join(self, call_id: CallId, number: str) -> ConnectionId:
        """Ring a device into the conversation; see `CallControl.join`."""
        switch = self._switch
        call = switch.live(call_id)
        if call is None:
            return ConnectionId("")
        switch.require_open(call)
        talking = [each for each in call.members.values() if each.answered]
        if not talking:
            raise Refused("call.not_now", service="join", state="nobody answered")
        if len(call.members) >= MOST_PARTIES:
            raise Refused("call.full", most=MOST_PARTIES)
        switch.require_reachable(number)
        calling = self._connecting.for_waiting()
        calling.answered = self._joined
        return self._delivery.call(call, number, calling).id

    def _joined(self, member: Member) -> None:
        call = self._switch.call_of(member)
        told = self._conferenced(call, None, call, HOUSE, member.connection.device.id)
        self._connecting.put_through(member, told)

    def _merge(self, one: Member, other: Member) -> None:
        switch = self._switch
        calls = switch.call_of(one), switch.call_of(other)
        for call in calls:
            switch.require_open(call)
        kept, gone = survivor(*calls)
        staying, leaving = (one, other) if kept is calls[0] else (other, one)
        coming = gone.others(leaving)
        check(Service.JOIN, staying.state)
        if not coming or any(each.calling for each in coming):
            raise Refused("call.not_now", service="conference", state="nobody to join")
        require_together(*kept.members.values(), *gone.members.values())
        told: list[CallEvent] = []
        for member in coming:
            told += self._merging.move(member, kept, Cause.CONFERENCED)
        told += self._merging.exchange_legs(staying, other)
        held = staying.state is ConnectionState.HOLD
        told += self._holding.take_back(staying) if held else []
        told += self._transferring.adopt_data(kept, gone)
        device, added = one.connection.device.id, coming[0].connection.device.id
        told += [
            self._conferenced(call, counterpart, kept, device, added)
            for call, counterpart in ((kept, gone), (gone, kept))
        ]
        self._bridging.settle(kept)
        for event in told:
            switch.bus.publish(event)
        self._clearing.clear(gone.id, Party.AGENT, Cause.CONFERENCED)

    def _conferenced(
        self,
        call: LiveCall,
        other: LiveCall | None,
        resulting: LiveCall,
        device: DeviceId,
        added: str,
    ) -> Conferenced:
        return Conferenced(
            at=utc(self._switch.clock),
            call_id=call.id,
            other_call_id=other.id if other else None,
            resulting_call_id=resulting.id,
            conferencing_device=device,
            added=added,
        )
