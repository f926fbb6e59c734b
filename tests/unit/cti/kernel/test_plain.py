import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NewType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.plain import from_plain, to_plain

Name = NewType("Name", str)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: float = 0.5


@dataclass(frozen=True, slots=True)
class Everything:
    name: Name
    when: datetime
    price: Decimal
    level: Level
    octets: bytes
    yes: bool
    colour: Colour | None
    points: tuple[Point, ...]
    pair: tuple[str, Point]
    nested: tuple[tuple[int, str], ...]
    tags: frozenset[str]
    colours: frozenset[Colour]
    by_colour: Mapping[Colour, Point]
    child: "Everything | None" = None


@dataclass(frozen=True, slots=True)
class Torn:
    either: int | str


INSTANTS = st.datetimes(timezones=st.just(UTC))
POINTS = st.builds(Point, st.integers(), st.floats(allow_nan=False, allow_infinity=False))


def everything(child: st.SearchStrategy[Everything | None]) -> st.SearchStrategy[Everything]:
    return st.builds(
        Everything,
        name=st.text().map(Name),
        when=INSTANTS,
        price=st.decimals(allow_nan=False, allow_infinity=False),
        level=st.sampled_from(Level),
        octets=st.binary(),
        yes=st.booleans(),
        colour=st.none() | st.sampled_from(Colour),
        points=st.lists(POINTS, max_size=3).map(tuple),
        pair=st.tuples(st.text(), POINTS),
        nested=st.lists(st.tuples(st.integers(), st.text()), max_size=3).map(tuple),
        tags=st.frozensets(st.text(), max_size=3),
        colours=st.frozensets(st.sampled_from(Colour)),
        by_colour=st.dictionaries(st.sampled_from(Colour), POINTS),
        child=child,
    )


@settings(deadline=None)
@given(everything(everything(st.none())))
def test_comes_back_equal_from_json(value: Everything) -> None:
    written = json.dumps(to_plain(value))
    assert from_plain(Everything, json.loads(written)) == value


def test_passes_over_what_it_does_not_know_and_fills_what_is_missing() -> None:
    assert from_plain(Point, {"x": 1, "z": 3}) == Point(1, 0.5)


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Point, {"y": 1.0}),
        (Point, {"x": "1"}),
        (Point, {"x": True}),
        (Point, {"x": 1, "y": None}),
        (Point, [1, 2]),
        (Colour, "green"),
        (Level, "1"),
        (datetime, "yesterday"),
        (Decimal, "much"),
        (bytes, "xyz"),
        (str, None),
        (tuple[int, ...], {"0": 1}),
        (tuple[int, str], [1]),
        (frozenset[str], "abc"),
        (Mapping[str, int], [1]),
    ],
)
def test_a_record_that_is_none_of_the_type_is_refused(kind: Any, record: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_plain(kind, record)


def test_what_cannot_come_back_is_not_written() -> None:
    with pytest.raises(TypeError, match="object cannot be written down"):
        to_plain((object(),))
    with pytest.raises(TypeError, match="cannot be told apart"):
        from_plain(Torn, {"either": 1})
    with pytest.raises(TypeError, match="object cannot be read back"):
        from_plain(object, {})
