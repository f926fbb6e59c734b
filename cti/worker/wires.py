"""Makes the wire a leg asked for, and keeps the certificate that browsers are shown."""

from collections.abc import Callable

from cti.kernel.clock import Clock
from cti.kernel.identifiers import ConnectionId, Entropy
from cti.media.model import Security
from cti.worker.browser_wire import BrowserWire
from cti.worker.dtls import Certificate
from cti.worker.sdes_wire import SdesWire
from cti.worker.sockets import LegSocket
from cti.worker.wire import PlainWire, Wire

ROTATE_AFTER = 86_400.0
"""Seconds after which new legs show another certificate; those that are open keep theirs."""


class Wires:
    """The wires of one engine."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._entropy = clock, entropy
        self._certificate: Certificate | None = None

    def make(
        self,
        security: Security,
        leg: ConnectionId,
        sockets: tuple[LegSocket, LegSocket],
        lost: Callable[[], None],
    ) -> Wire:
        """A wire over the sockets of RTP and RTCP; `lost` is called when the far side is gone."""
        sound, control = sockets
        match security:
            case Security.NONE:
                return PlainWire(sound, control)
            case Security.SDES:
                return SdesWire(leg, sound, control, self._entropy)
            case Security.DTLS:
                certificate = self._current()
                return BrowserWire(leg, sound, self._clock, certificate, self._entropy, lost)

    def _current(self) -> Certificate:
        now = self._clock.seconds()
        certificate = self._certificate
        if certificate is None or now - certificate.made > ROTATE_AFTER:
            self._certificate = certificate = Certificate(now)
        return certificate
