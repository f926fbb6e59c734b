"""JSON as pages and boards send it: instants as ISO 8601, enums by value, amounts as strings."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any


def dumps(value: object) -> str:
    """The value as compact JSON; TypeError for what has no agreed form."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case Decimal() | PurePath():
            return str(value)
        case set() | frozenset():
            return sorted(value, key=str)
        case Mapping():
            return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"no JSON form for {type(value).__name__}")
