"""Session descriptions as values (RFC 8866): origin, sections, directions, formats."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from cti.sip.errors import DescriptionError
from cti.sip.sdp import grammar
from cti.sip.sdp.grammar import Attribute, Lines

CONTENT_TYPE = "application/sdp"
STATIC_PAYLOADS = {0: "PCMU", 8: "PCMA", 9: "G722"}
"""RFC 3551, 6: payload types that need no rtpmap, of the encodings known here."""
NUMBER_OF_ENCODING = {encoding: number for number, encoding in STATIC_PAYLOADS.items()}
TELEPHONE_EVENT = "telephone-event"
TELEPHONE_EVENT_PAYLOAD = 101
CLOCK_RATE = 8000
"""Hz, of all of them: G.722 counts so in spite of its 16000 samples (RFC 3551, 4.5.2)."""
UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104  (the old sign for hold, RFC 3264, 8.4)
PLAIN_PROTOCOLS = ("RTP/AVP", "RTP/AVPF")
SECURE_PROTOCOLS = ("RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF")

_KNOWN_ENCODINGS = {name.lower(): name for name in (*NUMBER_OF_ENCODING, TELEPHONE_EVENT)}
_PAYLOAD = re.compile(r"[0-9]{1,3}")


class Direction(Enum):
    """Who sends, seen from whoever wrote the description (RFC 8866, 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    def answered(self, wanted: "Direction") -> "Direction":
        """What to answer to this offered direction when `wanted` is wished (RFC 3264, 6.1)."""
        return _DIRECTION[self.receives and wanted.sends, self.sends and wanted.receives]


_DIRECTION = {
    (True, True): Direction.SENDRECV,
    (True, False): Direction.SENDONLY,
    (False, True): Direction.RECVONLY,
    (False, False): Direction.INACTIVE,
}
_DIRECTIONS = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class Origin:
    """The ``o=`` line: who wrote the description, and which version of it this is."""

    session_id: int
    version: int
    host: str
    username: str = "-"

    @classmethod
    def parse(cls, value: str) -> "Origin":
        fields = value.split()
        if len(fields) != 6:
            raise DescriptionError("origin needs six fields")
        return cls(grammar.number(fields[1]), grammar.number(fields[2]), fields[5], fields[0])

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {grammar.network(self.host)}"


@dataclass(frozen=True, slots=True)
class Format:
    """A payload type and the encoding behind it."""

    payload: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Media:
    """One ``m=`` section; `host` is its own ``c=`` line, None when the session's holds.

    Attributes may hold keys: they stay out of `repr`.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    attributes: tuple[Attribute, ...] = ()

    @classmethod
    def parse(cls, lines: Lines) -> "Media":
        """Read a section, its ``m=`` line first."""
        fields = lines[0][1].split()
        if len(fields) < 4:
            raise DescriptionError("a media line needs four fields")
        host = next((grammar.host(value) for kind, value in lines if kind == "c"), None)
        port = grammar.port(fields[1])
        found = grammar.attributes(lines)
        return cls(fields[0], port, fields[2], tuple(fields[3:]), host, found)

    @property
    def direction(self) -> Direction | None:
        """The direction written in this section, if one is."""
        return _direction(self.attributes)

    @property
    def usable(self) -> bool:
        """Whether it is audio over a protocol known here and not refused with port 0."""
        known = self.protocol in PLAIN_PROTOCOLS or self.protocol in SECURE_PROTOCOLS
        return self.kind == "audio" and self.port > 0 and known

    @property
    def secure(self) -> bool:
        """Whether its protocol is SRTP (RFC 3711, RFC 5764)."""
        return self.protocol in SECURE_PROTOCOLS

    def encodings(self) -> tuple[Format, ...]:
        """Formats at 8000 Hz that are known here, in the order of preference written."""
        lines = (value for name, value in self.attributes if name == "rtpmap")
        return _encodings(self.formats, tuple(lines))

    def __repr__(self) -> str:
        return f"Media({self.kind} {self.port} {self.protocol} {' '.join(self.formats)})"

    def __str__(self) -> str:
        lines = [f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"]
        if self.host is not None:
            lines.append(f"c={grammar.network(self.host)}")
        lines += [grammar.attribute_line(attribute) for attribute in self.attributes]
        return "\r\n".join(lines)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A description as parsed or to be sent; `str` gives its text with CRLF line ends."""

    origin: Origin
    host: str | None
    media: tuple[Media, ...]
    name: str = "-"
    attributes: tuple[Attribute, ...] = ()

    @classmethod
    def parse(cls, body: bytes) -> "SessionDescription":
        """Read a body; DescriptionError. Lines of unknown types are skipped."""
        head, *sections = grammar.sections(grammar.lines_of(body))
        values = dict(reversed(head))
        if "o" not in values:
            raise DescriptionError("no origin")
        return cls(
            Origin.parse(values["o"]),
            grammar.host(values["c"]) if "c" in values else None,
            tuple(Media.parse(section) for section in sections),
            values.get("s", "-"),
            grammar.attributes(head),
        )

    @property
    def audio(self) -> Media | None:
        """The first audio section of RTP or SRTP that is not refused with port 0."""
        return next((media for media in self.media if media.usable), None)

    def attribute(self, media: Media, name: str) -> str | None:
        """The attribute's value in the section, else in the session; "" for a flag."""
        for key, value in (*media.attributes, *self.attributes):
            if key == name:
                return value or ""
        return None

    def direction_of(self, media: Media) -> Direction:
        """The section's direction, else the session's, else sendrecv (RFC 8866, 6.7)."""
        return media.direction or _direction(self.attributes) or Direction.SENDRECV

    def host_of(self, media: Media) -> str:
        """The address the section's packets go to."""
        return media.host or self.host or ""

    def by_ice(self, media: Media) -> bool:
        """Whether connectivity checks find the way (RFC 8839): its address then means nothing."""
        return self.attribute(media, "ice-ufrag") is not None

    @property
    def held(self) -> bool:
        """Whether its writer does not want to hear anything now (RFC 3264, 8.4)."""
        audio = self.audio
        return audio is not None and not self._listening(audio)

    def _listening(self, media: Media) -> bool:
        reachable = self.by_ice(media) or self.host_of(media) not in UNSPECIFIED
        return self.direction_of(media).receives and reachable

    def __repr__(self) -> str:
        return f"SessionDescription({self.origin}, {self.media})"

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def __str__(self) -> str:
        lines = ["v=0", f"o={self.origin}", f"s={self.name}"]
        if self.host is not None:
            lines.append(f"c={grammar.network(self.host)}")
        lines.append("t=0 0")
        lines += [grammar.attribute_line(attribute) for attribute in self.attributes]
        lines += [str(media) for media in self.media]
        return "\r\n".join(lines) + "\r\n"


def _direction(attributes: Sequence[Attribute]) -> Direction | None:
    return next((_DIRECTIONS[name] for name, _ in attributes if name in _DIRECTIONS), None)


@lru_cache(maxsize=256)
def _encodings(formats: tuple[str, ...], lines: tuple[str | None, ...]) -> tuple[Format, ...]:
    """What these payload types are by their rtpmap lines; asked some ten times a call, of the few
    ways in which telephones and carriers say it.
    """
    mapped = dict(_mappings(lines))
    found = []
    for text in formats:
        if not _PAYLOAD.fullmatch(text):
            continue
        number = int(text)
        encoding, rate = mapped.get(number, (STATIC_PAYLOADS.get(number, ""), CLOCK_RATE))
        if encoding and rate == CLOCK_RATE:
            found.append(Format(number, encoding))
    return tuple(found)


def _mappings(lines: Iterable[str | None]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Payload types with encoding and clock rate; the encoding is empty when unknown here."""
    for line in lines:
        mapping = grammar.rtpmap(line)
        if mapping is not None:
            payload, encoding, rate = mapping
            yield payload, (_KNOWN_ENCODINGS.get(encoding.lower(), ""), rate)
