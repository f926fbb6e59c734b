"""Between a leg and its sockets: how its packets travel.

A plain leg's travel as they are. Protected legs' go through `cti.worker.sdes_wire` and
`cti.worker.browser_wire`.
"""

from typing import Protocol

from twisted.logger import Logger

from cti.kernel.identifiers import ConnectionId
from cti.media.model import BrowserKeys, MediaTarget, SdesKey
from cti.media.source_lock import Source
from cti.media.srtp import Srtp, is_control
from cti.worker.sockets import LegSocket, Receive

log = Logger()

OwnSecurity = tuple[SdesKey, ...] | BrowserKeys | None


class Wire(Protocol):
    """What a leg's packets pass on their way out and in."""

    own: OwnSecurity
    """What the far side is told of this end."""

    @property
    def refused(self) -> int:
        """Datagrams that were not let in."""

    def attach(self, datagram: Receive, control: Receive) -> None:
        """Hand RTP and RTCP on to these from now on."""

    def transmit(self, data: bytes, destination: Source) -> bool:
        """Send an RTP packet; False when it did not leave."""

    def transmit_control(self, data: bytes, destination: Source) -> None:
        """Send an RTCP packet."""

    def configure(self, target: MediaTarget) -> bool:
        """Take the far side's keys; False when its security is not the one this end has."""

    def join(self, peer: Source | None) -> None:
        """RTP of that address alone is to be let in from now on; None: of any."""

    def close(self) -> None:
        """Leave no timer behind."""


class PlainWire:
    """The identity: the socket calls the leg, and the leg the socket, with nothing between."""

    own: OwnSecurity = None
    refused = 0

    def __init__(self, sound: LegSocket, control: LegSocket) -> None:
        self.transmit, self.join = sound.transmit, sound.join
        self._sound, self._control = sound, control
        self._datagram, self._report = sound.receive, control.receive
        self._mux = False

    def attach(self, datagram: Receive, control: Receive) -> None:
        """Let the sockets call these."""
        self._datagram, self._report = datagram, control
        self._sound.receive, self._control.receive = datagram, control

    def transmit_control(self, data: bytes, destination: Source) -> None:
        """Send from the port that was agreed on."""
        (self._sound if self._mux else self._control).transmit(data, destination)

    def configure(self, target: MediaTarget) -> bool:
        """Sort RTP from RTCP where both share the port."""
        self._mux = target.mux
        self._sound.receive = self._sort if target.mux else self._datagram
        return target.security is None

    def close(self) -> None:
        """Nothing waits."""

    def _sort(self, data: bytes, source: Source) -> None:
        (self._report if is_control(data) else self._datagram)(data, source)


class Refusals:
    """Logs the first datagram of a leg that was not let in; the others are counted."""

    def __init__(self, leg: ConnectionId, srtp: Srtp) -> None:
        self._leg, self._srtp = leg, srtp
        self._others = 0

    @property
    def count(self) -> int:
        """How many there were."""
        return self._others + self._srtp.refused

    def add(self, why: object) -> None:
        """One more, not counted by SRTP itself."""
        self._others += 1
        self.tell(why)

    def tell(self, why: object = "not protected with the agreed key, or a copy") -> None:
        """Say so if it was the first."""
        if self.count == 1:
            log.info("Leg {leg_id} refuses a datagram: {reason}", leg_id=self._leg, reason=why)
