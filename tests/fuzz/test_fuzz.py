"""Every target for a moment: nothing that arrives may raise anything but what is declared."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.sip.access.doorkeeper import DoorRules
from cti.sip.events import Endpoint
from tests.fuzz.driven import MOST_REMEMBERED, OPEN_DOOR, REMEMBERED, Driven, tables
from tests.fuzz.mutation import LARGEST, MATTER, Kind, Mutation, by_chance
from tests.fuzz.sip_targets import requests, requests_inside, responses
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.support.sip_messages import TRUNK

EXAMPLES = 60
HOSTILE = 10_000
MOST_OF_EACH = 10
"""Entries in all tables together that a message may leave, until its timers have run out."""


def mutations() -> st.SearchStrategy[list[Mutation]]:
    """A few changes, of which a failure keeps the fewest that will do."""
    places = st.floats(0, 1, exclude_max=True)
    one = st.builds(
        Mutation, st.sampled_from(Kind), places, st.integers(0, 63), st.sampled_from(MATTER)
    )
    return st.lists(one, max_size=6)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_good_messages_raise_nothing(target: Target) -> None:
    for seed in target.seeds():
        target.run(seed)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_mutations_raise_nothing(target: Target) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(target.seeds()), mutations())
    def feed(data: bytes, changes: list[Mutation]) -> None:
        for each in changes:
            data = each.apply(data)
        assert len(data) <= LARGEST
        target.run(data)

    feed()


def unheard(data: bytes, number: int) -> bytes:
    """The message with a branch and a Call-ID that no other has, where it has any."""
    data = data.replace(b"z9hG4bK", b"z9hG4bK%x-" % number)
    return data.replace(b"Call-ID: ", b"Call-ID: %x-" % number)


def stranger(number: int) -> Endpoint:
    """An address that no other stranger has."""
    return Endpoint(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5060)


def not_empty(driven: Driven) -> set[str]:
    """The tables that hold anything, but for those that remember; these are within their bounds."""
    sizes = tables(driven.agent)
    remembered = [size for name, size in sizes.items() if name.endswith(REMEMBERED)]
    assert max(remembered) <= MOST_REMEMBERED
    return {name for name, size in sizes.items() if size and not name.endswith(REMEMBERED)}


def test_hostile_messages_fill_no_table_and_time_empties_all() -> None:
    driven, random = Driven(), Random(4475)
    before = not_empty(driven)
    seeds = (*requests(), *requests_inside(), *responses())
    for number in range(HOSTILE):
        data = unheard(by_chance(random, seeds), number)
        driven.receive(data, TRUNK if number % 3 else stranger(number))
        driven.sent.clear()
        driven.now += 0.0001
    assert driven.agent.sessions
    assert sum(tables(driven.agent).values()) < MOST_OF_EACH * HOSTILE
    driven.settle()
    assert not_empty(driven) == before


@pytest.mark.parametrize("door", [OPEN_DOOR, DoorRules()], ids=["open", "kept"])
def test_strangers_leave_nothing_behind_but_what_is_remembered_of_them(door: DoorRules) -> None:
    driven, random = Driven(door), Random(5118)
    before = not_empty(driven)
    for number in range(HOSTILE // 5):
        driven.receive(unheard(by_chance(random, requests()), number), stranger(number))
    assert not_empty(driven) - before <= {"Doorkeeper.turned_away"}
    assert driven.timers == {}
