"""The machine: whatever happens, a call-back ends once and is tried no more often than promised."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acd.call_back import (
    AgentLost,
    Assigned,
    CallBack,
    Cancelled,
    Event,
    NotReached,
    Reached,
    RungAhead,
    State,
    TimePassed,
    step,
    wake,
)
from agents.acd.call_back_rules import CallBackRules, Window
from agents.events import CallBackOutcome
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.plain import from_plain, to_plain
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 12, tzinfo=SHANGHAI).astimezone(UTC)
RULES = CallBackRules()
ASSIGNED = Assigned(AgentId("a"), CallId("attempt"))
AHEAD = RungAhead(CallId("attempt"))


def promise(at: datetime = NOON) -> CallBack:
    return CallBack(
        CallId("call"),
        QueueId("general"),
        "13800138000",
        Language.CHINESE,
        ServiceLevel.UNIFORM,
        Situation.ORDINARY,
        Verification.NONE,
        arrived=at - timedelta(minutes=3),
        promised=at,
    )


def after(*events: Event, at: datetime = NOON, rules: CallBackRules = RULES) -> CallBack:
    call_back = promise(at)
    for event in (TimePassed(at), *events):
        call_back = step(call_back, event, rules, SHANGHAI)
    return call_back


def test_it_waits_at_once_within_the_window() -> None:
    call_back = after()
    assert call_back.state is State.WAITING
    closing = datetime(2026, 3, 2, 20, tzinfo=SHANGHAI)
    assert wake(call_back, RULES, SHANGHAI) == closing


def test_it_waits_for_the_window_and_leaves_the_queue_as_that_closes() -> None:
    evening = NOON + timedelta(hours=9)
    call_back = after(at=evening)
    opening = datetime(2026, 3, 3, 8, tzinfo=SHANGHAI)
    assert (call_back.state, call_back.due) == (State.PAUSED, opening)
    assert wake(call_back, RULES, SHANGHAI) == opening
    closed = after(TimePassed(datetime(2026, 3, 2, 20, tzinfo=SHANGHAI)))
    assert (closed.state, closed.due) == (State.PAUSED, opening)
    again = step(closed, TimePassed(opening), RULES, SHANGHAI)
    assert again.state is State.WAITING


def test_who_answers_is_reached() -> None:
    call_back = after(ASSIGNED, Reached())
    assert (call_back.state, call_back.outcome) == (State.ENDED, CallBackOutcome.REACHED)
    assert (call_back.attempts, call_back.attempt) == (1, "attempt")


def test_who_does_not_answer_is_tried_again_after_the_pause() -> None:
    call_back = after(ASSIGNED, NotReached(NOON))
    assert (call_back.state, call_back.due) == (State.PAUSED, NOON + timedelta(seconds=300))
    early = step(call_back, TimePassed(NOON + timedelta(seconds=299)), RULES, SHANGHAI)
    assert early.state is State.PAUSED
    due = step(call_back, TimePassed(NOON + timedelta(seconds=300)), RULES, SHANGHAI)
    assert due.state is State.WAITING


def test_it_is_given_up_after_the_last_attempt() -> None:
    rules = CallBackRules(attempts=1)
    call_back = after(ASSIGNED, NotReached(NOON), rules=rules)
    assert call_back.outcome is CallBackOutcome.NOT_REACHED


def test_an_agent_who_is_lost_costs_no_attempt() -> None:
    call_back = after(ASSIGNED, AgentLost(NOON))
    assert (call_back.state, call_back.attempts) == (State.WAITING, 0)


def test_it_expires() -> None:
    later = NOON + timedelta(days=1)
    assert after(TimePassed(later)).outcome is CallBackOutcome.EXPIRED
    always = CallBackRules(window=Window(time(0), time(0)))
    assert wake(after(rules=always), always, SHANGHAI) == later


@pytest.mark.parametrize("events", [(), (ASSIGNED,), (ASSIGNED, NotReached(NOON))])
def test_it_can_be_cancelled_at_any_time(events: tuple[Event, ...]) -> None:
    assert after(*events, Cancelled()).outcome is CallBackOutcome.CANCELLED


def test_whom_an_agent_is_found_for_while_their_telephone_rings_is_tried_once() -> None:
    rung = after(AHEAD)
    assert (rung.state, rung.agent_id, rung.attempts) == (State.AHEAD, None, 1)
    assert wake(rung, RULES, SHANGHAI) is None
    found = after(AHEAD, ASSIGNED)
    assert (found.state, found.agent_id, found.attempts) == (State.DIALLING, "a", 1)
    stray = Assigned(AgentId("a"), CallId("another"))
    assert after(AHEAD, stray) == rung


def test_who_answers_before_an_agent_is_free_is_reached() -> None:
    call_back = after(AHEAD, Reached())
    assert (call_back.outcome, call_back.agent_id) == (CallBackOutcome.REACHED, None)


def test_who_is_rung_ahead_in_vain_is_tried_again_and_no_more_often_than_promised() -> None:
    call_back = after(AHEAD, NotReached(NOON))
    assert (call_back.state, call_back.attempts) == (State.PAUSED, 1)
    once = CallBackRules(attempts=1)
    assert after(AHEAD, NotReached(NOON), rules=once).outcome is CallBackOutcome.NOT_REACHED
    gone = after(AHEAD, AgentLost(NOON))
    assert (gone.state, gone.attempts) == (State.WAITING, 0)


minutes = st.integers(0, 2000)
happenings = st.one_of(
    st.tuples(st.sampled_from(["time", "not_reached", "lost"]), minutes),
    st.tuples(st.sampled_from(["ahead", "assigned", "reached", "cancelled"]), st.just(0)),
)


@given(st.lists(happenings, max_size=40))
def test_whatever_happens_it_is_tried_as_often_as_promised_and_ends_once(
    story: list[tuple[str, int]],
) -> None:
    call_back, now, ends = step(promise(), TimePassed(NOON), RULES, SHANGHAI), NOON, 0
    for what, passed in story:
        now += timedelta(minutes=passed)
        events: dict[str, Event] = {
            "time": TimePassed(now),
            "not_reached": NotReached(now),
            "lost": AgentLost(now),
            "ahead": AHEAD,
            "assigned": ASSIGNED,
            "reached": Reached(),
            "cancelled": Cancelled(),
        }
        before, call_back = call_back, step(call_back, events[what], RULES, SHANGHAI)
        ends += before.outcome is None and call_back.outcome is not None
        assert 0 <= call_back.attempts <= RULES.attempts
        assert (call_back.agent_id is None) or call_back.state in (State.DIALLING, State.ENDED)
        assert (call_back.state is State.ENDED) == (call_back.outcome is not None)
        if what == "time" and call_back.state is State.WAITING:
            hour = now.astimezone(SHANGHAI).time()
            assert RULES.window.opens <= hour < RULES.window.closes
        assert from_plain(CallBack, to_plain(call_back)) == call_back
    assert ends <= 1
