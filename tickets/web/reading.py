"""What the ticket pages' forms hold beside their fields, read with care."""

import re
from datetime import timedelta

from twisted.web.server import Request

from cti.web.frame import Frame
from cti.web.requests import BadRequest, Form

DONE = "hotline_done"
"""The cookie that tells the next page's script which form was done: what was typed there may go."""
DONE_AGE = timedelta(minutes=10)
_PLAIN = re.compile(r"[\w-]+", re.ASCII)
REQUEST_BYTES = 16
"""Of the random part of a form's request id."""
LONGEST_REQUEST_ID = 60
"""Characters; four more tell the files of one form apart."""
LONGEST_WHOLE = 9


def whole(text: str) -> int:
    """The whole number in a field; BadRequest for anything else and for what no page sends."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_WHOLE:
        raise BadRequest("a whole number is expected")
    return int(text)


def tell_done(frame: Frame, request: Request, form: Form) -> None:
    """Let the next page's script know that what the form asked for was done."""
    if _PLAIN.fullmatch(form["request"]):
        frame.remember(request, DONE, form["request"], DONE_AGE, scripts=True)


def request_id(form: Form) -> str:
    """By which a form that is sent twice is known; BadRequest without it."""
    found = form["request"]
    if not 0 < len(found) <= LONGEST_REQUEST_ID:
        raise BadRequest("the form carries no request id")
    return found
