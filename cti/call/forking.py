"""One answer out of many: what several telephones of an account say to one call together."""

from collections.abc import Sequence

from cti.call.model import Cause

_NOBODY = frozenset({Cause.NO_ANSWER, Cause.NOT_OBTAINABLE, Cause.NETWORK, Cause.NO_RESOURCES})
"""What says less than that somebody is there and busy."""


def final(status: int) -> bool:
    """Whether that refusal of one telephone ends the ringing of all (RFC 3261, 16.7, step 5)."""
    return status >= 600


def combined(refusals: Sequence[Cause]) -> Cause:
    """What the call failed of: the last refusal decides, but busy says more than no answer."""
    if not refusals:
        return Cause.NOT_OBTAINABLE
    last = refusals[-1]
    return Cause.BUSY if last in _NOBODY and Cause.BUSY in refusals else last
