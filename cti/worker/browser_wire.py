"""A browser's leg: ICE-lite, DTLS and SRTP on one port, sorted by the first octet (RFC 7983)."""

from collections.abc import Callable

from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import ConnectionId, Entropy
from cti.media.ice_lite import CONSENT_SECONDS, IceLite
from cti.media.model import BrowserKeys, MediaTarget
from cti.media.source_lock import Source
from cti.media.srtp import Srtp, is_control
from cti.worker.dtls import Certificate, Handshake, Progress
from cti.worker.sockets import LegSocket, Receive
from cti.worker.wire import OwnSecurity, Refusals

log = Logger()

FRAGMENT_OCTETS, PASSWORD_OCTETS = 4, 16
"""32 bits and 128 bits of randomness; 24 and 128 are wanted (RFC 8445, 5.3)."""
GOODBYE_SECONDS = 1.0
"""How much later than the end of its sound a browser's BYE may come."""
STUN = range(4)
DTLS = range(20, 64)
RTP = range(128, 192)
"""First octets (RFC 7983, 7)."""


class BrowserWire:
    """Finds the peer by its checks, agrees on keys with it, and lets nothing else through.

    The leg sees the one address that signalling announced, whence ever the peer sends now.
    """

    def __init__(
        self,
        leg: ConnectionId,
        sound: LegSocket,
        clock: Clock,
        certificate: Certificate,
        entropy: Entropy,
        lost: Callable[[], None],
    ) -> None:
        self._leg, self._sound, self._clock, self._lost = leg, sound, clock, lost
        self._certificate = certificate
        self._ice = IceLite(entropy(FRAGMENT_OCTETS), entropy(PASSWORD_OCTETS))
        self._srtp = Srtp()
        self._refusals = Refusals(leg, self._srtp)
        self._far: BrowserKeys | None = None
        self._announced: Source = ("", 0)
        self._met = ""
        """The host that the far side was first heard from; empty: not yet."""
        self._handshake: Handshake | None = None
        self._early: tuple[bytes, Source] | None = None
        """What the far side said of a handshake before signalling told us who it is."""
        self._again: DelayedCall | None = None
        """When the handshake's last flight is sent once more."""
        self._consent: DelayedCall | None = None
        self._datagram: Receive = sound.receive
        self._control: Receive = sound.receive
        self.own: OwnSecurity = BrowserKeys(
            self._ice.fragment, self._ice.password, certificate.fingerprint
        )

    @property
    def refused(self) -> int:
        """Datagrams that were not let in."""
        return self._refusals.count

    def attach(self, datagram: Receive, control: Receive) -> None:
        """Hand on what the browser sent."""
        self._datagram, self._control = datagram, control
        self._sound.receive = self._receive

    def transmit(self, data: bytes, destination: Source) -> bool:  # noqa: ARG002  (ICE knows better)
        """Send it to the peer, protected, or not at all."""
        packet, peer = self._srtp.wrap(data), self._ice.peer
        return packet is not None and peer is not None and self._sound.transmit(packet, peer)

    def transmit_control(self, data: bytes, destination: Source) -> None:  # noqa: ARG002  (likewise)
        """Send it to the peer, protected, or not at all."""
        packet, peer = self._srtp.wrap_control(data), self._ice.peer
        if packet is not None and peer is not None:
            self._sound.transmit(packet, peer)

    def configure(self, target: MediaTarget) -> bool:
        """Learn whom to expect; a certificate that changed asks for a new handshake."""
        far = target.security
        if not isinstance(far, BrowserKeys):
            return False
        before, self._far = self._far, far
        if self._announced != (target.host, target.port):
            self._announced, self._met = (target.host, target.port), ""
        self._ice.configure(far.fragment)
        if not far.fragment:
            self._ice.peer = self._announced
        elif self._consent is None:
            self._consent = self._clock.callLater(CONSENT_SECONDS, self._check_consent)
        if before is None or before.fingerprint != far.fingerprint:
            self._begin(far)
        early, self._early = self._early, None
        if early is not None:
            self._receive_handshake(*early)
        return True

    def join(self, peer: Source | None) -> None:
        """ICE lets the far side move, and its packets are known by their keys."""

    def close(self) -> None:
        """Say so, and leave no timer behind."""
        if self._handshake is not None:
            self._say(self._handshake.close())
        for timer in (self._again, self._consent):
            if timer is not None and timer.active():
                timer.cancel()
        self._again = self._consent = None

    # --- what comes in ----------------------------------------------------------------------

    def _receive(self, data: bytes, source: Source) -> None:
        first = data[0] if data else 255
        if first in RTP:
            self._receive_sound(data)
        elif first in STUN:
            self._receive_check(data, source)
        elif first in DTLS:
            self._receive_handshake(data, source)
        else:
            self._refusals.add("neither STUN, DTLS nor RTP")

    def _receive_sound(self, data: bytes) -> None:
        if is_control(data):
            packet, take = self._srtp.unwrap_control(data), self._control
        else:
            packet, take = self._srtp.unwrap(data), self._datagram
        if packet is not None:
            take(packet, self._announced)
        elif self._srtp.ready:
            self._refusals.tell()

    def _receive_check(self, data: bytes, source: Source) -> None:
        unknown = self._ice.refused
        try:
            answer = self._ice.receive(data, source, self._clock.seconds())
        except RemoteError as error:
            self._refusals.add(error)
            return
        if self._ice.refused > unknown:
            self._refusals.add("a check of somebody unknown")
        if answer is not None:
            self._sound.transmit(answer, source)
        handshake = self._handshake
        if self._ice.knows(source) and handshake is not None and not handshake.begun:
            self._advance(handshake.start)

    def _receive_handshake(self, data: bytes, source: Source) -> None:
        handshake = self._handshake
        if handshake is None:
            self._early = data, source
            return
        if not self._may_talk(source):
            # It comes again: the check that must come first is on its way.
            return
        self._advance(lambda: handshake.receive(data))

    def _may_talk(self, source: Source) -> bool:
        if self._far is not None and self._far.fragment:
            return self._ice.knows(source)
        if source[0] in (self._announced[0], self._met) or not self._met:
            # Without ICE a NAT gives the far side another port, and often another address than
            # it can announce (RFC 7362, 4); who it is, its certificate tells.
            self._ice.peer, self._met = source, source[0]
        return source == self._ice.peer

    # --- the handshake ----------------------------------------------------------------------

    def _begin(self, far: BrowserKeys) -> None:
        self._handshake = handshake = Handshake(
            self._certificate, far.fingerprint, active=far.waits
        )
        if self._ice.peer is not None:
            self._advance(handshake.start)

    def _advance(self, step: Callable[[], list[bytes]]) -> None:
        """Let the handshake do something, send what it says, and wait as long as it wants."""
        handshake = self._handshake
        assert handshake is not None
        before = handshake.progress
        try:
            datagrams = step()
        except RemoteError as error:
            self._refusals.add(error)
            log.warn("Leg {leg_id}: {reason}", leg_id=self._leg, reason=error)
            datagrams = handshake.farewell()
            self._lost()
        self._say(datagrams)
        if before is Progress.UNDER_WAY and handshake.keys is not None:
            self._srtp.receive_with(handshake.keys.theirs)
            self._srtp.send_with(handshake.keys.ours)
        if before is Progress.DONE and handshake.progress is Progress.CLOSED:
            self._expect_goodbye()
        self._wait(handshake)

    def _say(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            if self._ice.peer is not None:
                self._sound.transmit(datagram, self._ice.peer)

    def _wait(self, handshake: Handshake) -> None:
        if self._again is not None and self._again.active():
            self._again.cancel()
        seconds = handshake.wait()
        self._again = None
        if seconds is not None:
            self._again = self._clock.callLater(seconds, self._say_again)

    def _say_again(self) -> None:
        if self._handshake is not None:
            self._advance(self._handshake.say_again)

    # --- consent ----------------------------------------------------------------------------

    def _check_consent(self) -> None:
        """Nobody checked for so long: nothing is sent any more (RFC 7675, 5.1)."""
        left = self._ice.consent_ends() - self._clock.seconds()
        if left > 0:
            self._consent = self._clock.callLater(left, self._check_consent)
            return
        self._give_up("no connectivity check any more")

    def _expect_goodbye(self) -> None:
        """The browser closed the connection: a BYE follows, unless the page was left."""
        self._ice.peer = None
        if self._consent is not None and self._consent.active():
            self._consent.cancel()
        why = "the far side left without a word"
        self._consent = self._clock.callLater(GOODBYE_SECONDS, self._give_up, why)

    def _give_up(self, why: str) -> None:
        """Send nothing more."""
        self.close()
        self._ice.peer = None
        log.info("Leg {leg_id}: {reason}", leg_id=self._leg, reason=why)
        self._lost()
