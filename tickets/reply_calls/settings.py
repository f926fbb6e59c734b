"""When and how often customers are called with a reply, and how they prove who they are."""

from dataclasses import dataclass
from enum import Enum


class IdentifiedBy(Enum):
    """Four digits that whoever answered keys in before they hear what it is about."""

    NUMBER = "number"
    """The last ones of the ticket's number."""
    DATE = "date"
    """Month and day on which the ticket was opened."""
    TELEPHONE = "telephone"
    """The last ones of the telephone number called, which anybody there may know."""


@dataclass(frozen=True, slots=True)
class ReplyCallSettings:
    """`hours` are the allowed ones of every day, within the hotline's; `ring` is in seconds."""

    hours: str = "09:00-12:00, 14:00-19:00"
    most: int = 2
    """Calls at once."""
    attempts: int = 3
    """Each on another half-day."""
    ring: float = 30.0
    identified_by: tuple[IdentifiedBy, ...] = (IdentifiedBy.NUMBER, IdentifiedBy.DATE)
    """Any of them is good."""
    wrong_a_day: int = 4
    """Wrong digits of one ticket in a day; then the customer is called on another. A date is soon
    found by trying, and who shares the telephone may know the month."""
    flow: str = "reply_call"
