"""What the parts of call control share: the ports they act through and the table of live calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime

from cti.call.events import Transferred
from cti.call.lines import Lines, Route
from cti.call.live import Leg, LiveCall, Member
from cti.call.model import (
    Connection,
    ConnectionState,
    Device,
    DeviceKind,
    Direction,
    Party,
    Role,
)
from cti.call.no_lines import NoLines
from cti.call.security import Srtp
from cti.call.signalling import Signalling
from cti.kernel.bus import Bus
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId, Entropy
from cti.media.port import MediaPort, MediaTarget, Security
from cti.sip.events import SessionId

HOUSE = DeviceId("")
"""The device of what the switch does by itself."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What call control is told once."""

    host: str
    """Our address in the From of calls to the house's telephones."""
    recordings: Path
    music: Path
    """What a held party hears, over and over."""
    max_calls: int = 1000
    ring_back: Path | None = None
    """What is heard of a device that rings, over and over; None: nothing."""
    srtp: Srtp = Srtp.OPTIONAL
    record: bool = True
    """Whether calls with the outside are recorded without anybody asking for it."""


@dataclass(slots=True)
class Switch:
    """Ports, settings and every live call, by the names signalling and media know them by."""

    settings: CallSettings
    clock: IReactorTime
    bus: Bus
    signalling: Signalling
    media: MediaPort
    entropy: Entropy
    lines: Lines = field(default_factory=NoLines)
    calls: dict[CallId, LiveCall] = field(default_factory=dict)
    members: dict[ConnectionId, Member] = field(default_factory=dict)
    legs: dict[ConnectionId, Leg] = field(default_factory=dict)
    leg_of_session: dict[SessionId, Leg] = field(default_factory=dict)
    play_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    carried: Callable[[Connection, SessionId], object] = lambda _connection, _session: None
    """Told which SIP session carries which connection, each time one begins to."""
    patience: Callable[[Leg], float] = lambda _leg: 0.0
    """Seconds without sound after which that leg is lost; 0: as long as every leg's."""
    may_call: Callable[[DeviceId, str], bool] = lambda _device, _number: True
    """Whether whoever has that telephone may have that number called from it."""
    changed: Callable[[CallId], object] = lambda _call: None
    """Told of calls of which something changed that no event tells of."""

    @property
    def full(self) -> bool:
        """Whether as many calls are up as there may be."""
        return len(self.calls) >= self.settings.max_calls

    # --- finding ----------------------------------------------------------------------------

    def live(self, call_id: CallId) -> LiveCall | None:
        """The call, unless it is gone or being cleared."""
        call = self.calls.get(call_id)
        return call if call is not None and call.cleared is None else None

    def call_of(self, member: Member) -> LiveCall:
        """The call the member is in."""
        return self.calls[member.connection.call_id]

    def legs_of_device(self, device: DeviceId) -> list[Leg]:
        """The device's legs, the oldest first."""
        return [leg for leg in self.legs.values() if leg.device.id == device]

    @staticmethod
    def require_open(call: LiveCall) -> None:
        """Refused ``call.secure`` while the call's customer is secluded: nobody comes or goes."""
        if call.secluded:
            raise Refused("call.secure")

    # --- adding and taking away -------------------------------------------------------------

    def new_call(
        self, direction: Direction, calling: str, called: str, group: CallId | None = None
    ) -> LiveCall:
        """A call without anybody in it yet; of `group`, else of a group of its own.

        Its name sorts by time, is unique, and can be read out.
        """
        now = utc(self.clock)
        call_id = CallId(f"{now:%Y%m%d-%H%M%S}-{self.entropy(4)}")
        call = LiveCall(call_id, group or call_id, direction, calling, called, now)
        self.calls[call_id] = call
        return call

    def add_member(
        self, call: LiveCall, device: Device, party: Party, role: Role = Role.PARTICIPANT
    ) -> Member:
        """A new connection of the call, carried by no leg yet."""
        name = ConnectionId(f"{call.id}.{next(call.numbers)}")
        state, now = ConnectionState.INITIATED, utc(self.clock)
        member = Member(Connection(name, call.id, device, party, state, now, role))
        call.members[name] = self.members[name] = member
        return member

    def open_leg(self, member: Member, security: Security = Security.NONE) -> Leg:
        """A leg for the member; its RTP leg starts to open at once."""
        call = self.call_of(member)
        name = ConnectionId(f"{member.id}-{next(call.numbers)}") if member.rung else member.id
        member.rung = True
        opening = self.media.open(name, call.group, security)
        leg = Leg(name, member.connection.device, call.group, opening, [member])
        member.legs.append(leg)
        self.legs[name] = leg
        return leg

    def carry(self, leg: Leg, member: Member) -> None:
        """That leg, and no other, carries the member."""
        member.legs = [leg]
        if member not in leg.members:
            leg.members.append(member)
        if leg.session is not None:
            self.carried(member.connection, leg.session)

    def remove(self, member: Member) -> list[Leg]:
        """The member is no longer in its call; gives the legs that carry nothing any more."""
        del self.call_of(member).members[member.id]
        del self.members[member.id]
        idle = []
        for leg in member.legs:
            leg.members.remove(member)
            if leg.current is member:
                leg.current = None
            if not leg.members:
                idle.append(leg)
        return idle

    def forget_leg(self, leg: Leg) -> None:
        """The leg is no more, nor is it carried by any session or counted on any trunk."""
        self.part(leg)
        self.legs.pop(leg.id, None)
        self.release_line(leg)

    def release_line(self, leg: Leg) -> None:
        """The leg is no longer counted on its trunk."""
        trunk, leg.trunk = leg.trunk, ""
        if trunk:
            self.lines.release(trunk, outgoing=not leg.came)

    # --- acting -----------------------------------------------------------------------------

    def join(self, leg: Leg, session: SessionId) -> None:
        """That SIP session carries the leg."""
        leg.session = session
        self.leg_of_session[session] = leg
        for member in leg.members:
            self.carried(member.connection, session)

    def part(self, leg: Leg) -> SessionId | None:
        """The SIP session that carried the leg carries it no more."""
        session, leg.session = leg.session, None
        if session is not None:
            del self.leg_of_session[session]
        return session

    def aim(self, leg: Leg, target: MediaTarget) -> None:
        """The leg sends there from now on."""
        leg.target = target = replace(target, patience=self.patience(leg))
        self.media.configure(leg.id, target)
        self.touched(leg)

    def touched(self, leg: Leg) -> None:
        """Something about the leg is not as it was: so are the calls it is in."""
        for member in leg.members:
            self.changed(member.connection.call_id)

    # --- telling ----------------------------------------------------------------------------

    def about(self, member: Member) -> dict[str, Any]:
        """The fields every connection event has."""
        connection = member.connection
        return {
            "at": utc(self.clock),
            "call_id": connection.call_id,
            "connection_id": connection.id,
            "device_id": connection.device.id,
            "party": connection.party,
        }

    def handed_on(self, call: LiveCall, leaving: Member, to: str) -> Transferred:
        """The call goes on with `to` in the place of the member that leaves it."""
        return Transferred(
            at=utc(self.clock),
            call_id=call.id,
            other_call_id=None,
            resulting_call_id=call.id,
            transferring_device=leaving.connection.device.id,
            transferred_to=to,
        )

    # --- numbers ----------------------------------------------------------------------------

    def device(self, number: str) -> Device:
        """A line outside where the number leads there, and else a telephone of the house.

        A telephone that cannot be reached now is one nevertheless.
        """
        outside = not self.signalling.contacts(number) and bool(self.routes(number))
        return Device(DeviceKind.TRUNK if outside else DeviceKind.EXTENSION, DeviceId(number))

    def routes(self, number: str, calling: str = "") -> Sequence[Route]:
        """The ways outside to the number, the best first; none when it has none."""
        try:
            return self.lines.routes(number, calling)
        except Refused:
            return ()

    def require_reachable(self, number: str, calling: str = "") -> None:
        """Refused ``call.no_route`` when neither a telephone nor a trunk leads to the number."""
        if not self.signalling.contacts(number):
            self.require_route(number, calling)

    def require_route(self, number: str, calling: str = "") -> Sequence[Route]:
        """The ways outside to the number; Refused where there is none, or none is allowed."""
        if routes := self.lines.routes(number, calling):
            return routes
        raise Refused("call.no_route", number=number)
