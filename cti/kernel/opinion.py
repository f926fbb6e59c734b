"""What people would say of so good a line: mean opinion scores from the E-model's rating R."""

from enum import Enum

WIDEBAND_CODECS = frozenset({"G722"})
WIDEBAND_SCALE = 1.29
"""R of wideband speech reaches 129 (ITU-T G.107.1): so much more is a whole band worth."""


class Opinion(Enum):
    """What most people would say (G.107, Table B.1: user satisfaction in fewer steps)."""

    GOOD = "good"
    """MOS 4.0 and more: satisfied."""
    FAIR = "fair"
    """MOS 3.6 and more: some are dissatisfied."""
    POOR = "poor"
    """MOS 3.1 and more: many are dissatisfied."""
    BAD = "bad"


LIMITS = ((4.0, Opinion.GOOD), (3.6, Opinion.FAIR), (3.1, Opinion.POOR))


def mos(rated: float, codec: str = "") -> float:
    """Mean opinion score, 1 to 4.5, estimated from R (G.107, B.4); wideband after G.107.1, B."""
    scaled = rated / WIDEBAND_SCALE if codec in WIDEBAND_CODECS else rated
    if scaled <= 0:
        return 1.0
    if scaled >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * scaled + scaled * (scaled - 60) * (100 - scaled) * 7e-6)


def opinion(score: float) -> Opinion:
    """What people say of so high a MOS."""
    return next((said for least, said in LIMITS if score >= least), Opinion.BAD)
