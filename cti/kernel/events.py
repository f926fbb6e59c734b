"""What happened, as frozen values that can be written down and read back.

Every event of the house derives from `Event`, names its `kind` and is registered by it. The
journal stores `encode(event)`; `decode` gives the equal event back, which is what call records
and statistics are folded from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from cti.kernel.plain import from_plain, to_plain

type_of_kind: dict[str, type["Event"]] = {}

Record = dict[str, Any]
"""JSON-able shape of an event: strings, numbers, booleans, None, lists and dictionaries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at an instant (aware UTC)."""

    kind: ClassVar[str]
    at: datetime

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            type_of_kind[cls.kind] = cls


def encode(event: Event) -> Record:
    """The event's fields as JSON-able values, without its kind."""
    record: Record = to_plain(event)
    return record


def decode(kind: str, record: Mapping[str, Any]) -> Event:
    """The event that `encode` wrote down; KeyError for a kind nobody defines.

    Fields the record lacks take their defaults, so that older journals stay readable; ValueError
    where there is none.
    """
    return from_plain(type_of_kind[kind], record)
