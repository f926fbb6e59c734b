"""The HTTP server's own manners: security headers on every answer, no endless bodies."""

from typing import Any

from twisted.web.server import Request

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


class HotlineRequest(Request):
    """A request whose answer carries the security headers, with a body of bounded size."""

    _received = 0

    def handleContentChunk(self, data: bytes) -> None:
        """Take in a piece of the body; the connection is closed when it grows too large."""
        self._received += len(data)
        if self._received > LARGEST_BODY:
            self.loseConnection()
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        """Answer, with the security headers set before anything else."""
        for name, value in SECURITY_HEADERS.items():
            self.setHeader(name, value)
        return super().process()
