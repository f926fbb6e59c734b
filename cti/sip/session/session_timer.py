"""Session timers (RFC 4028): how long a session lasts without a sign of life, and who gives it.

Pure rules over headers; `cti.sip.session.refresh` waits and acts.
"""

from dataclasses import dataclass

from sipmessage import Request, Response

from cti.sip.errors import Header, RequestError
from cti.sip.message import InboundRequest, number
from cti.sip.session.capabilities import TIMER, supports

LEAST_INTERVAL = 90
"""Seconds nobody may go below (RFC 4028, 4)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What we ask for, in seconds; `interval` 0 asks for no timer but grants one."""

    interval: int = 1800
    least: int = LEAST_INTERVAL


@dataclass(frozen=True, slots=True)
class Agreed:
    """What holds: the seconds a session lasts without refresh, and whether that is ours to do.

    `known` is False where the far side knows no session timers: then it is asked by us whether
    it is still there, and need not ask.
    """

    interval: int
    ours: bool
    known: bool = True


def ask(terms: Terms, current: Agreed | None) -> tuple[Header, ...]:
    """The headers of an INVITE or UPDATE of ours (7.1, 7.4): roles stay as they are."""
    least = (("Min-SE", str(terms.least)),) if terms.least > LEAST_INTERVAL else ()
    if current is not None and current.known:
        refresher = "uac" if current.ours else "uas"
        interval = max(current.interval, terms.least)
        return (("Session-Expires", f"{interval};refresher={refresher}"), *least)
    if not terms.interval:
        return least
    return (("Session-Expires", str(max(terms.interval, terms.least))), *least)


def granted(response: Response, terms: Terms) -> Agreed | None:
    """What a 2xx to our INVITE or UPDATE makes of it (7.2)."""
    interval, refresher = _session_expires(response)
    if interval is None:
        return Agreed(terms.interval, ours=True, known=False) if terms.interval else None
    return Agreed(max(interval, LEAST_INTERVAL), ours=refresher != "uas")


def lengthened(response: Response, terms: Terms) -> Terms | None:
    """The terms a 422 wants (7.3); None when it does not say, or wants nothing new."""
    least = number(response.headers.get("Min-SE"))
    if least is None or least <= terms.least:
        return None
    return Terms(max(terms.interval, least), least)


def check(request: InboundRequest, terms: Terms) -> None:
    """RequestError 422 when their interval is too short and they can do something about it (9)."""
    interval, _ = _session_expires(request.message)
    if interval is None or interval >= terms.least or not supports(request.message, TIMER):
        return
    raise RequestError("session interval too small", 422, (("Min-SE", str(terms.least)),))


def grant(
    request: InboundRequest, terms: Terms, current: Agreed | None
) -> tuple[Agreed | None, tuple[Header, ...]]:
    """What our 2xx to their INVITE or UPDATE agrees on, and the headers that say so (9)."""
    message = request.message
    wanted, refresher = _session_expires(message)
    if wanted is None and not terms.interval:
        return None, ()
    least = max(terms.least, number(message.headers.get("Min-SE")) or 0)
    ours = max(terms.interval or wanted or 0, least)
    interval = max(min(wanted, ours), LEAST_INTERVAL) if wanted is not None else ours
    if not supports(message, TIMER):
        refresher = "uas"
    elif refresher not in ("uac", "uas"):
        refresher = "uas" if current is not None and current.ours else "uac"
    required = (("Require", TIMER),) if refresher == "uac" else ()
    header = ("Session-Expires", f"{interval};refresher={refresher}")
    return Agreed(interval, ours=refresher == "uas"), (header, *required)


def _session_expires(message: Request | Response) -> tuple[int | None, str]:
    """Seconds and refresher of Session-Expires; None where it is missing or cannot be read."""
    value = message.headers.get("Session-Expires") or ""
    seconds, *parameters = (each.strip() for each in value.split(";"))
    named = dict(_parameter(each) for each in parameters)
    return number(seconds), named.get("refresher", "")


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().lower()
