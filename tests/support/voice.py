"""Whoever says a tone of their own by RTP and keeps what comes back."""

from twisted.internet.defer import CancelledError, Deferred

from cti.media.port import Codec, MediaAddress
from tests.support.audio import Samples, tone
from tests.support.reactor import begin, pause, until
from tests.support.rtp_phone import RtpPhone

LONGEST = 60.0
"""Seconds of tone: longer than any scene."""


class Voice:
    """The sound of one telephone; somebody else makes its signalling."""

    def __init__(self, name: str, frequency: float) -> None:
        self.name, self.frequency = name, frequency
        self.phone = RtpPhone(Codec.PCMA)
        self._talking: Deferred[None] | None = None

    @property
    def port(self) -> int:
        """Where it wants to be sent to."""
        return self.phone.target.port

    def talk_to(self, there: MediaAddress) -> None:
        """Say the tone there from now on."""
        self.phone.call(there.host, there.port)
        if self._talking is None:
            self._talking = begin(self.phone.talk(tone(self.frequency, LONGEST, -12.0)))
            self._talking.addErrback(lambda failure: failure.trap(CancelledError))

    def talk_on(self) -> None:
        """Say the tone again after silence."""
        self.hush()
        self._talking = begin(self.phone.talk(tone(self.frequency, LONGEST, -12.0)))
        self._talking.addErrback(lambda failure: failure.trap(CancelledError))

    def hush(self) -> None:
        """Say no more."""
        if self._talking is not None:
            self._talking.cancel()

    async def press(self, keys: str) -> None:
        """Fall silent and press keys, as RFC 4733 has them."""
        await until(lambda: self._talking is not None)
        self.hush()
        for key in keys:
            await self.phone.press(key)
            await pause(0.06)

    def position(self) -> int:
        """How many packets have come."""
        return len(self.phone.packets)

    def heard(self, since: int) -> Samples:
        """What came after that position."""
        return self.phone.heard(since)

    async def leave(self) -> None:
        """Say no more and close the socket."""
        self.hush()
        await self.phone.hang_up()
