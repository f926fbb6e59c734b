"""What bodies may say: offers and answers in SDP, key presses in INFO."""

import re

from sipmessage import Request, Response

from cti.sip.errors import DescriptionError, NotAcceptableError, RequestError
from cti.sip.outgoing import Body
from cti.sip.sdp import CONTENT_TYPE, SessionDescription, check

RELAY = "application/dtmf-relay"
DIGIT = "application/dtmf"
KEY_MILLISECONDS = 160

_ACCEPT_SDP = (("Accept", CONTENT_TYPE),)
_ACCEPT_KEYS = (("Accept", f"{RELAY}, {DIGIT}"),)
_SIGNAL = re.compile(
    rb"(?:^|\n)[ \t]*signal[ \t]*=[ \t]*([0-9*#A-Da-d]{1,2})[ \t]*(?:\r|\n|$)", re.I
)
_NAMED_SIGNALS = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_KEY = re.compile(r"[0-9*#A-D]")


def offer_of(request: Request, codecs: tuple[str, ...]) -> SessionDescription | None:
    """The usable offer of an INVITE, None for a late one; RequestError says what to answer."""
    accepted = ",".join(request.headers.getlist("Accept")).lower()
    if accepted and not any(kind in accepted for kind in (CONTENT_TYPE, "*/*", "application/*")):
        raise RequestError("the caller does not accept SDP", 406, _ACCEPT_SDP)
    if not request.body:
        return None
    encoding = (request.headers.get("Content-Encoding") or "identity").lower()
    if media_type(request) != CONTENT_TYPE or encoding != "identity":
        raise RequestError("a body other than SDP", 415, (*_ACCEPT_SDP, ("Accept-Encoding", "")))
    try:
        offer = SessionDescription.parse(request.body)
        check(offer, codecs)
    except DescriptionError as error:
        raise RequestError(str(error), 400) from error
    except NotAcceptableError as error:
        raise RequestError(str(error), 488) from error
    return offer


def description_of(message: Request | Response) -> SessionDescription | None:
    """The session description in a message; None when it has none that can be read."""
    if not message.body or media_type(message) != CONTENT_TYPE:
        return None
    try:
        return SessionDescription.parse(message.body)
    except DescriptionError:
        return None


def key_of(request: Request) -> str | None:
    """The key an INFO tells of, None when it tells nothing; RequestError says what to answer."""
    if not request.body:
        return None
    match media_type(request):
        case "application/dtmf-relay":
            signal = _SIGNAL.search(request.body)
            text = signal[1].decode() if signal else ""
        case "application/dtmf":
            text = request.body[:8].strip().decode("ascii", "replace")
        case _:
            raise RequestError("an INFO body of an unknown type", 415, _ACCEPT_KEYS)
    key = _NAMED_SIGNALS.get(text, text.upper())
    if not _KEY.fullmatch(key):
        raise RequestError("no key in the INFO", 400)
    return key


def key_body(key: str) -> Body:
    """The INFO body of a key press."""
    return Body(f"Signal={key}\r\nDuration={KEY_MILLISECONDS}\r\n".encode(), RELAY)


def media_type(message: Request | Response) -> str:
    """The media type of the body without parameters, in lower case."""
    return (message.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
