"""A call as a picture: one lane per device and one for the queues, along the call's own time.

Pure: spans and ticks in percent of the call's length; the template draws them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.call.events import CallEvent, Held, Retrieved
from cti.call.model import Party
from monitoring.cdr import CallRecord, Leg

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MOST_TICKS = 10
SHORTEST = 0.4
"""Percent; what is shorter could not be seen."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a lane. `kind` is ``alerting``, ``talking``, ``hold``, ``menu``, ``waiting``."""

    kind: str
    start: float
    width: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One device, or (`party` None) the waiting in the queue named `label`."""

    label: str
    party: Party | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time line."""

    at: float
    seconds: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The whole picture."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


class _Scale:
    def __init__(self, begin: datetime, end: datetime) -> None:
        self._begin = begin
        self.seconds = max((end - begin).total_seconds(), 0.001)

    def span(self, kind: str, start: datetime, end: datetime) -> Span:
        seconds = max((end - start).total_seconds(), 0.0)
        left = 100 * (start - self._begin).total_seconds() / self.seconds
        width = max(100 * seconds / self.seconds, SHORTEST)
        return Span(kind, round(min(left, 100 - width), 3), round(width, 3), seconds)


def ladder(record: CallRecord, events: Sequence[CallEvent], now: datetime) -> Ladder:
    """The picture of the call; one that is up reaches to `now`."""
    end = record.ended or now
    scale = _Scale(record.started, end)
    lanes = [
        Lane(leg.device_id, leg.party, tuple(_leg_spans(leg, record, events, scale, end)))
        for leg in record.legs
    ]
    lanes[1:1] = [
        Lane(
            wait.queue_id,
            None,
            (scale.span("waiting", wait.queued, _after(wait.queued, wait.seconds, end)),),
        )
        for wait in record.waits
    ]
    return Ladder(tuple(lanes), tuple(_ticks(scale.seconds)))


def _first_answer(record: CallRecord) -> datetime | None:
    """When a person first took the call."""
    answers = (leg.answered for leg in record.legs if leg.party is Party.AGENT)
    return min((answer for answer in answers if answer), default=None)


def _leg_spans(
    leg: Leg, record: CallRecord, events: Iterable[CallEvent], scale: _Scale, end: datetime
) -> Iterator[Span]:
    """Later spans lie over earlier ones: holds over the conversation, waits over the menu."""
    ended = leg.ended or end
    if leg.alerting is not None:
        yield scale.span("alerting", leg.alerting, leg.answered or ended)
    if leg.answered is None:
        return
    if leg.party is not Party.CALLER:
        yield scale.span("talking", leg.answered, ended)
        yield from _holds(leg, events, scale, ended)
        return
    person = _first_answer(record)
    yield scale.span("menu", leg.answered, person or ended)
    for wait in record.waits:
        yield scale.span("waiting", wait.queued, _after(wait.queued, wait.seconds, end))
    if person is not None:
        yield scale.span("talking", person, ended)


def _holds(leg: Leg, events: Iterable[CallEvent], scale: _Scale, ended: datetime) -> Iterator[Span]:
    since: datetime | None = None
    for event in events:
        match event:
            case Held(connection_id=leg.connection_id) if since is None:
                since = event.at
            case Retrieved(connection_id=leg.connection_id) if since is not None:
                yield scale.span("hold", since, event.at)
                since = None
    if since is not None:
        yield scale.span("hold", since, ended)


def _after(start: datetime, seconds: float | None, end: datetime) -> datetime:
    return end if seconds is None else start + timedelta(seconds=seconds)


def _ticks(length: float) -> Iterator[Tick]:
    step = next((step for step in STEPS if length / step <= MOST_TICKS), STEPS[-1])
    for seconds in range(0, int(length) + 1, step):
        yield Tick(round(100 * seconds / length, 3), seconds)
