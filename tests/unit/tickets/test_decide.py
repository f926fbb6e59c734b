"""The workflow applied to cases, without clock or database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    MONDAY,
    OFFICER,
    OTHER_AGENT,
    OTHER_HEAD,
    OTHER_OFFICER,
    SUPERVISOR,
    draft,
    person,
)
from tickets.decide import act, allowed, register
from tickets.guards import REOPEN_WITHIN, Premises
from tickets.model import (
    CUSTOMER,
    Audience,
    Case,
    CaseState,
    DispatchState,
    Requester,
    SuspensionGround,
)
from tickets.workflow import RULES, Action, ClockKind, Continue, Pause, Resume, Start, Stop

ASSISTING = FILLED | {"department": LENDING, "assist": "yes"}
NUMBER = TicketNumber("26112300013")


def new_case() -> Case:
    return register(draft(), NUMBER, AGENT, MONDAY).case


def after(*steps: tuple[Action, Principal]) -> Case:
    case = new_case()
    for action, by in steps:
        case = act(case, action, FILLED, by, MONDAY).case
    return case


DISPATCHED = ((Action.DISPATCH, DISPATCHER),)
ACCEPTED = (*DISPATCHED, (Action.ACCEPT, OFFICER))
WRITTEN = (*ACCEPTED, (Action.RETURN, OFFICER))
RETURNED = (*WRITTEN, (Action.SIGN_RESULT, HEAD))
APPROVED = (*RETURNED, (Action.APPROVE, DISPATCHER))
REPLIED = (*APPROVED, (Action.REPLY, AGENT))
CLOSED = (*REPLIED, (Action.CALL_BACK, OTHER_AGENT))


def test_the_straight_way() -> None:
    states = [
        (after(*steps).state, [each.state.value for each in after(*steps).dispatches])
        for steps in ((), DISPATCHED, ACCEPTED, RETURNED, APPROVED, REPLIED, CLOSED)
    ]
    assert states == [
        (CaseState.REGISTERED, []),
        (CaseState.IN_PROGRESS, ["sent"]),
        (CaseState.IN_PROGRESS, ["accepted"]),
        (CaseState.IN_PROGRESS, ["result"]),
        (CaseState.RESULT_IN, ["approved"]),
        (CaseState.CALLBACK, ["approved"]),
        (CaseState.CLOSED, ["approved"]),
    ]


def test_every_action_has_a_rule() -> None:
    assert {rule.action for rule in RULES} == set(Action)


def test_every_state_is_reached_and_left() -> None:
    reached = {rule.case_to for rule in RULES} | {rule.lead_case_to for rule in RULES}
    left = frozenset().union(*(rule.cases for rule in RULES))
    assert reached >= set(CaseState) - {CaseState.DRAFT}
    assert left == set(CaseState)
    assert {rule.dispatch_to for rule in RULES} >= set(DispatchState) - {DispatchState.SENT}


def test_a_draft_needs_a_title_and_somebody_to_answer() -> None:
    for wrong in (
        replace(draft(), title=" "),
        replace(draft(), text=""),
        replace(draft(), requester=Requester("", "138")),
        replace(draft(), requester=Requester("王芳", "")),
        replace(draft(), text="长" * 5000),
        replace(draft(), about="长" * 5000),
        replace(draft(), requester=Requester("王芳", "138", address="长" * 5000)),
    ):
        with pytest.raises(Refused, match=r"ticket\.field_"):
            register(wrong, NUMBER, AGENT, MONDAY)


def test_a_department_may_not_register() -> None:
    with pytest.raises(Refused, match=r"access\.role_missing"):
        register(draft(), NUMBER, OFFICER, MONDAY)


def test_the_result_clock_starts_when_the_order_is_sent() -> None:
    outcome = act(new_case(), Action.DISPATCH, FILLED, DISPATCHER, MONDAY)
    assert outcome.effects == (
        Stop(ClockKind.DISPATCH),
        Start(ClockKind.ACCEPT, 1),
        Start(ClockKind.RESULT, 1),
    )
    assert outcome.tells == (Audience(Role.OFFICER, department_id=CARDS),)


def test_rework_lets_the_department_clock_go_on() -> None:
    outcome = act(after(*RETURNED), Action.REWORK, FILLED, DISPATCHER, MONDAY)
    assert outcome.effects == (Stop(ClockKind.REVIEW, 1), Resume(ClockKind.RESULT, 1))
    accepted = act(outcome.case, Action.ACCEPT, {}, OFFICER, MONDAY).case
    assert accepted.dispatches[0].state is DispatchState.ACCEPTED


def test_only_one_department_leads() -> None:
    with pytest.raises(Refused, match=r"ticket\.lead_exists"):
        act(
            after(*DISPATCHED),
            Action.DISPATCH,
            {**FILLED, "department": LENDING},
            DISPATCHER,
            MONDAY,
        )


def test_a_second_department_assists() -> None:
    fields = {**FILLED, "department": LENDING, "assist": "yes"}
    case = act(after(*DISPATCHED), Action.DISPATCH, fields, DISPATCHER, MONDAY).case
    assert [each.lead for each in case.dispatches] == [True, False]
    with pytest.raises(Refused, match=r"ticket\.already_there"):
        act(case, Action.DISPATCH, fields, DISPATCHER, MONDAY)


def test_nobody_assists_without_a_lead() -> None:
    with pytest.raises(Refused, match=r"ticket\.lead_missing"):
        act(new_case(), Action.DISPATCH, {**FILLED, "assist": "yes"}, DISPATCHER, MONDAY)


def test_other_departments_keep_out() -> None:
    with pytest.raises(Refused, match=r"ticket\.other_department"):
        act(after(*DISPATCHED), Action.ACCEPT, {}, OTHER_OFFICER, MONDAY)


def test_an_assisting_result_does_not_answer_the_case() -> None:
    fields = {**FILLED, "department": LENDING, "assist": "yes"}
    case = act(after(*DISPATCHED), Action.DISPATCH, fields, DISPATCHER, MONDAY).case
    for action, by in (
        (Action.ACCEPT, OTHER_OFFICER),
        (Action.RETURN, OTHER_HEAD),
        (Action.APPROVE, DISPATCHER),
    ):
        case = act(case, action, FILLED, by, MONDAY).case
    assert case.state is CaseState.IN_PROGRESS
    assert case.lead is not None


def test_with_two_orders_the_act_says_which() -> None:
    fields = {**FILLED, "department": LENDING, "assist": "yes"}
    case = act(after(*DISPATCHED), Action.DISPATCH, fields, DISPATCHER, MONDAY).case
    for wrong in ({}, {"dispatch": "9"}, {"dispatch": "x"}):
        with pytest.raises(Refused, match=r"ticket\.dispatch_unknown"):
            act(case, Action.URGE, wrong, DISPATCHER, MONDAY)
    urged = act(case, Action.URGE, {"dispatch": "2"}, DISPATCHER, MONDAY).case
    assert [each.urges for each in urged.dispatches] == [0, 1]


def test_an_overruled_refusal_binds_the_department() -> None:
    case = after(*DISPATCHED, (Action.ASK_REFUSAL, HEAD), (Action.OVERRULE_REFUSAL, DISPATCHER))
    assert case.dispatches[0].state is DispatchState.ACCEPTED
    with pytest.raises(Refused, match=r"ticket\.refusal_binding"):
        act(case, Action.ASK_REFUSAL, FILLED, HEAD, MONDAY)


def test_a_second_refusal_is_decided_above_the_dispatcher() -> None:
    case = after(*DISPATCHED, (Action.ASK_REFUSAL, HEAD), (Action.GRANT_REFUSAL, DISPATCHER))
    assert case.lead is None
    case = act(case, Action.DISPATCH, {**FILLED, "department": LENDING}, DISPATCHER, MONDAY).case
    case = act(case, Action.ASK_REFUSAL, FILLED, OTHER_HEAD, MONDAY).case
    with pytest.raises(Refused, match=r"ticket\.second_refusal"):
        act(case, Action.GRANT_REFUSAL, FILLED, DISPATCHER, MONDAY)
    assert act(case, Action.OVERRULE_REFUSAL, FILLED, SUPERVISOR, MONDAY).case.lead


def test_one_urge_at_a_time_until_the_department_answers() -> None:
    case = after(*ACCEPTED, (Action.URGE, AGENT))
    with pytest.raises(Refused, match=r"ticket\.urge_open"):
        act(case, Action.URGE, {}, SUPERVISOR, MONDAY)
    case = act(case, Action.PROGRESS, FILLED, OFFICER, MONDAY).case
    assert act(case, Action.URGE, {}, AGENT, MONDAY).case.dispatches[0].urges == 2


def test_an_attempt_to_reply_is_no_reply() -> None:
    outcome = act(after(*APPROVED), Action.ATTEMPT_REPLY, FILLED, AGENT, MONDAY)
    assert outcome.case.state is CaseState.RESULT_IN
    assert outcome.effects == ()


def test_a_case_with_an_open_order_is_not_closed() -> None:
    fields = {**FILLED, "department": LENDING, "assist": "yes"}
    case = act(after(*DISPATCHED), Action.DISPATCH, fields, DISPATCHER, MONDAY).case
    for action, by in ((Action.ACCEPT, OFFICER), (Action.RETURN, HEAD)):
        case = act(case, action, FILLED, by, MONDAY).case
    case = act(case, Action.APPROVE, {}, DISPATCHER, MONDAY).case
    plain = Premises(call_back_wanted=False)
    case = act(case, Action.REPLY, FILLED, AGENT, MONDAY, plain).case
    assert case.state is CaseState.REPLIED
    with pytest.raises(Refused, match=r"ticket\.dispatch_open"):
        act(case, Action.CLOSE, {}, DISPATCHER, MONDAY)


def test_solved_on_the_call_it_closes_at_once_where_no_call_back_is_wanted() -> None:
    asked = act(new_case(), Action.SOLVE, FILLED, AGENT, MONDAY)
    assert (asked.case.state, asked.case.handlers) == (
        CaseState.CALLBACK,
        frozenset({AGENT.staff_id}),
    )
    assert asked.effects[-1] == Start(ClockKind.CALL_BACK)
    unwanted = Premises(call_back_wanted=False)
    closed = act(new_case(), Action.SOLVE, FILLED, AGENT, MONDAY, unwanted).case
    assert (closed.state, closed.ended) == (CaseState.CLOSED, MONDAY)


def test_withdrawing_recalls_what_is_under_way() -> None:
    case = after(*ACCEPTED, (Action.WITHDRAW, AGENT))
    assert case.dispatches[0].state is DispatchState.RECALLED


def test_reopening_has_its_time() -> None:
    case = after(*CLOSED)
    last = MONDAY + REOPEN_WITHIN
    reopened = act(case, Action.REOPEN, FILLED, AGENT, last).case
    assert (reopened.state, reopened.cycle, reopened.ended) == (CaseState.IN_PROGRESS, 2, None)
    with pytest.raises(Refused, match=r"ticket\.reopen_too_late"):
        act(case, Action.REOPEN, FILLED, AGENT, last + timedelta(seconds=1))


def test_the_administrator_of_the_house_does_not_work_on_tickets() -> None:
    assert allowed(after(*DISPATCHED), person(Role.ADMINISTRATOR), MONDAY) == []


def test_unknown_fields_are_not_kept() -> None:
    outcome = act(new_case(), Action.NOTE, {"text": " 记录 ", "csrf": "secret"}, AGENT, MONDAY)
    assert outcome.fields == {"text": "记录"}


@pytest.mark.parametrize("ground", list(SuspensionGround))
def test_who_waits_for_the_customer_owes_them_no_news(ground: SuspensionGround) -> None:
    case = after(*ACCEPTED)
    asked = FILLED | {"ground": ground.value}
    case = act(case, Action.ASK_SUSPENSION, asked, HEAD, MONDAY).case
    granted = act(case, Action.GRANT_PETITION, FILLED, DISPATCHER, MONDAY)
    halted = Pause(ClockKind.KEEP_INFORMED, ground=ground.value)
    assert granted.effects == (Pause(ClockKind.RESULT, 1, ground.value), halted)
    resumed = act(granted.case, Action.RESUME, {}, OFFICER, MONDAY)
    assert resumed.effects == (Continue(ClockKind.RESULT, 1), Continue(ClockKind.KEEP_INFORMED))
    written = act(granted.case, Action.CONTACT, FILLED, CUSTOMER, MONDAY)
    waited = ground is SuspensionGround.CUSTOMER
    begun = Start(ClockKind.ANSWER)
    assert written.effects == ((begun, *resumed.effects) if waited else (begun,))


def test_departments_hear_that_there_is_nothing_to_do_any_more() -> None:
    case = act(after(*ACCEPTED), Action.DISPATCH, ASSISTING, DISPATCHER, MONDAY).case
    told = act(case, Action.WITHDRAW, FILLED, AGENT, MONDAY).tells
    officers = {each.department_id for each in told if each.role is Role.OFFICER}
    assert officers == {CARDS, LENDING}
    closed = act(after(*REPLIED), Action.CALL_BACK, FILLED, OTHER_AGENT, MONDAY)
    assert closed.tells == ()


def test_what_was_dispatched_is_not_closed_past_the_call_back() -> None:
    recalled = act(after(*DISPATCHED), Action.RECALL, FILLED, DISPATCHER, MONDAY).case
    solved = act(recalled, Action.SOLVE, FILLED, AGENT, MONDAY)
    assert solved.case.state is CaseState.CALLBACK
    assert solved.effects[-1] == Start(ClockKind.CALL_BACK)
    unwanted = Premises(call_back_wanted=False)
    ended = act(recalled, Action.SOLVE, FILLED, AGENT, MONDAY, unwanted)
    assert ended.case.state is CaseState.CLOSED
