"""Calls going to a telephone of the house: ring it, and bridge the caller to it."""

from sipmessage import URI
from sipmessage import Address as NameAddress
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.call import negotiation
from cti.call.arrival import WITHHELD
from cti.call.clearing import Clearing
from cti.call.control import PlayEnd
from cti.call.events import Delivered, Established
from cti.call.live import Leg, LiveCall
from cti.call.model import Cause, ConnectionState, Device, DeviceKind, Party
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import Codec, MediaAddress, MediaUnavailable
from cti.sip.events import Invitation, SessionAccepted, SessionProgressed
from cti.sip.registrar import Binding

log = Logger()


class Delivery:
    """Rings telephones for waiting callers."""

    def __init__(self, switch: Switch, clearing: Clearing) -> None:
        self._switch, self._clearing = switch, clearing

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        """Ring the telephone; see `CallControl.deliver`."""
        switch = self._switch
        call = switch.live(call_id)
        if call is None:
            return ConnectionId("")
        leg = switch.add_leg(call, Device(DeviceKind.EXTENSION, device_id), Party.AGENT)
        contacts = switch.signalling.contacts(device_id)
        if not contacts:
            self._clearing.fail(leg, Cause.NOT_OBTAINABLE)
            return leg.id

        def opened(address: MediaAddress) -> None:
            if leg.id in call.legs:
                self._invite(call, leg, address, contacts[0])

        def failed(failure: Failure) -> None:
            if failure.check(MediaUnavailable) is None:
                log.failure("Leg {leg_id} cannot be called", failure, leg_id=leg.id)
            if leg.id in call.legs:
                self._clearing.fail(leg, Cause.NO_RESOURCES)

        leg.opened().addCallback(opened).addErrback(failed)
        return leg.id

    def progressed(self, leg: Leg, report: SessionProgressed) -> None:
        """The telephone rings: 180, or 183 in place of it."""
        if leg.connection.state is ConnectionState.INITIATED and report.status >= 180:
            leg.change(ConnectionState.ALERTING, utc(self._switch.clock))
            self._switch.bus.publish(Delivered(**self._switch.about(leg)))

    def accepted(self, leg: Leg, report: SessionAccepted) -> None:
        """The telephone answered: the caller is with it before anybody hears of it."""
        switch = self._switch
        call = switch.call_of_leg[leg.id]
        caller = call.leg_of(Party.CALLER)
        target = negotiation.target(report.description, report.description)
        if target is None or caller is None:
            self._clearing.fail(leg, Cause.NETWORK)
            return
        switch.aim(leg, target)
        switch.media.bridge(caller.id, leg.id)
        switch.end_play(call, PlayEnd.INTERRUPTED)
        leg.change(ConnectionState.CONNECTED, utc(switch.clock))
        switch.bus.publish(Established(**switch.about(leg)))

    def _invite(self, call: LiveCall, leg: Leg, address: MediaAddress, contact: Binding) -> None:
        switch = self._switch
        leg.local = address
        caller = call.leg_of(Party.CALLER)
        codec = caller.target.codec if caller and caller.target else Codec.PCMA
        leg.described = negotiation.describe(address, first=codec)
        number = call.calling or WITHHELD
        invitation = Invitation(
            target=contact.uri,
            from_address=NameAddress(URI(scheme="sip", host=switch.settings.host, user=number)),
            to_address=NameAddress(URI.parse(contact.uri)),
            offer=leg.described,
            destination=contact.destination,
            headers=contact.route_headers,
        )
        switch.join(leg, switch.signalling.invite(invitation))
