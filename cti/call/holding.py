"""Hold and retrieve, asked for by the console or done on the telephone itself."""

from cti.call import negotiation
from cti.call.events import Held, Retrieved
from cti.call.live import Leg
from cti.call.model import ConnectionState
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import ConnectionId
from cti.sip.events import SessionReoffered

CONSOLE, PHONE = "console", "phone"
NOT_ACCEPTABLE = 488


class Holding:
    """Keeps a leg on hold while anybody holds it: the other side hears music meanwhile."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def hold(self, connection_id: ConnectionId) -> None:
        """Hold Call, from the console."""
        if leg := self._answered(connection_id):
            self._hold(leg, CONSOLE)

    def retrieve(self, connection_id: ConnectionId) -> None:
        """Retrieve Call, from the console; takes back a hold by the telephone as well."""
        if leg := self._answered(connection_id):
            self._retrieve(leg, CONSOLE)

    def reoffered(self, leg: Leg, report: SessionReoffered) -> None:
        """A re-INVITE: a new media address, hold, or retrieve (RFC 3264, 8.4)."""
        switch = self._switch
        if leg.local is None or leg.session is None:
            return
        if not negotiation.acceptable(report.offer):
            switch.signalling.reject(leg.session, NOT_ACCEPTABLE)
            return
        description = negotiation.describe(leg.local, report.offer, previous=leg.described)
        leg.described = description
        switch.signalling.accept(leg.session, description)
        target = negotiation.target(report.offer, description)
        if target is None:
            return
        leg.target = target
        switch.media.configure(leg.id, target)
        if target.sending:
            self._retrieve(leg, PHONE)
        else:
            self._hold(leg, PHONE)

    def _hold(self, leg: Leg, holder: str) -> None:
        switch = self._switch
        first = not leg.holds
        leg.holds.add(holder)
        partner = switch.call_of_leg[leg.id].partner(leg)
        if not first or partner is None:
            return
        switch.media.unbridge(leg.id)
        if not partner.holds:
            switch.start_music(partner)
        leg.change(ConnectionState.HOLD, utc(switch.clock))
        switch.bus.publish(Held(**switch.about(leg)))

    def _retrieve(self, leg: Leg, holder: str) -> None:
        switch = self._switch
        if holder not in leg.holds:
            return
        leg.holds.remove(holder)
        partner = switch.call_of_leg[leg.id].partner(leg)
        if leg.holds or partner is None:
            return
        if partner.holds:
            switch.start_music(leg)
        else:
            switch.media.bridge(partner.id, leg.id)
        leg.change(ConnectionState.CONNECTED, utc(switch.clock))
        switch.bus.publish(Retrieved(**switch.about(leg)))

    def _answered(self, connection_id: ConnectionId) -> Leg | None:
        call = self._switch.call_of_leg.get(connection_id)
        if call is None or call.cleared is not None:
            return None
        leg = call.legs[connection_id]
        return leg if leg.answered else None
