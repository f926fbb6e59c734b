"""The fields of acts as a page asks for them: what kind each is, by its name.

A field that no table names is a line of text, so a rule may need something new and its form is
right at once, if plain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tickets.model import ReplyChannel


class InputKind(Enum):
    """How a field is filled in."""

    LINE = "line"
    LONG = "long"
    CHOICE = "choice"
    DEPARTMENT = "department"
    CHECK = "check"
    MOMENT = "moment"
    TICKET = "ticket"


YES_NO = ("yes", "no")
KINDS: Mapping[str, InputKind] = {
    **dict.fromkeys(
        ("text", "reason", "finding", "proposed_reply", "missing", "notice"),
        InputKind.LONG,
    ),
    **dict.fromkeys(("department", "proposed"), InputKind.DEPARTMENT),
    **dict.fromkeys(
        ("channel", "ground", "reached", "told", "solved", "satisfied"), InputKind.CHOICE
    ),
    **dict.fromkeys(("new_facts", "assist"), InputKind.CHECK),
    "until": InputKind.MOMENT,
    "into": InputKind.TICKET,
}
CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "channel": ("ticket.channel", tuple(each.value for each in ReplyChannel)),
    **dict.fromkeys(("reached", "told", "solved", "satisfied"), ("ticket.answer", YES_NO)),
}
"""What a field may be, and where the words for it stand."""


@dataclass(frozen=True, slots=True)
class Input:
    """A field of an act's form."""

    name: str
    kind: str
    """A value of `InputKind`."""
    needed: bool
    options: tuple[tuple[str, str], ...] = ()
    """Of a choice: each value, and the key of its word."""


def input_of(name: str, *, needed: bool) -> Input:
    """The field of that name."""
    kind = KINDS.get(name, InputKind.LINE)
    prefix, values = CHOICES.get(name, ("", ()))
    if kind is InputKind.CHOICE and not values:
        kind = InputKind.LINE
    options = tuple((value, f"{prefix}.{value}") for value in values)
    return Input(name, kind.value, needed, options)
