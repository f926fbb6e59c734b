"""What a user agent reports and what it asks for: the border of the sans-IO SIP core.

`cti.sip.user_agent.UserAgent` takes datagrams, fired timers and commands, and gives a list of
these values back; an adapter performs the actions and hands the reports upwards.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from sipmessage import Address as NameAddress
from sipmessage import Request

from cti.sip.sdp import SessionDescription

SessionId = NewType("SessionId", str)
"""Names one INVITE session (a dialog, or the attempt at one) inside a user agent."""


class Transport(Enum):
    """How messages travel, as Via names it (RFC 3261, 20.42; RFC 7118, 5.2)."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    WS = "WS"
    WSS = "WSS"

    @property
    def reliable(self) -> bool:
        """Whether what was sent arrives or the connection is gone: nothing is sent twice."""
        return self is not Transport.UDP

    @property
    def secure(self) -> bool:
        """Whether nobody on the way can read it."""
        return self in (Transport.TLS, Transport.WSS)

    @property
    def default_port(self) -> int:
        """The port of a URI that names none (RFC 3261, 19.1.2; RFC 7118, 5.4)."""
        return _DEFAULT_PORTS[self]


DATAGRAM_FLOW = "udp"
"""The one flow UDP has, our socket: an endpoint of that flow is never reached by anything else."""

_DEFAULT_PORTS = {
    Transport.UDP: 5060,
    Transport.TCP: 5060,
    Transport.TLS: 5061,
    Transport.WS: 80,
    Transport.WSS: 443,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and port, and how to get there.

    `flow` names the one connection that leads there (RFC 5626, 5.3): a request that came over it
    is answered over it, and a telephone that registered over it is called over it. Empty: any.
    """

    host: str
    port: int
    transport: Transport = Transport.UDP
    flow: str = ""
    domain: str = field(default="", compare=False)
    """The name that led there; a certificate shown there must be for it (RFC 5922, 7.1)."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def same_way(self, other: "Endpoint") -> bool:
        """Whether both are reached over the same connection or, with none named, address.

        The one flow of UDP leads everywhere, and so says nothing of where.
        """
        if self.transport is not other.transport:
            return False
        if self.transport.reliable and self.flow and other.flow:
            return self.flow == other.flow
        return (self.host, self.port) == (other.host, other.port)


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


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find where the URI leads (RFC 3263); `resolved(key, endpoints)` is called with what is found.

    The endpoints are those to try, in that order; none when the name leads nowhere.
    """

    key: str
    uri: str


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
    """The far side answered our INVITE with 3xx to 6xx, or nobody did (`silent`, `status` 408)."""


@dataclass(frozen=True, slots=True)
class SessionOffered:
    """An INVITE from a trusted trunk or an authenticated account; 100 is already sent.

    `trunk` or `account` names who vouches for it. `offer` is None for a late offer. `replaces` is
    the session of ours whose place it takes once accepted (RFC 3891); ending that one is then ours
    to do. Whoever may replace it was checked.
    """

    session: SessionId
    request: Request
    source: Endpoint
    offer: SessionDescription | None
    trunk: str | None = None
    account: str | None = None
    replaces: SessionId | None = None


@dataclass(frozen=True, slots=True)
class SessionProgressed:
    """Our INVITE was answered 1xx (180 and above).

    `description` is the answer or, where `offered`, the far side's offer to an INVITE without one,
    sent reliably: its PRACK waits for the `answer` command (RFC 3262, 5).
    """

    session: SessionId
    status: int
    description: SessionDescription | None
    offered: bool = False


@dataclass(frozen=True, slots=True)
class SessionAccepted:
    """Our INVITE or re-INVITE was answered 2xx and acknowledged.

    `description` is None when there is none that can be read; where the answer had come in a
    reliable 1xx, it is that one. Where `offered`, we had made no offer and `description` is the far
    side's: the ACK waits for the `answer` command.
    """

    session: SessionId
    description: SessionDescription | None
    offered: bool = False


@dataclass(frozen=True, slots=True)
class SessionAnswered:
    """Before the call was answered, an offer of ours was: that in a reliable 1xx, or a `reinvite`.

    The answer came in the PRACK (RFC 3262, 5) or in the 2xx to our UPDATE (RFC 3311).
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
    """A re-INVITE, or an UPDATE or PRACK with an offer, came; answer with `accept` or `reject`.

    It may come before the call is answered: the next `accept` or `reject` is about the new offer.
    """

    session: SessionId
    offer: SessionDescription | None


@dataclass(frozen=True, slots=True)
class SessionReofferRefused:
    """Our re-INVITE or UPDATE was refused; the session goes on as it was (RFC 3261, 14.1)."""

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """What `keep` gives of a session that was kept is not what it gave then.

    The far side is elsewhere, can do other things, or another session timer or description was
    agreed on. Never told of sessions that nobody kept.
    """

    session: SessionId


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A key press by SIP INFO (application/dtmf-relay, application/dtmf)."""

    session: SessionId
    key: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over; nothing of it is reported after this. `status` when REJECTED.

    `reason` is the Reason header of the far side's BYE, CANCEL or refusal (RFC 3326), empty when
    it gave none; `contacts` are the URIs a 3xx sent us to. `silent` tells a 408 that stands for no
    answer at all from one that somebody gave (RFC 3261, 21.4.9).
    """

    session: SessionId
    why: Ended
    status: int = 0
    reason: str = ""
    contacts: tuple[str, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class SessionReferred:
    """The far side asks us to call `target` for it (RFC 3515); answer with `answer_refer`.

    `replaces` is the session of ours that the target's other party is to take the place of: an
    attended transfer (RFC 5589, 7). `elsewhere` is the raw Replaces value when it names a dialog
    that is not ours. `refer` names the request in `answer_refer` and `notify_refer`.
    """

    session: SessionId
    refer: str
    target: str
    replaces: SessionId | None = None
    elsewhere: str = ""
    referred_by: str = ""


@dataclass(frozen=True, slots=True)
class SessionReferProgressed:
    """What became of our REFER: its refusal, or a NOTIFY with the status of the new call.

    `status` 100 to 199: under way; 200: done; otherwise it failed. Final ones come once.
    """

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class ProbeAnswered:
    """Our OPTIONS to `key` was answered with `status`; 408 when nobody did, 503 when none can."""

    key: str
    status: int


@dataclass(frozen=True, slots=True)
class BindingAdded:
    """An account registered (the first of its contacts became reachable)."""

    account: str


@dataclass(frozen=True, slots=True)
class BindingRemoved:
    """The last contact of an account left or ran out."""

    account: str


@dataclass(frozen=True, slots=True)
class BindingMoved:
    """A telephone of the account is reached elsewhere than before, in the place of the old contact.

    It was started again (RFC 5626, 4.2), came by another connection, or was a page that was loaded
    again.
    """

    account: str


@dataclass(frozen=True, slots=True)
class BindingsChanged:
    """What `keep_bindings` gives of the account is not what it gave before, if only the expiry."""

    account: str


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Somebody gave a wrong secret for the name `account`, whether or not there is such an one."""

    source: Endpoint
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
class RequestFailed:
    """A mistake of ours kept a request from being carried out; answered 500, its session ended."""

    error: Exception


@dataclass(frozen=True, slots=True)
class MalformedReceived:
    """A datagram that is no SIP message we can use; answered 400 where the RFC wants it."""

    source: Endpoint
    why: str


Action = SendDatagram | StartTimer | StopTimer | Resolve
Report = (
    SessionOffered
    | SessionProgressed
    | SessionAccepted
    | SessionAnswered
    | SessionConfirmed
    | SessionReoffered
    | SessionReofferRefused
    | SessionChanged
    | SessionKey
    | SessionEnded
    | SessionReferred
    | SessionReferProgressed
    | ProbeAnswered
    | BindingAdded
    | BindingRemoved
    | BindingMoved
    | BindingsChanged
    | SignInFailed
    | RegistrationSucceeded
    | RegistrationFailed
    | RequestFailed
    | MalformedReceived
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a new INVITE says. `user` and `secret` answer a digest challenge, once.

    It goes to `destination`, or else to where the request URI leads (RFC 3263); to the next of
    these when one does not answer or answers 503. `offer` None asks the far side to offer.
    """

    target: str
    """Request URI, ``sip:1001@192.0.2.7:5062``."""
    from_address: NameAddress
    to_address: NameAddress
    offer: SessionDescription | None
    destination: Endpoint | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user: str = ""
    secret: str = field(default="", repr=False)
    max_forwards: int = 70
    """One less than the call came with, where one is passed on (RFC 7092, 3)."""
    replaces: SessionId | None = None
    """A session of ours with the same far side that this one shall take the place of: the Replaces
    header names its dialog (RFC 3891)."""
    proxy: str = ""
    """URI of an outbound proxy: it is sent there, with a Route header that says so (8.1.2)."""
    patience: float = 0.0
    """Seconds after which a far side that answered nothing at all counts as not there (408);
    0 leaves it to Timer B."""
