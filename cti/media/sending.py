"""The stream a leg sends: one SSRC, whatever it is made of (RFC 3550, 5.1 and 7.1).

Frames made here and packets passed on from another leg follow each other in one stream. At each
change of source the sequence goes on by one, the timestamp by the time that passed, and the
marker is set, so a jitter buffer plays on at once.
"""

from cti.media.g711 import SAMPLES_PER_SECOND
from cti.media.rtcp import ReceiverReport, ReportBlock, SenderReport, ntp_time
from cti.media.rtp import (
    FIXED_HEADER,
    SEQUENCES,
    TIMESTAMPS,
    VERSION,
    RtpPacket,
    sequence_distance,
    timestamp_distance,
)

SLACK = 480
"""Samples (60 ms) our own frames may be late against the clock before they are set right."""
ORDINARY = VERSION << 6
"""The first octet of a header with nothing added to it."""
RELAYED_SLACK = SAMPLES_PER_SECOND
"""Samples (1 s) a relayed source may stray from our clock: its jitter and its clock's drift."""


class SendingStream:
    """Numbers and stamps what is sent; its counts wrap only on the wire."""

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        self.sent = 0
        self.ssrc = ssrc
        self._octets = 0
        self._sequence = sequence
        self._timestamp = timestamp
        """Where the next frame of our own belongs."""
        self._since: float | None = None
        """When the clock was set last, in seconds; None: never."""
        self._begun = 0
        """The position it was set to."""
        self._source: int | None = None
        """SSRC that is passed on, None while the frames are our own."""
        self._heard, self._heard_at = 0, 0
        self._passed, self._passed_at = 0, 0
        """Sequence and timestamp of the source's newest packet: as heard, and as passed on."""

    def frame(self, payload: bytes, payload_type: int, now: float) -> RtpPacket:
        """A frame of our own, due now (seconds)."""
        late = self._clock(now) - self._timestamp > SLACK
        marker = self.sent == 0 or self._source is not None or late
        if marker:
            self._anchor(now)
        packet = self._packet(payload, payload_type, marker=marker)
        self._timestamp += len(payload)
        return packet

    def steady(self, payload: bytes, payload_type: int, now: float) -> bytes | None:
        """The datagram of `frame` when it is due and follows one of our own; None otherwise."""
        if self._source is not None or self._since is None or self.sent == 0:
            return None
        timestamp, sequence = self._timestamp, self._sequence
        if self._begun + (now - self._since) * SAMPLES_PER_SECOND - timestamp > SLACK:
            return None
        octets = len(payload)
        self._sequence = sequence + 1
        self._timestamp = timestamp + octets
        self.sent += 1
        self._octets += octets
        header = FIXED_HEADER.pack(
            ORDINARY, payload_type, sequence % SEQUENCES, timestamp % TIMESTAMPS, self.ssrc
        )
        return header + payload

    def follow(
        self, ssrc: int, sequence: int, timestamp: int, octets: int, payload_type: int, now: float
    ) -> bytes | None:
        """The header of `relay` for the next packet of sound of the source that is passed on.

        None for any other, and then nothing has happened.
        """
        step = (timestamp - self._heard_at) % TIMESTAMPS
        if (
            ssrc != self._source
            or (sequence - self._heard) % SEQUENCES != 1
            or step > RELAYED_SLACK
            or self._since is None
        ):
            return None
        passed = self._passed_at + step
        due = self._begun + (now - self._since) * SAMPLES_PER_SECOND
        if not -RELAYED_SLACK <= passed - due <= RELAYED_SLACK:
            return None
        number = self._passed + 1
        self._heard, self._heard_at = sequence, timestamp
        self._passed, self._passed_at = number, passed
        self._sequence = number + 1
        if passed + octets > self._timestamp:
            self._timestamp = passed + octets
        self.sent += 1
        self._octets += octets
        return FIXED_HEADER.pack(
            ORDINARY, payload_type, number % SEQUENCES, passed % TIMESTAMPS, self.ssrc
        )

    def event(self, payload: bytes, payload_type: int, now: float, *, first: bool) -> RtpPacket:
        """A packet of an event of our own, whose `first` one set the timestamp of all."""
        if first:
            self._anchor(now)
        return self._packet(payload, payload_type, marker=first)

    def relay(
        self, packet: RtpPacket, payload: bytes, payload_type: int, now: float, *, audio: bool
    ) -> RtpPacket:
        """The packet of another source with our numbers; its losses and its order stay visible."""
        if self._source != packet.ssrc or (audio and self._strayed(packet, now)):
            return self._join(packet, payload, payload_type, now)
        sequence = self._passed + sequence_distance(packet.sequence, self._heard)
        timestamp = self._passed_at + timestamp_distance(packet.timestamp, self._heard_at)
        if sequence > self._passed:
            self._heard, self._heard_at = packet.sequence, packet.timestamp
            self._passed, self._passed_at = sequence, timestamp
            self._sequence = sequence + 1
        if audio:
            self._timestamp = max(self._timestamp, timestamp + len(payload))
        return self._stamped(payload, payload_type, sequence, timestamp, marker=packet.marker)

    def take_back(self, octets: int) -> None:
        """A packet of so many octets did not leave: nobody is told that it was sent."""
        self.sent -= 1
        self._octets -= octets

    def interrupt(self) -> None:
        """Nothing is sent for a while: what is passed on afterwards follows what was sent last."""
        self._source = None

    def sender_report(self, now: float, block: ReportBlock | None) -> SenderReport | ReceiverReport:
        """What RTCP says of this stream at `now` (seconds since 1970), and of the other one."""
        blocks = () if block is None else (block,)
        if not self.sent:
            return ReceiverReport(self.ssrc, blocks)
        timestamp = self._due(now) % TIMESTAMPS
        sent, octets = self.sent % (1 << 32), self._octets % (1 << 32)
        return SenderReport(self.ssrc, ntp_time(now), timestamp, sent, octets, blocks)

    def _join(self, packet: RtpPacket, payload: bytes, kind: int, now: float) -> RtpPacket:
        self._anchor(now)
        self._source = packet.ssrc
        self._heard, self._heard_at = packet.sequence, packet.timestamp
        self._passed, self._passed_at = self._sequence, self._timestamp
        joined = self._packet(payload, kind, marker=True)
        self._timestamp += len(payload)
        return joined

    def _anchor(self, now: float) -> None:
        """Go on from where the clock stands, never back, with no source but ourselves."""
        self._timestamp = max(self._due(now), self._timestamp)
        self._since, self._begun = now, self._timestamp
        self._source = None

    def _strayed(self, packet: RtpPacket, now: float) -> bool:
        timestamp = self._passed_at + timestamp_distance(packet.timestamp, self._heard_at)
        return abs(timestamp - self._clock(now)) > RELAYED_SLACK

    def _due(self, now: float) -> int:
        """The position the clock stands at."""
        return round(self._clock(now))

    def _clock(self, now: float) -> float:
        if self._since is None:
            return self._timestamp
        return self._begun + (now - self._since) * SAMPLES_PER_SECOND

    def _packet(self, payload: bytes, kind: int, *, marker: bool) -> RtpPacket:
        sequence = self._sequence
        self._sequence += 1
        return self._stamped(payload, kind, sequence, self._timestamp, marker=marker)

    def _stamped(
        self, payload: bytes, kind: int, sequence: int, timestamp: int, *, marker: bool
    ) -> RtpPacket:
        self.sent += 1
        self._octets += len(payload)
        return RtpPacket(
            kind, sequence % SEQUENCES, timestamp % TIMESTAMPS, self.ssrc, payload, marker
        )
