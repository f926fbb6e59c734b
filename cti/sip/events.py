"""What a user agent reports and what it asks for: the border of the sans-IO SIP core.

`cti.sip.user_agent.UserAgent` takes datagrams, fired timers and commands, and gives a list of
these values back; an adapter performs the actions and hands the reports upwards.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from sipmessage import Address as NameAddress
from sipmessage import Request

from cti.sip.sdp import SessionDescription

SessionId = NewType("SessionId", str)
"""Names one INVITE session (a dialog, or the attempt at one) inside a user agent."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


# --- actions: what the adapter must do ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendDatagram:
    """Put these bytes on the wire."""

    data: bytes
    destination: Endpoint


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Call `timer_fired(key)` after so many seconds; replaces a running timer of that key."""

    key: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer of that key."""

    key: str


# --- reports: what happened -----------------------------------------------------------------


class Ended(Enum):
    """Why a session is over."""

    REMOTE = "remote"
    """BYE from the far side."""
    LOCAL = "local"
    CANCELLED = "cancelled"
    """The far side cancelled before we answered."""
    TIMEOUT = "timeout"
    """No ACK, or a request inside the dialog found nobody (RFC 3261, 12.2.1.2)."""
    REJECTED = "rejected"
    """The far side answered our INVITE with 3xx to 6xx, or nobody did (`status` 408)."""


@dataclass(frozen=True, slots=True)
class SessionOffered:
    """An INVITE from a trusted trunk or an authenticated account; 100 is already sent.

    `trunk` or `account` names who vouches for it. `offer` is None for a late offer.
    """

    session: SessionId
    request: Request
    source: Endpoint
    offer: SessionDescription | None
    trunk: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class SessionProgressed:
    """Our INVITE was answered 1xx (180 and above)."""

    session: SessionId
    status: int
    description: SessionDescription | None


@dataclass(frozen=True, slots=True)
class SessionAccepted:
    """Our INVITE or re-INVITE was answered 2xx and acknowledged.

    `description` is None when there is none that can be read.
    """

    session: SessionId
    description: SessionDescription | None


@dataclass(frozen=True, slots=True)
class SessionConfirmed:
    """The ACK to our 2xx came, of an INVITE or a re-INVITE.

    It carries the answer when the 2xx carried the offer.
    """

    session: SessionId
    description: SessionDescription | None


@dataclass(frozen=True, slots=True)
class SessionReoffered:
    """A re-INVITE came; answer it with `accept` or `reject`."""

    session: SessionId
    offer: SessionDescription | None


@dataclass(frozen=True, slots=True)
class SessionReofferRefused:
    """Our re-INVITE was refused; the session goes on as it was (RFC 3261, 14.1)."""

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A key press by SIP INFO (application/dtmf-relay, application/dtmf)."""

    session: SessionId
    key: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over; nothing of it is reported after this. `status` when REJECTED."""

    session: SessionId
    why: Ended
    status: int = 0


@dataclass(frozen=True, slots=True)
class BindingAdded:
    """An account registered (the first of its contacts became reachable)."""

    account: str


@dataclass(frozen=True, slots=True)
class BindingRemoved:
    """The last contact of an account left or ran out."""

    account: str


@dataclass(frozen=True, slots=True)
class RegistrationSucceeded:
    """Our own REGISTER was accepted for `expires` seconds; refreshed by itself.

    `expires` is 0 when it was the one that unregistered.
    """

    address_of_record: str
    expires: int


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """Our own REGISTER was refused, or nobody answered (408). Not retried by itself."""

    address_of_record: str
    status: int


@dataclass(frozen=True, slots=True)
class MalformedReceived:
    """A datagram that is no SIP message we can use; answered 400 where the RFC wants it."""

    source: Endpoint
    why: str


Action = SendDatagram | StartTimer | StopTimer
Report = (
    SessionOffered
    | SessionProgressed
    | SessionAccepted
    | SessionConfirmed
    | SessionReoffered
    | SessionReofferRefused
    | SessionKey
    | SessionEnded
    | BindingAdded
    | BindingRemoved
    | RegistrationSucceeded
    | RegistrationFailed
    | MalformedReceived
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a new INVITE says. `destination` None: where the request URI points.

    `user` and `secret` answer a digest challenge, once.
    """

    target: str
    """Request URI, ``sip:1001@192.0.2.7:5062``."""
    from_address: NameAddress
    to_address: NameAddress
    offer: SessionDescription
    destination: Endpoint | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user: str = ""
    secret: str = ""
