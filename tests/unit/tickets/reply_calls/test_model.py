"""When customers are called, and how often: over random histories."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.vocabulary import Language
from tickets.clocks.calendars import Calendars
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.model import (
    Claimed,
    Event,
    Interrupted,
    NotTold,
    Outcome,
    ReplyCall,
    State,
    Told,
    Withdrawn,
    WrongDigits,
    step,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKING = WorkingCalendar(
    "service",
    SHANGHAI,
    ((Span.parse("08:00-20:00"),),) * 5 + ((),) * 2,
    holidays={date(2026, 11, 25): "假日"},
)
SPANS = Span.parse("09:00-12:00"), Span.parse("14:00-19:00")
HOURS = CallingHours(Calendars(WORKING), WorkingCalendar("calls", SHANGHAI, (SPANS,) * 7))
MONDAY = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
REPLY = ReplyCall(
    1,
    TicketNumber("26112300016"),
    "13800138000",
    "已退回。",
    Language.CHINESE,
    StaffId("agent"),
    queued=MONDAY,
    due=MONDAY,
)
ATTEMPTS = 3


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23T09:30", "2026-11-23T09:30"),
        ("2026-11-23T08:30", "2026-11-23T09:00"),
        ("2026-11-23T12:00", "2026-11-23T14:00"),
        ("2026-11-23T18:59", "2026-11-23T18:59"),
        ("2026-11-23T19:00", "2026-11-24T09:00"),
        ("2026-11-24T21:00", "2026-11-26T09:00"),
        ("2026-11-27T19:30", "2026-11-30T09:00"),
    ],
)
def test_customers_are_called_within_both_hours(at: str, opens: str) -> None:
    assert HOURS.opening(local(at)) == local(opens)


@pytest.mark.parametrize(
    ("at", "next_time"),
    [
        ("2026-11-23T09:30", "2026-11-23T14:00"),
        ("2026-11-23T15:00", "2026-11-24T09:00"),
        ("2026-11-24T15:00", "2026-11-26T09:00"),
    ],
)
def test_another_try_is_made_on_another_half_day(at: str, next_time: str) -> None:
    assert HOURS.another_half_day(local(at)) == local(next_time)


@pytest.mark.parametrize(
    ("at", "next_time"),
    [
        ("2026-11-23T00:00", "2026-11-24T09:00"),
        ("2026-11-23T09:30", "2026-11-24T09:00"),
        ("2026-11-24T15:00", "2026-11-26T09:00"),
    ],
)
def test_who_tried_all_digits_of_a_day_is_called_on_another(at: str, next_time: str) -> None:
    calling = step(REPLY, Claimed(local(at) + timedelta(minutes=20)), HOURS, ATTEMPTS)
    assert step(calling, NotTold(local(at), tried_out=True), HOURS, ATTEMPTS).due == local(
        next_time
    )
    assert HOURS.day_of(local(at)) == local(at).replace(hour=0, minute=0)


EVENTS = st.sampled_from(["claimed", "told", "not_told", "wrong", "interrupted", "withdrawn"])


def event_of(kind: str, at: datetime) -> Event:
    match kind:
        case "claimed":
            return Claimed(at + timedelta(minutes=20))
        case "told":
            return Told()
        case "not_told":
            return NotTold(at)
        case "wrong":
            return WrongDigits(at)
        case "interrupted":
            return Interrupted(at)
        case _:
            return Withdrawn()


@given(st.lists(st.tuples(EVENTS, st.integers(0, 200_000)), max_size=40))
def test_attempts_are_few_and_on_different_half_days(acts: list[tuple[str, int]]) -> None:
    reply, at = REPLY, MONDAY
    for kind, seconds in acts:
        at += timedelta(seconds=seconds)
        if kind == "claimed":
            at = max(at, reply.due)
            if reply.state is State.WAITING:
                at = HOURS.opening(at)
        before = reply
        reply = step(reply, event_of(kind, at), HOURS, ATTEMPTS)
        if before.state is State.ENDED:
            assert reply == before
        if reply.state is State.WAITING and reply != before:
            assert HOURS.opening(reply.due) == reply.due
        assert (reply.state is State.ENDED) == (reply.outcome is not None)
    assert len(reply.tried) <= ATTEMPTS
    assert (reply.outcome is Outcome.GIVEN_UP) == (len(reply.tried) == ATTEMPTS)


def test_every_attempt_lies_on_another_half_day() -> None:
    reply = REPLY
    while reply.state is not State.ENDED:
        at = reply.due + timedelta(minutes=2)
        reply = step(reply, Claimed(at), HOURS, ATTEMPTS)
        reply = step(reply, NotTold(at), HOURS, ATTEMPTS)
    halves = {
        (each.astimezone(SHANGHAI).date(), each.astimezone(SHANGHAI).time() >= time(12))
        for each in reply.tried
    }
    assert len(halves) == ATTEMPTS
    assert reply.outcome is Outcome.GIVEN_UP


def test_what_the_house_broke_off_is_nobodys_attempt() -> None:
    calling = step(REPLY, Claimed(MONDAY + timedelta(minutes=20)), HOURS, ATTEMPTS)
    cut = step(calling, Interrupted(MONDAY), HOURS, ATTEMPTS)
    assert cut == replace(REPLY, due=MONDAY)
