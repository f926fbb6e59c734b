"""A telephone without a telephone: places and takes real calls with the house's own stack.

`Telephone` is what stands behind ``hotline call``, ``hotline phone`` and ``hotline demo``. It owns
one SIP user agent and any number of calls; its media runs in this process. What it does is told
to a `Listener` in the order it happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Protocol

from sipmessage import URI
from sipmessage import Address as NameAddress
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cti.call import negotiation
from cti.call.signalling import Signalling
from cti.kernel.identifiers import CallId, ConnectionId, Entropy, system_entropy
from cti.media.model import Security
from cti.media.port import (
    LegStatistics,
    MediaAddress,
    MediaPort,
    MediaTarget,
    MediaUnavailable,
    PlayOutcome,
    Tracks,
)
from cti.sip.events import (
    Ended,
    Endpoint,
    Invitation,
    RegistrationFailed,
    RegistrationSucceeded,
    Report,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionOffered,
    SessionProgressed,
    SessionReoffered,
)
from cti.sip.outgoing import PHRASES, hostport, uri_host
from cti.sip.sdp import Direction, SessionDescription

BUSY_HERE, NOT_ACCEPTABLE, NO_MEDIA, REQUEST_TIMEOUT, DECLINE = 486, 488, 503, 408, 603
NOBODY_ANSWERS = "nobody answers"


class PhoneState(Enum):
    """What one call of the telephone does."""

    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"
    ENDED = "ended"


@dataclass(slots=True)
class PhoneCall:
    """One call on the telephone. `far` is the number at the other end."""

    leg: ConnectionId
    far: str
    state: PhoneState
    media: Deferred[MediaAddress]
    session: SessionId | None = None
    offer: SessionDescription | None = None
    described: SessionDescription | None = None
    local: MediaAddress | None = None
    target: MediaTarget | None = None
    save: Path | None = None
    ending: str = ""
    """How it ended, in a few words."""
    greeted: bool = False
    """Whether the person at the telephone has begun to talk."""
    sounds: tuple[Path, ...] = ()
    figures: LegStatistics = field(default_factory=LegStatistics)


class Listener(Protocol):
    """Hears what the telephone does."""

    def changed(self, call: PhoneCall, what: str) -> None:
        """The call entered another state; `what` says it in a few words."""

    def registered(self, expires: int) -> None: ...

    def registration_failed(self, status: int) -> None: ...


class Line(Signalling, Protocol):
    """What a telephone asks of signalling: calls, and to be found."""

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        """Register with the server's registrar, a SIP URI, and stay so."""


class Telephone:
    """Calls by way of one SIP user agent; `report` is to be given to its endpoint."""

    def __init__(
        self,
        media: MediaPort,
        listener: Listener,
        number: str,
        entropy: Entropy = system_entropy,
    ) -> None:
        self._media = media
        self._listener, self._number, self._entropy = listener, number, entropy
        self._names = count(1)
        self._calls: dict[SessionId, PhoneCall] = {}
        self.signalling: Line
        """The endpoint, which is built after the telephone it reports to."""

    @property
    def calls(self) -> Sequence[PhoneCall]:
        """The calls there are now."""
        return list(self._calls.values())

    # --- what the person at the telephone does ----------------------------------------------

    def place(
        self,
        number: str,
        server: Endpoint,
        *,
        save: Path | None = None,
        sounds: Sequence[Path] = (),
    ) -> PhoneCall:
        """Dial a number through the server; what is heard goes to `save`, `sounds` are spoken."""
        security = Security.SDES if server.transport.secure else Security.NONE
        call = self._new_call(number, PhoneState.DIALLING, security)
        call.save, call.sounds = save, tuple(sounds)

        def opened(address: MediaAddress) -> None:
            call.local = address
            target = URI("sip", uri_host(server.host), number, port=server.port)
            mine = URI("sip", uri_host(address.host), self._number)
            call.described = negotiation.describe(address)
            call.session = self.signalling.invite(
                Invitation(
                    target=str(target),
                    from_address=NameAddress(mine),
                    to_address=NameAddress(target),
                    offer=call.described,
                    destination=server,
                )
            )
            self._calls[call.session] = call
            self._listener.changed(call, f"dialling {number}")

        call.media.addCallbacks(opened, self._no_media, errbackArgs=(call,))
        return call

    def register(self, server: Endpoint, secret: str, expires: int) -> None:
        """Register with the server, and again before it runs out."""
        address = f"sip:{self._number}@{uri_host(server.host)}"
        transport = server.transport.value.lower()
        host = server.domain or server.host
        registrar = f"sip:{hostport(host, server.port)};transport={transport}"
        self.signalling.register(address, registrar, self._number, secret, expires)

    def answer(self, call: PhoneCall) -> None:
        """Take the ringing call."""
        if call.state is not PhoneState.RINGING or call.session is None or call.local is None:
            return
        call.described = negotiation.describe(call.local, call.offer)
        self.signalling.accept(call.session, call.described)
        self._talk(call, negotiation.target(call.offer, call.described))

    def hold(self, call: PhoneCall, *, held: bool) -> None:
        """Put the far side on hold, or take it back, by re-INVITE."""
        states = (PhoneState.TALKING, PhoneState.HOLDING)
        if call.state not in states or call.session is None or call.local is None:
            return
        direction = Direction.SENDONLY if held else Direction.SENDRECV
        call.described = negotiation.describe(
            call.local, previous=call.described, direction=direction
        )
        self.signalling.reinvite(call.session, call.described)
        call.state = PhoneState.HOLDING if held else PhoneState.TALKING
        self._listener.changed(call, "holding" if held else "talking again")

    def press(self, call: PhoneCall, keys: str) -> None:
        """Press keys in the call."""
        self._media.send_keys(call.leg, keys)

    def hang_up(self, call: PhoneCall, what: str = "") -> None:
        """End the call, whatever it does; `what` says why in place of the usual words."""
        if call.session is not None and call.state is not PhoneState.ENDED:
            ringing = call.state is PhoneState.RINGING
            self._end(call, what or ("refused" if ringing else "hung up"))
            if ringing:
                self.signalling.reject(call.session, DECLINE)
            else:
                self.signalling.end(call.session)

    def nobody_there(self) -> None:
        """Nothing came from the server though it had the time: wait no longer for it."""
        for call in self.calls:
            self.hang_up(call, NOBODY_ANSWERS)
        self._listener.registration_failed(REQUEST_TIMEOUT)

    # --- what the network does --------------------------------------------------------------

    def report(self, report: Report) -> None:
        """What the user agent has to say."""
        match report:
            case SessionOffered():
                self._offered(report)
            case RegistrationSucceeded(expires=expires):
                self._listener.registered(expires)
            case RegistrationFailed(status=status):
                self._listener.registration_failed(status)
            case (
                SessionProgressed(session=session)
                | SessionAccepted(session=session)
                | SessionConfirmed(session=session)
                | SessionReoffered(session=session)
                | SessionEnded(session=session)
            ):
                if call := self._calls.get(session):
                    self._about_call(call, report)

    def _about_call(self, call: PhoneCall, report: Report) -> None:
        match report:
            case SessionProgressed(status=status):
                self._listener.changed(call, PHRASES.get(status, f"progress {status}").lower())
            case SessionAccepted(description=description) if call.state is PhoneState.DIALLING:
                self._talk(call, negotiation.target(description, description))
            case SessionConfirmed(description=description) if call.target is None:
                self._listen(call, negotiation.target(description, description))
            case SessionReoffered(offer=offer):
                self._reoffered(call, offer)
            case SessionEnded(why=why, status=status):
                self._end(call, ending(why, status))

    def _offered(self, report: SessionOffered) -> None:
        if not negotiation.acceptable(report.offer):
            self.signalling.reject(report.session, NOT_ACCEPTABLE)
            return
        if self._calls:
            self.signalling.reject(report.session, BUSY_HERE)
            return
        far, security = report.request.from_address.uri.user, negotiation.security_of(report.offer)
        call = self._new_call(far or "", PhoneState.RINGING, security)
        call.session, call.offer = report.session, report.offer
        self._calls[report.session] = call

        def opened(address: MediaAddress) -> None:
            call.local = address
            if call.state is PhoneState.RINGING:
                self.signalling.ring(report.session)
                self._listener.changed(call, f"ringing, from {call.far}")

        call.media.addCallbacks(opened, self._no_media, errbackArgs=(call,))

    def _reoffered(self, call: PhoneCall, offer: SessionDescription | None) -> None:
        if call.session is None or call.local is None:
            return
        if not negotiation.acceptable(offer, call.local):
            self.signalling.reject(call.session, NOT_ACCEPTABLE)
            return
        call.described = negotiation.describe(call.local, offer, previous=call.described)
        self.signalling.accept(call.session, call.described)
        self._listen(call, negotiation.target(offer, call.described))

    # --- inside -----------------------------------------------------------------------------

    def _new_call(self, far: str, state: PhoneState, security: Security) -> PhoneCall:
        # Telephones may share one media engine, so the name has to differ from theirs.
        name = f"{self._number}-{self._entropy(4)}"
        leg = ConnectionId(name)
        return PhoneCall(leg, far, state, self._media.open(leg, CallId(name), security))

    def _no_media(self, failure: Failure, call: PhoneCall) -> None:
        failure.trap(MediaUnavailable)
        if call.session is not None:
            self.signalling.reject(call.session, NO_MEDIA)
        self._end(call, "no port for sound is free")

    def _talk(self, call: PhoneCall, target: MediaTarget | None) -> None:
        self._listen(call, target)
        if call.save is not None:
            self._media.record(call.leg, call.save, Tracks.RECEIVED)
        if call.sounds:
            self._media.play(call.leg, next(self._names), call.sounds, repeat=True)
        call.state = PhoneState.TALKING
        codec = target.codec.name if target else "no sound yet"
        secret = ", SRTP" if target and target.security else ""
        self._listener.changed(call, f"answered, {codec}{secret}")

    def _listen(self, call: PhoneCall, target: MediaTarget | None) -> None:
        if target is not None:
            call.target = target
            self._media.configure(call.leg, target)

    def _end(self, call: PhoneCall, what: str) -> None:
        if call.session is not None:
            self._calls.pop(call.session, None)
        call.state, call.ending = PhoneState.ENDED, what

        def closed(figures: LegStatistics) -> None:
            call.figures = figures
            self._listener.changed(call, what)

        self._media.close(call.leg).addCallback(closed)

    # --- MediaListener ----------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """The far side pressed a key."""
        for call in self.calls:
            if call.leg == leg:
                self._listener.changed(call, f"far side keyed {key}")

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """What is spoken repeats until the call ends."""

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """What was heard is on disk."""

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """No sound came for too long: hang up."""
        for call in self.calls:
            if call.leg in legs:
                self.hang_up(call, "heard nothing for too long, hung up")


def ending(why: Ended, status: int) -> str:
    """In a few words how the far side, or its absence, ended a call."""
    match why:
        case Ended.REJECTED if status == REQUEST_TIMEOUT:
            return NOBODY_ANSWERS
        case Ended.REJECTED:
            return f"refused with {status} {PHRASES.get(status, '')}".rstrip()
        case Ended.CANCELLED:
            return "far side gave up"
        case Ended.TIMEOUT:
            return "far side is gone"
        case Ended.REMOTE:
            return "far side hung up"
        case Ended.LOCAL:
            return "hung up"
