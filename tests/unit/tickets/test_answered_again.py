"""Answers that never arrived, new facts while no department leads, call-backs at a time agreed."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from tests.support.examples import examples
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    MONDAY,
    OFFICER,
    OTHER_AGENT,
    SUPERVISOR,
    TicketDesk,
    local,
)
from tickets.clocks.model import ClockEnd
from tickets.clocks.sla import Clock
from tickets.model import CUSTOMER, SYSTEM, CaseState, DispatchState
from tickets.replay import replayed
from tickets.tasks import Tasks
from tickets.workflow import Action, ClockKind

RESULT_IN = (
    (Action.DISPATCH, DISPATCHER),
    (Action.ACCEPT, OFFICER),
    (Action.RETURN, HEAD),
    (Action.APPROVE, DISPATCHER),
)
FACTS = FILLED | {"new_facts": "yes"}
TOWARDS_CUSTOMER = (ClockKind.DECISION, ClockKind.FIRST_CONTACT)


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def with_result(desk: TicketDesk) -> str:
    number = desk.register().number
    for action, by in RESULT_IN:
        desk.act(number, action, by)
    return number


def clock_of(desk: TicketDesk, number: str, kind: ClockKind) -> Clock:
    return [each for each in desk.view(number).clocks if each.kind is kind][-1]


def the_history_holds(desk: TicketDesk, number: str) -> None:
    view = desk.view(number)
    assert replayed(view.case.number, view.history) == view.case


def test_an_answer_that_never_arrived_is_owed_as_if_it_had_not_been_given(desk: TicketDesk) -> None:
    number = with_result(desk)
    before = {kind: clock_of(desk, number, kind).due for kind in TOWARDS_CUSTOMER}
    desk.act(number, Action.REPLY, AGENT)
    assert desk.view(number).case.state is CaseState.CALLBACK
    desk.advance(hours=5)
    desk.act(number, Action.UNDELIVERED, SYSTEM, {"text": "550 5.1.1 User unknown"})
    assert desk.view(number).case.state is CaseState.RESULT_IN
    for kind, due in before.items():
        clock = clock_of(desk, number, kind)
        assert (clock.stopped, clock.end, clock.due) == (None, None, due)
    assert clock_of(desk, number, ClockKind.CALL_BACK).end is ClockEnd.CANCELLED
    the_history_holds(desk, number)
    desk.act(number, Action.REPLY, AGENT)
    assert clock_of(desk, number, ClockKind.DECISION).end is ClockEnd.MET


def test_whoever_heard_from_us_before_keeps_that_first_contact(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    for action, by in RESULT_IN:
        desk.act(number, action, by)
    desk.advance(hours=1)
    desk.act(number, Action.REPLY, AGENT)
    desk.act(number, Action.UNDELIVERED, AGENT)
    assert clock_of(desk, number, ClockKind.FIRST_CONTACT).end is ClockEnd.MET
    assert clock_of(desk, number, ClockKind.KEEP_INFORMED).stopped is None


def test_an_answer_that_is_known_too_late_not_to_have_arrived_is_a_miss(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.act(number, Action.REPLY, AGENT)
    desk.advance(days=30)
    desk.escalation.start()
    desk.act(number, Action.UNDELIVERED, SYSTEM)
    desk.advance(minutes=1)
    assert clock_of(desk, number, ClockKind.DECISION).overdue(utc(desk.clock))
    assert "breach" in [entry.action for entry in desk.view(number).history]


def test_new_facts_while_the_result_waits_begin_the_matter_again(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.advance(days=3)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    received = utc(desk.clock)
    with pytest.raises(Refused, match="facts_not_judged"):
        desk.act(number, Action.REPLY, AGENT)
    desk.advance(days=1)
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, {"reason": "新证据"})
    view = desk.view(number)
    assert (view.case.state, view.case.facts) == (CaseState.IN_PROGRESS, None)
    assert clock_of(desk, number, ClockKind.DECISION).started == received
    assert clock_of(desk, number, ClockKind.DECISION).due == local("2026-12-12 00:00")
    assert clock_of(desk, number, ClockKind.DISPATCH).stopped is None
    the_history_holds(desk, number)
    desk.act(number, Action.DISPATCH, DISPATCHER)


def test_facts_that_are_none_leave_the_result_as_it_was(desk: TicketDesk) -> None:
    number = with_result(desk)
    due = clock_of(desk, number, ClockKind.DECISION).due
    desk.act(number, Action.FOLLOW_UP, AGENT, FACTS)
    desk.act(number, Action.REJECT_FACTS, SUPERVISOR)
    assert clock_of(desk, number, ClockKind.DECISION).due == due
    desk.act(number, Action.REPLY, AGENT)


def test_facts_are_lost_by_no_change_of_department(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.FOLLOW_UP, AGENT, FACTS)
    came = desk.view(number).case.facts
    desk.advance(hours=1)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    view = desk.view(number)
    assert (view.case.facts, view.case.dispatches[0].facts) == (None, came)
    desk.act(number, Action.REDIRECT, DISPATCHER, FILLED | {"department": LENDING})
    gone, now = desk.view(number).case.dispatches
    assert (gone.state, gone.facts, now.facts) == (DispatchState.RECALLED, None, came)
    desk.act(number, Action.RECALL, DISPATCHER)
    assert desk.view(number).case.facts == came
    the_history_holds(desk, number)
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, {"reason": "新证据"})
    assert clock_of(desk, number, ClockKind.DECISION).started == came


def test_a_call_back_waits_for_the_time_agreed(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.act(number, Action.REPLY, AGENT)
    due = clock_of(desk, number, ClockKind.CALL_BACK).due
    until = utc(desk.clock) + timedelta(days=2)
    desk.act(number, Action.AGREE_CALL_BACK, OTHER_AGENT, {"until": until.isoformat()})
    assert desk.view(number).case.call_back_at == until
    tasks = Tasks(desk.database, desk.clock, desk.service)
    tasks.start()
    desk.advance(days=2)
    view = desk.view(number)
    assert [view.history[-1].action, view.history[-1].by] == ["resume_call_back", SYSTEM.staff_id]
    assert view.case.call_back_at is None
    assert clock_of(desk, number, ClockKind.CALL_BACK).due == due + timedelta(days=2)
    the_history_holds(desk, number)
    tasks.stop()


def test_whoever_was_called_before_the_time_agreed_is_not_waited_for(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.act(number, Action.REPLY, AGENT)
    until = utc(desk.clock) + timedelta(days=2)
    desk.act(number, Action.AGREE_CALL_BACK, OTHER_AGENT, {"until": until.isoformat()})
    desk.act(number, Action.CALL_BACK, OTHER_AGENT, {"reached": "no"})
    assert desk.view(number).case.call_back_at is None
    assert clock_of(desk, number, ClockKind.CALL_BACK).halted is None
    with pytest.raises(Refused, match="call_back_not_agreed"):
        desk.act(number, Action.RESUME_CALL_BACK, SYSTEM)
    with pytest.raises(Refused, match="field_past"):
        desk.act(number, Action.AGREE_CALL_BACK, OTHER_AGENT, {"until": MONDAY.isoformat()})


@settings(max_examples=examples(20), deadline=None)
@given(waited=st.integers(0, 40), answered_after=st.integers(0, 10))
def test_a_decision_that_was_not_told_is_due_when_it_was(waited: int, answered_after: int) -> None:
    desk = TicketDesk()
    number = with_result(desk)
    due = clock_of(desk, number, ClockKind.DECISION).due
    desk.advance(days=answered_after)
    desk.act(number, Action.REPLY, AGENT)
    desk.advance(days=waited)
    desk.act(number, Action.UNDELIVERED, SYSTEM)
    assert clock_of(desk, number, ClockKind.DECISION).due == due
