"""A jitter buffer: packets in as they come, sound out as it was spoken, a tick at a time.

How long sound waits follows the jitter that is measured: as long as the slowest packets of the
last seconds took more than the fastest, from 20 to 200 ms. What is missing while later packets
are here is lost; while nothing is here it may still come, and if it does, it is played and all
that follows waits longer. A packet whose place has passed is late, and dropped, and so is what
waits too long behind others. A source that begins anew (another SSRC, a clock that jumped, a
pause) waits anew.

Time is counted in ticks of the RTP clock, 8000 per second; an octet of every codec here is one.
"""

from dataclasses import dataclass

from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND
from cti.media.model import Codec
from cti.media.rtp import RtpPacket, timestamp_distance

SHORTEST_WAIT, LONGEST_WAIT = 160, 1600
"""Ticks: 20 and 200 ms."""
PAUSED = 480
"""Ticks (60 ms) without anything after which the source has paused."""
JUMP = 8000
"""Ticks (1 s) after the newest packet: another clock."""
CAPACITY = 2 * LONGEST_WAIT
"""Ticks that wait at most; what belongs so long before the newest packet is of another clock."""
FORGET = 8 * SAMPLES_PER_SECOND
"""Ticks within which a slow packet is forgotten (to a third)."""
DRIFT = 0.0005
"""How fast the fastest way may grow: clocks differ by less."""
REVIEW = 50
"""Ticks of the pacer (1 s) after which the wait is looked at."""
SPARE_SECONDS = 0.030
"""The last second's slowest packet waited longer than this: all of them wait too long."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet's octets in their turn; `place` counts ticks since the source began, unwrapped."""

    place: int
    payload: bytes
    codec: Codec
    arrived: float


@dataclass(frozen=True, slots=True)
class Gap:
    """So many ticks for which there is nothing."""

    ticks: int
    lost: bool = False
    """Whether it is known to be missing: what follows is here."""


class Delay:
    """How unevenly packets travel, and so how long the first of them should wait."""

    def __init__(self) -> None:
        self._fastest: float | None = None
        self._spread = 0.0

    def heard(self, place: int, ticks: int, now: float) -> None:
        """A packet of so many ticks came at `now` (seconds)."""
        way = now * SAMPLES_PER_SECOND - place
        if self._fastest is None or way < self._fastest:
            self._fastest = way
        else:
            self._fastest += ticks * DRIFT
        self._spread = max(way - self._fastest, self._spread * (1 - min(ticks, FORGET) / FORGET))

    def anew(self) -> None:
        """Another clock: what is known of the network stands, what of the clock does not."""
        self._fastest = None

    @property
    def wait(self) -> float:
        """Ticks."""
        return min(float(LONGEST_WAIT), max(float(SHORTEST_WAIT), self._spread))


class JitterBuffer:
    """One source's packets in order; `put` as they come, `take` until a tick is filled."""

    def __init__(self) -> None:
        self.late = 0
        """Packets dropped because their place had passed."""
        self.lost = 0
        """Gaps of up to 20 ms that what followed showed to be losses."""
        self.hurry = False
        """Sound has waited longer than it must: play two frames as one."""
        self._delay = Delay()
        self._ssrc: int | None = None
        self._newest = 0
        self._stray: int | None = None
        """What would follow a packet from long ago."""
        self._sounds: dict[int, Sound] = {}
        self._next = 0
        """The place to play next."""
        self._playing = False
        self._since = 0.0
        """When the first packet came that waits to begin."""
        self._made_up = 0
        """Ticks given out while nothing was here."""
        self._spare = float("inf")
        self._taken = 0

    @property
    def wait(self) -> float:
        """Seconds the first packet after a pause waits, as the jitter is now."""
        return self._delay.wait / SAMPLES_PER_SECOND

    @property
    def depth(self) -> int:
        """Ticks of sound that wait."""
        return sum(len(sound.payload) for sound in self._sounds.values())

    def put(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """Take a packet that came at `now` (seconds)."""
        ticks = len(packet.payload)
        if not ticks:
            return
        away = timestamp_distance(packet.timestamp, self._newest % (1 << 32))
        if packet.ssrc != self._ssrc or not -CAPACITY <= away <= JUMP:
            if away < 0 and not self._is_source(packet):
                self.late += 1
                return
            self._begin_anew(packet)
            away = 0
        place = self._newest + away
        self._newest = max(self._newest, place)
        self._delay.heard(place, ticks, now)
        if place + ticks // 2 <= self._next:
            self.late += 1
            return
        if not self._sounds and not self._playing:
            self._since = now
        self._sounds.setdefault(place, Sound(place, packet.payload, codec, now))
        if self.depth > CAPACITY:
            self._skip()

    def take(self, now: float) -> Sound | Gap:
        """What comes next: a packet's sound, or a gap of at most 20 ms."""
        if not self._playing and not self._begins(now):
            return Gap(FRAME_SAMPLES)
        if not self._sounds:
            return self._starve()
        first = min(self._sounds)
        missing = first - self._next
        missing -= self._cover(missing)
        if missing > LONGEST_WAIT:
            self._playing, self._since = False, now
            return Gap(FRAME_SAMPLES)
        if missing > 0:
            return self._miss(min(missing, FRAME_SAMPLES))
        return self._give(self._sounds.pop(first), now)

    def _begins(self, now: float) -> bool:
        wait = self._delay.wait
        if self._sounds and (
            (now - self._since) * SAMPLES_PER_SECOND >= wait or self.depth >= wait + FRAME_SAMPLES
        ):
            self._playing, self._next, self._made_up = True, min(self._sounds), 0
            self._taken, self._spare, self.hurry = 0, float("inf"), False
        return self._playing

    def _skip(self) -> None:
        """More waits than may, as after a standstill: go on with what is newest.

        The place to play goes along: it would never catch up with what each packet pushes out.
        """
        while self.depth > self._delay.wait + FRAME_SAMPLES and len(self._sounds) > 1:
            self.late += 1
            del self._sounds[min(self._sounds)]
        self._next, self._made_up = max(self._next, min(self._sounds)), 0

    def _cover(self, missing: int) -> int:
        """So much of what is missing was made up for while nothing was here."""
        covered = min(max(missing, 0), self._made_up)
        self._next += covered
        self._made_up -= covered
        self.lost += -(-covered // FRAME_SAMPLES)
        return covered

    def _starve(self) -> Gap:
        self._made_up += FRAME_SAMPLES
        if self._made_up >= PAUSED:
            self._playing = False
        return Gap(FRAME_SAMPLES)

    def _miss(self, ticks: int) -> Gap:
        self._next += ticks
        self.lost += 1
        return Gap(ticks, lost=True)

    def _give(self, sound: Sound, now: float) -> Sound:
        self._next = sound.place + len(sound.payload)
        self._made_up = 0
        self._spare = min(self._spare, now - sound.arrived)
        self._taken += 1
        if self._taken >= REVIEW:
            self.hurry = self._spare > SPARE_SECONDS and self.depth >= FRAME_SAMPLES
            self._taken, self._spare = 0, float("inf")
        return sound

    def _is_source(self, packet: RtpPacket) -> bool:
        """One old packet is a stray packet; two in order, or another SSRC, are a new source."""
        follows = packet.timestamp == self._stray
        self._stray = (packet.timestamp + len(packet.payload)) % (1 << 32)
        return follows or packet.ssrc != self._ssrc

    def _begin_anew(self, packet: RtpPacket) -> None:
        self._ssrc = packet.ssrc
        self._newest = (self._newest // (1 << 32) + 2) * (1 << 32) + packet.timestamp
        self._sounds.clear()
        self._playing = False
        self._delay.anew()
