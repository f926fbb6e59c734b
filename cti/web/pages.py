"""The start of every pages class: a Klein application whose errors are answered by the frame."""

from typing import Any, Protocol, cast

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.server import Request

from cti.web.frame import Frame


class Pages(Protocol):
    """A class with an ``app = pages()``; its instances hold the frame."""

    frame: Frame


def pages() -> Klein:
    """A Klein application for a `Pages` class; handlers may be ``async`` and return bytes."""
    app = Klein()
    # Mounted at /console, the route "/" is both /console and /console/; nobody is sent around.
    app.url_map.strict_slashes = False
    app.url_map.redirect_defaults = False

    def answer(self: Pages, request: Request, failure: Failure) -> bytes:
        return self.frame.failed(request, failure)

    app.handle_errors(Exception)(cast(Any, answer))
    return app
