"""What happened, as frozen values that can be written down and read back.

Every event of the house derives from `Event`, names its `kind` and is registered by it. The
journal stores `encode(event)`; `decode` gives the equal event back, which is what call records
and statistics are folded from.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

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
    return {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def decode(kind: str, record: Mapping[str, Any]) -> Event:
    """The event that `encode` wrote down; KeyError for a kind nobody defines.

    Fields the record lacks take their defaults, so that older journals stay readable.
    """
    cls = type_of_kind[kind]
    hints = _hints(kind)
    return cls(**{name: _typed(hints[name], record[name]) for name in hints if name in record})


@cache
def _hints(kind: str) -> dict[str, Any]:
    cls = type_of_kind[kind]
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Enum():
            return value.value
        case tuple() | list():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
    return value


def _typed(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return None if value is None else _typed(inner[0], value)
    if origin is tuple:
        item = get_args(hint)[0]
        return tuple(_typed(item, each) for each in value)
    if origin is not None:
        return dict(value) if isinstance(value, Mapping) else value
    hint = getattr(hint, "__supertype__", hint)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, (Decimal, Enum)):
        return hint(value)
    return value
