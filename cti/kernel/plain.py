"""Frozen values as what JSON can hold, and back by the hints of their dataclasses.

`to_plain` asks the value alone, `from_plain` the type that is wanted: dataclasses in dataclasses,
tuples of one kind or of a fixed shape, frozensets, mappings, enumerations, instants, decimals and
octets come back equal. A union may leave out None, and beside that has one member only.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

Plain = Any
"""Strings, numbers, booleans, None, lists and dictionaries with strings as keys."""
Reader = Callable[[Any], Any]

_SCALARS = frozenset({str, int, float, bool, type(None)})


def to_plain(value: object) -> Plain:
    """The value as JSON can hold it; TypeError for what `from_plain` could not give back."""
    kind: type = type(value)
    if kind in _SCALARS:
        return value
    if (names := _fields_of(kind)) is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return value.hex()
        case str() | int() | float():
            return value
    return _of_several(value)


@cache
def _fields_of(kind: type) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None of any other type."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else None


def _of_several(value: object) -> Plain:
    match value:
        case tuple() | list():
            return [to_plain(item) for item in value]
        case frozenset():
            return sorted(to_plain(item) for item in value)
        case Mapping():
            return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} cannot be written down")


def from_plain(kind: type[T], record: Plain) -> T:
    """The value of that type which `to_plain` wrote down; ValueError when the record is not one.

    Fields that a dataclass's record lacks take their defaults and fields nobody knows are passed
    over, so that what older and newer versions wrote stays readable.
    """
    hint: Any = kind
    value: T = _reader(hint)(record)
    return value


@cache
def _reader(hint: Any) -> Reader:
    """What reads values of that hint: found once, used for every record."""
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _optional(hint)
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin is frozenset:
        return _frozenset(_reader(get_args(hint)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*(_reader(each) for each in get_args(hint)))
    if isinstance(hint, type):
        return _of_class(hint)
    if hint is Any:
        return lambda value: value
    raise TypeError(f"{hint} cannot be read back")


def _of_class(kind: type) -> Reader:
    if is_dataclass(kind):
        return _dataclass(kind)
    if issubclass(kind, Enum):
        return _strictly(kind, (str, int))
    if kind is datetime:
        return _strictly(datetime.fromisoformat, (str,))
    if kind is Decimal:
        return _strictly(_decimal, (str,))
    if kind is bytes:
        return _strictly(bytes.fromhex, (str,))
    if kind is float:
        return _strictly(float, (int, float))
    if kind in _SCALARS:
        return _strictly(lambda value: value, (kind,))
    raise TypeError(f"{kind.__name__} cannot be read back")


def _strictly(read: Reader, accepted: tuple[type, ...]) -> Reader:
    def reader(value: Any) -> Any:
        if type(value) not in accepted:
            raise ValueError(
                f"{value!r} is none of {', '.join(each.__name__ for each in accepted)}"
            )
        return read(value)

    return reader


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is no number") from error


def _optional(hint: Any) -> Reader:
    inner = [each for each in get_args(hint) if each is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"{hint} cannot be told apart when it is read back")
    read = _reader(inner[0])
    return lambda value: None if value is None else read(value)


def _tuple(items: tuple[Any, ...]) -> Reader:
    if len(items) == 2 and items[1] is Ellipsis:
        each = _reader(items[0])
        return lambda values: tuple(each(value) for value in _list(values))
    readers = tuple(_reader(item) for item in items)

    def reader(values: Any) -> Any:
        if len(_list(values)) != len(readers):
            raise ValueError(f"{len(values)} values where {len(readers)} belong")
        return tuple(read(value) for read, value in zip(readers, values, strict=True))

    return reader


def _frozenset(each: Reader) -> Reader:
    return lambda values: frozenset(each(value) for value in _list(values))


def _mapping(key: Reader, item: Reader) -> Reader:
    return lambda values: {key(name): item(value) for name, value in _dict(values).items()}


def _dataclass(kind: Any) -> Reader:
    readers: dict[str, Reader] = {}
    required: set[str] = set()

    def reader(record: Any) -> Any:
        if not readers:
            hints = get_type_hints(kind)
            readers.update((each.name, _reader(hints[each.name])) for each in fields(kind))
            required.update(each.name for each in fields(kind) if _has_no_default(each))
        if missing := required - _dict(record).keys():
            raise ValueError(f"{kind.__name__} lacks {', '.join(sorted(missing))}")
        return kind(**{name: readers[name](record[name]) for name in readers if name in record})

    return reader


def _has_no_default(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    return value


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no dictionary")
    return value
