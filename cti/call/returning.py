"""Keeps the places of telephones in pages that are loaded again or whose network went.

`absence` decides; here its acts are performed. A connection that is away stays in its call, without
a leg, in the state it had: others hear music, record and recording go on. When the telephone is
there again it is rung on a new leg that carries all that the lost one did, and told to answer by
itself (``answer-after=0`` in Call-Info, as common telephones know it).
"""

from dataclasses import dataclass, field
from datetime import timedelta

from twisted.internet.interfaces import IDelayedCall

from cti.call.absence import RING_AGAIN, Act, Event, Stage, advance
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.control import PlaceKeeper
from cti.call.delivery import Delivery
from cti.call.events import Away, Back
from cti.call.live import Calling, Leg, Member
from cti.call.model import Cause, ConnectionState, Party
from cti.call.parking import Parking, require_parkable
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import DeviceId
from cti.sip.access.gatekeeper import BROWSERS
from cti.sip.access.registrar import Binding

SILENT = 5.0
"""Seconds without a packet after which a page that is waited for is gone: a browser sends all the
time, muted or not, and its caller should hear music rather than nothing."""


@dataclass(slots=True, eq=False)
class Place:
    """What a telephone that is gone has to come back to."""

    device: DeviceId
    within: float
    """Seconds to come back."""
    members: list[Member]
    """The one to ring for comes first."""
    current: Member | None
    stage: Stage | None = None
    ringing: Member | None = None
    timers: list[IDelayedCall] = field(default_factory=list)


class Returning:
    """Waits for telephones that are away."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        delivery: Delivery,
        parking: Parking,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._delivery, self._parking = delivery, parking
        self._places: dict[DeviceId, Place] = {}
        self.keeper: PlaceKeeper | None = None
        """Who says whom to wait for; None: nobody is waited for."""

    def patience(self, leg: Leg) -> float:
        """How long the leg may be silent; 0: as long as any."""
        kept = leg.page and any(self._within(each) for each in leg.members)
        return SILENT if kept else 0.0

    # --- what happens -----------------------------------------------------------------------

    def spare(self, leg: Leg) -> bool:
        """The leg is gone: whether its connections wait for another."""
        if any(member.away for member in leg.members):
            self._not_answered(leg)
            return True
        place = self._place_of(leg)
        if place is None:
            return False
        for member in place.members:
            member.be_away(True)
        self._clearing.let_go(leg, Cause.MEDIA_LOST)
        self._places[place.device] = place
        self._happen(place, Event.LOST)
        return True

    def registered(self, device: DeviceId) -> None:
        """The telephone can be rung, perhaps by another page than the one that had the call."""
        contacts = self._contacts(device)
        if not contacts:
            return
        there = {each.uri for each in contacts}
        for leg in self._switch.legs_of_device(device):
            if leg.up and leg.page and leg.page not in there:
                self.spare(leg)
        if (place := self._places.get(device)) is not None:
            self._happen(place, Event.REGISTERED)

    def left(self, member: Member) -> None:
        """A connection of a telephone that is away is no more."""
        place = self._places.get(member.connection.device.id)
        if place is None or member not in place.members:
            return
        place.members.remove(member)
        if place.current is member:
            place.current = None
        if not place.members:
            self._happen(place, Event.LEFT)
        elif place.ringing is member:
            self._happen(place, Event.NEXT)

    def leave(self) -> None:
        """Whoever is away is for the process that comes after us."""
        for place in self._places.values():
            self._stop_timers(place)

    def resume(self, members: list[Member]) -> bool:
        """Wait on, after a restart, for the telephone of these connections, its time anew."""
        device = members[0].connection.device.id
        within = self._within(members[0])
        if not within or device in self._places:
            return False
        talks = (each for each in members if each.state is ConnectionState.CONNECTED)
        place = Place(device, within, members, next(talks, None))
        self._places[device] = place
        self._happen(place, Event.LOST)
        return True

    # --- what follows -----------------------------------------------------------------------

    def _happen(self, place: Place, event: Event) -> None:
        step = advance(place.stage, event)
        place.stage = step.stage
        if step.stage is None:
            self._places.pop(place.device, None)
        for act in step.acts:
            if step.stage is not None and self._places.get(place.device) is not place:
                return  # what was told of it has ended it
            self._perform(place, act)

    def _perform(self, place: Place, act: Act) -> None:
        {
            Act.TELL_AWAY: self._tell_away,
            Act.START_TIME: self._start_time,
            Act.RING: self._ring,
            Act.RING_LATER: self._ring_later,
            Act.STOP_RINGING: self._stop_ringing,
            Act.STOP_TIMERS: self._stop_timers,
            Act.TELL_BACK: self._tell_back,
            Act.GIVE_UP: self._give_up,
        }[act](place)

    def _start_time(self, place: Place) -> None:
        self._start(place, place.within, Event.TIME_UP)

    def _ring_later(self, place: Place) -> None:
        place.ringing = None
        self._start(place, RING_AGAIN, Event.RING_DUE)

    @staticmethod
    def _stop_timers(place: Place) -> None:
        for timer in place.timers:
            if timer.active():
                timer.cancel()

    def _start(self, place: Place, seconds: float, event: Event) -> None:
        place.timers = [timer for timer in place.timers if timer.active()]
        place.timers.append(self._switch.clock.callLater(seconds, self._happen, place, event))

    def _tell_away(self, place: Place) -> None:
        switch = self._switch
        until = utc(switch.clock) + timedelta(seconds=place.within)
        members = list(place.members)
        self._bridging.settle(*(switch.call_of(each) for each in members))
        for member in members:
            switch.changed(member.connection.call_id)
            switch.bus.publish(Away(**switch.about(member), until=until))

    def _ring(self, place: Place) -> None:
        contacts = self._contacts(place.device)
        if not contacts:
            return
        calling = Calling(
            lambda member: self._answered(place, member),
            lambda _member, _cause: self._happen(place, Event.NOT_ANSWERED),
            lambda _member: None,
            own=True,
        )
        place.ringing = place.members[0]
        self._happen(place, Event.RINGS)
        self._delivery.recall(place.ringing, calling, contacts)

    def _stop_ringing(self, place: Place) -> None:
        member, place.ringing = place.ringing, None
        if member is None:
            return
        member.calling = None
        for leg in list(member.legs):
            self._clearing.drop_leg(member, leg, Cause.CANCELLED)

    def _not_answered(self, leg: Leg) -> None:
        """A leg that rang is lost before anybody answered it."""
        member = leg.members[0]
        self._clearing.drop_leg(member, leg, Cause.NETWORK)
        place = self._places.get(member.connection.device.id)
        if place is not None and not member.legs:
            member.calling = None
            self._happen(place, Event.NOT_ANSWERED)

    def _answered(self, place: Place, member: Member) -> None:
        place.ringing = None
        leg = member.leg
        assert leg is not None
        for each in place.members:
            each.be_away(False)
            self._switch.carry(leg, each)
        leg.current = place.current
        self._happen(place, Event.ANSWERED)

    def _tell_back(self, place: Place) -> None:
        switch = self._switch
        members = list(place.members)
        self._bridging.settle(*(switch.call_of(each) for each in members))
        for member in members:
            if member.id in switch.members:
                switch.changed(member.connection.call_id)
                switch.bus.publish(Back(**switch.about(member)))

    def _give_up(self, place: Place) -> None:
        for member in list(place.members):
            if member.id not in self._switch.members:
                continue
            call = self._switch.call_of(member)
            try:
                self._switch.require_open(call)
                require_parkable(call, member)
            except Refused:
                self._clearing.leave(member, Party.SYSTEM, Cause.MEDIA_LOST)
            else:
                self._leave_waiting(member)

    def _leave_waiting(self, member: Member) -> None:
        connection, call_id = member.connection, member.connection.call_id
        self._parking.leave_waiting(member, Party.SYSTEM, Cause.MEDIA_LOST)
        if self._switch.live(call_id) is None:
            return
        if self.keeper is None or not self.keeper.place_given_up(connection):
            self._clearing.clear(call_id, Party.SYSTEM, Cause.MEDIA_LOST)

    # --- inside -----------------------------------------------------------------------------

    def _place_of(self, leg: Leg) -> Place | None:
        """What there is to come back to for the page whose leg that is."""
        device = leg.device.id
        members = list(leg.members)
        ours = members and all(each.answered and each.party is Party.AGENT for each in members)
        if not (leg.up and leg.page and ours) or device in self._places:
            return None
        first = leg.current or members[0]
        within = self._within(first)
        members.sort(key=lambda each: each is not first)
        return Place(device, within, members, leg.current) if within else None

    def _within(self, member: Member) -> float:
        return self.keeper.keeps_place(member.connection) if self.keeper is not None else 0.0

    def _contacts(self, device: DeviceId) -> list[Binding]:
        """The pages the telephone is registered by."""
        contacts = self._switch.signalling.contacts(device)
        return [each for each in contacts if each.destination.transport in BROWSERS]
