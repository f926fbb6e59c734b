"""Reading a request with care: cookies, bearer tokens, where it comes from, its body."""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twisted.web.server import Request

from cti.kernel.errors import RemoteError

LARGEST_BODY = 1 << 20
"""Bytes of a request's body; forms and commands are small."""
MOST_FIELDS = 500
SAFE_METHODS = (b"GET", b"HEAD", b"OPTIONS")
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""NUL, which databases do not take, and half a surrogate pair, which is no text (RFC 3629, 3)."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of writing (Unicode UAX 9), by which one text is shown as another."""


class BadRequest(RemoteError):  # noqa: N818  (HTTP's own word)
    """The request cannot be understood or may not come from there; `status` is the answer's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Form(Mapping[str, str]):
    """A form's fields, stripped; a field that was not sent reads as ``""``."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value.strip())

    def __getitem__(self, name: str) -> str:
        values = self._values.get(name)
        return values[-1] if values else ""

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be sent more than once."""
        return list(self._values.get(name, ()))


def header(request: Request, name: str) -> str:
    """The header's value or ``""``."""
    return request.getHeader(name) or ""


def cookie(request: Request, name: str) -> str:
    """The cookie's value or ``""``."""
    value = request.getCookie(name.encode("ascii"))
    return value.decode("ascii", "replace") if value else ""


def bearer_token(request: Request) -> str:
    """The token of ``Authorization: Bearer`` (RFC 6750, 2.1) or ``""``."""
    scheme, _, token = header(request, "authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def query(request: Request) -> Form:
    """The fields behind the question mark."""
    _, _, text = request.uri.partition(b"?")
    return Form(_fields(text))


def path_of(request: Request) -> str:
    """The path asked for, with its query, as it may stand in a link."""
    return str(request.uri.decode("ascii", "replace"))


def wants_json(request: Request) -> bool:
    """Whether the asker is a program: below ``/api/``, or accepting JSON before pages."""
    accepted = header(request, "accept")
    return request.path.startswith(b"/api/") or (
        "application/json" in accepted and "text/html" not in accepted
    )


def from_here(request: Request, trusted: tuple[str, ...] = ()) -> bool:
    """Whether the request's Origin (RFC 6454) is this site itself or a trusted one.

    Browsers send Origin with everything that changes something and with every WebSocket. Without
    it the request is no browser's, or one that ``Sec-Fetch-Site`` judges.
    """
    origin = header(request, "origin")
    if not origin:
        return header(request, "sec-fetch-site") in ("", "same-origin", "none")
    return origin in trusted or urlsplit(origin).netloc == header(request, "host")


def check_origin(request: Request, trusted: tuple[str, ...] = ()) -> None:
    """BadRequest when a browser sends this on behalf of another site; see `from_here`."""
    if not from_here(request, trusted):
        raise BadRequest("requests from another site are not taken", 403)


def read_form(request: Request) -> Form:
    """The fields of a URL-encoded body; BadRequest for any other."""
    kind = header(request, "content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("a form is expected", 415)
    return Form(_fields(_body(request)))


def read_json(request: Request) -> dict[str, Any]:
    """The JSON object in the body; BadRequest for any other."""
    kind = header(request, "content-type").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest("JSON is expected (Content-Type: application/json)", 415)
    return parse_object(_body(request))


def parse_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object that stands there; BadRequest for anything else."""
    try:
        value = _clean(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise BadRequest("this is no JSON") from error
    if not isinstance(value, dict):
        raise BadRequest("a JSON object is expected")
    return value


def clean_text(text: str) -> str:
    """The text with a replacement for what is no character, and nothing that turns it round."""
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", _TURNING.sub("", text))


def _clean(value: Any) -> Any:
    """The value as it can be stored and sent on; ValueError for a number beyond all numbers.

    A page that cuts its text in the middle of a character sends half a surrogate pair.
    """
    match value:
        case str():
            return clean_text(value)
        case float() if not isfinite(value):
            raise ValueError(value)
        case list():
            return [_clean(each) for each in value]
        case dict():
            return {_clean(key): _clean(each) for key, each in value.items()}
    return value


def check_kept(request: Request) -> None:
    """BadRequest (413, 507) when the body was not kept, for its size or for want of room."""
    if lost := getattr(request, "lost_body", 0):
        raise BadRequest("the body is too large" if lost == 413 else "no room left", lost)


def _body(request: Request) -> bytes:
    check_kept(request)
    if request.content is None:
        return b""
    request.content.seek(0)
    data = request.content.read(LARGEST_BODY + 1)
    if len(data) > LARGEST_BODY:
        raise BadRequest("the body is too large", 413)
    return bytes(data)


def _fields(text: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("the fields cannot be read") from error
    return [(clean_text(name), clean_text(value)) for name, value in pairs]
