"""SIP messages off the wire, read once and checked once (RFC 3261, 7 and 8.1.1).

The header values are `sipmessage`'s; this module does what a datagram from anywhere needs beyond
them: folded lines, header names with space before the colon, Content-Length against the body,
headers that must be there and must be there once. Whoever holds an `InboundRequest` or
`InboundResponse` can trust its fields and need not parse them again.
"""

import re
from dataclasses import dataclass, replace
from typing import TypeVar

from sipmessage import URI, Address, CSeq, Request, Response, Via
from sipmessage.message import COMPACT_FORMS, Headers

from cti.sip.addresses import SCHEMES, parse_address, parse_uri, parse_via
from cti.sip.errors import MessageError
from cti.sip.events import Endpoint
from cti.sip.headers import HeaderTable

MAGIC_COOKIE = "z9hg4bk"
MOST_LINES = 300
"""Header lines of a message; more are refused before they are looked at."""
LARGEST_NUMBER = 2**31 - 1
"""Of a CSeq (RFC 3261, 8.1.1.5)."""

_FOLD = re.compile(rb"\r\n[ \t]+")
_LINE_END = re.compile(r"[\r\n]")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_DIGITS = re.compile(r"[0-9]{1,10}")
_REQUEST_LINE = re.compile(
    r"(?P<method>[A-Za-z0-9\-.!%*_+`'~]+) (?P<uri>[^ \t]+) (?P<version>SIP/[0-9]+\.[0-9]+)",
    re.IGNORECASE,
)
_REQUEST_ANYHOW = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\s.*SIP/[0-9]+\.[0-9]+\s*", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 (?P<code>[1-6][0-9][0-9])(?: (?P<phrase>.*))?", re.IGNORECASE)
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):")
_ONCE = ("From", "To", "Call-ID", "CSeq")
_AT_MOST_ONCE = ("Content-Length", "Content-Type", "Max-Forwards")
_SEPARATORS = re.compile(r'"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)|<[^>]*+(?:>|\Z)|,', re.DOTALL)
"""Possessive, and taking what is never closed to its end: linear in whatever is sent."""

M = TypeVar("M", Request, Response)


class _Tagged:
    """What requests and responses have in common."""

    __slots__ = ()
    from_address: Address
    to_address: Address

    @property
    def from_tag(self) -> str:
        return self.from_address.parameters.get("tag") or ""

    @property
    def to_tag(self) -> str:
        return self.to_address.parameters.get("tag") or ""


@dataclass(frozen=True, slots=True)
class InboundRequest(_Tagged):
    """A request whose mandatory headers are there, single and readable."""

    message: Request
    source: Endpoint
    via: Via
    from_address: Address
    to_address: Address
    call_id: str
    cseq: CSeq
    max_forwards: int

    @property
    def method(self) -> str:
        return self.message.method

    @property
    def branch(self) -> str:
        """The branch when it identifies the transaction (RFC 3261, 8.1.1.7), else empty."""
        branch = self.via.parameters.get("branch") or ""
        cookie = branch[: len(MAGIC_COOKIE)].lower()
        return branch if cookie == MAGIC_COOKIE and len(branch) > len(MAGIC_COOKIE) else ""

    @property
    def reply_to(self) -> Endpoint:
        """Where responses go: RFC 3261, 18.2.2, with symmetric routing (RFC 3581, 4).

        Over the connection the request came by; once that is gone, to its host at the port of Via.
        """
        source = self.source
        if not source.transport.reliable and "rport" in self.via.parameters:
            return source
        return replace(source, port=self.via.port or source.transport.default_port)


@dataclass(frozen=True, slots=True)
class InboundResponse(_Tagged):
    """A response whose mandatory headers are there, single and readable."""

    message: Response
    source: Endpoint
    via: Via
    from_address: Address
    to_address: Address
    call_id: str
    cseq: CSeq

    @property
    def code(self) -> int:
        return self.message.code


Inbound = InboundRequest | InboundResponse


def parse(data: bytes, source: Endpoint) -> Inbound | None:
    """Read a datagram; None for a keep-alive (RFC 5626, 4.4.1); MessageError."""
    data = data.lstrip(b"\r\n")
    if not data.strip(b"\x00 \t\r\n"):
        return None
    head, blank, body = data.partition(b"\r\n\r\n")
    start, lines = _lines(head)
    status = _STATUS_LINE.fullmatch(start)
    if status is not None:
        response = Response(int(status["code"]), status["phrase"] or "", body)
        response.headers = HeaderTable()
        return _response(response, lines, source)
    request = _request_line(start, lines)
    if not blank:
        raise _refusal("no empty line after the headers", request)
    request.body = body
    return _request(request, source)


def split_values(value: str) -> list[str]:
    """The comma-separated values of a header, as written; quoted and bracketed commas stay."""
    values, begin = [], 0
    for match in _SEPARATORS.finditer(value):
        if match[0] == ",":
            values.append(value[begin : match.start()].strip())
            begin = match.end()
    values.append(value[begin:].strip())
    return [each for each in values if each]


def all_values(headers: Headers, name: str) -> list[str]:
    """Every value of a list header, over all its lines, in order."""
    return [each for line in headers.getlist(name) for each in split_values(line)]


def uri_text(address: str) -> str:
    """The URI of a name-addr or addr-spec, exactly as written."""
    after_name = re.sub(r'^\s*"(?:[^"\\]|\\.)*"', "", address)
    begin = after_name.find("<")
    if begin >= 0:
        return after_name[begin + 1 :].partition(">")[0].strip()
    return after_name.partition(";")[0].strip()


def number(text: str | None) -> int | None:
    """A header's decimal number below 2**31, or None when it is missing or is not one."""
    if text is None or not _DIGITS.fullmatch(text.strip()):
        return None
    value = int(text)
    return value if value <= LARGEST_NUMBER else None


def _lines(head: bytes) -> tuple[str, list[str]]:
    if b"\r\n " in head or b"\r\n\t" in head:
        head = _FOLD.sub(b" ", head)
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageError("headers are not UTF-8") from error
    start, *lines = text.split("\r\n")
    if len(lines) > MOST_LINES:
        raise MessageError("too many header lines")
    return start, lines


def _request_line(start: str, lines: list[str]) -> Request:
    """The request with its headers; refused with 400, 416 or 505 once they can be echoed."""
    line = _REQUEST_LINE.fullmatch(start)
    if line is None and not _REQUEST_ANYHOW.fullmatch(start):
        raise MessageError("neither a request nor a response")
    method = line["method"] if line else start.split(None, 1)[0]
    request = Request(method, URI("sip", "invalid"))
    request.headers = HeaderTable()
    fault = _fill(request.headers, lines)
    if line is None:
        raise _refusal("request line", request)
    if line["version"].upper() != "SIP/2.0":
        raise _refusal("SIP version", request, 505)
    scheme = _SCHEME.match(line["uri"])
    if scheme is not None and scheme["scheme"].lower() not in SCHEMES:
        raise _refusal("URI scheme", request, 416)
    try:
        request.uri = parse_uri(line["uri"])
    except ValueError as error:
        raise _refusal("request URI", request) from error
    if fault:
        raise _refusal(fault, request)
    return request


def _fill(headers: Headers, lines: list[str]) -> str:
    """Add the header lines; the first fault in words, or an empty string."""
    fault = ""
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name):
            fault = fault or "header line"
        elif _LINE_END.search(value):
            fault = fault or "line end in a header"
        else:
            headers.add(COMPACT_FORMS.get(name.lower(), name), value.strip())
    return fault


def _request(request: Request, source: Endpoint) -> InboundRequest:
    try:
        via, sender, recipient, call_id, cseq = _mandatory(request)
    except (ValueError, TypeError) as error:
        raise _refusal(str(error), request) from error
    if cseq.method != request.method:
        raise _refusal("CSeq names another method", request)
    forwards = request.headers.get("Max-Forwards")
    left = 70 if forwards is None else number(forwards)
    if left is None or left > 255:
        raise _refusal("Max-Forwards", request)
    return InboundRequest(request, source, via, sender, recipient, call_id, cseq, left)


def _response(response: Response, lines: list[str], source: Endpoint) -> InboundResponse:
    fault = _fill(response.headers, lines)
    if fault:
        raise MessageError(fault)
    try:
        via, sender, recipient, call_id, cseq = _mandatory(response)
    except (ValueError, TypeError) as error:
        raise MessageError(str(error)) from error
    return InboundResponse(response, source, via, sender, recipient, call_id, cseq)


def _mandatory(message: M) -> tuple[Via, Address, Address, str, CSeq]:
    """The headers every message needs, parsed; ValueError names the one at fault."""
    headers = message.headers
    for name in _ONCE:
        if len(headers.getlist(name)) != 1:
            raise ValueError(f"{name} must be there once")
    for name in _AT_MOST_ONCE:
        if len(headers.getlist(name)) > 1:
            raise ValueError(f"{name} is there twice")
    lines = headers.getlist("Via")
    if not lines:
        raise ValueError("Via is missing")
    via = parse_via(next(iter(split_values(lines[0])), ""))
    if via.port is not None and not 0 < via.port < 65536:
        raise ValueError("Via port")
    cseq = message.cseq
    if cseq.sequence > LARGEST_NUMBER:
        raise ValueError("CSeq number")
    if not headers["Call-ID"]:
        raise ValueError("Call-ID is empty")
    _cut_body(message)
    sender, recipient = parse_address(headers["From"]), parse_address(headers["To"])
    return via, sender, recipient, headers["Call-ID"], cseq


def _cut_body(message: Request | Response) -> None:
    """Drop what follows the body by Content-Length (RFC 3261, 18.3)."""
    text = message.headers.get("Content-Length")
    if text is None:
        return
    length = number(text)
    if length is None or length > len(message.body):
        raise ValueError("Content-Length")
    message.body = message.body[:length]


def _refusal(why: str, request: Request, status: int = 400) -> MessageError:
    """What to raise for a request: answered only if it can be (it has a Via and is no ACK)."""
    answerable = request.method != "ACK" and bool(request.headers.get("Via"))
    return MessageError(why, status if answerable else 0, request)
