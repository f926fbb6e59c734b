"""The figures of a day of tickets, folded from events like those of calls.

At every moment, of all tickets there are::

    open now = open when the day began + registered + reopened - ended

and likewise for each state by what moved into and out of it, so the fold and the database can be
held against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tickets.events import TicketChanged, TicketEvent, TicketRated, TicketRegistered

REGISTERED = "registered"
ENDED = frozenset({"closed", "withdrawn", "merged", "void"})
"""States of tickets in which nothing more is owed (values of `tickets.model.CaseState`)."""
SCORES = range(1, 6)


@dataclass(frozen=True, slots=True)
class TicketFigures:
    """A day of tickets."""

    registered: int = 0
    ended: int = 0
    reopened: int = 0
    moved: Mapping[str, int] = field(default_factory=dict)
    """How many more stand in each state than when the day began; negative where fewer do."""
    ratings: Mapping[int, int] = field(default_factory=dict)
    """How often customers gave each score, 1 to 5, for the answer."""
    unsolved: int = 0
    """Of these, who said that the matter is not solved."""

    @property
    def rated(self) -> int:
        """How many ratings were given."""
        return sum(self.ratings.values())

    @property
    def average(self) -> float | None:
        """The average score; None while nobody gave one."""
        given = sum(score * times for score, times in self.ratings.items())
        return given / self.rated if self.rated else None


def follow_ticket(figures: TicketFigures, event: TicketEvent) -> TicketFigures:
    """The figures after the event; the same object where it counts nothing."""
    match event:
        case TicketRegistered():
            moved = _moved(figures.moved, "", REGISTERED)
            return replace(figures, registered=figures.registered + 1, moved=moved)
        case TicketChanged(previous=previous, state=state) if previous != state:
            return replace(
                figures,
                ended=figures.ended + (previous not in ENDED and state in ENDED),
                reopened=figures.reopened + (previous in ENDED and state not in ENDED),
                moved=_moved(figures.moved, previous, state),
            )
        case TicketRated(score=score, solved=solved):
            ratings = {**figures.ratings, score: figures.ratings.get(score, 0) + 1}
            return replace(figures, ratings=ratings, unsolved=figures.unsolved + (solved is False))
    return figures


def _moved(moved: Mapping[str, int], out_of: str, into: str) -> dict[str, int]:
    after = {**moved, into: moved.get(into, 0) + 1}
    if out_of:
        after[out_of] = after.get(out_of, 0) - 1
    return {state: more for state, more in after.items() if more}
