"""SIP messages as tests write them: a start line, some headers, the rest filled in."""

from cti.sip.events import Endpoint
from cti.sip.message import InboundRequest, InboundResponse, parse

TRUNK = Endpoint("192.0.2.1", 5060)
HOUSE = Endpoint("192.0.2.9", 5060)

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)

Changes = dict[str, str | None]


def request_bytes(
    method: str = "INVITE",
    changes: Changes | None = None,
    body: bytes = b"",
    uri: str = "sip:95588@192.0.2.9",
) -> bytes:
    """A good request with those headers put in place, or left out where None."""
    headers: Changes = {
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport",
        "Max-Forwards": "70",
        "From": '"Li Lei" <sip:13800138000@192.0.2.1>;tag=caller',
        "To": "<sip:95588@192.0.2.9>",
        "Call-ID": "call-1@192.0.2.1",
        "CSeq": f"1 {method}",
        "Contact": "<sip:13800138000@192.0.2.1:5060>",
        "Content-Type": "application/sdp" if body else None,
        "Content-Length": str(len(body)),
        **(changes or {}),
    }
    return _bytes(f"{method} {uri} SIP/2.0", headers, body)


def response_bytes(
    request: bytes,
    code: int,
    tag: str = "called",
    changes: Changes | None = None,
    body: bytes = b"",
) -> bytes:
    """The answer to a request of ours, as a far side would write it."""
    sent = dict(
        line.split(": ", 1) for line in request.decode().split("\r\n\r\n")[0].split("\r\n")[1:]
    )
    headers: Changes = {name: sent[name] for name in ("Via", "From", "Call-ID", "CSeq")}
    headers["To"] = sent["To"] if code == 100 else f"{sent['To']};tag={tag}"
    headers["Contact"] = "<sip:hotline@192.0.2.9:5060>"
    headers["Content-Type"] = "application/sdp" if body else None
    headers["Content-Length"] = str(len(body))
    return _bytes(f"SIP/2.0 {code} Answer", headers | (changes or {}), body)


def request(
    method: str = "INVITE",
    changes: Changes | None = None,
    body: bytes = b"",
    source: Endpoint = TRUNK,
) -> InboundRequest:
    """The same, read."""
    message = parse(request_bytes(method, changes, body), source)
    assert isinstance(message, InboundRequest)
    return message


def response(request: bytes, code: int, tag: str = "called") -> InboundResponse:
    """The answer to a request of ours, read."""
    message = parse(response_bytes(request, code, tag), HOUSE)
    assert isinstance(message, InboundResponse)
    return message


def _bytes(start: str, headers: Changes, body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join([*lines, "", ""]).encode() + body
