"""As much of SIP as a load needs: messages in, messages out, one digest answer.

Written on bare sockets on purpose: what measures the hotline's stack shares no line with it.
"""

import hashlib
import re
from dataclasses import dataclass

CRLF = "\r\n"
_HEADER = re.compile(r"^([A-Za-z-]+)\s*:\s*(.*)$")
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')
_PORT = re.compile(r"^m=audio (\d+)", re.MULTILINE)
_HOST = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_URI = re.compile(r"<([^>]+)>")


@dataclass(frozen=True, slots=True)
class Message:
    """A request or response; of a repeated header every value is kept, in order."""

    start: str
    headers: dict[str, list[str]]
    body: str

    @property
    def status(self) -> int:
        """The status of a response, 0 of a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/") else 0

    @property
    def method(self) -> str:
        """The method of a request, or the one a response answers."""
        return self.one("cseq").split()[1]

    def one(self, name: str) -> str:
        """The header's first value; KeyError without one."""
        return self.headers[name][0]

    @property
    def contact(self) -> str:
        """The URI of the Contact header."""
        found = _URI.search(self.one("contact"))
        return found[1] if found else self.one("contact")

    @property
    def media(self) -> tuple[str, int]:
        """Where the session description wants sound; ValueError without one."""
        host, port = _HOST.search(self.body), _PORT.search(self.body)
        if host is None or port is None:
            raise ValueError(f"no session description in {self.start}")
        return host[1], int(port[1])


def read(data: bytes) -> Message | None:
    """The message of a datagram; None for what is none: ports get what others before them did."""
    if not data[:1].isalpha():
        return None
    message = parse(data)
    return message if {"cseq", "call-id"} <= message.headers.keys() else None


def parse(data: bytes) -> Message:
    """The message of a datagram that a server sent."""
    head, _, body = data.decode(errors="replace").partition(CRLF * 2)
    start, *lines = head.split(CRLF)
    headers: dict[str, list[str]] = {}
    for line in lines:
        if found := _HEADER.match(line):
            headers.setdefault(found[1].lower(), []).append(found[2].strip())
    return Message(start, headers, body)


def compose(start: str, headers: list[tuple[str, str]], body: str = "") -> bytes:
    """A message with its length."""
    fields = [*headers, ("Content-Length", str(len(body)))]
    if body:
        fields.insert(-1, ("Content-Type", "application/sdp"))
    return (CRLF.join([start, *(f"{name}: {value}" for name, value in fields)]) + CRLF * 2).encode(
        "ascii"
    ) + body.encode("ascii")


def response(request: Message, reason: str, tag: str, contact: str, body: str = "") -> bytes:
    """The answer `reason` ("200 OK") to a request."""
    to = request.one("to")
    if "tag=" not in to:
        to = f"{to};tag={tag}"
    return compose(
        f"SIP/2.0 {reason}",
        [
            *(("Via", via) for via in request.headers["via"]),
            ("From", request.one("from")),
            ("To", to),
            ("Call-ID", request.one("call-id")),
            ("CSeq", request.one("cseq")),
            ("Contact", contact),
        ],
        body,
    )


def describe(port: int) -> str:
    """A session description: A-law and key presses at that port of the loopback."""
    lines = (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP 8 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
    )
    return CRLF.join(lines) + CRLF


def authorization(challenge: str, method: str, uri: str, user: str, secret: str) -> str:
    """The answer to a digest challenge with SHA-256 and qop auth (RFC 7616, RFC 8760)."""
    asked = dict(_PARAMETER.findall(challenge))

    def digest(*parts: str) -> str:
        return hashlib.sha256(":".join(parts).encode()).hexdigest()

    count, nonce = "00000001", "benchmark"
    proof = digest(
        digest(user, asked["realm"], secret),
        asked["nonce"],
        count,
        nonce,
        "auth",
        digest(method, uri),
    )
    return (
        f'Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", '
        f'uri="{uri}", response="{proof}", algorithm=SHA-256, qop=auth, nc={count}, '
        f'cnonce="{nonce}"'
    )
