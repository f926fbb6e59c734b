import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.call.events import CallEvent
from cti.kernel.events import Event, decode, encode, type_of_kind
from cti.trunks.events import TrunkDown

ALL = sorted(kind for kind, cls in type_of_kind.items() if cls.__module__.startswith("cti."))


@pytest.mark.parametrize("kind", ALL)
@given(data=st.data())
def test_every_event_of_the_switch_comes_back_equal(kind: str, data: Any) -> None:
    event: Event = data.draw(_events(kind))
    assert decode(kind, json.loads(json.dumps(encode(event)))) == event


def test_there_are_events_to_be_tried() -> None:
    assert TrunkDown.kind in ALL
    assert sum(issubclass(type_of_kind[kind], CallEvent) for kind in ALL) > 10


def _events(kind: str) -> st.SearchStrategy[Event]:
    return st.builds(type_of_kind[kind], at=st.datetimes(timezones=st.just(UTC)))
