"""What a caller sends as RTP, written to a pcap file for SIPp to replay.

The packets are made here from the standards' own words (RFC 3550, RFC 4733, G.711), not with the
code under test: a mistake shared by both would not be seen otherwise.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

STEP = 0.02
RATE, SAMPLES = 8000, 160
PCMA, EVENTS = 8, 101
KEYS = "0123456789*#"
SSRC = 0x53495050
KEY_STEPS = 5
GAP_STEPS = 5
QUICK_STEPS = 3
"""Of a quick key and of the gap behind it; 40 ms is the shortest there is (ITU-T Q.24)."""
ALAW_SILENCE = 0xD5
TAIL_STEPS = 2
"""How much longer than its event the tone of an audible key sounds."""
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
PLACES = "123456789*0#"
"""Keys in the order of the rows and columns of ITU-T Q.23."""


@dataclass(slots=True)
class Track:
    """Packets of one caller, a step of 20 ms after the other."""

    packets: list[tuple[float, bytes]] = field(default_factory=list)
    _step: int = 0
    _sequence: int = 1000

    def silence(self, seconds: float) -> "Track":
        """Say nothing for so long."""
        for _ in range(round(seconds / STEP)):
            self._sound(bytes([ALAW_SILENCE]) * SAMPLES)
        return self

    def keys(self, keys: str, *, audible: bool = False, quick: bool = False) -> "Track":
        """Press keys, 100 ms each, 100 ms apart; their tones go out as sound too if `audible`.

        Who is `quick` needs 60 ms for each.
        """
        steps = (QUICK_STEPS, QUICK_STEPS) if quick else (KEY_STEPS, GAP_STEPS)
        for key in keys:
            self._key(KEYS.index(key), dtmf(key) if audible else [], *steps)
        return self

    def tone(self, frequency: float, seconds: float) -> "Track":
        """Say a tone of that frequency (Hz)."""
        for _ in range(round(seconds / STEP)):
            self._sound(_step_of(frequency, frequency * self._step * SAMPLES % RATE))
        return self

    def write(self, path: Path) -> Path:
        """Write the file and give its path back."""
        path.write_bytes(b"".join(self._file()))
        return path

    def _sound(self, payload: bytes) -> None:
        self._send(PCMA, self._step * SAMPLES, payload)
        self._step += 1

    def _key(self, code: int, sound: list[bytes], steps: int, gap: int) -> None:
        start = self._step * SAMPLES
        for step in range(1, steps + 1):
            going = struct.pack("!BBH", code, 10, step * SAMPLES)
            self._send(EVENTS, start, going, marker=step == 1)
            self._beside(sound)
        ended = struct.pack("!BBH", code, 0x80 | 10, steps * SAMPLES)
        for step in range(3):
            self._send(EVENTS, start, ended)
            self._beside(sound if step < TAIL_STEPS else [])
        self.silence((gap - 3) * STEP)

    def _beside(self, sound: list[bytes]) -> None:
        """A step's sound beside an event, if there is any."""
        if sound:
            self._send(PCMA, self._step * SAMPLES, sound[self._step % len(sound)])
        self._step += 1

    def _send(self, kind: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        head = struct.pack(
            "!BBHII", 0x80, kind | (0x80 if marker else 0), self._sequence & 0xFFFF, timestamp, SSRC
        )
        self._sequence += 1
        self.packets.append((self._step * STEP, head + payload))

    def _file(self) -> Iterator[bytes]:
        yield struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        for instant, rtp in self.packets:
            udp = struct.pack("!HHHH", 6000, 6002, 8 + len(rtp), 0) + rtp
            ip = struct.pack(
                "!BBHHHBBH4s4s",
                0x45,
                0,
                20 + len(udp),
                0,
                0,
                64,
                17,
                0,
                b"\x7f\0\0\1",
                b"\x7f\0\0\1",
            )
            frame = bytes(12) + b"\x08\x00" + ip + udp
            seconds = int(instant)
            micros = round((instant - seconds) * 1e6)
            yield struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame


@cache
def _step_of(frequency: float, phase: float) -> bytes:
    """A step of a tone that begins at that phase (turns times the rate), as A-law."""
    turns = ((phase + frequency * n) / RATE for n in range(SAMPLES))
    return bytes(alaw(round(8000 * math.sin(2 * math.pi * each))) for each in turns)


def dtmf(key: str) -> list[bytes]:
    """The key's two tones as A-law, in steps of 20 ms that follow each other for 200 ms."""
    place = PLACES.index(key)
    pair = ROWS[place // 3], COLUMNS[place % 3]
    octets = bytes(
        alaw(round(sum(6000 * math.sin(2 * math.pi * each * n / 8000) for each in pair)))
        for n in range(10 * SAMPLES)
    )
    return [octets[at : at + SAMPLES] for at in range(0, len(octets), SAMPLES)]


def alaw(sample: int) -> int:
    """A 16-bit sample as an A-law octet (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0x00
    magnitude = min(abs(sample) >> 4, 0x7FF) if sample >= 0 else min((-sample - 1) >> 4, 0x7FF)
    if magnitude < 32:
        code = magnitude
    else:
        exponent = magnitude.bit_length() - 4
        code = (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0F)
    return (sign | code) ^ 0x55
