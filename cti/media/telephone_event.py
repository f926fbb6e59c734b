"""Key presses as named events in RTP (RFC 4733): each read once, at its beginning; and sent.

All packets of one event carry the same timestamp, the instant the key went down, so a new
timestamp is a new key whatever was lost before it: no marker and no end packet is needed.
"""

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from cti.kernel.errors import RemoteError
from cti.media.g711 import FRAME_SAMPLES
from cti.media.rtp import RtpPacket, timestamp_distance

KEYS = "0123456789*#ABCD"
"""A key's place is its event code (RFC 4733, 3.2)."""
PAYLOAD = struct.Struct("!BBH")
LONGEST_SEGMENT = 0xFFFF
"""A longer event goes on in a new segment with a timestamp of its own (RFC 4733, 2.5.1.3)."""
REORDERING = 80_000
"""Samples (10 s): an older timestamp than this is no late packet but a clock begun anew."""
PRESSED_SAMPLES = 800
PAUSE_SAMPLES = 800
END_PACKETS = 3
MOST_WAITING = 64
"""Keys that wait to be pressed (13 s of them): what is passed on from a far side that presses keys
faster than they can be sent is lost beyond."""
VOLUME = 10
"""Power below 0 dBm0, in dB."""


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of one packet (RFC 4733, 2.3); `duration` in samples so far."""

    code: int
    end: bool
    volume: int
    duration: int

    @classmethod
    def parse(cls, payload: bytes) -> "TelephoneEvent":
        """Read the first event of a payload; RemoteError when it is cut short."""
        if len(payload) < PAYLOAD.size:
            raise RemoteError(f"telephone-event: {len(payload)} octets")
        code, flags, duration = PAYLOAD.unpack_from(payload)
        return cls(code, bool(flags & 0x80), flags & 0x3F, duration)

    def __bytes__(self) -> bytes:
        return PAYLOAD.pack(self.code, self.volume | (0x80 if self.end else 0), self.duration)


class KeyReceiver:
    """Turns one source's event packets into keys."""

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._timestamp = 0
        self._event = TelephoneEvent(0, end=True, volume=0, duration=0)

    def receive(self, packet: RtpPacket) -> str | None:
        """The key this packet begins, or None; RemoteError when the payload is malformed."""
        event = TelephoneEvent.parse(packet.payload)
        begins = self._begins(packet, event)
        if begins is None:
            return None
        self._ssrc, self._timestamp, self._event = packet.ssrc, packet.timestamp, event
        return KEYS[event.code] if begins and event.code < len(KEYS) else None

    def _begins(self, packet: RtpPacket, event: TelephoneEvent) -> bool | None:
        """Whether a key begins with this packet; None when it is late and says nothing new."""
        if packet.ssrc != self._ssrc:
            return True
        distance = timestamp_distance(packet.timestamp, self._timestamp)
        if -REORDERING < distance < 0:
            return None
        if event.code != self._event.code:
            return True
        if distance == 0:
            return False if event.duration >= self._event.duration else None
        return self._event.end or distance != LONGEST_SEGMENT


@dataclass(frozen=True, slots=True)
class KeyStep:
    """What to send in one 20 ms tick of a key; None as payload: the pause after it.

    While the key is down, `key` says which, and `place` for how many samples already.
    """

    payload: bytes | None
    first: bool = False
    key: str = ""
    place: int = 0


class KeySender:
    """Presses keys one after the other, a step every 20 ms."""

    def __init__(self) -> None:
        self._steps: Iterator[KeyStep] = iter(())
        self._keys: deque[str] = deque()

    def press(self, keys: str) -> None:
        """Press these keys after those pressed before; what is no key is left out."""
        known = [key for key in keys.upper() if key in KEYS]
        self._keys.extend(known[: MOST_WAITING - len(self._keys)])

    def step(self) -> KeyStep | None:
        """What this tick sends, or None when no key is being pressed."""
        step = next(self._steps, None)
        if step is None and self._keys:
            self._steps = press_steps(self._keys.popleft())
            step = next(self._steps)
        return step


def press_steps(key: str) -> Iterator[KeyStep]:
    """Updates every 20 ms while the key is down, three end packets, and the rest of the pause."""
    code = KEYS.index(key)
    for before in range(0, PRESSED_SAMPLES, FRAME_SAMPLES):
        going = TelephoneEvent(code, end=False, volume=VOLUME, duration=before + FRAME_SAMPLES)
        yield KeyStep(bytes(going), first=before == 0, key=key, place=before)
    ended = bytes(TelephoneEvent(code, end=True, volume=VOLUME, duration=PRESSED_SAMPLES))
    for count in range(PAUSE_SAMPLES // FRAME_SAMPLES):
        yield KeyStep(ended if count < END_PACKETS else None)
