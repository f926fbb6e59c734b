import json
from dataclasses import fields
from datetime import UTC
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.call.events import CallEvent
from cti.kernel.events import Event, decode, encode, type_of_kind
from cti.trunks.events import TrunkDown

ALL = sorted(kind for kind, cls in type_of_kind.items() if cls.__module__.startswith("cti."))


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_event_of_the_switch_comes_back_equal(kind: str, data: Any) -> None:
    event: Event = data.draw(_events(kind))
    assert decode(kind, json.loads(json.dumps(encode(event)))) == event


def test_there_are_events_to_be_tried() -> None:
    assert TrunkDown.kind in ALL
    assert sum(issubclass(type_of_kind[kind], CallEvent) for kind in ALL) > 10


def _events(kind: str) -> st.SearchStrategy[Event]:
    cls = type_of_kind[kind]
    hints = get_type_hints(cls)
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    known = {float: numbers, float | None: st.none() | numbers}
    given_by_hint = {
        each.name: known.get(hint := hints[each.name], st.from_type(hint)) for each in fields(cls)
    }
    return st.builds(cls, **given_by_hint | {"at": st.datetimes(timezones=st.just(UTC))})
