"""Nobody closes what they handled unseen; who is not content is called back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    MONDAY,
    OFFICER,
    OTHER_AGENT,
    OTHER_OFFICER,
    SUPERVISOR,
    TIMEKEEPER,
    TicketDesk,
    draft,
)
from tickets.clocks.model import Clock, ClockEnd
from tickets.decide import act, allowed, register
from tickets.guards import Premises
from tickets.model import CUSTOMER, SYSTEM, Case, CaseState, TicketKind
from tickets.numbers import ticket_number
from tickets.replay import replayed
from tickets.workflow import Action, ClockKind

UNWANTED = Premises(call_back_wanted=False)
NUMBER = ticket_number(MONDAY.date(), 1)
FACTS = FILLED | {"new_facts": "yes"}
RESULT = (
    (Action.DISPATCH, DISPATCHER),
    (Action.ACCEPT, OFFICER),
    (Action.RETURN, HEAD),
)
REPLIED = (*RESULT, (Action.APPROVE, DISPATCHER), (Action.REPLY, AGENT))
Acts = tuple[tuple[Action, Principal], ...]


def after(*acts: tuple[Action, Principal], kind: TicketKind = TicketKind.COMPLAINT) -> Case:
    case = register(draft(kind), NUMBER, AGENT, MONDAY).case
    for action, by in acts:
        case = act(case, action, FILLED, by, MONDAY).case
    return case


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def the_history_holds(desk: TicketDesk, number: str) -> None:
    view = desk.view(number)
    assert replayed(view.case.number, view.history) == view.case


@given(serial=st.integers(1, 99999))
def test_every_complaint_is_asked_about_whoever_answered_it_how(serial: int) -> None:
    number = ticket_number(MONDAY.date(), serial)
    wanted = TIMEKEEPER.policy.wants_call_back(TicketKind.COMPLAINT, number)
    case = register(draft(), number, AGENT, MONDAY).case
    solved = act(case, Action.SOLVE, FILLED, AGENT, MONDAY, Premises(call_back_wanted=wanted)).case
    assert solved.state is CaseState.CALLBACK


HANDLED: dict[str, tuple[Acts, Principal]] = {
    "solved": (((Action.SOLVE, AGENT),), AGENT),
    "replied": (REPLIED, AGENT),
    "approved": (REPLIED, DISPATCHER),
    "opened again and solved": (
        ((Action.SOLVE, AGENT), (Action.REOPEN, AGENT), (Action.SOLVE, SUPERVISOR)),
        AGENT,
    ),
    "opened again by a call-back and solved": (
        (*REPLIED, (Action.REOPEN, OTHER_AGENT), (Action.SOLVE, OTHER_AGENT)),
        OTHER_AGENT,
    ),
    "sent back for more work": (
        (
            *RESULT,
            (Action.REWORK, SUPERVISOR),
            (Action.ACCEPT, OFFICER),
            (Action.RETURN, HEAD),
            (Action.APPROVE, DISPATCHER),
            (Action.REPLY, AGENT),
        ),
        SUPERVISOR,
    ),
    "ruled on a refusal": (
        (
            (Action.DISPATCH, DISPATCHER),
            (Action.ASK_REFUSAL, HEAD),
            (Action.GRANT_REFUSAL, SUPERVISOR),
            (Action.SOLVE, AGENT),
        ),
        SUPERVISOR,
    ),
}


@pytest.mark.parametrize("way", HANDLED)
def test_whoever_handled_it_cannot_end_it(way: str) -> None:
    acts, handler = HANDLED[way]
    case = after(*acts)
    assert case.state is CaseState.CALLBACK
    for action in (Action.CALL_BACK, Action.WITHDRAW, Action.MERGE):
        with pytest.raises(Refused):
            act(case, action, FILLED | {"into": NUMBER}, handler, MONDAY)
    offered = {rule.case_to for rule, _ in allowed(case, handler, MONDAY)}
    assert not offered & {CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED}
    assert act(case, Action.CALL_BACK, FILLED, person_beside(case), MONDAY).case.ended == MONDAY


def person_beside(case: Case) -> Principal:
    """One of the hotline who did not handle it."""
    hotline = (AGENT, OTHER_AGENT, DISPATCHER, SUPERVISOR)
    return next(each for each in hotline if each.staff_id not in case.handlers)


@given(data=st.data())
def test_no_way_of_acts_leads_the_handlers_of_a_complaint_to_its_end(data: st.DataObject) -> None:
    """Two people of the hotline who answered it try whatever they may: the ticket stays open."""
    case = replace(after(*REPLIED), handlers=frozenset({AGENT.staff_id, DISPATCHER.staff_id}))
    for _ in range(12):
        by = data.draw(st.sampled_from((AGENT, DISPATCHER)))
        choices = allowed(case, by, MONDAY)
        rule, order = data.draw(st.sampled_from(choices))
        fields = FILLED | ({"dispatch": str(order.serial)} if order else {}) | {"into": NUMBER}
        try:
            case = act(case, rule.action, fields, by, MONDAY).case
        except Refused:
            continue
        assert case.ended is None


def test_news_and_orders_make_nobody_a_handler() -> None:
    case = after((Action.INFORM, OTHER_AGENT), *REPLIED)
    assert case.handlers == {each.staff_id for each in (OFFICER, HEAD, DISPATCHER, AGENT)}


def test_who_handled_what_is_merged_has_handled_what_it_is_merged_into(desk: TicketDesk) -> None:
    first, second = desk.register().number, desk.register().number
    for action, by in REPLIED[:-1]:
        desk.act(first, action, by)
    desk.act(first, Action.MERGE, SUPERVISOR, {"into": second, "reason": "同一事项"})
    assert desk.view(first).case.handlers <= desk.view(second).case.handlers
    the_history_holds(desk, second)
    desk.act(second, Action.SOLVE, AGENT)
    with pytest.raises(Refused, match="handled_by_you"):
        desk.act(second, Action.CALL_BACK, DISPATCHER)


def test_no_result_is_approved_while_new_facts_lie_unjudged(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in RESULT:
        desk.act(number, action, by)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    with pytest.raises(Refused, match="facts_not_judged"):
        desk.act(number, Action.APPROVE, DISPATCHER)
    offered = allowed(desk.view(number).case, DISPATCHER, MONDAY)
    assert Action.APPROVE not in {rule.action for rule, _ in offered}
    desk.act(number, Action.REJECT_FACTS, SUPERVISOR, {"reason": "并非新事实"})
    desk.act(number, Action.APPROVE, DISPATCHER)
    the_history_holds(desk, number)


def test_facts_told_to_who_assists_are_lost_by_no_recall(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    assisting = FILLED | {"department": LENDING, "assist": "yes"}
    desk.act(number, Action.DISPATCH, DISPATCHER, assisting)
    desk.act(number, Action.ACCEPT, OTHER_OFFICER, {"dispatch": "2"})
    desk.act(number, Action.FOLLOW_UP, AGENT, FACTS | {"dispatch": "2"})
    received = utc(desk.clock)
    desk.advance(hours=1)
    desk.act(number, Action.RECALL, DISPATCHER, FILLED | {"dispatch": "2"})
    lead, gone = desk.view(number).case.dispatches
    assert (lead.facts, gone.facts) == (received, None)
    the_history_holds(desk, number)


def test_facts_unjudged_when_a_letter_was_delivered_are_judged_before_it_ends(
    desk: TicketDesk,
) -> None:
    number = desk.register().number
    for action, by in (*RESULT, (Action.APPROVE, DISPATCHER)):
        desk.act(number, action, by)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    received = utc(desk.clock)
    desk.advance(hours=1)
    desk.act(number, Action.REPLY, SYSTEM)
    with pytest.raises(Refused, match="facts_not_judged"):
        desk.act(number, Action.CALL_BACK, OTHER_AGENT)
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, {"reason": "新证据"})
    view = desk.view(number)
    assert (view.case.state, view.case.facts) == (CaseState.IN_PROGRESS, None)
    running = {each.kind: each for each in view.clocks if each.stopped is None}
    assert set(running) == {ClockKind.DISPATCH, ClockKind.FIRST_CONTACT, ClockKind.DECISION}
    assert running[ClockKind.DECISION].started == received
    the_history_holds(desk, number)


@pytest.mark.parametrize("ground", ["customer", "appraisal"])
@pytest.mark.parametrize("told_before", [True, False])
def test_news_while_the_customer_is_waited_for_owe_no_further_ones(
    desk: TicketDesk, ground: str, told_before: bool
) -> None:
    number = desk.register().number
    if told_before:
        desk.act(number, Action.INFORM, AGENT)
    for action, by in (*RESULT[:2], (Action.ASK_SUSPENSION, HEAD)):
        desk.act(number, action, by, FILLED | {"ground": ground})
    desk.act(number, Action.GRANT_PETITION, DISPATCHER)
    desk.act(number, Action.INFORM, AGENT)
    view = desk.view(number)
    clock = [each for each in view.clocks if each.kind is ClockKind.KEEP_INFORMED][-1]
    waits = ground == "customer"
    assert (clock.stopped, clock.halted is not None) == (None, waits)
    desk.advance(days=1)
    desk.act(number, Action.RESUME, OFFICER)
    clock = [each for each in desk.view(number).clocks if each.kind is ClockKind.KEEP_INFORMED][-1]
    used = TIMEKEEPER.elapsed(clock, utc(desk.clock))
    assert used == (timedelta(0) if waits else timedelta(days=1))


def test_a_call_back_is_agreed_for_so_long_after_the_answer_and_no_longer(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in REPLIED:
        desk.act(number, action, by)
    answered, within = utc(desk.clock), TIMEKEEPER.policy.agreed_within
    for days in (1, 3):
        desk.advance(days=days)
        until = answered + within
        desk.act(number, Action.AGREE_CALL_BACK, AGENT, {"until": until.isoformat()})
        late = (until + timedelta(minutes=1)).isoformat()
        with pytest.raises(Refused, match="until_after_call_back"):
            desk.act(number, Action.AGREE_CALL_BACK, AGENT, {"until": late})


@pytest.mark.parametrize("score", range(1, 6))
@pytest.mark.parametrize("solved", ["yes", "no", ""])
def test_a_bad_rating_of_an_answer_makes_a_call_back(score: int, solved: str) -> None:
    replied = after(*REPLIED[:-1])
    replied = act(replied, Action.REPLY, FILLED, AGENT, MONDAY, UNWANTED).case
    assert replied.state is CaseState.REPLIED
    rating = {"score": str(score), "solved": solved}
    rated = act(replied, Action.RATE, rating, CUSTOMER, MONDAY, UNWANTED)
    bad = score <= TIMEKEEPER.policy.bad_rating or solved == "no"
    assert rated.case.state is (CaseState.CALLBACK if bad else CaseState.REPLIED)
    assert [type(each).__name__ for each in rated.effects] == ["Start"] * bad
    assert bool(rated.tells) == bad
    assert rated.case.rating == score


def test_who_is_not_content_after_all_is_heard_of(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.solve(number)
    desk.act(number, Action.RATE, CUSTOMER, {"score": "1"})
    assert desk.view(number).case.state is CaseState.CLOSED
    desk.act(number, Action.RATE, CUSTOMER, {"score": "5"})
    the_history_holds(desk, number)


def sent_twice(desk: TicketDesk) -> str:
    """A matter with a leading order, and one that assists and is accepted."""
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.DISPATCH, DISPATCHER, FILLED | {"department": LENDING, "assist": "yes"})
    desk.act(number, Action.ACCEPT, OTHER_OFFICER, {"dispatch": "2"})
    return number


def orders_of(desk: TicketDesk, number: str, serial: int) -> list[Clock]:
    clocks = desk.view(number).clocks
    return [each for each in clocks if (each.kind, each.dispatch) == (ClockKind.RESULT, serial)]


@pytest.mark.parametrize(
    ("came", "end"),
    [(timedelta(days=2), ClockEnd.CANCELLED), (timedelta(days=12), ClockEnd.MISSED)],
)
def test_more_time_for_new_facts_is_granted_though_the_order_ran_out_meanwhile(
    desk: TicketDesk, came: timedelta, end: ClockEnd
) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    (first,) = orders_of(desk, number, 1)
    desk.clock.advance(came.total_seconds())
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    received = utc(desk.clock)
    desk.clock.advance((first.due - utc(desk.clock) + timedelta(days=8)).total_seconds())
    until = utc(desk.clock) + timedelta(days=2)
    granted = {
        "reason": "新证据",
        "until": until.astimezone(TIMEKEEPER.calendars.zone).strftime("%Y-%m-%dT%H:%M"),
    }
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, granted)
    old, new = orders_of(desk, number, 1)
    assert (old.end, new.end, new.started) == (end, None, received)
    assert timedelta(0) <= until - new.due < timedelta(days=3)
    the_history_holds(desk, number)


def test_new_facts_for_who_assists_begin_an_answered_matter_again(desk: TicketDesk) -> None:
    number = sent_twice(desk)
    lead = {"dispatch": "1"}
    for action, by in RESULT[1:]:
        desk.act(number, action, by, FILLED | lead)
    desk.act(number, Action.APPROVE, DISPATCHER, lead)
    desk.act(number, Action.REPLY, AGENT)
    assert desk.view(number).case.state is CaseState.CALLBACK
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    received = utc(desk.clock)
    desk.advance(hours=2)
    confirmed = {"reason": "新证据", "dispatch": "2"}
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, confirmed)
    view = desk.view(number)
    assert (view.case.state, view.case.cycle) == (CaseState.IN_PROGRESS, 2)
    running = {each.kind: each for each in view.clocks if each.stopped is None}
    begun = {ClockKind.DISPATCH, ClockKind.FIRST_CONTACT, ClockKind.DECISION}
    assert set(running) == begun | {ClockKind.RESULT}
    assert running[ClockKind.DECISION].started == received
    the_history_holds(desk, number)
    desk.act(number, Action.DISPATCH, DISPATCHER)
