"""Session descriptions (RFC 8866) and the offer/answer model over them (RFC 3264).

Only what a telephone needs: one audio stream of G.711 with telephone-event (RFC 4733). Every
other stream of an offer is answered with port 0. Descriptions are values; an answer is computed
from an offer and knows nothing of sockets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address

from cti.sip.errors import DescriptionError, NotAcceptableError

CONTENT_TYPE = "application/sdp"
STATIC_PAYLOADS = {0: "PCMU", 8: "PCMA"}
"""RFC 3551, 6: payload types that need no rtpmap, of the encodings known here."""
TELEPHONE_EVENT = "telephone-event"
TELEPHONE_EVENT_PAYLOAD = 101
CLOCK_RATE = 8000
UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104  (the old sign for hold, RFC 3264, 8.4)

DEFAULT_CODECS = ("PCMA", "PCMU")

_NUMBER_OF_ENCODING = {encoding: number for number, encoding in STATIC_PAYLOADS.items()}
_KNOWN_ENCODINGS = {name.lower(): name for name in (*_NUMBER_OF_ENCODING, TELEPHONE_EVENT)}
_PAYLOAD = re.compile(r"[0-9]{1,3}")
_RTPMAP = re.compile(r"(?P<payload>[0-9]{1,3}) +(?P<encoding>[^/ ]+)/(?P<rate>[0-9]{1,6})(/.*)? *")


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

Attribute = tuple[str, str | None]
Lines = list[tuple[str, str]]


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
        return cls(_number(fields[1]), _number(fields[2]), fields[5], fields[0])

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {_network(self.host)}"


@dataclass(frozen=True, slots=True)
class Format:
    """A payload type and the encoding behind it."""

    payload: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Media:
    """One ``m=`` section; `host` is its own ``c=`` line, None when the session's holds."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    attributes: tuple[Attribute, ...] = ()

    @property
    def direction(self) -> Direction | None:
        """The direction written in this section, if one is."""
        return _direction(self.attributes)

    def encodings(self) -> tuple[Format, ...]:
        """Formats at 8000 Hz that are known here, in the order of preference written."""
        lines = (_rtpmap(value) for name, value in self.attributes if name == "rtpmap")
        mapped = dict(line for line in lines if line is not None)
        found = []
        for text in self.formats:
            if not _PAYLOAD.fullmatch(text):
                continue
            number = int(text)
            encoding, rate = mapped.get(number, (STATIC_PAYLOADS.get(number, ""), CLOCK_RATE))
            if encoding and rate == CLOCK_RATE:
                found.append(Format(number, encoding))
        return tuple(found)

    def __str__(self) -> str:
        lines = [f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"]
        if self.host is not None:
            lines.append(f"c={_network(self.host)}")
        lines += [_attribute(attribute) for attribute in self.attributes]
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
        return _parse(body)

    @property
    def audio(self) -> Media | None:
        """The first audio section over RTP/AVP that is not refused with port 0."""
        return next((media for media in self.media if _usable(media)), None)

    def direction_of(self, media: Media) -> Direction:
        """The section's direction, else the session's, else sendrecv (RFC 8866, 6.7)."""
        return media.direction or _direction(self.attributes) or Direction.SENDRECV

    def host_of(self, media: Media) -> str:
        """The address the section's packets go to."""
        return media.host or self.host or ""

    @property
    def held(self) -> bool:
        """Whether its writer does not want to hear anything now (RFC 3264, 8.4)."""
        audio = self.audio
        return audio is not None and not self._listening(audio)

    def _listening(self, media: Media) -> bool:
        return self.direction_of(media).receives and self.host_of(media) not in UNSPECIFIED

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def __str__(self) -> str:
        lines = ["v=0", f"o={self.origin}", f"s={self.name}"]
        if self.host is not None:
            lines.append(f"c={_network(self.host)}")
        lines.append("t=0 0")
        lines += [_attribute(attribute) for attribute in self.attributes]
        lines += [str(media) for media in self.media]
        return "\r\n".join(lines) + "\r\n"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where and how to send after offer and answer."""

    host: str
    port: int
    payload: int
    encoding: str
    """``PCMU`` or ``PCMA``."""
    events: int | None
    """Payload type of telephone-event the far side takes."""
    sending: bool
    """False while the far side does not listen (hold)."""


def offer(
    host: str,
    port: int,
    *,
    codecs: Sequence[str] = DEFAULT_CODECS,
    direction: Direction = Direction.SENDRECV,
    previous: SessionDescription | None = None,
) -> SessionDescription:
    """An offer of these codecs with telephone-event; `previous` is what we described before.

    The session identifier is the port: no two sessions of an address have the same at a time.
    """
    formats = [Format(_NUMBER_OF_ENCODING[codec], codec) for codec in codecs]
    formats.append(Format(TELEPHONE_EVENT_PAYLOAD, TELEPHONE_EVENT))
    media = (_section(port, "RTP/AVP", formats, direction),)
    return _revised(SessionDescription(Origin(port, 1, host), host, media), previous)


def answer(
    offered: SessionDescription,
    host: str,
    port: int,
    *,
    codecs: Sequence[str] = DEFAULT_CODECS,
    direction: Direction = Direction.SENDRECV,
    previous: SessionDescription | None = None,
) -> SessionDescription:
    """The answer to an offer; NotAcceptableError when no codec of ours is in it.

    One codec only, the offerer's most wished for: it cannot change in the middle of a bridge that
    passes packets through. Payload types are the offerer's (RFC 3264, 6.1).
    """
    audio = _negotiable(offered, codecs)
    encodings = audio.encodings()
    chosen = [next(item for item in encodings if item.encoding in codecs)]
    chosen += [item for item in encodings if item.encoding == TELEPHONE_EVENT][:1]
    answered = offered.direction_of(audio)
    if offered.held and answered.receives:
        answered = Direction.SENDONLY
    section = _section(port, audio.protocol, chosen, answered.answered(direction))
    media = tuple(section if each is audio else _refused(each) for each in offered.media)
    return _revised(SessionDescription(Origin(port, 1, host), host, media), previous)


def check(offered: SessionDescription, codecs: Sequence[str] = DEFAULT_CODECS) -> None:
    """NotAcceptableError unless `answer` can answer this offer."""
    _negotiable(offered, codecs)


def agree(remote: SessionDescription, answered: SessionDescription) -> Agreement:
    """What to send to the writer of `remote`, which is the offer or itself the answer.

    NotAcceptableError when the answer refused the stream or names no codec known here.
    """
    audio, decided = remote.audio, answered.audio
    if audio is None or decided is None:
        raise NotAcceptableError("the audio stream was refused")
    encodings = [item.encoding for item in decided.encodings()]
    wanted = next((encoding for encoding in encodings if encoding in _NUMBER_OF_ENCODING), None)
    theirs = {item.encoding: item.payload for item in reversed(audio.encodings())}
    if wanted is None or wanted not in theirs:
        raise NotAcceptableError("the answer names no codec of the offer")
    events = theirs.get(TELEPHONE_EVENT) if TELEPHONE_EVENT in encodings else None
    host = _literal(remote.host_of(audio))
    return Agreement(host, audio.port, theirs[wanted], wanted, events, not remote.held)


def _negotiable(offered: SessionDescription, codecs: Sequence[str]) -> Media:
    audio = offered.audio
    if audio is None:
        raise NotAcceptableError("no audio stream over RTP/AVP is offered")
    if not any(item.encoding in codecs for item in audio.encodings()):
        raise NotAcceptableError("none of the offered codecs is supported")
    _literal(offered.host_of(audio))
    return audio


def _literal(host: str) -> str:
    """The address itself; media goes to IP addresses, never to names that need a lookup."""
    try:
        ip_address(host)
    except ValueError as error:
        raise NotAcceptableError("the media address is not an IP address") from error
    return host


def _section(port: int, protocol: str, formats: Sequence[Format], direction: Direction) -> Media:
    attributes: list[Attribute] = []
    for item in formats:
        attributes.append(("rtpmap", f"{item.payload} {item.encoding}/{CLOCK_RATE}"))
        if item.encoding == TELEPHONE_EVENT:
            attributes.append(("fmtp", f"{item.payload} 0-15"))
    attributes += [("ptime", "20"), (direction.value, None)]
    numbers = tuple(str(item.payload) for item in formats)
    return Media("audio", port, protocol, numbers, None, tuple(attributes))


def _refused(media: Media) -> Media:
    return Media(media.kind, 0, media.protocol, media.formats)


def _revised(
    description: SessionDescription, previous: SessionDescription | None
) -> SessionDescription:
    """Carry on the session identifier; count the version up only on a change (RFC 3264, 8)."""
    if previous is None:
        return description
    same = replace(description, origin=previous.origin)
    if same == previous:
        return previous
    version = previous.origin.version + 1
    return replace(description, origin=replace(previous.origin, version=version))


def _parse(body: bytes) -> SessionDescription:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DescriptionError("not UTF-8") from error
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if not lines or lines[0].rstrip() != "v=0":
        raise DescriptionError("version 0 must come first")
    head, *sections = _sections(lines[1:])
    values = dict(reversed(head))
    if "o" not in values:
        raise DescriptionError("no origin")
    return SessionDescription(
        Origin.parse(values["o"]),
        _host(values["c"]) if "c" in values else None,
        tuple(_media(section) for section in sections),
        values.get("s", "-"),
        _attributes(head),
    )


def _sections(lines: Sequence[str]) -> list[Lines]:
    """Lines as (type, value), cut before every ``m=``."""
    sections: list[Lines] = [[]]
    for line in lines:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            raise DescriptionError("a line is not type=value")
        if kind == "m":
            sections.append([])
        sections[-1].append((kind, value.strip()))
    return sections


def _media(lines: Lines) -> Media:
    fields = lines[0][1].split()
    if len(fields) < 4:
        raise DescriptionError("a media line needs four fields")
    port = _number(fields[1].partition("/")[0])
    if port > 65535:
        raise DescriptionError("a port is above 65535")
    host = next((_host(value) for kind, value in lines if kind == "c"), None)
    return Media(fields[0], port, fields[2], tuple(fields[3:]), host, _attributes(lines))


def _attributes(lines: Lines) -> tuple[Attribute, ...]:
    found: list[Attribute] = []
    for kind, value in lines:
        if kind == "a":
            name, colon, content = value.partition(":")
            found.append((name, content if colon else None))
    return tuple(found)


def _attribute(attribute: Attribute) -> str:
    name, value = attribute
    return f"a={name}" if value is None else f"a={name}:{value}"


def _direction(attributes: Sequence[Attribute]) -> Direction | None:
    return next((_DIRECTIONS[name] for name, _ in attributes if name in _DIRECTIONS), None)


def _rtpmap(value: str | None) -> tuple[int, tuple[str, int]] | None:
    """The payload type with encoding and clock rate; the encoding is empty when unknown here."""
    mapping = _RTPMAP.fullmatch(value or "")
    if mapping is None:
        return None
    known = _KNOWN_ENCODINGS.get(mapping["encoding"].lower(), "")
    return int(mapping["payload"]), (known, int(mapping["rate"]))


def _host(value: str) -> str:
    fields = value.split()
    if len(fields) != 3 or fields[0] != "IN" or fields[1] not in ("IP4", "IP6"):
        raise DescriptionError("a connection line is not IN IP4 or IN IP6")
    return fields[2].partition("/")[0]


def _network(host: str) -> str:
    return f"IN IP{6 if ':' in host else 4} {host}"


def _usable(media: Media) -> bool:
    return media.kind == "audio" and media.port > 0 and media.protocol in ("RTP/AVP", "RTP/AVPF")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise DescriptionError("a number is not one")
    return int(text)
