"""Collecting digits, key by key: how many, what ends them, how long to wait for the next.

The words are those of VoiceXML's DTMF input (VoiceXML 2.1, appendix D): a terminating key, a time
limit for the first key and one between keys. `*` starts the entry afresh.
"""

from dataclasses import dataclass
from enum import Enum

DIGITS = "0123456789"
AGAIN = "*"
BACK = "#"
TERMINATOR = "#"


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry of `minimum` to `maximum` digits; the limits are seconds.

    `terminator` ends an entry early and may be empty. The last of `maximum` digits ends it too.
    """

    minimum: int
    maximum: int
    terminator: str = TERMINATOR
    first_key: float = 8.0
    between_keys: float = 4.0


class Verdict(Enum):
    """What a key, or its absence, did to the entry."""

    MORE = "more"
    COMPLETE = "complete"
    FULL = "full"
    """Complete by its length: a terminator may still follow out of habit."""
    CLEARED = "cleared"
    EMPTY = "empty"
    """The terminator came before any digit."""
    UNFIT = "unfit"
    """Too short, or a key that is no digit."""


def press(rule: Rule, digits: str, key: str) -> tuple[str, Verdict]:
    """The digits after that key, and what it means."""
    if key == AGAIN:
        return "", Verdict.CLEARED
    if key in {rule.terminator, BACK}:
        if not digits:
            return "", Verdict.EMPTY
        return digits, _judge(rule, digits) if key == rule.terminator else Verdict.UNFIT
    if key not in DIGITS:
        return digits, Verdict.UNFIT
    digits += key
    return digits, Verdict.FULL if len(digits) >= rule.maximum else Verdict.MORE


def expire(rule: Rule, digits: str) -> Verdict:
    """What the entry is worth once the limit between keys has passed."""
    return _judge(rule, digits) if digits else Verdict.EMPTY


def _judge(rule: Rule, digits: str) -> Verdict:
    return Verdict.COMPLETE if len(digits) >= rule.minimum else Verdict.UNFIT
