"""What the ticket pages' forms hold beside their fields, read with care."""

from cti.web.requests import BadRequest, Form

LONGEST_REQUEST_ID = 60
"""Characters; four more tell the files of one form apart."""
LONGEST_WHOLE = 9


def whole(text: str) -> int:
    """The whole number in a field; BadRequest for anything else and for what no page sends."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_WHOLE:
        raise BadRequest("a whole number is expected")
    return int(text)


def request_id(form: Form) -> str:
    """By which a form that is sent twice is known; BadRequest without it."""
    found = form["request"]
    if not 0 < len(found) <= LONGEST_REQUEST_ID:
        raise BadRequest("the form carries no request id")
    return found
