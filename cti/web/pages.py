"""The start of every pages class: a Klein application whose errors are answered by the frame."""

from typing import Any, Protocol, cast

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.server import Request
from werkzeug.routing import IntegerConverter, Map

from cti.web.frame import Frame


class Pages(Protocol):
    """A class with an ``app = pages()``; its instances hold the frame."""

    frame: Frame


LARGEST_ID = 2**31 - 1
"""Of a row, as databases count them (PostgreSQL's integer)."""


class RowId(IntegerConverter):
    """``<int:name>`` in a route: the id that a row can have; what is longer is no such page."""

    regex = "[0-9]{1,10}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def pages() -> Klein:
    """A Klein application for a `Pages` class; handlers may be ``async`` and return bytes."""
    app = Klein()
    # Mounted at /console, the route "/" is both /console and /console/; nobody is sent around.
    app.url_map.strict_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["int"] = RowId

    def answer(self: Pages, request: Request, failure: Failure) -> bytes:
        return self.frame.failed(request, failure)

    app.handle_errors(Exception)(cast(Any, answer))
    return app
