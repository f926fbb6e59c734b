"""A call as plain values, so that another process can take it up; nothing secret is in them.

Keys of SRTP are not: media workers have them and live on. What plays and who collects keys is not
either: whoever served the caller begins anew. Devices that still rang are named without a leg,
because their INVITEs end with the process; so are those whose session was never settled.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cti.call.hearing import SILENCE, Heard
from cti.call.model import Connection, Device, Direction, UserData
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.model import Codec, MediaTarget
from cti.sip.session.kept import KeptSession

NUMBER_GAP = 100
"""More connections, legs and recordings than a call begins between two snapshots."""


class Unanswered(Enum):
    """What follows for those who had a device called, when it does not answer."""

    STAY = "stay"
    """They stay where they are."""
    CLEAR = "clear"
    """The call is over."""
    RING_BACK = "ring_back"
    """The telephone that handed them on is rung."""
    RETRIEVE = "retrieve"
    """The connection that holds them takes them back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows when a device does not answer, and whom it concerns."""

    then: Unanswered = Unanswered.STAY
    whom: str = ""
    """The device to ring back, or the connection to retrieve."""


STAY, OVER = Outcome(), Outcome(Unanswered.CLEAR)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that is being written, and the connection it is told of by."""

    call_id: CallId
    connection_id: ConnectionId
    file: str
    started: datetime


@dataclass(frozen=True, slots=True)
class KeptTarget:
    """Where a leg sends, as far as that is no secret."""

    host: str
    port: int
    codec: Codec
    events: int | None = None
    sending: bool = True
    mux: bool = False

    @classmethod
    def of(cls, target: MediaTarget) -> "KeptTarget":
        """The target without its keys."""
        where = target.host, target.port, target.codec
        return cls(*where, target.events, target.sending, target.mux)

    @property
    def target(self) -> MediaTarget:
        """The target, good to know but never to be sent to: its keys are missing."""
        return MediaTarget(
            self.host, self.port, self.codec, self.events, self.sending, mux=self.mux
        )


@dataclass(frozen=True, slots=True)
class KeptLeg:
    """A device's settled session and the RTP leg that goes on without us."""

    id: ConnectionId
    device: Device
    group: CallId
    session: KeptSession
    target: KeptTarget
    members: tuple[ConnectionId, ...]
    """What it carries, of this call and of another."""
    current: ConnectionId | None = None
    came: bool = False
    phone_holds: bool = False
    masked: bool = False
    heard: Heard = SILENCE
    recording: Recording | None = None
    trunk: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class KeptMember:
    """A connection of the call; `leg` None: it cannot be taken up."""

    connection: Connection
    leg: ConnectionId | None = None
    console_holds: bool = False
    whispers_to: ConnectionId | None = None
    outcome: Outcome | None = None
    """Of a device that rings."""


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call with somebody in it whom it can go on with."""

    id: CallId
    group: CallId
    direction: Direction
    calling: str
    called: str
    started: datetime
    max_forwards: int
    diverted_from: str
    diverted_why: str
    user_data: UserData
    waiting: bool
    numbers: int
    """The last given to a connection or leg."""
    files: int
    """The last given to a recording."""
    members: tuple[KeptMember, ...]
    legs: tuple[KeptLeg, ...]
    secluded: bool = False
