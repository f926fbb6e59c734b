"""What a receiver knows of its source: packets expected, lost, and their jitter (RFC 3550, A)."""

from cti.media.g711 import SAMPLES_PER_SECOND
from cti.media.rtcp import ReportBlock, SenderReport, middle_bits
from cti.media.rtp import SEQUENCES, RtpPacket

MAX_DROPOUT = 3000
MAX_MISORDER = 100
MOVED_SECONDS = 1.0
"""Since when a source must have been silent that may go on from another address."""
SILENT_SECONDS = 0.03
"""Since when a source must have been silent that another SSRC takes the place of: longer than
between two packets of 20 ms. Two who send at once do not take it from each other in turn."""


class Reception:
    """Counts the packets of one leg across all sources it had, one after the other."""

    def __init__(self) -> None:
        self.received = 0
        self.changes = 0
        """How often another SSRC took over."""
        self._settled = 0
        """Packets lost of sources that are gone."""
        self.expected = -1
        """The sequence number that is next; negative before the first."""
        self._ssrc: int | None = None
        self._base = 0
        self._highest = 0
        """Extended highest sequence number: its upper bits count the cycles."""
        self._of_source = 0
        self._restart: int | None = None
        self._heard_at = 0.0
        self._released = False
        self._rival: tuple[int, int] | None = None
        """Another SSRC that was heard, and the sequence number that would follow."""
        self._transit: float | None = None
        self._jitter = 0.0
        self._reported = (0, 0)
        """Packets expected and received at the last report."""
        self._sender_report = (0, 0.0)

    @property
    def ssrc(self) -> int | None:
        """Whose packets are counted now; None before the first."""
        return self._ssrc

    def receive(self, packet: RtpPacket, now: float, *, audio: bool) -> bool:
        """Count a packet that arrived at `now` (seconds); events tell nothing of jitter.

        False for one of another SSRC that does not take over yet: its first, or any while the
        source before it is heard (RFC 3550, A.1).
        """
        if packet.ssrc != self._ssrc:
            if not self._takes_over(packet, now):
                return False
            self._begin(packet)
        elif not self._advance(packet.sequence):
            self._begin(packet)
        self.expected = (self._highest + 1) % SEQUENCES
        self._released = False
        self._heard_at = now
        self.received += 1
        self._of_source += 1
        if audio:
            self._measure(packet.timestamp, now)
        return True

    def release(self) -> None:
        """Another far side is listened to: its stream needs no proof."""
        self._released = True

    def is_silent(self, now: float) -> bool:
        """Whether somebody was heard, and no more for a while."""
        return self._ssrc is not None and now - self._heard_at >= MOVED_SECONDS

    def goes_on_with(self, packet: RtpPacket) -> bool:
        """Whether the packet follows those that were heard, with none or some lost between."""
        ahead = (packet.sequence - self._highest) % SEQUENCES
        return packet.ssrc == self._ssrc and 0 < ahead < MAX_DROPOUT

    def follow(self, timestamp: int, now: float) -> None:
        """Count the packet of sound that has the number `expected`, of the same source."""
        highest = self._highest + 1
        self._highest = highest
        self.expected = (highest + 1) % SEQUENCES
        self._restart = None
        self._heard_at = now
        self.received += 1
        self._of_source += 1
        transit = now * SAMPLES_PER_SECOND - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < SAMPLES_PER_SECOND:
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    @property
    def lost(self) -> int:
        """Packets expected and not received, never below zero (RFC 3550, A.3)."""
        return self._settled + self._missing()

    @property
    def jitter(self) -> float:
        """Interarrival jitter in milliseconds (RFC 3550, A.8)."""
        return self._jitter * 1000 / SAMPLES_PER_SECOND

    def block(self, now: float) -> ReportBlock | None:
        """What RTCP reports of the source, None before it was heard; `now` in seconds."""
        if self._ssrc is None:
            return None
        expected, received = self._highest - self._base + 1, self._of_source
        due, came = expected - self._reported[0], received - self._reported[1]
        self._reported = (expected, received)
        report, at = self._sender_report
        return ReportBlock(
            ssrc=self._ssrc,
            fraction=min(255, max(0, due - came) * 256 // due) if due > 0 else 0,
            lost=expected - received,
            highest=self._highest % (1 << 32),
            jitter=round(self._jitter),
            last_report=report,
            delay=round((now - at) * 65536) % (1 << 32) if report else 0,
        )

    def sender_report(self, report: SenderReport, now: float) -> None:
        """The source told its time; the next block says when."""
        if report.ssrc == self._ssrc:
            self._sender_report = (middle_bits(report.ntp), now)

    def _missing(self) -> int:
        if self._ssrc is None:
            return 0
        return max(0, self._highest - self._base + 1 - self._of_source)

    def _takes_over(self, packet: RtpPacket, now: float) -> bool:
        if self._ssrc is None or self._released:
            return True
        follows = self._rival == (packet.ssrc, packet.sequence)
        self._rival = (packet.ssrc, (packet.sequence + 1) % SEQUENCES)
        if follows and abs(now - self._heard_at) >= SILENT_SECONDS:
            self.changes += 1
            return True
        return False

    def _begin(self, packet: RtpPacket) -> None:
        self._settled += self._missing()
        self._ssrc = packet.ssrc
        self._base = self._highest = packet.sequence
        self._of_source = 0
        self._restart = self._rival = None
        self._transit = None
        self._reported = (0, 0)
        self._sender_report = (0, 0.0)

    def _advance(self, sequence: int) -> bool:
        """Move the highest number on; False when the source began to count anew (A.1)."""
        ahead = (sequence - self._highest) % SEQUENCES
        if ahead < MAX_DROPOUT:
            self._highest += ahead
            self._restart = None
        elif ahead <= SEQUENCES - MAX_MISORDER:
            # One stray packet is a stray packet; two in order are a source that began anew.
            if sequence == self._restart:
                return False
            self._restart = (sequence + 1) % SEQUENCES
        return True

    def _measure(self, timestamp: int, now: float) -> None:
        transit = now * SAMPLES_PER_SECOND - timestamp
        if self._transit is not None:
            # A timestamp that wraps, or a clock begun anew, is no jitter.
            difference = abs(transit - self._transit)
            if difference < SAMPLES_PER_SECOND:
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit
