"""Hold and retrieve, asked for by the console or done on the telephone itself (RFC 3264, 8.4)."""

from contextlib import suppress

from cti.call import negotiation
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.events import ConnectionEvent, Held, Retrieved
from cti.call.live import Leg, Member
from cti.call.model import Cause, ConnectionState, Party
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import ConnectionId
from cti.media.port import MediaTarget
from cti.sip.events import SessionConfirmed, SessionReoffered

NOT_ACCEPTABLE = 488


class Holding:
    """Keeps a connection on hold while anybody holds it: the other side hears music meanwhile."""

    def __init__(self, switch: Switch, bridging: Bridging, clearing: Clearing) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing

    # --- from the console -------------------------------------------------------------------

    def hold(self, connection_id: ConnectionId) -> None:
        """Hold Call."""
        if member := self._answered(connection_id):
            member.console_holds = True
            self._tell(member, self.put_on_hold(member))

    def retrieve(self, connection_id: ConnectionId) -> None:
        """Retrieve Call; a hold by the telephone is the telephone's to end."""
        if member := self._answered(connection_id):
            require_free(member)
            self._tell(member, self.take_back(member))

    def give_back(self, connection_id: ConnectionId) -> None:
        """Retrieve Call once what it was held for failed, unless its telephone talks elsewhere."""
        with suppress(Refused):
            self.retrieve(connection_id)

    # --- from the telephone -----------------------------------------------------------------

    def reoffered(self, leg: Leg, report: SessionReoffered) -> None:
        """A re-INVITE: a new media address, hold, or retrieve; or an offer is asked of us."""
        switch = self._switch
        if leg.local is None or leg.session is None:
            return
        if not negotiation.acceptable(report.offer, leg.local):
            switch.signalling.reject(leg.session, NOT_ACCEPTABLE)
            return
        description = negotiation.describe(leg.local, report.offer, previous=leg.described)
        leg.described = description
        switch.signalling.accept(leg.session, description)
        leg.answer_due = report.offer is None
        if target := negotiation.target(report.offer, description, leg.local):
            self._agreed(leg, target)

    def confirmed(self, leg: Leg, report: SessionConfirmed) -> None:
        """The ACK to our 2xx; where that carried an offer, the answer (RFC 3261, 13.2.2.4)."""
        if not leg.answer_due:
            return
        leg.answer_due = False
        if target := negotiation.target(report.description, report.description, leg.local):
            self._agreed(leg, target)
        elif leg.target is None:
            for member in list(leg.members):
                self._clearing.leave(member, Party.SYSTEM, Cause.NETWORK)

    def _agreed(self, leg: Leg, target: MediaTarget) -> None:
        self._switch.aim(leg, target)
        leg.phone_holds = not target.sending
        member = leg.current
        if member is None:
            return
        if leg.phone_holds:
            self._tell(member, self.put_on_hold(member))
        elif not member.console_holds:
            self._tell(member, self.take_back(member))

    # --- what other services are made of ----------------------------------------------------

    def put_on_hold(self, member: Member, *, alone: bool = False) -> list[ConnectionEvent]:
        """The connection is held; gives what to tell once sound is settled.

        Where nobody is held by it yet, as in a menu, there is nothing to tell and nothing to undo,
        unless it is to be held even `alone`.
        """
        partners = alone or self._switch.call_of(member).partners(member)
        if member.state is not ConnectionState.CONNECTED or not partners:
            return []
        member.change(ConnectionState.HOLD, utc(self._switch.clock))
        return [Held(**self._switch.about(member))]

    def take_back(self, member: Member) -> list[ConnectionEvent]:
        """The connection is its leg's current one, and held no more unless the telephone holds."""
        member.console_holds = False
        leg = member.leg
        assert leg is not None
        leg.current = member
        if leg.phone_holds or member.state is not ConnectionState.HOLD:
            return []
        member.change(ConnectionState.CONNECTED, utc(self._switch.clock))
        return [Retrieved(**self._switch.about(member))]

    def _tell(self, member: Member, events: list[ConnectionEvent]) -> None:
        if events:
            self._bridging.settle(self._switch.call_of(member))
        for event in events:
            self._switch.bus.publish(event)

    def _answered(self, connection_id: ConnectionId) -> Member | None:
        member = self._switch.members.get(connection_id)
        if member is None or not member.answered:
            return None
        require_here(member)
        return member


def require_free(member: Member) -> None:
    """Refused ``call.not_now`` while the member's leg is in another call."""
    leg = member.leg
    if leg is not None and leg.current not in (None, member):
        raise Refused("call.not_now", service="retrieve", state=member.state.value)


def require_here(*members: Member) -> None:
    """Refused ``call.away`` while the telephone of one of them is gone."""
    if any(member.away for member in members):
        raise Refused("call.away")
