"""The fields of acts and of new tickets as a page asks for them, read from `tickets.forms`.

A field that `tickets.forms` does not know is a line of text, so a rule may need something new and
its form is right at once, if plain.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tickets.forms import ACT_FIELDS, YES_NO, Field, FieldKind
from tickets.model import ReplyChannel

CHECK, DEPARTMENT, TICKET = "check", "department", "ticket"
SPECIAL: Mapping[str, str] = {
    "department": DEPARTMENT,
    "proposed": DEPARTMENT,
    "new_facts": CHECK,
    "assist": CHECK,
    "into": TICKET,
}
"""Fields that are filled in otherwise than their kind says."""
CHANNELS = tuple(each.value for each in ReplyChannel)
SPOKEN = "voicemail"
"""The way by which only customers write."""


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form."""

    name: str
    kind: str
    """A value of `FieldKind`, or ``check``, ``department`` or ``ticket``."""
    needed: bool
    options: tuple[tuple[str, str], ...] = ()
    """Of a choice: each value, and the key of its word; empty where the value says it."""


def act_input(name: str, *, needed: bool) -> Input:
    """The field of that name in an act's form."""
    return input_of(ACT_FIELDS.get(name, Field(name)), needed=needed)


def input_of(field: Field, *, needed: bool) -> Input:
    """That field."""
    options = CHANNELS if field.name == "channel" else field.options
    kind = FieldKind.CHOICE if options else field.kind
    return Input(
        field.name,
        SPECIAL.get(field.name, kind.value),
        needed,
        tuple((value, word_of(field.name, value)) for value in options),
    )


def word_of(name: str, value: str) -> str:
    """The key of the word for what was chosen; empty where the value says it."""
    if value in YES_NO:
        return "ticket.yes" if value == YES_NO[0] else "ticket.no"
    match name:
        case "urgency":
            return f"ticket.urgency.{value}"
        case "kind" | "was":
            return f"ticket.kind.{value}"
        case "channel" if value == SPOKEN:
            return "ticket.line.message"
        case "channel" | "reply_by" if value in CHANNELS:
            return f"ticket.channel.{value}"
        case "ground":
            return f"ticket.ground.{value}"
        case "service":
            return f"ticket.service.{value}"
        case "topic":
            return f"ticket.topic.{value}"
    return ""
