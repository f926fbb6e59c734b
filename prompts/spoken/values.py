"""Values both languages speak."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

MAXIMUM = 10**15
"""Integers are said below this."""

LONGEST_MINUTES = 30
"""Waits that may last longer are not put into figures."""


@dataclass(frozen=True, slots=True)
class WaitRange:
    """An expected wait between two lengths, in seconds; said in whole minutes."""

    low: float
    high: float

    def minutes(self) -> tuple[int, int]:
        """Lower end rounded down, upper end rounded up, in minutes."""
        low, high = sorted((max(self.low, 0.0), max(self.high, 0.0)))
        return int(low // 60), max(1, -int(-high // 60))

    def beyond_announcing(self) -> bool:
        """Whether even the lower end is longer than callers are told in figures."""
        return self.minutes()[0] >= LONGEST_MINUTES


def split_money(amount: Decimal) -> tuple[int, int, int]:
    """Sign (-1, 0, 1), whole units and hundredths, rounded half to even."""
    rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    whole, cents = divmod(abs(int(rounded * 100)), 100)
    sign = (rounded > 0) - (rounded < 0)
    return sign, whole, cents
