"""What a browser sent and nobody could take just now, sent again from the page that says so."""

from dataclasses import dataclass

from twisted.web.server import Request

from cti.database import Trouble
from cti.web.requests import SAFE_METHODS, BadRequest, read_form

STATUS = {Trouble.FULL: 507, Trouble.BUSY: 503, Trouble.GONE: 503}
"""Insufficient Storage (RFC 4918, 11.5), Service Unavailable (RFC 9110, 15.6.4)."""
RETRY_AFTER = "30"
"""Seconds."""
SECRETS = frozenset({"password", "code"})
"""Fields that are never written into a page."""


@dataclass(frozen=True, slots=True)
class Again:
    """A form that can be sent again: where to, and every field of it in its order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def key_of(trouble: Trouble, request: Request | None = None) -> str:
    """The key of what a person is told of it; who only reads has typed nothing."""
    if request is not None and request.method in SAFE_METHODS:
        return "request.database_unread"
    return f"request.database_{trouble.value}"


def again(request: Request, path: str) -> Again | None:
    """The form that the request sent; None where it sent none, or files, or a secret.

    Of those the browser sends the same again when the page is loaded again.
    """
    if request.method != b"POST" or request.content is None:
        return None
    request.content.seek(0)
    try:
        form = read_form(request)
    except BadRequest:
        return None
    if SECRETS & set(form):
        return None
    return Again(path, tuple((name, value) for name in form for value in form.all(name)))
