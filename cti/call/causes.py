"""Causes in the words of three standards: ours (ECMA-269), SIP's (RFC 3261, 21) and Q.850's."""

from cti.call.model import Cause

_OF_STATUS = {
    404: Cause.NOT_OBTAINABLE,
    408: Cause.NO_ANSWER,
    410: Cause.NOT_OBTAINABLE,
    480: Cause.NO_ANSWER,
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
    Cause.DIVERTED: 23,
    Cause.ELSEWHERE: 26,
    Cause.LOOP: 25,
}


def cause_of_status(status: int) -> Cause:
    """What a final response to our INVITE means for the connection."""
    return _OF_STATUS.get(status, Cause.NETWORK)


def status_of_cause(cause: Cause) -> int:
    """The response that refuses an unanswered caller for that cause."""
    return _STATUS.get(cause, 480)


def reason(cause: Cause) -> str:
    """The Reason header (RFC 3326) that tells the far side why we end."""
    return f'Q.850;cause={_Q850[cause]};text="{cause.value}"'
