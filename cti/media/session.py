"""One RTP session: whom it listens to, what it saw, and the stream it sends."""

from cti.media.g711 import silence, translate
from cti.media.port import Codec, LegStatistics, MediaTarget
from cti.media.reception import Reception
from cti.media.rtp import RtpPacket
from cti.media.sending import SendingStream

Source = tuple[str, int]
"""IP address and UDP port."""
CODECS = {codec.value: codec for codec in Codec}
COMFORT_NOISE = 13
"""Static payload type of comfort noise (RFC 3389): a sign of life, not sound to pass on."""


class Session:
    """Receives from one locked source and sends to it (symmetric RTP, RFC 4961)."""

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int) -> None:
        self.target: MediaTarget | None = None
        self.destination: Source | None = None
        self._locked: Source | None = None
        self._reception = Reception()
        self._stream = SendingStream(ssrc, sequence, timestamp)

    def configure(self, target: MediaTarget) -> None:
        """Send as agreed, and lock anew to the source of the next valid packet.

        Where the far side names the same address again, the place it really sends from, learned
        before, stays the destination: a telephone behind a NAT goes on hearing us.
        """
        before = self.target
        if before is None or (before.host, before.port) != (target.host, target.port):
            self.destination = (target.host, target.port)
        self.target = target
        self._locked = None

    def receive(self, data: bytes, source: Source, now: float) -> RtpPacket | None:
        """The packet, or None for one from a stranger or of a kind nobody agreed on.

        RemoteError when it is malformed.
        """
        if self.target is None or self._locked not in (None, source):
            return None
        packet = RtpPacket.parse(data)
        if packet.payload_type not in (*CODECS, COMFORT_NOISE, self.target.events):
            return None
        self._locked = self.destination = source
        self._reception.receive(packet, now, audio=packet.payload_type in CODECS)
        return packet

    def frame(self, payload: bytes, now: float) -> RtpPacket:
        """20 ms of our own sound, in the target's codec."""
        return self._stream.frame(payload, self._agreed.codec.value, now)

    def event(self, payload: bytes, now: float, *, first: bool) -> RtpPacket | None:
        """A packet of our own key press, or None when no telephone events were agreed."""
        if self._agreed.events is None:
            return None
        return self._stream.event(payload, self._agreed.events, now, first=first)

    def relay(self, packet: RtpPacket, now: float) -> RtpPacket | None:
        """Another leg's packet as this one sends it, or None when the far side cannot take it."""
        codec = CODECS.get(packet.payload_type)
        if codec is not None:
            payload = translate(packet.payload, codec, self._agreed.codec)
            return self._stream.relay(packet, payload, self._agreed.codec.value, now, audio=True)
        if self._agreed.events is None or packet.payload_type == COMFORT_NOISE:
            return None
        return self._stream.relay(packet, packet.payload, self._agreed.events, now, audio=False)

    @property
    def quiet(self) -> bytes:
        """20 ms of silence in the target's codec."""
        return silence(self._agreed.codec)

    def statistics(self) -> LegStatistics:
        """What was sent, received and lost so far."""
        seen = self._reception
        return LegStatistics(self._stream.sent, seen.received, seen.lost, seen.jitter)

    @property
    def _agreed(self) -> MediaTarget:
        assert self.target is not None, "a leg sends only after configure"
        return self.target
