"""Calls coming in: from an INVITE to a call that its entry, or the device dialled, takes."""

from cti.call.connecting import Connecting
from cti.call.events import CallStarted, Delivered
from cti.call.lines import Identity
from cti.call.live import LiveCall
from cti.call.model import Device, DeviceKind, Direction, Party
from cti.call.offers import acceptable, max_forwards, security_of, take
from cti.call.replacing import Replacing
from cti.call.routing import Routing
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, DeviceId
from cti.sip.events import SessionOffered

FORBIDDEN, NOT_FOUND, TOO_MANY_HOPS, NOT_ACCEPTABLE, UNAVAILABLE = 403, 404, 483, 488, 503


class Arrival:
    """Takes offered sessions in."""

    def __init__(self, switch: Switch, connecting: Connecting, replacing: Replacing) -> None:
        self._switch, self._connecting, self._replacing = switch, connecting, replacing
        self.routing = Routing({})
        self.closed = False
        """Set while the house takes no new calls."""

    def offered(self, report: SessionOffered) -> None:
        """A new INVITE: refuse it, or make a call of it and hand it to its entry."""
        switch = self._switch
        identity = switch.lines.identify(report)
        if refusal := self._refusal(report, identity):
            switch.signalling.reject(report.session, refusal)
        elif report.replaces is not None:
            self._replacing.offered(report, identity)
        elif entry := self.routing.entry(identity.called):
            entry(self._start(report, identity, Direction.INBOUND).id)
        else:
            direction = Direction.OUTBOUND
            if switch.signalling.contacts(identity.called):
                direction = Direction.INTERNAL
            self._connecting.pass_on(self._start(report, identity, direction), identity.called)

    def _refusal(self, report: SessionOffered, identity: Identity) -> int:
        """The status that refuses it; 0 when it is taken."""
        switch = self._switch
        served = bool(report.replaces or self.routing.entry(identity.called))
        account = report.account
        if self.closed or (report.account is None and switch.full):
            return UNAVAILABLE  # the house's own telephones were asked at the door
        if not served and account is None:
            return NOT_FOUND
        if not served and account and not switch.may_call(DeviceId(account), identity.called):
            return FORBIDDEN
        if not acceptable(report, switch.settings.srtp):
            return NOT_ACCEPTABLE
        if not served and max_forwards(report.request) < 1:
            return TOO_MANY_HOPS
        if report.trunk is not None and not switch.lines.admit(report.trunk):
            return UNAVAILABLE
        return 0

    def _start(self, report: SessionOffered, identity: Identity, direction: Direction) -> LiveCall:
        switch = self._switch
        inside = report.account is not None
        if inside and direction is Direction.INBOUND:
            direction = Direction.INTERNAL
        call = switch.new_call(direction, identity.number, identity.called, self._group_of(report))
        call.max_forwards = max_forwards(report.request) - 1
        call.diverted_from, call.diverted_why = identity.diverted_from, identity.diverted_why
        kind = DeviceKind.EXTENSION if inside else DeviceKind.TRUNK
        device = Device(kind, DeviceId(report.account or identity.number))
        member = switch.add_member(call, device, Party.CALLER)
        leg = switch.open_leg(member, security_of(report))
        take(switch, leg, report)
        switch.bus.publish(
            CallStarted(
                at=utc(switch.clock),
                call_id=call.id,
                direction=direction,
                calling=identity.number,
                called=identity.called,
                trunk=report.trunk or "",
                withheld=identity.withheld,
                diverted_from=identity.diverted_from,
                diverted_why=identity.diverted_why,
            )
        )
        switch.bus.publish(Delivered(**switch.about(member)))
        return call

    def _group_of(self, report: SessionOffered) -> CallId | None:
        """Where a telephone is that calls while it has a call, so that both can be joined."""
        if report.account is None:
            return None
        legs = self._switch.legs_of_device(DeviceId(report.account))
        return next((leg.group for leg in legs if leg.members), None)
