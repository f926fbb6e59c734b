"""What happens to calls, named after CSTA (ECMA-269, clause 17) where it has the event."""

from dataclasses import dataclass
from typing import ClassVar

from cti.call.model import Cause, Direction, Party
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEvent(CallEvent):
    """Root of what happens to one device in the call."""

    connection_id: ConnectionId
    device_id: DeviceId
    party: Party


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
class MediaReported(ConnectionEvent):
    """What the device's RTP session came to, told after it left (RFC 3550, 6.4.1)."""

    kind: ClassVar[str] = "call.media_reported"
    packets_sent: int
    packets_received: int
    packets_lost: int


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
    """The recording is closed and has this length (seconds of sound)."""

    kind: ClassVar[str] = "call.recording_stopped"
    connection_id: ConnectionId
    file: str
    seconds: float


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
