"""Calling devices: every contact of a telephone at once, or an outside number way by way.

Whoever has a device called says by `Calling` what its outcome means. Towards everybody else it is
one connection, whatever number of telephones ring for it.
"""

from collections.abc import Callable, Sequence

from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.call import causes, forking, negotiation
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.events import Delivered, Diverted, NetworkReached
from cti.call.inviting import Inviting
from cti.call.lines import Route
from cti.call.live import Calling, Leg, LiveCall, Member
from cti.call.model import Cause, ConnectionState, Device, DeviceKind, Party, Role
from cti.call.security import securities
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.media.port import MediaAddress, MediaUnavailable, Security
from cti.sip.access.gatekeeper import BROWSERS
from cti.sip.access.registrar import Binding
from cti.sip.events import SessionAccepted, SessionEnded, SessionProgressed

log = Logger()

NOT_ACCEPTABLE = 488
MOST_DIVERSIONS = 3
"""How often telephones may send one call elsewhere (302) before it fails."""


class Delivery:
    """Calls devices into calls."""

    def __init__(
        self, switch: Switch, bridging: Bridging, clearing: Clearing, inviting: Inviting
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._inviting = inviting

    def call(
        self,
        call: LiveCall,
        number: str,
        calling: Calling,
        *,
        party: Party | None = None,
        role: Role = Role.PARTICIPANT,
    ) -> Member:
        """Call that telephone or outside number into the call; `calling` hears what comes of it."""
        switch = self._switch
        device = switch.device(number)
        outside = device.kind is DeviceKind.TRUNK
        member = switch.add_member(call, device, party or _party(outside), role)
        member.calling = calling
        if call.max_forwards < 0:
            self._clearing.fail(member, Cause.LOOP)
        elif contacts := switch.signalling.contacts(number):
            self._fork(member, contacts)
        else:
            self._by_lines(call, member, device)
        return member

    def recall(self, member: Member, calling: Calling, contacts: Sequence[Binding]) -> None:
        """Call these contacts of a device that is in the call already, but away from it."""
        member.calling = calling
        self._fork(member, contacts)

    # --- what becomes of it -----------------------------------------------------------------

    def progressed(self, leg: Leg, report: SessionProgressed) -> None:
        """The device rings (180, or 183 in place of it), or the network speaks (RFC 3960)."""
        member = _called(leg)
        if member is None or report.status < 180:
            return
        heard = self._early(member, leg, report)
        rings = member.state is ConnectionState.INITIATED
        if rings:
            member.change(ConnectionState.ALERTING, utc(self._switch.clock))
        if rings or heard:
            self._bridging.settle(self._switch.call_of(member))
        if rings:
            self._switch.bus.publish(Delivered(**self._switch.about(member)))
        if member.calling is not None and (rings or heard):
            member.calling.rings(member)

    def accepted(self, leg: Leg, report: SessionAccepted) -> None:
        """A telephone answered: the others ring no more, and whoever called it goes on."""
        member = _called(leg)
        if member is None:
            return
        target = negotiation.target(report.description, report.description, leg.local)
        if target is None:
            if report.description is None or not self._otherwise(member, leg):
                self._failed(member, leg, Cause.NETWORK)
            return
        self._switch.aim(leg, target)
        for other in [each for each in member.legs if each is not leg]:
            self._clearing.drop_leg(member, other, Cause.ELSEWHERE)
        leg.up, leg.current, member.early = True, member, False
        if not member.away:
            member.change(ConnectionState.CONNECTED, utc(self._switch.clock))
        calling, member.calling = member.calling, None
        if calling is not None:
            calling.answered(member)

    def refused(self, leg: Leg, report: SessionEnded) -> None:
        """One telephone, or one way outside, will not do."""
        member = _called(leg)
        self._switch.part(leg)
        if member is None or member.calling is None:
            return
        # A telephone of the house may send its call on. Whoever is outside may not: the house would
        # pay for calls to anywhere.
        elsewhere = _elsewhere(report.contacts) if leg.route is None else ""
        device = member.connection.device.id
        if elsewhere and not self._switch.may_call(device, elsewhere):
            elsewhere = ""  # whoever diverts pays for it with rights of their own
        if elsewhere and not member.away and member.calling.diversions < MOST_DIVERSIONS:
            self.divert(member, elsewhere)
            return
        if report.status == NOT_ACCEPTABLE and self._otherwise(member, leg):
            return
        route, calling = leg.route, member.calling
        if route is not None:
            lines = self._switch.lines
            if not lines.failed(route, report.status, silent=report.silent):
                calling.routes.clear()
        cause = causes.cause_of_refusal(report)
        self._failed(member, leg, cause, at_once=forking.final(report.status))

    def divert(self, member: Member, number: str, *, by: Party | None = None) -> Member:
        """What rings at the device rings at `number` instead; gives the new connection's."""
        switch, call = self._switch, self._switch.call_of(member)
        calling, member.calling = member.calling, None
        assert calling is not None
        calling.diversions += 1
        calling.routes.clear()
        calling.refusals.clear()
        diverted = Diverted(**switch.about(member), diverted_to=number)
        role, party = member.connection.role, by or member.party
        switch.bus.publish(diverted)
        self._clearing.drop(member, Party.SYSTEM, Cause.DIVERTED)
        device = switch.device(number)
        if party is not Party.SUPERVISOR:
            party = _party(device.kind is DeviceKind.TRUNK)
        return self.call(call, number, calling, party=party, role=role)

    # --- inside -----------------------------------------------------------------------------

    def _fork(self, member: Member, contacts: Sequence[Binding]) -> None:
        """Ring every contact; each opens its sound and is invited when that is there."""
        srtp = self._switch.settings.srtp
        legs = [
            self._open(member, contact, securities(contact.destination.transport, srtp))
            for contact in contacts
        ]
        for leg in legs:
            self._invite_contact(member, leg)

    def _open(self, member: Member, contact: Binding, ways: tuple[Security, ...]) -> Leg:
        leg = self._switch.open_leg(member, ways[0])
        leg.contact, leg.otherwise = contact, ways[1:]
        if contact.destination.transport in BROWSERS:
            leg.page = contact.uri
        return leg

    def _invite_contact(self, member: Member, leg: Leg) -> None:
        def invite(address: MediaAddress) -> None:
            if leg in member.legs and member.calling is not None and leg.contact is not None:
                self._inviting.telephone(member, leg, address, leg.contact)

        self._when_open(member, leg, invite)

    def _otherwise(self, member: Member, leg: Leg) -> bool:
        """Offer the contact other security, if there is any left that it was not offered."""
        if leg.contact is None or not leg.otherwise:
            return False
        self._clearing.drop_leg(member, leg, Cause.NETWORK)
        self._invite_contact(member, self._open(member, leg.contact, leg.otherwise))
        return True

    def _by_lines(self, call: LiveCall, member: Member, device: Device) -> None:
        assert member.calling is not None
        routes = self._switch.routes(device.id, call.shown_outside)
        member.calling.routes = list(routes)
        self._next_route(member)

    def _next_route(self, member: Member) -> None:
        """Try the next way that has room; without one the number is not to be had."""
        assert member.calling is not None
        routes = member.calling.routes
        full = False
        while routes:
            route = routes.pop(0)
            if self._switch.lines.seize(route):
                self._leave_by(member, route)
                return
            full = True
        if full:
            member.calling.refusals.append(Cause.NO_RESOURCES)
        self._clearing.fail(member, forking.combined(member.calling.refusals))

    def _leave_by(self, member: Member, route: Route) -> None:
        leg = self._switch.open_leg(member, route.security)
        leg.route, leg.trunk = route, route.trunk

        def invite(address: MediaAddress) -> None:
            if leg in member.legs and member.calling is not None:
                self._inviting.outside(member, leg, address, route)
                about = self._switch.about(member)
                self._switch.bus.publish(NetworkReached(**about, trunk=route.trunk))

        self._when_open(member, leg, invite)

    def _when_open(self, member: Member, leg: Leg, invite: Callable[[MediaAddress], None]) -> None:
        def failed(failure: Failure) -> None:
            if failure.check(MediaUnavailable) is None:
                log.failure("Leg {leg_id} cannot be called", failure, leg_id=leg.id)
            if leg in member.legs and member.calling is not None:
                self._failed(member, leg, Cause.NO_RESOURCES)

        leg.opened().addCallback(invite).addErrback(failed)

    def _failed(self, member: Member, leg: Leg, cause: Cause, *, at_once: bool = False) -> None:
        """That leg will not answer: the others ring on, or the next way is tried, or it is over."""
        calling = member.calling
        assert calling is not None
        calling.refusals.append(cause)
        if at_once and not member.away:
            self._clearing.fail(member, cause, ended=Cause.ELSEWHERE)
        elif len(member.legs) > 1:
            self._clearing.drop_leg(member, leg, Cause.NETWORK)
        elif member.away:
            self._clearing.drop_leg(member, leg, Cause.NETWORK)
            member.calling = None
            calling.failed(member, cause)
        elif calling.routes:
            self._clearing.drop_leg(member, leg, Cause.NETWORK)
            self._next_route(member)
        else:
            self._clearing.fail(member, forking.combined(calling.refusals))

    def _early(self, member: Member, leg: Leg, report: SessionProgressed) -> bool:
        """Whether there is something to hear that was not there before."""
        target = negotiation.target(report.description, report.description, leg.local)
        if target is None or member.connection.device.kind is not DeviceKind.TRUNK:
            return False
        self._switch.aim(leg, target)
        heard, member.early = not member.early, True
        return heard


def _called(leg: Leg) -> Member | None:
    """Whom the leg rings for, while it rings."""
    return next((each for each in leg.members if each.calling is not None), None)


def _party(outside: bool) -> Party:
    return Party.CALLED if outside else Party.AGENT


def _elsewhere(contacts: Sequence[str]) -> str:
    """The number a 3xx sends us to: the user part of its first contact that has one."""
    users = (uri.partition(":")[2].partition("@")[0].partition(";")[0] for uri in contacts)
    return next((user for user in users if user), "")
