from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.call.events import CallEvent
from cti.call.model import Party
from cti.kernel.identifiers import CallId
from monitoring.cdr import record_of
from monitoring.web.ladder import Ladder, ladder
from tests.support.simulated_house import SimulatedHouse


def ladders(random: Random, steps: int) -> list[tuple[list[CallEvent], Ladder]]:
    house = SimulatedHouse(random)
    calls: dict[CallId, list[CallEvent]] = {}
    for event in house.day(steps):
        if isinstance(event, CallEvent):
            calls.setdefault(event.call_id, []).append(event)
    drawn = []
    for events in calls.values():
        record = record_of(events)
        assert record is not None
        drawn.append((events, ladder(record, events, house.now)))
    return drawn


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 120))
def test_everything_lies_on_the_picture(random: Random, steps: int) -> None:
    for _, picture in ladders(random, steps):
        for lane in picture.lanes:
            for span in lane.spans:
                assert span.start >= 0
                assert span.width > 0
                assert span.start + span.width <= 100.01
                assert span.seconds >= 0
        assert 1 <= len(picture.ticks) <= 12
        assert all(0 <= tick.at <= 100 for tick in picture.ticks)


def test_the_caller_is_the_first_lane_and_waits_come_next() -> None:
    for seed in range(40):
        for _, picture in ladders(Random(seed), 60):
            parties = [lane.party for lane in picture.lanes]
            assert parties[0] is Party.CALLER
            waits = [place for place, party in enumerate(parties) if party is None]
            assert waits == list(range(1, len(waits) + 1))


def test_holds_are_drawn_over_the_conversation() -> None:
    pictures = [picture for seed in range(30) for _, picture in ladders(Random(seed), 80)]
    spans = [lane.spans for picture in pictures for lane in picture.lanes]
    held = [each for each in spans if any(span.kind == "hold" for span in each)]
    assert held
    for each in held:
        talk = next(span for span in each if span.kind == "talking")
        for hold in (span for span in each if span.kind == "hold"):
            assert talk.start - 0.5 <= hold.start <= talk.start + talk.width


def test_a_long_call_has_few_ticks() -> None:
    from cti.call.events import CallStarted
    from cti.call.model import Direction

    begin = datetime(2026, 11, 21, tzinfo=UTC)
    started = CallStarted(
        at=begin,
        call_id=CallId("c"),
        direction=Direction.INBOUND,
        calling="",
        called="1",
        trunk="t",
    )
    record = record_of([started])
    assert record is not None
    ticks = ladder(record, [started], begin + timedelta(minutes=47)).ticks
    assert [tick.seconds for tick in ticks] == [300 * n for n in range(10)]
    at_once = ladder(record, [started], begin).ticks
    assert [tick.seconds for tick in at_once] == [0]
