"""What happens to calls, named after CSTA (ECMA-269, clause 17) where it has the event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cti.call.model import Cause, Direction, Party, Role
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, CustomerId, DeviceId
from cti.kernel.vocabulary import Language, ServiceLevel, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """Root of everything that happens to a call."""

    call_id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(CallEvent):
    """A call exists: its first INVITE was accepted for handling."""

    kind: ClassVar[str] = "call.started"
    direction: Direction
    calling: str
    called: str
    trunk: str
    withheld: bool = False
    """The caller asked not to be shown; `calling` is then empty."""
    diverted_from: str = ""
    """The number first dialled, where the call was diverted to us."""
    diverted_why: str = ""
    """Why, in the words of RFC 5806, 4: ``user-busy``, ``no-answer``, ``unconditional`` ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEvent(CallEvent):
    """Root of what happens to one device in the call."""

    connection_id: ConnectionId
    device_id: DeviceId
    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Originated(ConnectionEvent):
    """The device is off the hook and calls `called`; it was put through to nobody yet."""

    kind: ClassVar[str] = "call.originated"
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkReached(ConnectionEvent):
    """The outgoing call left by that trunk; what follows is the network's word."""

    kind: ClassVar[str] = "call.network_reached"
    trunk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(ConnectionEvent):
    """The device alerts (an agent's phone rings), or the caller's call reached us."""

    kind: ClassVar[str] = "call.delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Established(ConnectionEvent):
    """The device answered and is in the call."""

    kind: ClassVar[str] = "call.established"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(ConnectionEvent):
    """The device put the call on hold; the other side hears music."""

    kind: ClassVar[str] = "call.held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved(ConnectionEvent):
    """The device took the call back from hold."""

    kind: ClassVar[str] = "call.retrieved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted(ConnectionEvent):
    """The device is heard by nobody in the call until it is unmuted; it hears as before."""

    kind: ClassVar[str] = "call.muted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmuted(ConnectionEvent):
    """The device is heard again."""

    kind: ClassVar[str] = "call.unmuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Away(ConnectionEvent):
    """The telephone is gone in mid-call, and its place is kept: the others hear music."""

    kind: ClassVar[str] = "call.away"
    until: datetime
    """When its place is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Back(ConnectionEvent):
    """The telephone is in its place again."""

    kind: ClassVar[str] = "call.back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(ConnectionEvent):
    """The device was called and never answered; the call itself may go on."""

    kind: ClassVar[str] = "call.failed"
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCleared(ConnectionEvent):
    """A device that had been in the call left it."""

    kind: ClassVar[str] = "call.connection_cleared"
    cause: Cause
    cleared_by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverted(ConnectionEvent):
    """The call that rang at the device was sent to `diverted_to`; Failed of this one follows."""

    kind: ClassVar[str] = "call.diverted"
    diverted_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(ConnectionEvent):
    """The device in the call hears, or is heard, in another way from now on."""

    kind: ClassVar[str] = "call.role_changed"
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReported(ConnectionEvent):
    """What the device's RTP session came to, told after it left (RFC 3550, 6.4.1)."""

    kind: ClassVar[str] = "call.media_reported"
    packets_sent: int
    packets_received: int
    packets_lost: int
    jitter: float = 0.0
    """Milliseconds (RFC 3550, 6.4.1)."""
    round_trip: float = 0.0
    """Milliseconds; 0 when the far side sent no RTCP."""
    rating: float = 0.0
    """Transmission rating R (ITU-T G.107) of what was received; 0 when nothing was."""
    codec: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(CallEvent):
    """A device handed the call on and leaves it; told of both calls where two become one.

    `resulting_call_id` is the call that goes on. Its new parties are told of by Established, or
    Delivered while they ring; the other call's connections end with the cause TRANSFERRED.
    """

    kind: ClassVar[str] = "call.transferred"
    other_call_id: CallId | None
    """The consultation, seen from the call, and the call, seen from the consultation."""
    resulting_call_id: CallId
    transferring_device: DeviceId
    transferred_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(CallEvent):
    """A device left its party waiting alone, who hears music; its connection has ended."""

    kind: ClassVar[str] = "call.parked"
    connection_id: ConnectionId
    parking_device: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Conferenced(CallEvent):
    """Another device joined the conversation; told of both calls where two become one."""

    kind: ClassVar[str] = "call.conferenced"
    other_call_id: CallId | None
    resulting_call_id: CallId
    conferencing_device: DeviceId
    added: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallEvent):
    """The call goes on though the server was away; its sound went on all the while.

    What was under way when it left has failed: that is told after this.
    """

    kind: ClassVar[str] = "call.resumed"
    connections: tuple[ConnectionId, ...]
    """Those that go on."""
    away: float
    """Seconds that nobody was here; what telephones asked for meanwhile went unheard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCleared(CallEvent):
    """The call is over; nothing of it happens after this."""

    kind: ClassVar[str] = "call.cleared"
    cause: Cause
    cleared_by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDataAttached(CallEvent):
    """What is known of the caller changed; carries no name and nothing secret."""

    kind: ClassVar[str] = "call.user_data"
    customer_id: CustomerId | None
    service_level: ServiceLevel
    language: Language
    verification: Verification
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(CallEvent):
    """Both sides of the call are being written; `file` is relative to the recordings folder."""

    kind: ClassVar[str] = "call.recording_started"
    connection_id: ConnectionId
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStopped(CallEvent):
    """The recording is closed and has this length (seconds of sound).

    `digest` is the end of the chain that seals the file; empty where there is none.
    """

    kind: ClassVar[str] = "call.recording_stopped"
    connection_id: ConnectionId
    file: str
    seconds: float
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused(CallEvent):
    """Silence is written in place of both sides from now on."""

    kind: ClassVar[str] = "call.recording_paused"
    connection_id: ConnectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResumed(CallEvent):
    """The recording has both sides again."""

    kind: ClassVar[str] = "call.recording_resumed"
    connection_id: ConnectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Event):
    """A telephone of the house registered and can be rung."""

    kind: ClassVar[str] = "device.registered"
    device_id: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnregistered(Event):
    """A telephone of the house left, or its registration ran out."""

    kind: ClassVar[str] = "device.unregistered"
    device_id: DeviceId
