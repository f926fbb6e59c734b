"""INVITE with Replaces (RFC 3891): somebody takes the place of a far side in its call.

This is the other end of an attended transfer that was made outside, and how a telephone picks up
what rings at another.
"""

from twisted.python.failure import Failure

from cti.call.answering import Answering
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.lines import Identity
from cti.call.live import Leg, Member
from cti.call.model import Cause, Device, DeviceKind, Party
from cti.call.offers import security_of, take
from cti.call.switch import Switch
from cti.kernel.identifiers import DeviceId
from cti.media.port import MediaAddress, MediaUnavailable
from cti.sip.events import SessionOffered

NO_SUCH_CALL, BUSY_HERE = 481, 486


class Replacing:
    """Puts a new far side in the place of one that is there."""

    def __init__(
        self, switch: Switch, bridging: Bridging, clearing: Clearing, answering: Answering
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._answering = answering

    def offered(self, report: SessionOffered, identity: Identity) -> None:
        """Whether it may was checked; it is answered at once, and the one replaced is ended."""
        switch = self._switch
        replaced = switch.leg_of_session.get(report.replaces) if report.replaces else None
        old = replaced.current or next(iter(replaced.members), None) if replaced else None
        if old is None or switch.call_of(old).secluded:
            # Whoever the house is asking in secret stays who they are.
            status = NO_SUCH_CALL if old is None else BUSY_HERE
            switch.signalling.reject(report.session, status)
            if report.trunk is not None:
                switch.lines.release(report.trunk, outgoing=False)
            return
        call = switch.call_of(old)
        inside = report.account is not None
        kind = DeviceKind.EXTENSION if inside else DeviceKind.TRUNK
        device = Device(kind, DeviceId(report.account or identity.number))
        party = old.party
        member = switch.add_member(call, device, party, old.connection.role)
        leg = switch.open_leg(member, security_of(report))
        take(switch, leg, report)

        def opened(address: MediaAddress) -> None:
            if member.id in switch.members:
                self._replace(old, member, leg, address)

        def unavailable(failure: Failure) -> None:
            failure.trap(MediaUnavailable)
            if member.id in switch.members:
                self._clearing.drop(member, Party.SYSTEM, Cause.NO_RESOURCES)

        leg.opened().addCallbacks(opened, unavailable)

    def _replace(self, old: Member, member: Member, leg: Leg, address: MediaAddress) -> None:
        switch = self._switch
        call = switch.call_of(member)  # by now it may be another: calls become one meanwhile
        if old.id not in call.members or call.secluded:
            self._clearing.drop(member, Party.SYSTEM, Cause.CANCELLED)
            return
        ringing = old.calling is not None
        was_recorded = any(each.recording for each in old.legs)
        if ringing:
            call.waiting = False
        old.early = False
        told = switch.handed_on(call, old, member.connection.device.id)
        self._answering.accept(call, member, leg, address, record=was_recorded)
        if old.id in switch.members:
            self._clearing.drop(old, old.party, Cause.TRANSFERRED, told=(told,))
        caller = call.member_of(Party.CALLER)
        if ringing and caller is not None and not caller.answered:
            self._answering.answer(call.id)
