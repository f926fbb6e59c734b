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
    wrong_by_house: int = 60
    """Within `house_within`, by everybody together: more are somebody who guesses, whatever numbers
    they call from. Then nobody but callers from a ticket's own number proves anything until the
    house has had time to `cool_down`."""
    house_within: timedelta = timedelta(hours=1)
    cool_down: timedelta = timedelta(hours=1)
    branches: tuple[Words, ...] = ()
    """In the order of the keys that choose them; none: the telephone makes no appointments."""
    slot: timedelta = timedelta(hours=1)
    furthest: timedelta = timedelta(days=60)

    @property
    def longest(self) -> timedelta:
        """How long a wrong try is kept."""
        return max(self.within, self.house_within)
