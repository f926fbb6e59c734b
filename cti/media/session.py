"""One RTP session: whom it listens to, what it saw, and the stream it sends."""

from ipaddress import ip_address

from cti.media import quality
from cti.media.allowance import Allowance
from cti.media.coding import passes
from cti.media.g711 import SAMPLES_PER_SECOND, translate
from cti.media.model import Codec, LegStatistics, MediaTarget
from cti.media.quality import one_way_delay
from cti.media.reception import Reception
from cti.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_compound,
)
from cti.media.rtp import RtpPacket
from cti.media.sending import SendingStream
from cti.media.source_lock import Source, SourceLock

CODECS = {codec.value: codec for codec in Codec}
COMFORT_NOISE = 13
"""Static payload type of comfort noise (RFC 3389): a sign of life, not sound to pass on."""

HIGHEST_PORT = 65_535
LONGEST_ROUND_TRIP = 10 * 65536
"""10 s in units of 1/65536 s."""


class Session:
    """Receives from one locked source and sends to it (symmetric RTP, RFC 4961).

    What others send is neither heard nor answered nor counted in its figures.
    """

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int, cname: str = "") -> None:
        self.target: MediaTarget | None = None
        self.destination: Source | None = None
        self.reception = Reception()
        self.stream = SendingStream(ssrc, sequence, timestamp)
        self._lock = SourceLock()
        self._looking_around = False
        """Whether its source is silent, and may come back from another address."""
        self._allowance = Allowance()
        self._description = bytes(SourceDescription(ssrc, cname))
        self._control_source: Source | None = None
        self._remote_lost = 0
        self._round_trip = 0.0
        self._remote_jitter = 0.0

    def configure(self, target: MediaTarget) -> None:
        """Send as agreed; where the far side names another address, look for it anew.

        Where it names the same again, the place it really sends from, learned before, stays source
        and destination: a telephone behind a NAT goes on hearing us, and no stranger comes between.
        """
        announced = (_as_heard(target.host), target.port)
        if self._lock.expect(announced):
            self.destination = announced if target.host else None
            self._control_source = None
            self._looking_around = False
        self.target = target
        if not target.sending:
            self.stream.interrupt()

    def receive(self, data: bytes, source: Source, now: float) -> RtpPacket | None:
        """The packet, or None for one from a stranger, of a kind nobody agreed on, or too many.

        RemoteError when it is malformed.
        """
        return self.read(data, source, now) if self.lets_in(source, now) else None

    def lets_in(self, source: Source, now: float) -> bool:
        """Whether what comes from there is to be read."""
        if self.target is None:
            return False
        if source == self._lock.source:
            return self._allowance.take(now)
        return self._looking_around or not self._lock.excludes(source, now)

    def look_around(self, now: float) -> bool:
        """Listen everywhere for the stream of a source that has fallen silent; True: from now on.

        Before, nobody but the source is let in once it is certain.
        """
        begun, silent = self._looking_around, self.reception.is_silent(now)
        self._looking_around = silent and self._lock.source is not None
        return self._looking_around and not begun

    def read(self, data: bytes, source: Source, now: float) -> RtpPacket | None:
        """The packet that was let in, or None as above; RemoteError."""
        packet = RtpPacket.parse(data)
        kind = packet.payload_type
        if kind not in CODECS and kind not in (COMFORT_NOISE, self._agreed.events):
            return None
        before = self._lock.source
        if not self._admits(packet, source, now):
            return None
        if source != before:
            self.reception.release()
            self._control_source = None
        self.destination = source
        return packet if self.reception.receive(packet, now, audio=kind in CODECS) else None

    def frame(self, payload: bytes, now: float) -> RtpPacket:
        """20 ms of our own sound, in the target's codec."""
        return self.stream.frame(payload, self._agreed.codec.value, now)

    def event(self, payload: bytes, now: float, *, first: bool) -> RtpPacket | None:
        """A packet of our own key press, or None when no telephone events were agreed."""
        if self._agreed.events is None:
            return None
        return self.stream.event(payload, self._agreed.events, now, first=first)

    def relay(self, packet: RtpPacket, now: float) -> RtpPacket | None:
        """Another leg's packet as this one sends it, or None when the far side cannot take it."""
        codec = CODECS.get(packet.payload_type)
        if codec is not None:
            if not passes(codec, self._agreed.codec):
                return None
            payload = translate(packet.payload, codec, self._agreed.codec)
            return self.stream.relay(packet, payload, self._agreed.codec.value, now, audio=True)
        if self._agreed.events is None or packet.payload_type == COMFORT_NOISE:
            return None
        return self.stream.relay(packet, packet.payload, self._agreed.events, now, audio=False)

    def certain(self, now: float) -> Source | None:
        """Whom it listens to, once nobody can take their place."""
        return self._lock.source if self._lock.closed(now) else None

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self.stream.sent > 0

    def take_back(self, packet: RtpPacket) -> None:
        """That packet did not leave."""
        self.stream.take_back(len(packet.payload))

    # --- RTCP -------------------------------------------------------------------------------

    @property
    def control_destination(self) -> Source | None:
        """Where reports go: whence the far side's come, or the port above its sound's, if any."""
        if self.target is not None and self.target.mux:
            return self.destination
        if self.destination is None or self._control_source is not None:
            return self._control_source
        host, port = self.destination
        return (host, port + 1) if port < HIGHEST_PORT else None

    def report(self, now: float) -> bytes:
        """What was sent and received so far, for the far side; `now` in seconds since 1970."""
        report = self.stream.sender_report(now, self.reception.block(now))
        return bytes(report) + self._description

    def goodbye(self, now: float) -> bytes:
        """The last report."""
        return self.report(now) + bytes(Goodbye((self.stream.ssrc,)))

    def receive_control(self, data: bytes, source: Source, now: float) -> None:
        """Take the far side's report; RemoteError when it is malformed.

        Only the host that is heard is believed, and only after it was heard. The first source
        there that knows a stream of this session by its SSRC is locked to; the port above the
        sound's may take its place.
        """
        locked = self._lock.source
        if locked is None or locked[0] != source[0]:
            return
        if self._control_source not in (None, source) and source[1] != locked[1] + 1:
            return
        for packet in parse_compound(data):
            if isinstance(packet, SenderReport | ReceiverReport) and self._knows_us(packet):
                self._control_source = source
                if isinstance(packet, SenderReport):
                    self.reception.sender_report(packet, now)
                self._learn(packet.blocks, now)

    def _knows_us(self, report: SenderReport | ReceiverReport) -> bool:
        ours = self.stream.ssrc
        return report.ssrc == self.reception.ssrc or any(b.ssrc == ours for b in report.blocks)

    def _learn(self, blocks: tuple[ReportBlock, ...], now: float) -> None:
        for block in blocks:
            if block.ssrc == self.stream.ssrc:
                self._remote_lost = max(0, block.lost)
                self._remote_jitter = block.jitter * 1000 / SAMPLES_PER_SECOND
                if block.last_report:
                    passed = middle_bits(ntp_time(now)) - block.last_report - block.delay
                    # A clock that was set, or a far side that reckons wrong, tells nothing.
                    if 0 <= passed % (1 << 32) < LONGEST_ROUND_TRIP:
                        self._round_trip = passed % (1 << 32) * 1000 / 65536

    # --- its figures ------------------------------------------------------------------------

    @property
    def refused(self) -> int:
        """Packets of strangers, and of a flood, that were not looked at."""
        return self._allowance.refused + self._lock.strangers

    def statistics(self) -> LegStatistics:
        """What was sent, received and lost so far."""
        seen = self.reception
        return LegStatistics(
            sent=self.stream.sent,
            received=seen.received,
            lost=seen.lost,
            jitter=seen.jitter,
            remote_lost=self._remote_lost,
            round_trip=self._round_trip,
            remote_jitter=self._remote_jitter,
            codec=self.target.codec.name if self.target else "",
            rating=self._rating(),
        )

    def _rating(self) -> float:
        seen = self.reception
        if self.target is None or not seen.received:
            return 0.0
        share = seen.lost / (seen.lost + seen.received)
        delay = one_way_delay(self._round_trip, seen.jitter)
        return quality.rating(self.target.codec, share, delay)

    def _admits(self, packet: RtpPacket, source: Source, now: float) -> bool:
        if self._looking_around:
            if source != self._lock.source and self.reception.goes_on_with(packet):
                self._lock.move(source)
            elif self._lock.excludes(source, now):
                return False
            self._looking_around = False
        return self._lock.admits(source, packet.ssrc, packet.sequence, now)

    @property
    def _agreed(self) -> MediaTarget:
        assert self.target is not None, "a leg sends only after configure"
        return self.target


def _as_heard(host: str) -> str:
    """The address as a socket names it: IPv6 is written in many ways (RFC 5952)."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host
