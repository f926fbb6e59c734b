"""A call while it lives: the facts that `CallServices` owns, and the view others get of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import count

from twisted.internet.defer import Deferred

from cti.call.control import PlayEnd
from cti.call.model import (
    Call,
    Connection,
    ConnectionState,
    Direction,
    Party,
    UserData,
)
from cti.kernel.deferreds import fork
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import MediaAddress, MediaTarget
from cti.sip.events import SessionId
from cti.sip.sdp import SessionDescription


class Holder(Enum):
    """Where a hold was asked for."""

    CONSOLE = "console"
    PHONE = "phone"


@dataclass(slots=True)
class Leg:
    """One connection with its SIP session and its RTP leg."""

    connection: Connection
    opening: Deferred[MediaAddress]
    """Fires when the RTP leg has its address; ask through `opened`."""
    session: SessionId | None = None
    offer: SessionDescription | None = None
    """What the far side offered; None when it is for us to offer."""
    described: SessionDescription | None = None
    """What we last described ourselves as, offer or answer."""
    local: MediaAddress | None = None
    target: MediaTarget | None = None
    answer_due: bool = False
    """Whether our 2xx carried an offer, so that its ACK carries the answer."""
    holds: set[Holder] = field(default_factory=set)
    """Who keeps the leg on hold."""

    @property
    def id(self) -> ConnectionId:
        """The connection's name, which is also the RTP leg's."""
        return self.connection.id

    @property
    def answered(self) -> bool:
        """Whether the device is in the call, talking or holding."""
        return self.connection.state in (ConnectionState.CONNECTED, ConnectionState.HOLD)

    def opened(self) -> Deferred[MediaAddress]:
        """Fires with the RTP leg's address, or fails with MediaUnavailable."""
        return fork(self.opening)

    def change(self, state: ConnectionState, now: datetime) -> None:
        """The connection enters `state`."""
        self.connection = replace(self.connection, state=state, since=now)


@dataclass(slots=True)
class Playing:
    """An announcement on its way to the caller."""

    number: int
    ended: Deferred[PlayEnd]
    barge_in: bool


@dataclass(slots=True)
class LiveCall:
    """The mutable facts of one call; nobody outside `cti.call` holds it."""

    id: CallId
    direction: Direction
    calling: str
    called: str
    started: datetime
    user_data: UserData = field(default_factory=UserData)
    legs: dict[ConnectionId, Leg] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of its legs, none of them given twice."""
    playing: Playing | None = None
    collector: Callable[[str], None] | None = None
    cleared: Deferred[None] | None = None
    """Set once the call is being cleared; fires when the last of its events is out."""

    def view(self) -> Call:
        """The call as everybody else sees it; nobody is in one that is being cleared."""
        there = self.legs.values() if self.cleared is None else ()
        connections = tuple(leg.connection for leg in there)
        return Call(
            self.id,
            self.direction,
            self.calling,
            self.called,
            self.started,
            connections,
            self.user_data,
        )

    def leg_of(self, party: Party) -> Leg | None:
        """The first leg of that party."""
        return next((leg for leg in self.legs.values() if leg.connection.party is party), None)

    def partner(self, leg: Leg) -> Leg | None:
        """Whom an answered leg talks with."""
        return next(
            (each for each in self.legs.values() if each is not leg and each.answered), None
        )
