"""The worst of a line: kept for each call, told once, and never what a page made up."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import LineMeasured
from agents.line_quality import Line, Lines
from cti.call.events import ConnectionCleared
from cti.call.model import Cause, Party
from cti.kernel.bus import Bus
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId
from tests.support.call_centre import noon
from tests.support.worlds import raise_error

FIGURES = st.none() | st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
REPORTS = st.fixed_dictionaries(dict.fromkeys(("rtt", "loss", "jitter", "level"), FIGURES))
A, PHONE, CALL = AgentId("a"), DeviceId("1001"), CallId("c1")


def cleared(call_id: CallId, device_id: DeviceId = PHONE) -> ConnectionCleared:
    return ConnectionCleared(
        at=utc(noon()),
        call_id=call_id,
        connection_id=ConnectionId(f"{call_id}.2"),
        device_id=device_id,
        party=Party.AGENT,
        cause=Cause.NORMAL,
        cleared_by=Party.CALLER,
    )


@given(st.lists(REPORTS, min_size=1))
def test_the_worst_is_as_bad_as_each_and_as_one_of_them(reports: list[dict[str, Any]]) -> None:
    lines = [Line.parse(each) for each in reports]
    worst = lines[0]
    for line in lines[1:]:
        worst = worst.worst(line)
    for name in Line.__slots__:
        known = [value for line in lines if (value := getattr(line, name)) is not None]
        assert getattr(worst, name) == max(known, default=None)


@pytest.mark.parametrize("value", ["20", True, [1], {}, math.nan])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        Line.parse({"rtt": value})


def test_figures_beyond_all_bounds_are_taken_for_the_bound() -> None:
    said = {"rtt": 10**400, "loss": 250, "jitter": -4, "level": 7}
    assert Line.parse(said) == Line(60_000.0, 100.0, 0.0, 0.0)
    assert Line.parse({}) == Line()


def test_the_worst_of_each_call_is_told_once_when_the_agent_leaves_it() -> None:
    bus, told = Bus(raise_error), list[Event]()
    bus.subscribe(LineMeasured, told.append)
    lines = Lines(bus)
    stop = lines.start()
    lines.report(A, PHONE, [CALL], Line(20.0, 0.0, 1.0, -30.0))
    lines.report(A, PHONE, [CALL, CallId("c2")], Line(400.0, None, 2.0, -50.0))
    bus.publish(cleared(CALL, DeviceId("1002")))
    assert told == []
    bus.publish(cleared(CALL))
    bus.publish(cleared(CALL))
    bus.publish(cleared(CallId("c3")))
    (event,) = told
    assert isinstance(event, LineMeasured)
    assert (event.call_id, event.agent_id) == (CALL, A)
    figures = event.round_trip, event.loss, event.jitter, event.level
    assert figures == (400.0, 0.0, 2.0, -30.0)
    stop()
    bus.publish(cleared(CallId("c2")))
    assert len(told) == 1
