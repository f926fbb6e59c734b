"""The HTTP server's own manners: security headers on every answer, no endless bodies.

The log of what was asked for holds paths alone: what stands behind the question mark is what people
search for, customers' names and numbers among it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.logger import Logger
from twisted.web.iweb import IAccessLogFormatter
from twisted.web.resource import IResource
from twisted.web.server import Request, Site
from zope.interface import provider

from cti.kernel.clock import Clock
from cti.web.channel import Channel
from cti.web.requests import LARGEST_BODY

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; media-src 'self'; connect-src 'self'; frame-src 'self'; "
        "manifest-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
}
"""No inline script or style anywhere; frames only of this site in this site."""

STRICT = "max-age=31536000"
"""For a year the browser comes back by https alone (RFC 6797); names below ours are not ours."""

HEARD_OUT = 4
"""How many times as much as is taken is heard out before the connection is closed."""


def ordinary(_request: Request) -> int:
    """Forms and commands only: no body may be larger than those are."""
    return LARGEST_BODY


class HotlineRequest(Request):
    """A request whose answer carries the security headers, with a body of bounded size.

    `largest` says how large, once the headers are known; `secure` that the site is reached by
    https, through a proxy that speaks it for us. What is beyond that length is not kept; what is
    not much too large is heard to its end, so that its sender is told.
    """

    log = Logger()
    _received = 0
    most = LARGEST_BODY
    """Octets that are taken of its body."""

    def __init__(
        self,
        channel: Any,
        *args: Any,
        largest: Callable[[Request], int] = ordinary,
        secure: bool = False,
        **kw: Any,
    ) -> None:
        super().__init__(channel, *args, **kw)
        self._secure = secure
        self._largest = largest
        self.lost_body = 0
        """The status to answer when the body was not kept: too large (413), no room (507)."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        """The headers are known: how much may follow."""
        self.most = self._largest(self)
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Take in a piece of the body; the connection is closed when it grows far too large."""
        self._received += len(data)
        if self._received > self.most:
            self.lost_body = self.lost_body or 413
            if self._received > HEARD_OUT * self.most:
                self.loseConnection()
        if self.lost_body:
            return
        try:
            super().handleContentChunk(data)
        except OSError as error:
            self.log.error("A body cannot be kept: {reason}", reason=error)
            self.lost_body = 507

    def process(self) -> Any:
        """Answer, with the security headers set before anything else."""
        for name, value in SECURITY_HEADERS.items():
            self.setHeader(name, value)
        if self._secure or self.isSecure():
            self.setHeader("strict-transport-security", STRICT)
        if b"\0" in unquote_to_bytes(self.path):  # no name holds one, and databases refuse it
            self.setResponseCode(404)
            self.setHeader("content-type", "text/plain")
            self.write(b"no path holds NUL\n")
            return self.finish()
        return super().process()


def site_of(
    root: IResource,
    clock: Clock,
    largest: Callable[[Request], int] = ordinary,
    *,
    secure: bool = False,
) -> Site:
    """The site of these pages; `largest` says how large a request's body may be.

    With `secure` browsers reach it by https alone, which they are told to keep to.
    """
    site = Site(
        root,
        requestFactory=partial(HotlineRequest, largest=largest, secure=secure),
        reactor=clock,
        parsePOSTFormSubmission=False,
        logFormatter=access_line,
    )
    site.protocol = Channel  # type: ignore[assignment]  # Twisted's own also speaks HTTP/2
    return site


@provider(IAccessLogFormatter)
def access_line(timestamp: str, request: Request) -> str:
    """A line of the access log: who, when, which path, what became of it."""
    who = getattr(request.getClientAddress(), "host", "-")
    asked = b" ".join((request.method, request.uri.partition(b"?")[0], request.clientproto))
    plain = asked.decode("latin-1").encode("unicode_escape").decode("ascii")
    return f'"{who}" - - {timestamp} "{plain}" {request.code} {request.sentLength or "-"}'
