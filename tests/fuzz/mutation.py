"""What is done to a good message to make a bad one: values, so that a failure can be made small."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

LARGEST = 64 * 1024
"""Octets of what comes out."""
MATTER = (
    *(
        b"",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\r\n ",
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
    ),
    *(b'"', b"\\", b'\\"', b"<", b">", b"<>", b"(", b")", b"[", b"]", b"[::", b"{", b"%", b"%00"),
    *(b",", b";", b"=", b":", b"@", b"?", b"&", b"/", b"*", b" ", b"\t", b";;", b",,", b";self=1"),
    *(b"-1", b"0", b"2147483648", b"4294967296", b"99999999999999999999", b"1e9", b"0x1F"),
    *(b'"<' * 200, b"(" * 400, b'\\"' * 300, b";a=b" * 200, b"a." * 300, b" ," * 300, b"[" * 300),
    *("\u202e".encode(), "\u2028".encode(), "١".encode(), "é".encode(), b"a" * 5000),
    *(b"sip:", b"<sip:a@b>", b"tel:+1", b"SIP/2.0", b"z9hG4bK", b"Digest ", b"IN IP6 ::", b"a="),
    *(b"\x80\x00\x00\x01", b"\xff\xff\xff\xff", b"\x00\x00", b"\x21\x12\xa4\x42"),
)
_NUMBER = re.compile(rb"[0-9]+")


class Kind(Enum):
    """How."""

    FLIP = "flip"
    CUT = "cut"
    CUT_SHORT = "cut short"
    INSERT = "insert"
    REPLACE = "replace"
    REPEAT = "repeat"
    NUMBER = "number"
    LINE_TWICE = "line twice"
    LINE_AWAY = "line away"
    SPLICE = "splice"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: `place` from 0 to 1 tells where, `size` how much, `matter` with what."""

    kind: Kind
    place: float
    size: int
    matter: bytes

    def apply(self, data: bytes) -> bytes:
        """The octets once changed, not more than `LARGEST`."""
        at = int(self.place * len(data))
        before, after = data[:at], data[at:]
        match self.kind:
            case Kind.FLIP if after:
                changed = before + bytes([after[0] ^ 1 << self.size % 8]) + after[1:]
            case Kind.CUT:
                changed = before + after[self.size :]
            case Kind.CUT_SHORT:
                changed = before
            case Kind.INSERT:
                changed = before + self.matter + after
            case Kind.REPLACE:
                changed = before + self.matter + after[len(self.matter) :]
            case Kind.REPEAT:
                changed = before + after[:20] * (1 + self.size) + after
            case Kind.SPLICE:
                changed = before + self.matter[int(self.place * len(self.matter)) :]
            case _:
                changed = self._by_part(data)
        return changed[:LARGEST]

    def _by_part(self, data: bytes) -> bytes:
        """Changes of one number or one line."""
        if self.kind is Kind.NUMBER:
            found = list(_NUMBER.finditer(data))
            if not found:
                return data
            chosen = found[int(self.place * len(found)) % len(found)]
            return data[: chosen.start()] + self.matter + data[chosen.end() :]
        lines = data.split(b"\r\n")
        chosen_line = int(self.place * len(lines)) % len(lines)
        times = 0 if self.kind is Kind.LINE_AWAY else 2 + self.size // 8
        lines[chosen_line : chosen_line + 1] = [lines[chosen_line]] * times
        return b"\r\n".join(lines)


def by_chance(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, changed a few times, or now and then not at all."""
    data = random.choice(seeds)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        kind = random.choice(tuple(Kind))
        matter = random.choice(seeds if kind is Kind.SPLICE else MATTER)
        data = Mutation(kind, random.random(), random.randrange(64), matter).apply(data)
    return data
