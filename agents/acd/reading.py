"""Rules read from plain data: keys are asked for one by one, and every mistake names its key.

Plain data is what a settings file or a column of the database holds: mappings, lists, texts,
numbers. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0, "days": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|days?)?")

T = TypeVar("T")


class RulesError(ValueError):
    """Plain data that is no rules: `key` is the path of the wrong one, such as ``stages[1]``."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.key, self.message = key, message


class Part:
    """A mapping whose keys are asked for one by one; `close` refuses what nobody asked for."""

    def __init__(self, plain: object, key: str = "") -> None:
        if not isinstance(plain, Mapping):
            raise RulesError(key, f"write keys with values here, not {plain!r}")
        self._plain: Mapping[object, object] = plain
        self._key = key
        self._asked: list[str] = []

    def need(self, key: str, read: Callable[[object, str], T]) -> T:
        """The value of a key that must be there."""
        if key not in self._plain:
            raise RulesError(self.path(key), "is missing")
        self._asked.append(key)
        return read(self._plain[key], self.path(key))

    def get(self, key: str, default: T, read: Callable[[object, str], T]) -> T:
        """The value of a key, `default` where it is left out or empty."""
        self._asked.append(key)
        value = self._plain.get(key)
        return default if value is None else read(value, self.path(key))

    def close(self) -> None:
        """RulesError for the first key that means nothing here."""
        for key in self._plain:
            if key not in self._asked:
                known = ", ".join(self._asked)
                raise RulesError(self.path(str(key)), f"means nothing here; known are {known}")

    def path(self, key: str) -> str:
        """The whole path of a key of this part."""
        return f"{self._key}.{key}" if self._key else key


def text(value: object, key: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise RulesError(key, f"write a text, not {value!r}")
    return value


def truth(value: object, key: str) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise RulesError(key, f"write true or false, not {value!r}")
    return value


def whole(value: object, key: str) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RulesError(key, f"write a whole number, not {value!r}")
    return value


def seconds(value: object, key: str, most: float = float("inf")) -> float:
    """A time as a number of seconds or with its unit: ``10``, ``7 days``, ``20 min``."""
    found = None if isinstance(value, bool) else DURATION.fullmatch(str(value))
    if found is None:
        raise RulesError(key, f"write a time, such as 30, 20 min or 7 days, not {value!r}")
    result = float(found[1]) * UNITS[found[2] or "s"]
    if result > most:
        raise RulesError(key, f"write a time of at most {most:g} seconds, not {value!r}")
    return result


def items(value: object, key: str) -> Iterator[tuple[object, str]]:
    """What a list holds, each with the path of its place."""
    if not isinstance(value, list | tuple):
        raise RulesError(key, f"write a list, not {value!r}")
    return ((each, f"{key}[{place}]") for place, each in enumerate(value))
