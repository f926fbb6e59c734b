"""The house's own telephone as an extension, in a test's process: it says a tone and hears."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from cti.kernel.identifiers import system_entropy
from cti.media.coding import Decoder
from cti.media.port import Codec
from cti.media.rtp import RtpPacket
from cti.media.source_lock import Source
from cti.sip.events import Endpoint
from cti.sip.settings import UserAgentSettings
from cti.telephone import PhoneCall, PhoneState, Telephone
from cti.transport.endpoint import SipEndpoint
from cti.worker.engine import MediaEngine
from cti.worker.leg import Leg
from cti.worker.settings import MediaSettings
from cti.worker.sockets import Receive
from tests.support.audio import Samples, tone, write_wave
from tests.support.lossy_link import KnownAccounts
from tests.support.reactor import reactor, until

HOST = "127.0.0.1"
SOUND = tuple(codec.value for codec in Codec)


class TappedEngine(MediaEngine):
    """A media engine that keeps the packets of sound it received."""

    def __init__(self, settings: MediaSettings) -> None:
        super().__init__(reactor(), settings)
        self.packets: list[RtpPacket] = []

    def _receiver(self, leg: Leg, take: Callable[[bytes, Source, float], None]) -> Receive:
        handed = super()._receiver(leg, take)

        def receive(data: bytes, source: Source) -> None:
            if data[1] & 0x7F in SOUND:
                self.packets.append(RtpPacket.parse(data))
            handed(data, source)

        return receive


class HousePhone:
    """Registers `extension` at that port of the switch; answers at once unless it only `rings`."""

    def __init__(
        self, folder: Path, extension: str, frequency: float, *, rings: bool = False
    ) -> None:
        self.name, self.frequency, self.rings = extension, frequency, rings
        self._extension = extension
        folder.mkdir(parents=True, exist_ok=True)
        self.voice = write_wave(folder / f"{extension}.wav", tone(frequency, 10.0, -12.0))
        self.keys = ""
        self.ringing = False
        self._registered = False
        settings = MediaSettings(bind=HOST, first_port=43000, last_port=43198)
        self.media = TappedEngine(settings)
        self.telephone = Telephone(self.media, self, extension)
        self.media.reports.listener = self.telephone
        self.endpoint = SipEndpoint(
            reactor(),
            UserAgentSettings(HOST, 0, trunks={HOST: "switch"}),
            KnownAccounts(),
            system_entropy,
            self.telephone.report,
        )
        self.telephone.signalling = self.endpoint
        self.endpoint.start(HOST)

    # --- what the person does ---------------------------------------------------------------

    async def register(self, port: int, secret: str = "") -> None:
        """Be there for the switch at that port."""
        server = Endpoint(HOST, port)
        self.telephone.register(server, secret or f"secret-{self._extension}", 60)
        await until(lambda: self._registered)

    @property
    def call(self) -> PhoneCall:
        """The call it is in."""
        (call,) = self.telephone.calls
        return call

    def answer(self) -> None:
        """Take the call that rings."""
        self.telephone.answer(self.call)

    async def leave(self) -> None:
        """Unregister and close everything."""
        await self.endpoint.stop()
        await self.media.shut_down()

    # --- sound ------------------------------------------------------------------------------

    def position(self) -> int:
        """How many packets have come."""
        return len(self.media.packets)

    def heard(self, since: int) -> Samples:
        """What came after that position."""
        decoders = {codec: Decoder(codec) for codec in Codec}
        packets = self.media.packets[since:]
        frames = [decoders[Codec(each.payload_type)].decode(each.payload) for each in packets]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)

    # --- Listener ---------------------------------------------------------------------------

    def changed(self, call: PhoneCall, what: str) -> None:
        """Take the call, if it is told to."""
        if what.startswith("far side keyed "):
            self.keys += what[-1]
        if call.state is PhoneState.RINGING:
            self.ringing = True
            call.sounds = (self.voice,)
            if not self.rings:
                self.telephone.answer(call)

    def registered(self, expires: int) -> None:
        """It can be rung."""
        self._registered = expires > 0

    def registration_failed(self, status: int) -> None:
        """Nobody will ring it."""
        raise AssertionError(f"registration refused with {status}")
