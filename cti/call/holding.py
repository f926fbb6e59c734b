"""Hold and retrieve, asked for by the console or done on the telephone itself (RFC 3264, 8.4)."""

from cti.call import negotiation
from cti.call.clearing import Clearing
from cti.call.events import Held, Retrieved
from cti.call.live import Holder, Leg
from cti.call.model import Cause, ConnectionState, Party
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import ConnectionId
from cti.media.port import MediaTarget
from cti.sip.events import SessionConfirmed, SessionReoffered

NOT_ACCEPTABLE = 488


class Holding:
    """Keeps a leg on hold while anybody holds it: the other side hears music meanwhile."""

    def __init__(self, switch: Switch, clearing: Clearing) -> None:
        self._switch, self._clearing = switch, clearing

    def hold(self, connection_id: ConnectionId) -> None:
        """Hold Call, from the console."""
        if leg := self._answered(connection_id):
            self._hold(leg, Holder.CONSOLE)

    def retrieve(self, connection_id: ConnectionId) -> None:
        """Retrieve Call, from the console; a hold by the telephone is the telephone's to end."""
        if leg := self._answered(connection_id):
            self._retrieve(leg, Holder.CONSOLE)

    def reoffered(self, leg: Leg, report: SessionReoffered) -> None:
        """A re-INVITE: a new media address, hold, or retrieve; or an offer is asked of us."""
        switch = self._switch
        if leg.local is None or leg.session is None:
            return
        if not negotiation.acceptable(report.offer):
            switch.signalling.reject(leg.session, NOT_ACCEPTABLE)
            return
        description = negotiation.describe(leg.local, report.offer, previous=leg.described)
        leg.described = description
        switch.signalling.accept(leg.session, description)
        leg.answer_due = report.offer is None
        if target := negotiation.target(report.offer, description):
            self._agreed(leg, target)

    def confirmed(self, leg: Leg, report: SessionConfirmed) -> None:
        """The ACK to our 2xx; where that carried an offer, the answer (RFC 3261, 13.2.2.4)."""
        if not leg.answer_due:
            return
        leg.answer_due = False
        if target := negotiation.target(report.description, report.description):
            self._agreed(leg, target)
        elif leg.target is None:
            self._clearing.clear(leg.connection.call_id, Party.SYSTEM, Cause.NETWORK)

    def _agreed(self, leg: Leg, target: MediaTarget) -> None:
        self._switch.aim(leg, target)
        if target.sending:
            self._retrieve(leg, Holder.PHONE)
        else:
            self._hold(leg, Holder.PHONE)

    def _hold(self, leg: Leg, holder: Holder) -> None:
        """Where nobody is held yet, as in a menu, there is nothing to tell and nothing to undo."""
        switch = self._switch
        leg.holds.add(holder)
        partner = switch.call_of_leg[leg.id].partner(leg)
        if leg.connection.state is ConnectionState.HOLD or partner is None:
            return
        switch.media.unbridge(leg.id)
        if not partner.holds:
            switch.start_music(partner)
        leg.change(ConnectionState.HOLD, utc(switch.clock))
        switch.bus.publish(Held(**switch.about(leg)))

    def _retrieve(self, leg: Leg, holder: Holder) -> None:
        switch = self._switch
        leg.holds.discard(holder)
        partner = switch.call_of_leg[leg.id].partner(leg)
        if leg.holds or leg.connection.state is not ConnectionState.HOLD or partner is None:
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
