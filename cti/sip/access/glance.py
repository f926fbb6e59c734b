"""What a look at a message's octets tells, and the answer that needs no more than that look.

A call that is refused this way costs a twentieth of one that is parsed for it, and nothing of it is
kept (RFC 3261, 8.2.7): a repeated INVITE gets the same answer with the same tag, and the ACK of the
answer is known by that tag.
"""

import re
from hashlib import blake2b

from cti.kernel.identifiers import Entropy
from cti.sip.events import Endpoint
from cti.sip.outgoing import stamped

_DIALLED = re.compile(rb"INVITE (?:sips?|tel):([^@;?> ]*)", re.IGNORECASE)
_TO = re.compile(rb"\n(?:To|t)[ \t]*:((?:[^\n]|\n[ \t])*)", re.IGNORECASE)
_REPLACES = re.compile(rb"\nReplaces[ \t]*:", re.IGNORECASE)
_CALL_ID = re.compile(rb"\n(?:Call-ID|i)[ \t]*:[ \t]*([^\s]+)", re.IGNORECASE)
_FOLD = re.compile(r"\r\n[ \t]+")
_RPORT = re.compile(r";[ \t]*rport[ \t]*(?:[=;,]|$)", re.IGNORECASE)
_SENT_BY_PORT = re.compile(r"[^;,]*:[ \t]*([0-9]{1,5})[ \t]*(?:[;,]|$)")
_NAMES = {
    "via": "Via",
    "v": "Via",
    "from": "From",
    "f": "From",
    "to": "To",
    "t": "To",
    "call-id": "Call-ID",
    "i": "Call-ID",
    "cseq": "CSeq",
}
_ONCE = ("From", "To", "Call-ID", "CSeq")
_LARGEST_PORT = 65535


def begins_call(data: bytes) -> bool:
    """Whether it is an INVITE outside a dialog that takes no other's place (3 us)."""
    if not data.startswith(b"INVITE "):
        return False
    head = data.partition(b"\r\n\r\n")[0]
    to = _TO.search(head)
    return to is not None and b"tag=" not in to[1].lower() and _REPLACES.search(head) is None


def dialled(data: bytes) -> str:
    """The user of an INVITE's Request-URI as it is written; empty where none can be told."""
    found = _DIALLED.match(data)
    return found[1].decode("latin-1") if found else ""


def call_id(data: bytes) -> bytes:
    """The Call-ID; empty where there is none."""
    found = _CALL_ID.search(data)
    return found[1] if found else b""


class Refusals:
    """Answers INVITEs 503 from their octets, and knows the ACKs of these answers."""

    def __init__(self, entropy: Entropy, server: str) -> None:
        """`server` is the value of the Server header."""
        self._secret = bytes.fromhex(entropy(16))
        self._mark = entropy(6)
        self._acknowledged = f"tag={self._mark}".encode()
        self._server = server

    def of(self, data: bytes, source: Endpoint, retry: int) -> tuple[bytes, Endpoint] | None:
        """The answer and where it goes (18.2.2; RFC 3581, 4), with a Retry-After in seconds.

        None where the INVITE lacks what an answer must repeat: then there is none.
        """
        found = _echoed(data)
        if found is None:
            return None
        vias, (sender, to, call, cseq) = found
        tag = self._mark + _digest(self._secret, vias[0], sender, call, cseq)
        lines = [
            "SIP/2.0 503 Service Unavailable",
            f"Via: {stamped(vias[0], source)}",
            *(f"Via: {via}" for via in vias[1:]),
            f"From: {sender}",
            f"To: {to};tag={tag}",
            f"Call-ID: {call}",
            f"CSeq: {cseq}",
            f"Retry-After: {retry}",
            f"Server: {self._server}",
            "Content-Length: 0\r\n\r\n",
        ]
        return "\r\n".join(lines).encode("latin-1", "replace"), _reply_to(vias[0], source)

    def acknowledged(self, data: bytes) -> bool:
        """Whether it is the ACK of such an answer, which nobody waits for (0.3 us)."""
        return data.startswith(b"ACK ") and self._acknowledged in data


def _echoed(data: bytes) -> tuple[list[str], tuple[str, ...]] | None:
    """The Via headers, and From, To, Call-ID and CSeq, where each is there once."""
    head = data.partition(b"\r\n\r\n")[0].decode("latin-1")
    if "\r\n " in head or "\r\n\t" in head:
        head = _FOLD.sub(" ", head)
    found: dict[str, list[str]] = {"Via": [], **{name: [] for name in _ONCE}}
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if known := _NAMES.get(name.rstrip().lower()):
            found[known].append(value.strip())
    vias = found.pop("Via")
    if not vias or any(len(values) != 1 for values in found.values()):
        return None
    return vias, tuple(values[0] for values in found.values())


def _reply_to(via: str, source: Endpoint) -> Endpoint:
    top = via.partition(",")[0]
    if source.transport.reliable or _RPORT.search(top):
        return source
    port = _SENT_BY_PORT.match(top.partition(" ")[2])
    number = int(port[1]) if port else source.transport.default_port
    if not 0 < number <= _LARGEST_PORT:
        return source
    return Endpoint(source.host, number, source.transport, source.flow)


def _digest(secret: bytes, *parts: str) -> str:
    return blake2b("\0".join(parts).encode("latin-1"), digest_size=8, key=secret).hexdigest()
