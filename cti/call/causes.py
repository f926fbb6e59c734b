"""Causes in the words of three standards: ours (ECMA-269), SIP's (RFC 3261, 21) and Q.850's.

What one side of a call says of its end is said to the other side in its own words (RFC 7092, 3.1):
nothing of the headers themselves is passed on.
"""

import re

from cti.call.model import Cause
from cti.sip.events import Ended, SessionEnded

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""To a telephone that rang while another took the call (RFC 3326, 2)."""

_OF_STATUS = {
    404: Cause.NOT_OBTAINABLE,
    408: Cause.NO_ANSWER,
    410: Cause.NOT_OBTAINABLE,
    480: Cause.NO_ANSWER,
    482: Cause.LOOP,
    483: Cause.LOOP,
    484: Cause.NOT_OBTAINABLE,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    503: Cause.NO_RESOURCES,
    600: Cause.BUSY,
    603: Cause.REFUSED,
    604: Cause.NOT_OBTAINABLE,
}
_STATUS = {
    Cause.BUSY: 486,
    Cause.REFUSED: 603,
    Cause.NOT_OBTAINABLE: 404,
    Cause.NO_RESOURCES: 503,
    Cause.MEDIA_LOST: 503,
    Cause.INTERRUPTED: 503,
    Cause.LOOP: 483,
}
_Q850 = {
    Cause.NORMAL: 16,
    Cause.BUSY: 17,
    Cause.NO_ANSWER: 19,
    Cause.REFUSED: 21,
    Cause.CANCELLED: 16,
    Cause.NOT_OBTAINABLE: 3,
    Cause.NO_RESOURCES: 47,
    Cause.MEDIA_LOST: 41,
    Cause.NETWORK: 38,
    Cause.INTERRUPTED: 41,
    Cause.TRANSFERRED: 16,
    Cause.CONFERENCED: 16,
    Cause.PARKED: 16,
    Cause.DIVERTED: 23,
    Cause.ELSEWHERE: 26,
    Cause.LOOP: 25,
}
_OF_Q850 = {
    1: Cause.NOT_OBTAINABLE,
    2: Cause.NOT_OBTAINABLE,
    3: Cause.NOT_OBTAINABLE,
    17: Cause.BUSY,
    18: Cause.NO_ANSWER,
    19: Cause.NO_ANSWER,
    20: Cause.NO_ANSWER,
    21: Cause.REFUSED,
    22: Cause.NOT_OBTAINABLE,
    25: Cause.LOOP,
    26: Cause.ELSEWHERE,
    27: Cause.NOT_OBTAINABLE,
    28: Cause.NOT_OBTAINABLE,
    34: Cause.NO_RESOURCES,
    38: Cause.NETWORK,
    41: Cause.NETWORK,
    42: Cause.NO_RESOURCES,
    44: Cause.NO_RESOURCES,
    47: Cause.NO_RESOURCES,
    102: Cause.NETWORK,
}
"""ITU-T Q.850, table 1: those that say more than that the call is over."""
_OF_END = {
    Ended.REMOTE: Cause.NORMAL,
    Ended.LOCAL: Cause.INTERRUPTED,
    Ended.CANCELLED: Cause.CANCELLED,
    Ended.TIMEOUT: Cause.NETWORK,
    Ended.REJECTED: Cause.NORMAL,
}
_REASON = re.compile(r"\s*(?P<protocol>SIP|Q\.850)\s*(?:;[^,]*)?;\s*cause\s*=\s*(?P<cause>\d{1,3})")

LONGEST_REASON = 1000
"""Characters of a Reason header that are looked at."""


def cause_of_status(status: int) -> Cause:
    """What a final response to our INVITE means for the connection."""
    return _OF_STATUS.get(status, Cause.NETWORK)


def cause_of_reason(reason: str) -> Cause | None:
    """What a Reason header says (RFC 3326); None when it says no more than that it is over."""
    for found in _REASON.finditer(reason[:LONGEST_REASON]):
        number = int(found["cause"])
        if found["protocol"] == "SIP":
            cause = Cause.ELSEWHERE if number == 200 else _OF_STATUS.get(number)
        else:
            cause = _OF_Q850.get(number)
        if cause is not None:
            return cause
    return None


def cause_of_end(report: SessionEnded) -> Cause:
    """Why an answered session ended, or one that somebody offered to us."""
    if report.why in (Ended.REMOTE, Ended.CANCELLED):
        return cause_of_reason(report.reason) or _OF_END[report.why]
    return _OF_END[report.why]


def cause_of_refusal(report: SessionEnded) -> Cause:
    """Why a call of ours was not answered."""
    if report.why is not Ended.REJECTED:
        return Cause.NETWORK
    by_status = cause_of_status(report.status)
    if by_status is Cause.NETWORK or report.status in (480, 503):
        return cause_of_reason(report.reason) or by_status
    return by_status


def status_of_cause(cause: Cause) -> int:
    """The response that refuses an unanswered caller for that cause."""
    return _STATUS.get(cause, 480)


def reason(cause: Cause) -> str:
    """The Reason header (RFC 3326) that tells the far side why we end."""
    if cause is Cause.ELSEWHERE:
        return ELSEWHERE
    return f'Q.850;cause={_Q850[cause]};text="{cause.value}"'
