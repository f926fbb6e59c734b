"""Transfer: attended, of a device's two calls, and blind, in a single step (ECMA-269, 17.1.30).

    attended   held party -- device -- consulted party    becomes    held party -- consulted party
    blind      party -- device                            becomes    party -- number

Both are done by joining sound anew: no far side is asked for anything, and each keeps its SIP
session. Only a `release` asks the far exchange to make the transfer itself (RFC 5589, 6).
"""

from dataclasses import dataclass

from twisted.logger import Logger

from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.consulting import Consulting
from cti.call.delivery import Delivery
from cti.call.events import CallEvent, Transferred, UserDataAttached
from cti.call.kept import OVER, Outcome, Unanswered
from cti.call.live import Calling, Leg, LiveCall, Member
from cti.call.merging import Merging, merged, require_together, survivor
from cti.call.model import Cause, Party
from cti.call.rules import Service, check
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.events import SessionReferProgressed
from cti.sip.outgoing import uri_host

log = Logger()

OK = 200


@dataclass(frozen=True, slots=True)
class Union:
    """Two calls that become one: who leaves the call that goes on, who stays, and who comes."""

    kept: LiveCall
    gone: LiveCall
    leaving: Member
    staying: list[Member]
    coming: list[Member]


class Transferring:
    """Hands parties on."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        merging: Merging,
        consulting: Consulting,
        delivery: Delivery,
        connecting: Connecting,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._merging, self._consulting = merging, consulting
        self._delivery, self._connecting = delivery, connecting
        self._released: dict[Leg, ConnectionId] = {}
        """Far sides that were asked to make the transfer themselves, and who asked."""

    # --- attended ---------------------------------------------------------------------------

    def transfer(self, held: ConnectionId, active: ConnectionId) -> None:
        """Two calls of a device become one without it; see `CallControl.transfer`."""
        pair = self._consulting.pair(held, active, Service.TRANSFER_HELD, Service.TRANSFER_ACTIVE)
        if pair is not None:
            self.join_parties(*pair)

    def join_parties(self, one: Member, other: Member) -> CallId:
        """The other parties of two calls are one call from now on; gives the one that goes on."""
        switch = self._switch
        union = self.require(one, other)
        kept, gone, staying, coming = union.kept, union.gone, union.staying, union.coming
        told: list[CallEvent] = []
        device = one.connection.device.id
        for member in coming:
            told += self._merging.move(member, kept, Cause.TRANSFERRED)
        for member in (*staying, *coming):
            self._adopt(member, device, kept)
        kept.waiting = not (_anybody(staying) and _anybody(coming))
        told += self.adopt_data(kept, gone)
        target = (coming if union.leaving is one else staying)[0].connection.device.id
        for call, counterpart in ((kept, gone), (gone, kept)):
            told.append(
                Transferred(
                    at=utc(switch.clock),
                    call_id=call.id,
                    other_call_id=counterpart.id,
                    resulting_call_id=kept.id,
                    transferring_device=device,
                    transferred_to=target,
                )
            )
        self._clearing.drop(union.leaving, Party.AGENT, Cause.TRANSFERRED)
        for event in told:
            switch.bus.publish(event)
        self._clearing.clear(gone.id, Party.AGENT, Cause.TRANSFERRED)
        return kept.id

    def require(self, one: Member, other: Member) -> "Union":
        """What would become of two calls of a device; Refused when they cannot be one."""
        switch = self._switch
        calls = switch.call_of(one), switch.call_of(other)
        for call in calls:
            switch.require_open(call)
        kept, gone = survivor(*calls)
        leaving, moving = (one, other) if kept is calls[0] else (other, one)
        union = Union(kept, gone, leaving, kept.others(leaving), gone.others(moving))
        if kept is gone or not union.staying or not union.coming:
            raise Refused("call.not_now", service="transfer", state="nobody to join")
        require_together(*union.staying, *union.coming)
        return union

    # --- blind ------------------------------------------------------------------------------

    def single_step(
        self, connection_id: ConnectionId, number: str, *, release: bool = False
    ) -> ConnectionId:
        """Hand the other party on; see `CallControl.single_step_transfer`."""
        switch = self._switch
        member = switch.members.get(connection_id)
        if member is None:
            return ConnectionId("")
        check(Service.SINGLE_STEP_TRANSFER, member.state)
        switch.require_open(switch.call_of(member))
        if release:
            self._release(member, number)
            return ConnectionId("")
        call = switch.call_of(member)
        if not call.partners(member):
            if member is not call.customer:
                raise Refused("call.not_now", service="single step transfer", state="alone")
            switch.require_reachable(number, call.shown_outside)
            called = self._connecting.for_waiting(ring_back=True)
            return self._delivery.call(call, number, called).id
        switch.require_reachable(number, call.shown_outside)
        calling = self.ringing_back(member.connection.device.id, call.id)
        return self.hand_on(member, number, calling).id

    def hand_on(self, member: Member, number: str, calling: Calling) -> Member:
        """The member leaves its call, and the number is called for whom it leaves behind."""
        switch, call = self._switch, self._switch.call_of(member)
        call.waiting = True
        transferred = switch.handed_on(call, member, number)
        self._clearing.drop(member, Party.AGENT, Cause.TRANSFERRED, told=(transferred,))
        if switch.live(call.id) is None:
            return member
        return self._delivery.call(call, number, calling)

    # --- trunk release ----------------------------------------------------------------------

    def refer_progressed(self, leg: Leg, report: SessionReferProgressed) -> None:
        """The far exchange says how the call goes that we asked it to make."""
        if report.status < OK:
            return
        connection_id = self._released.pop(leg, None)
        if connection_id is None or not leg.members:
            return
        call_id = leg.members[0].connection.call_id
        if report.status < 300:
            self._clearing.clear(call_id, Party.AGENT, Cause.TRANSFERRED)
        else:
            log.info("A far side did not make a transfer: {status}", status=report.status)

    def _release(self, member: Member, number: str) -> None:
        switch, call = self._switch, self._switch.call_of(member)
        others = [each for each in call.others(member) if each.answered] or [member]
        far = others[0].leg
        if len(others) > 1 or far is None or far.session is None:
            raise Refused("call.not_now", service="release", state="more than one party")
        routes = switch.require_route(number, call.shown_outside)
        self._released = {leg: who for leg, who in self._released.items() if leg.members}
        self._released[far] = member.id
        by = f"<sip:{member.connection.device.id}@{uri_host(switch.settings.host)}>"
        switch.signalling.refer(far.session, routes[0].target, referred_by=by)

    # --- inside -----------------------------------------------------------------------------

    def ringing_back(self, device: DeviceId, call_id: CallId) -> Calling:
        """When nobody takes the call, the telephone that handed it on is rung; then it is over."""

        def given_up(_: Member, cause: Cause) -> None:
            self._clearing.clear(call_id, Party.SYSTEM, cause)

        def failed(member: Member, cause: Cause) -> None:
            call = self._switch.live(call_id)
            if call is not None and self._switch.signalling.contacts(device):
                back = self._connecting.for_waiting(given_up, outcome=OVER)
                self._delivery.call(call, device, back)
            else:
                given_up(member, cause)

        return self._connecting.for_waiting(failed, outcome=Outcome(Unanswered.RING_BACK, device))

    def _adopt(self, member: Member, device: DeviceId, call: LiveCall) -> None:
        """A device that still rings was called by one who is gone: its outcome means another."""
        if member.calling is None or member.away:
            return
        ring_back = self.ringing_back(device, call.id)
        member.calling.answered = ring_back.answered
        member.calling.failed = ring_back.failed
        member.calling.outcome = ring_back.outcome

    def adopt_data(self, kept: LiveCall, gone: LiveCall) -> list[CallEvent]:
        data = merged(kept.user_data, gone.user_data)
        if data == kept.user_data:
            return []
        kept.user_data = data
        return [attached(self._switch, kept)]


def _anybody(members: list[Member]) -> bool:
    return any(member.answered for member in members)


def attached(switch: Switch, call: LiveCall) -> UserDataAttached:
    """What is known of the call's caller now."""
    data = call.user_data
    return UserDataAttached(
        at=utc(switch.clock),
        call_id=call.id,
        customer_id=data.customer_id,
        service_level=data.service_level,
        language=data.language,
        verification=data.verification,
        path=data.path,
    )
