"""Loans: an agent lends a caller to the IVR, which gives them back; what the two say of it."""

from dataclasses import dataclass
from enum import Enum

from cti.kernel.vocabulary import Verification


class LoanPurpose(Enum):
    """What an agent lends the caller to the IVR for; also the name of the flow that does it."""

    VERIFY = "verify"
    SELF_SERVICE = "self_service"


class LoanResult(Enum):
    """How a loan of a caller to the IVR ended."""

    VERIFIED = "verified"
    """The caller signed in, in this loan."""
    FAILED = "failed"
    """They did not, and asked to be given back."""
    LOCKED = "locked"
    """Their account is locked after too many wrong PINs."""
    GAVE_UP = "gave_up"
    """They keyed nothing, or did nothing of what they could have done."""
    SERVED = "served"
    """They did by themselves what they came for."""
    CALLER_LEFT = "caller_left"
    TAKEN_BACK = "taken_back"
    """The agent took them back before it ended."""
    INTERRUPTED = "interrupted"
    """Something of the house failed, or the server was restarted."""


@dataclass(frozen=True, slots=True)
class LoanEnded:
    """The IVR has let go of the caller, and nothing is keyed in any more.

    `services` names the self-services that were done; what was keyed in is nowhere.
    """

    result: LoanResult
    verification: Verification = Verification.NONE
    services: tuple[str, ...] = ()
