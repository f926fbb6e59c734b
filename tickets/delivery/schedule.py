"""When the next attempt at a delivery is due: longer after each, spread so that none go together.

The pause doubles from `FIRST` to `LONGEST`; of it between half and all is waited, by chance, so
that what failed together (a mail server was down) does not come back together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.kernel.identifiers import Entropy

FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
CHANCE_BYTES = 4
_CHANCES = 256**CHANCE_BYTES


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an undelivered message is tried again."""

    give_up_after: timedelta = timedelta(days=3)

    def next_attempt(
        self, queued: datetime, attempts: int, now: datetime, entropy: Entropy
    ) -> datetime | None:
        """When to try again after so many attempts, at least one; None to give up."""
        share = int(entropy(CHANCE_BYTES), 16) % _CHANCES / _CHANCES
        due = now + pause_after(attempts) * (0.5 + share / 2)
        return due if due - queued <= self.give_up_after else None


def pause_after(attempts: int) -> timedelta:
    """The longest pause after that many attempts."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(LONGEST, FIRST * doubled)
