"""How callers are served about tickets without a person."""

from dataclasses import dataclass
from datetime import timedelta

from cti.kernel.ticket_line import Words


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How often proofs may be wrong, and where and for how long appointments are made."""

    wrong_by_caller: int = 9
    """Within `within`, by one telephone number; those that are withheld count as one of them, and
    have ten times as many."""
    wrong_by_ticket: int = 9
    """Within `within`, for one number of a ticket, whoever tries and whether it exists or not."""
    within: timedelta = timedelta(hours=24)
    branches: tuple[Words, ...] = ()
    """In the order of the keys that choose them; none: the telephone makes no appointments."""
    slot: timedelta = timedelta(hours=1)
    furthest: timedelta = timedelta(days=60)
