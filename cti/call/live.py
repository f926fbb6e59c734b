"""A call while it lives: the facts that `CallServices` owns, and the view others get of them.

A `Leg` is a device's SIP session with its RTP leg; a `Member` is a device in a call (ECMA-269,
6.1). One leg may carry several members, as when an agent's telephone holds a caller and talks with
a colleague, but at most one of them is its current one. One member may have several legs while the
contacts of its account ring.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from twisted.internet.defer import Deferred

from cti.call.control import PlayEnd
from cti.call.hearing import SILENCE, Heard
from cti.call.kept import STAY, Outcome, Recording
from cti.call.lines import Route
from cti.call.model import (
    Call,
    Cause,
    Connection,
    ConnectionState,
    Device,
    Direction,
    Party,
    UserData,
)
from cti.kernel.deferreds import fork
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import MediaAddress, MediaTarget, Security
from cti.sip.access.registrar import Binding
from cti.sip.events import SessionId
from cti.sip.sdp import SessionDescription
from cti.sip.session.kept import KeptSession


@dataclass(slots=True)
class Playing:
    """An announcement on its way to a leg."""

    number: int
    ended: Deferred[PlayEnd]
    barge_in: bool


@dataclass(slots=True, eq=False)
class Leg:
    """A device's SIP session and its RTP leg; media knows it by `id`."""

    id: ConnectionId
    device: Device
    group: CallId
    """Its RTP leg can hear the legs of this group, and no others."""
    opening: Deferred[MediaAddress]
    """Fires when the RTP leg has its address; ask through `opened`."""
    members: "list[Member]"
    """The connections it carries; it ends with the last of them."""
    current: "Member | None" = None
    """The one the person at the device addresses; all others are held."""
    session: SessionId | None = None
    offer: SessionDescription | None = None
    """What the far side offered; None when it is for us to offer."""
    described: SessionDescription | None = None
    """What we last described ourselves as, offer or answer."""
    local: MediaAddress | None = None
    target: MediaTarget | None = None
    answer_due: bool = False
    """Whether our 2xx carried an offer, so that its ACK carries the answer."""
    came: bool = False
    """Whether the device called us, and not we it."""
    up: bool = False
    """Whether its session was answered."""
    phone_holds: bool = False
    """Whether the device itself asked for silence (RFC 3264, 8.4)."""
    heard: Heard = SILENCE
    """What media was told that it hears."""
    playing: Playing | None = None
    masked: bool = False
    recording: Recording | None = None
    trunk: str = ""
    """The trunk on which it is counted."""
    route: Route | None = None
    """By which way it left the house."""
    contact: Binding | None = None
    """The telephone's contact that it calls."""
    page: str = ""
    """The contact of a browser that it calls: a page loaded again has another."""
    otherwise: tuple[Security, ...] = ()
    """What to offer that contact next should it not accept this (488)."""
    kept: KeptSession | None = None
    """Its session as it was when nothing of it was under way."""

    def opened(self) -> Deferred[MediaAddress]:
        """Fires with the RTP leg's address, or fails with MediaUnavailable."""
        return fork(self.opening)


@dataclass(slots=True)
class Calling:
    """How a device is being called, and what its outcome means to whoever called it."""

    answered: "Callable[[Member], None]"
    """The device has answered and is CONNECTED; nobody has been told."""
    failed: "Callable[[Member, Cause], None]"
    """It will not answer, is out of its call, and Failed was told."""
    rings: "Callable[[Member], None]"
    """It rings, or the network has something to say; Delivered was told."""
    ring_back: bool = False
    """Whether whoever is alone in the call hears it ring."""
    headers: tuple[tuple[str, str], ...] = ()
    """What its INVITE says besides."""
    own: bool = False
    """Whether the device asked for it itself: a page answers at once."""
    routes: list[Route] = field(default_factory=list)
    """The ways to an outside number not tried yet."""
    refusals: list[Cause] = field(default_factory=list)
    diversions: int = 0
    """How often telephones have sent it elsewhere."""
    outcome: Outcome = STAY
    """What `failed` does, for whoever goes on with the call after a restart."""


@dataclass(slots=True, eq=False)
class Member:
    """One device in one call."""

    connection: Connection
    legs: list[Leg] = field(default_factory=list)
    rung: bool = False
    """Whether a leg was ever opened for it; the first has its name."""
    console_holds: bool = False
    early: bool = False
    """Whether the network speaks though nobody answered."""
    whispers_to: ConnectionId | None = None
    calling: Calling | None = None
    """Until it has answered or failed."""

    @property
    def id(self) -> ConnectionId:
        return self.connection.id

    @property
    def party(self) -> Party:
        return self.connection.party

    @property
    def state(self) -> ConnectionState:
        return self.connection.state

    @property
    def leg(self) -> Leg | None:
        """The leg that carries it; of several that ring, the first."""
        return self.legs[0] if self.legs else None

    @property
    def answered(self) -> bool:
        """Whether the device is in the call, talking or holding."""
        return self.state.answered

    @property
    def participates(self) -> bool:
        """Whether the conversation depends on it."""
        return self.connection.participates

    @property
    def away(self) -> bool:
        """Whether it was answered and is gone for a moment; its one leg, if any, rings."""
        return self.connection.away

    def be_away(self, away: bool) -> None:
        """It is gone, or in its place again."""
        self.connection = replace(self.connection, away=away)

    def change(self, state: ConnectionState, now: datetime) -> None:
        """The connection enters `state`."""
        self.connection = replace(self.connection, state=state, since=now)


@dataclass(slots=True)
class Numbering:
    """Numbers, none of them given twice."""

    last: int = 0

    def __iter__(self) -> "Numbering":
        return self

    def __next__(self) -> int:
        self.last += 1
        return self.last


@dataclass(slots=True, eq=False)
class LiveCall:
    """The mutable facts of one call; nobody outside `cti.call` holds it."""

    id: CallId
    group: CallId
    """Its legs open with these others, whom they may come to hear."""
    direction: Direction
    calling: str
    called: str
    started: datetime
    max_forwards: int = 70
    """What is left of it for INVITEs of this call (RFC 3261, 8.1.1.6)."""
    diverted_from: str = ""
    diverted_why: str = ""
    user_data: UserData = field(default_factory=UserData)
    members: dict[ConnectionId, Member] = field(default_factory=dict)
    numbers: Numbering = field(default_factory=Numbering)
    """Of its connections and their legs."""
    files: Numbering = field(default_factory=Numbering)
    """Of its recordings."""
    waiting: bool = False
    """Whether who is alone is being connected, and hears music until then."""
    secluded: bool = False
    """Whether its customer is alone with what is played to them."""
    collector: Callable[[str], None] | None = None
    closings: list[Deferred[None]] = field(default_factory=list)
    """What the end of the call waits for: figures and recordings of those who left."""
    cleared: Deferred[None] | None = None
    """Set once the call is being cleared; fires when the last of its events is out."""

    def view(self) -> Call:
        """The call as everybody else sees it; nobody is in one that is being cleared."""
        there = self.members.values() if self.cleared is None else ()
        return Call(
            self.id,
            self.direction,
            self.calling,
            self.called,
            self.started,
            tuple(member.connection for member in there),
            self.user_data,
            self.diverted_from,
            self.diverted_why,
        )

    def member_of(self, party: Party) -> Member | None:
        """The first member of that party."""
        return next((each for each in self.members.values() if each.party is party), None)

    @property
    def customer(self) -> Member | None:
        """Whoever the house serves: who dialled in, or else whom it called."""
        return self.member_of(Party.CALLER) or self.member_of(Party.CALLED)

    @property
    def music(self) -> bool:
        """Whether who is alone in it hears music: they are being connected, or somebody is away."""
        return self.waiting or any(each.away for each in self.members.values())

    @property
    def shown_outside(self) -> str:
        """The number that lines outside may be shown; empty for the trunk's own."""
        return self.calling if self.member_of(Party.CALLER) is not None else ""

    def others(self, member: Member) -> list[Member]:
        """Everybody else in the call."""
        return [each for each in self.members.values() if each is not member]

    def partners(self, member: Member) -> Sequence[Member]:
        """Those an answered member talks with."""
        return [each for each in self.others(member) if each.participates]
