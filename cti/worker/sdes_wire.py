"""SRTP with keys from the session descriptions (RFC 4568): telephones and trunks over TLS."""

from base64 import b64decode, b64encode

from cti.kernel.identifiers import ConnectionId, Entropy
from cti.media.model import MediaTarget, SdesKey
from cti.media.source_lock import Source
from cti.media.srtp import MasterKey, Srtp, Suite, is_control
from cti.worker.sockets import LegSocket, Receive
from cti.worker.wire import OwnSecurity, Refusals


class SdesWire:
    """Protects what leaves and checks what comes; before the far side's key is known, nothing does.

    Our own keys stay the same as long as the leg: a new offer of theirs changes theirs alone.
    """

    def __init__(
        self, leg: ConnectionId, sound: LegSocket, control: LegSocket, entropy: Entropy
    ) -> None:
        self._sound, self._control = sound, control
        self.join = sound.join
        self._keys = {
            suite: MasterKey(suite, bytes.fromhex(entropy(suite.octets))) for suite in Suite
        }
        self._srtp = Srtp()
        self._refusals = Refusals(leg, self._srtp)
        self._mux = False
        self.own: OwnSecurity = tuple(
            SdesKey(tag, suite.name, b64encode(key.key).decode())
            for tag, (suite, key) in enumerate(self._keys.items(), 1)
        )

    @property
    def refused(self) -> int:
        """Datagrams that were not let in."""
        return self._refusals.count

    def attach(self, datagram: Receive, control: Receive) -> None:
        """Hand on what the far side sent."""
        srtp, refusals = self._srtp, self._refusals

        def receive_control(data: bytes, source: Source) -> None:
            packet = srtp.unwrap_control(data)
            if packet is not None:
                control(packet, source)
            elif srtp.ready:
                refusals.tell()

        def receive(data: bytes, source: Source) -> None:
            if self._mux and is_control(data):
                receive_control(data, source)
                return
            packet = srtp.unwrap(data)
            if packet is not None:
                datagram(packet, source)
            elif srtp.ready:
                refusals.tell()

        self._sound.receive, self._control.receive = receive, receive_control

    def transmit(self, data: bytes, destination: Source) -> bool:
        """Send it protected, or not at all."""
        packet = self._srtp.wrap(data)
        return packet is not None and self._sound.transmit(packet, destination)

    def transmit_control(self, data: bytes, destination: Source) -> None:
        """Send it protected, or not at all."""
        packet = self._srtp.wrap_control(data)
        if packet is not None:
            (self._sound if self._mux else self._control).transmit(packet, destination)

    def configure(self, target: MediaTarget) -> bool:
        """Take the far side's key, and ours of the same suite."""
        theirs = target.security
        if not isinstance(theirs, SdesKey) or theirs.suite not in Suite.__members__:
            return False
        suite = Suite[theirs.suite]
        try:
            key = MasterKey(suite, b64decode(theirs.key, validate=True))
        except ValueError:
            return False
        self._srtp.receive_with(key)
        self._srtp.send_with(self._keys[suite])
        self._mux = target.mux
        return True

    def close(self) -> None:
        """Nothing waits."""
