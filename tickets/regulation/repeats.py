"""Repeated complaints and groups: one customer again on one matter, many customers on one matter.

What is looked up is bounded (`MOST_COMPARED` tickets of one customer, people of a crowd up to the
number that makes one), so registering costs the same however many tickets there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.kernel.identifiers import TicketNumber
from tickets.model import Draft
from tickets.regulation.matters import likeness, subjects_of
from tickets.visibility import Concern

MOST_COMPARED = 20
LONGEST_PERIOD = timedelta(days=60)
"""A complaint that is told again while it is still handled is one complaint (CBIRC 2020 no. 3)."""
NOBODYS = Concern()
ALIKE = 0.5
"""From here on two texts are said to be alike."""


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """When a complaint repeats another, and how many make a group."""

    within: timedelta = timedelta(days=30)
    crowd: int = 20
    """Customers on one matter at one branch."""
    crowd_within: timedelta = timedelta(days=7)

    @property
    def looks_back(self) -> timedelta:
        """How far back tickets of the customer matter: as long as a complaint may be open."""
        return max(self.within, LONGEST_PERIOD)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A ticket of the same customer, as it is compared."""

    number: TicketNumber
    draft: Draft
    opened: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """An earlier ticket of the customer that the new one may repeat."""

    number: TicketNumber
    title: str
    opened: datetime
    open: bool
    same_matter: bool
    """They name the same business or product."""
    alike: float
    """How alike their words are, from 0 to 1: a hint for people, which decides nothing."""
    concern: Concern = NOBODYS
    """Who may hear of it."""


def repeats(
    draft: Draft, at: datetime, earlier: Iterable[Earlier], rules: RepeatRules
) -> tuple[Repeat, ...]:
    """The earlier tickets that this one repeats or may repeat: open ones and the nearest first."""
    found = [
        _compared(draft, each)
        for each in earlier
        if each.draft.kind is draft.kind and (each.open or at - each.opened <= rules.within)
    ]
    likely = [each for each in found if each.same_matter or each.alike >= ALIKE]
    return tuple(
        sorted(likely, key=lambda each: (not each.open, not each.same_matter, at - each.opened))
    )


def repeated(found: Iterable[Repeat]) -> TicketNumber | None:
    """The ticket that is repeated for the record: the latest on the same matter."""
    same = [each for each in found if each.same_matter]
    return max(same, key=lambda each: each.opened).number if same else None


def _compared(draft: Draft, other: Earlier) -> Repeat:
    words = f"{draft.title}\n{draft.text}", f"{other.draft.title}\n{other.draft.text}"
    return Repeat(
        number=other.number,
        title=other.draft.title,
        opened=other.opened,
        open=other.open,
        same_matter=bool(subjects_of(draft.details) & subjects_of(other.draft.details)),
        alike=likeness(*words),
        concern=Concern((), other.draft.about_staff, other.draft.about_unit),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Many customers on one matter; it goes on while the next one comes in time."""

    key: str
    first: datetime
    last: datetime
    people: int

    def goes_on(self, at: datetime, rules: RepeatRules) -> bool:
        """Whether a complaint of that instant still belongs to it."""
        return at - self.last <= rules.crowd_within
