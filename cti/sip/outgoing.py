"""Messages to be sent: frozen values that become bytes once.

Header values of requests are echoed in responses exactly as they came (RFC 3261, 8.2.6.2): they
are never taken apart and put together again.
"""

import re
from dataclasses import dataclass, replace

from sipmessage import Request, Response, Via
from sipmessage.message import Headers

from cti.kernel.errors import LocalError
from cti.sip.errors import Header
from cti.sip.events import Endpoint, Transport
from cti.sip.message import InboundRequest, InboundResponse, split_values, uri_text

MAGIC_COOKIE = "z9hG4bK"
_RPORT = re.compile(r";[ \t]*rport[ \t]*(?==|;|$)(?:=[^;]*)?", re.IGNORECASE)
_RECEIVED = re.compile(r";[ \t]*received[ \t]*=[^;]*", re.IGNORECASE)

PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    439: "First Hop Lacks Outbound Support",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    600: "Busy Everywhere",
    603: "Decline",
}


@dataclass(frozen=True, slots=True)
class Body:
    """A message body and its media type."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request as it goes out. The top Via carries `branch` and asks for rport (RFC 3581)."""

    method: str
    uri: str
    sent_by: str
    branch: str
    sequence: int
    headers: tuple[Header, ...]
    """From, To, Call-ID, Max-Forwards, Route, Contact and the rest; not Via, not CSeq."""
    body: Body | None = None
    attempts: int = 1
    """How often it was sent, as transactions of their own."""
    transport: Transport = Transport.UDP
    """How it goes, as its Via says."""
    patience: float = 0.0
    """Seconds an INVITE may be left without any answer; 0: as long as Timer B runs."""

    def header(self, name: str) -> str:
        """The first value of that header, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")

    def renewed(self, branch: str, sequence: int, *headers: Header) -> "OutgoingRequest":
        """The same request once more, as a transaction of its own, with these headers added."""
        names = {name for name, _ in headers}
        kept = tuple(each for each in self.headers if each[0] not in names)
        return replace(
            self,
            branch=branch,
            sequence=sequence,
            headers=kept + headers,
            attempts=self.attempts + 1,
        )

    def moved(self, branch: str) -> "OutgoingRequest":
        """The same request for another endpoint (RFC 3263, 4.3)."""
        return replace(self, branch=branch)

    def cancelled(self, *headers: Header) -> "OutgoingRequest":
        """The CANCEL of this INVITE: same branch, same CSeq number, same Route (9.1)."""
        copied = ("Route", "Max-Forwards", "From", "To", "Call-ID")
        kept = tuple(each for each in self.headers if each[0] in copied)
        return replace(self, method="CANCEL", headers=kept + headers, body=None)

    @property
    def next_hop(self) -> str:
        """The URI it is sent to: of the first proxy it is to pass, else its own (8.1.2)."""
        return uri_text(self.header("Route")) or self.uri

    @property
    def secure(self) -> bool:
        """Whether it asks for nothing but secure transports (RFC 3261, 26.2.2)."""
        return self.uri[:5].lower() == "sips:"

    @property
    def via(self) -> str:
        """Its top Via."""
        return f"SIP/2.0/{self.transport.value} {self.sent_by};rport;branch={self.branch}"

    @property
    def cseq(self) -> str:
        """Its CSeq."""
        return f"{self.sequence} {self.method}"

    def __bytes__(self) -> bytes:
        head = (("Via", self.via), *self.headers, ("CSeq", self.cseq))
        return _encode(f"{self.method} {self.uri} SIP/2.0", head, self.body)


def routed_by(proxy: str) -> tuple[Header, ...]:
    """The header that leads a request by that proxy first, a URI (RFC 3261, 8.1.2)."""
    loose = proxy if ";lr" in proxy.lower() else f"{proxy};lr"
    return (("Route", f"<{loose}>"),) if proxy else ()


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """A response as it goes out."""

    status: int
    data: bytes


def response_to(
    request: InboundRequest,
    status: int,
    tag: str,
    headers: tuple[Header, ...] = (),
    body: Body | None = None,
) -> OutgoingResponse:
    """Answer a request (RFC 3261, 8.2.6); `tag` is added to the To that has none."""
    to = request.message.headers["To"]
    if not request.to_tag and status > 100:
        to = f"{to};tag={tag}"
    return _respond(request.message.headers, request.source, status, to, headers, body)


def refusal_of(request: Request, source: Endpoint, status: int, tag: str) -> OutgoingResponse:
    """Answer a request that could not be read wholly, from the headers that could."""
    to = request.headers.get("To") or ""
    if to and ";tag=" not in to.replace(" ", ""):
        to = f"{to};tag={tag}"
    return _respond(request.headers, source, status, to, (), None)


def unavailable(request: OutgoingRequest) -> InboundResponse:
    """The 503 that stands for a request that could not be delivered (RFC 3261, 8.1.3.1)."""
    echoed = tuple(each for each in request.headers if each[0] in ("From", "To", "Call-ID"))
    via = Via.parse(request.via)
    response = Response(503, PHRASES[503])
    for name, value in (("Via", request.via), *echoed, ("CSeq", request.cseq)):
        response.headers.add(name, value)
    nowhere = Endpoint("", 0, request.transport)
    return InboundResponse(
        response,
        nowhere,
        via,
        response.from_address,
        response.to_address,
        request.header("Call-ID"),
        response.cseq,
    )


def hostport(host: str, port: int) -> str:
    """As in a URI or Via: an IPv6 address in brackets (RFC 5954)."""
    return f"{uri_host(host)}:{port}"


def uri_host(host: str) -> str:
    """The host as a URI has it: an IPv6 address in brackets (RFC 5954)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _respond(
    received: Headers,
    source: Endpoint,
    status: int,
    to: str,
    headers: tuple[Header, ...],
    body: Body | None,
) -> OutgoingResponse:
    first, *rest = received.getlist("Via")
    head = [("Via", stamped(first, source))]
    head += [("Via", value) for value in rest]
    if status == 100 and (timestamp := received.get("Timestamp")):
        head.append(("Timestamp", timestamp))
    echoed = (("To", to), *((name, received.get(name)) for name in ("From", "Call-ID", "CSeq")))
    head += [(name, value) for name, value in echoed if value]
    head += headers
    phrase = PHRASES.get(status) or PHRASES.get(status // 100 * 100, "Answer")
    return OutgoingResponse(status, _encode(f"SIP/2.0 {status} {phrase}", tuple(head), body))


def stamped(via: str, source: Endpoint) -> str:
    """The Via line with received and rport in its first value (RFC 3261, 18.2.1; RFC 3581, 4)."""
    values = (split_values(via) if "," in via else []) or [via]
    top = _RECEIVED.sub("", values[0])
    symmetric = _RPORT.sub(f";rport={source.port}", top)
    if symmetric != top or not _names(top, source.host):
        symmetric += f";received={source.host}"
    return ", ".join([symmetric, *values[1:]])


def _names(via: str, host: str) -> bool:
    """Whether that host is the sent-by of the Via."""
    sent_by = via.partition(";")[0].strip().rpartition(" ")[2]
    return sent_by in (host, f"[{host}]") or sent_by.startswith((f"{host}:", f"[{host}]:"))


def _encode(start: str, headers: tuple[Header, ...], body: Body | None) -> bytes:
    lines = [start]
    lines += [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line for line in lines):
        raise LocalError("a header value holds a line end")
    content = b""
    if body is not None:
        content = body.content
        lines.append(f"Content-Type: {body.content_type}")
    lines.append(f"Content-Length: {len(content)}\r\n\r\n")
    return "\r\n".join(lines).encode() + content
