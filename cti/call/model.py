"""Calls, connections and devices, after CSTA (ECMA-269, 6.1).

A call joins devices; each joining is a connection with a state of its own. These are the values
the rest of the house sees; `cti.call.services` owns and replaces them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import CallId, ConnectionId, CustomerId, DeviceId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Verification


class ConnectionState(Enum):
    """ECMA-269, 6.1.5."""

    NULL = "null"
    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HOLD = "hold"
    QUEUED = "queued"
    FAIL = "fail"

    @property
    def answered(self) -> bool:
        """Whether the device is in the call, talking or holding."""
        return self in (ConnectionState.CONNECTED, ConnectionState.HOLD)


class Direction(Enum):
    """Which way the call crosses the house's door."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Cause(Enum):
    """Why a connection failed or ended; ECMA-269 event causes where it has one."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    NOT_OBTAINABLE = "destination_not_obtainable"
    NO_RESOURCES = "resources_not_available"
    MEDIA_LOST = "media_lost"
    NETWORK = "network_signal"
    INTERRUPTED = "interrupted"
    """The server stopped or died while the call was up."""
    TRANSFERRED = "transfer"
    """The device handed its call on, or another took its place."""
    CONFERENCED = "conference"
    """Its call went up in another with more parties."""
    PARKED = "park"
    """The device left the call to wait without it."""
    DIVERTED = "redirected"
    """The call was sent elsewhere while it rang."""
    ELSEWHERE = "answered_elsewhere"
    """Another telephone took the call that rang here (RFC 3326, "Call completed elsewhere")."""
    LOOP = "too_many_hops"
    """The call was passed on too often (RFC 3261, 8.1.1.6)."""


class Party(Enum):
    """Who did it."""

    CALLER = "caller"
    AGENT = "agent"
    """A telephone of the house that was rung, or made the call."""
    CALLED = "called"
    """Somebody outside whom the house called."""
    SUPERVISOR = "supervisor"
    """A telephone of the house that listens in."""
    SYSTEM = "system"


class Role(Enum):
    """What a device in a call hears, and who hears it (ECMA-269, participation type)."""

    PARTICIPANT = "participant"
    LISTENER = "listener"
    """Hears all participants, is heard by nobody."""
    WHISPERER = "whisperer"
    """Hears all participants, is heard by one of them."""
    INTRUDER = "intruder"
    """Hears and is heard by all; the conversation does not depend on it."""


class DeviceKind(Enum):
    """Trunk: a line from outside. Extension: a telephone of the house."""

    TRUNK = "trunk"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class Device:
    """A telephone or line; `id` is the extension, or the outside number behind the trunk."""

    kind: DeviceKind
    id: DeviceId


@dataclass(frozen=True, slots=True)
class UserData:
    """What is known of the caller, gathered on the way and carried with the call (CSTA user data).

    `path` holds the menu choices taken, `entered` what was keyed in openly (a ticket number);
    nothing secret ever belongs here, it is shown and written down.
    """

    customer_id: CustomerId | None = None
    customer_name: str = ""
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    language: Language = Language.CHINESE
    verification: Verification = Verification.NONE
    verified: datetime | None = None
    """When the caller signed in; nobody but the IVR can say so."""
    path: tuple[str, ...] = ()
    entered: Mapping[str, str] = field(default_factory=dict)
    queue_id: QueueId | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One device in one call."""

    id: ConnectionId
    call_id: CallId
    device: Device
    party: Party
    state: ConnectionState
    since: datetime
    role: Role = Role.PARTICIPANT
    muted: bool = False
    """Whether it is heard by nobody, by its own wish (ECMA-269, 17.2, Microphone Mute)."""
    away: bool = False
    """Whether its telephone is gone for a moment, and its place is kept."""

    @property
    def participates(self) -> bool:
        """Whether it is in the conversation, and does not only listen in."""
        return self.state.answered and self.role is Role.PARTICIPANT


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands; `connections` are those not yet cleared, the caller's first."""

    id: CallId
    direction: Direction
    calling: str
    """The caller's number as the trunk gave it; empty when withheld."""
    called: str
    """The number dialled."""
    started: datetime
    connections: tuple[Connection, ...] = ()
    user_data: UserData = field(default_factory=UserData)
    diverted_from: str = ""
    """The number first dialled, where the call was diverted to us."""
    diverted_why: str = ""
    """Why, in the words of RFC 5806, 4: ``user-busy``, ``no-answer``, ``unconditional`` ..."""

    @property
    def caller(self) -> Connection | None:
        """The connection of whoever dialled in."""
        return next((c for c in self.connections if c.party is Party.CALLER), None)

    @property
    def customer(self) -> Connection | None:
        """The connection of whoever the house serves: who dialled in, or whom it called."""
        called = (c for c in self.connections if c.party is Party.CALLED)
        return self.caller or next(called, None)

    @property
    def agent(self) -> Connection | None:
        """The connection of an agent's telephone, ringing or talking."""
        return next((c for c in self.connections if c.party is Party.AGENT), None)
