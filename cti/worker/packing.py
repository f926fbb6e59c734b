"""Frozen values as short JSON, and back by their hints: what each type needs is found once.

A dataclass is the list of its fields, an enumeration its value, a path its text. Where a field may
hold values of several types, the number of the type stands before the value. Both sides must know
the same types: this is for two processes of one version, not for keeping.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

Convert = Callable[[Any], Any]

PLAIN = (str, int, float, bool, type(None))
"""What JSON holds as it is."""
MOST_PATHS = 1000
"""Kept at hand."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How values of one type are packed and unpacked; both None: they are plain."""

    pack: Convert | None = None
    unpack: Convert | None = None


@cache
def packing(hint: Any) -> Packing:
    """The packing of that type; TypeError for one that cannot be packed."""
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if hint in PLAIN:
        return Packing()
    if origin in (Union, types.UnionType):
        return _of_union(get_args(hint))
    if origin is tuple:
        return _of_tuple(get_args(hint)[0])
    if isinstance(hint, type) and is_dataclass(hint):
        return _of_dataclass(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Packing(attrgetter("_value_"), {each.value: each for each in hint}.__getitem__)
    if isinstance(hint, type) and issubclass(hint, Path):
        # The same few announcements are played all day, and a path is dear to make.
        return Packing(str, lru_cache(MOST_PATHS)(hint))
    raise TypeError(f"{hint} cannot be packed")


def shape(hint: Any) -> str:
    """The type in words, down to its last field: equal for processes that understand each other."""
    hint = getattr(hint, "__supertype__", hint)
    if args := get_args(hint):
        return f"{get_origin(hint)}[{', '.join(shape(each) for each in args)}]"
    if isinstance(hint, type) and is_dataclass(hint):
        inside = ", ".join(f"{name}: {shape(each)}" for name, each in _hints(hint).items())
        return f"{hint.__name__}({inside})"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"{hint.__name__}{[each.value for each in hint]}"
    return str(hint)


def _of_dataclass(kind: type) -> Packing:
    hints = _hints(kind)
    inner = [packing(hint) for hint in hints.values()]
    get = _all_of(tuple(hints))
    packs = [(place, each.pack) for place, each in enumerate(inner) if each.pack]
    unpacks = [(place, each.unpack) for place, each in enumerate(inner) if each.unpack]
    if not packs:
        return Packing(get, lambda values: kind(*values))

    def pack(value: Any) -> list[Any]:
        values = list(get(value))
        for place, convert in packs:
            values[place] = convert(values[place])
        return values

    def unpack(values: list[Any]) -> Any:
        # They are fresh from JSON: nobody else has them.
        for place, convert in unpacks:
            values[place] = convert(values[place])
        return kind(*values)

    return Packing(pack, unpack)


def _of_tuple(hint: Any) -> Packing:
    inner = packing(hint)
    if inner.pack is None or inner.unpack is None:
        return Packing(list, tuple)
    pack, unpack = inner.pack, inner.unpack
    return Packing(
        lambda values: [pack(each) for each in values],
        lambda values: tuple([unpack(each) for each in values]),
    )


def _of_union(hints: tuple[Any, ...]) -> Packing:
    members = [hint for hint in hints if hint is not type(None)]
    inner = [packing(hint) for hint in members]
    if all(each.pack is None for each in inner):
        return Packing()
    kinds = [get_origin(hint) or hint for hint in members]
    packs = [each.pack or _as_it_is for each in inner]
    unpacks = [each.unpack or _as_it_is for each in inner]

    def pack(value: Any) -> Any:
        if value is None:
            return None
        number = next(n for n, kind in enumerate(kinds) if isinstance(value, kind))
        return [number, packs[number](value)]

    def unpack(value: Any) -> Any:
        return None if value is None else unpacks[value[0]](value[1])

    return Packing(pack, unpack)


def _all_of(names: tuple[str, ...]) -> Convert:
    """Gets the fields as a tuple, however many there are."""
    match names:
        case ():
            return lambda _: ()
        case (name,):
            return lambda value: (getattr(value, name),)
        case _:
            return attrgetter(*names)


def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _as_it_is(value: Any) -> Any:
    return value
