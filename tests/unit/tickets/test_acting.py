"""Acts through the service: what is written together, and what is told when it is not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from customers.model import Customer, Sex
from customers.repository import store_customer_txn
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    FILLED,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    PROTECTION,
    SUPERVISOR,
    TicketDesk,
    draft,
    local,
    person,
)
from tickets.clocks.model import ClockEnd
from tickets.errors import Stale
from tickets.model import CUSTOMER, CaseState, DispatchState, TicketKind
from tickets.replay import NotReplayableError, replayed
from tickets.search.finding import Query
from tickets.workflow import Action, ClockKind

TOLD = (
    (Action.DISPATCH, DISPATCHER),
    (Action.ACCEPT, OFFICER),
    (Action.RETURN, HEAD),
    (Action.APPROVE, DISPATCHER),
    (Action.REPLY, AGENT),
)


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def running(desk: TicketDesk, number: str, kind: ClockKind) -> datetime:
    (due,) = [
        clock.due
        for clock in desk.view(number).clocks
        if clock.kind is kind and clock.stopped is None
    ]
    return due


def test_who_was_late_is_told_what_others_did(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.NOTE, AGENT)
    desk.act(number, Action.INFORM, SUPERVISOR)
    with pytest.raises(Stale, match=r"ticket\.stale") as stale:
        result_of(desk.service.act(number, Action.NOTE, FILLED, AGENT, 1, "late"))
    told = [(each.action, each.by_name, each.version) for each in stale.value.changes]
    assert told == [("note", "agent", 2), ("inform", "supervisor", 3)]


def test_a_history_says_which_request_made_which_version(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    entry = desk.view(number).history[-1]
    assert (entry.version, entry.request_id, entry.order_state) == (2, "request-2", "sent")


def test_merging_keeps_the_earlier_receipt_and_everything_within_reach(desk: TicketDesk) -> None:
    first = desk.register().number
    due = running(desk, first, ClockKind.DECISION)
    desk.act(first, Action.ATTACH, AGENT)
    desk.advance(days=3)
    second = desk.register().number
    assert running(desk, second, ClockKind.DECISION) != due
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    merged, target = desk.view(first), desk.view(second)
    assert (merged.case.state, merged.case.merged_into) == (CaseState.MERGED, second)
    assert all(clock.stopped for clock in merged.clocks)
    assert running(desk, second, ClockKind.DECISION) == due
    (within,) = target.merged
    assert {link.call_id for link in within.calls} == {"call-1", "call-2"}
    assert [entry.action for entry in within.history] == ["register", "attach_call", "merge"]
    assert (target.history[-1].action, target.history[-1].by) == ("absorb", DISPATCHER.staff_id)
    for view in (merged, target):
        assert replayed(view.case.number, view.history) == view.case


def test_the_later_receipt_moves_no_deadline(desk: TicketDesk) -> None:
    first = desk.register().number
    due = running(desk, first, ClockKind.DECISION)
    desk.advance(days=3)
    second = desk.register().number
    desk.act(second, Action.MERGE, DISPATCHER, {"into": first, "reason": "重复"})
    assert running(desk, first, ClockKind.DECISION) == due
    assert desk.view(first).case.version == 2


def merge(desk: TicketDesk, number: str, into: str) -> None:
    desk.act(number, Action.MERGE, SUPERVISOR, {"into": into, "reason": "同一事项"})
    view = desk.view(into)
    assert replayed(view.case.number, view.history) == view.case


def test_a_merger_of_mergers_keeps_the_earliest_receipt(desk: TicketDesk) -> None:
    numbers = []
    for days in (5, 4, 0):
        numbers.append(desk.register().number)
        desk.advance(days=days)
    first, third, second = numbers[0], numbers[2], numbers[1]
    due = running(desk, first, ClockKind.DECISION)
    merge(desk, first, third)
    merge(desk, third, second)
    assert running(desk, second, ClockKind.DECISION) == due


def test_a_matter_that_was_opened_again_is_as_old_as_its_new_period(desk: TicketDesk) -> None:
    old = desk.register().number
    desk.solve(old)
    desk.advance(days=40)
    other = desk.register().number
    due = running(desk, other, ClockKind.DECISION)
    desk.advance(days=3)
    desk.act(old, Action.REOPEN, SUPERVISOR)
    merge(desk, old, other)
    assert running(desk, other, ClockKind.DECISION) == due
    again = desk.register().number
    desk.solve(again)
    desk.advance(days=1)
    desk.act(again, Action.REOPEN, SUPERVISOR)
    merge(desk, other, again)
    assert running(desk, again, ClockKind.DECISION) == due


def test_what_was_added_to_a_period_or_left_out_of_it_is_merged_with_it(desk: TicketDesk) -> None:
    first = desk.register().number
    desk.advance(days=3)
    desk.act(first, Action.APPRAISE, SUPERVISOR)
    desk.advance(days=4)
    desk.act(first, Action.END_APPRAISAL, SUPERVISOR)
    desk.act(first, Action.EXTEND_DECISION, SUPERVISOR)
    due = running(desk, first, ClockKind.DECISION)
    desk.act(first, Action.APPRAISE, SUPERVISOR)
    second = desk.register().number
    merge(desk, first, second)
    view = desk.view(second)
    assert (running(desk, second, ClockKind.DECISION), view.case.extensions) == (due, 1)
    assert not view.case.appraised
    with pytest.raises(Refused, match=r"ticket\.(role_missing|wrong_state)"):
        desk.act(second, Action.EXTEND_DECISION, SUPERVISOR)
    desk.act(second, Action.EXTEND_DECISION, EXECUTIVE)
    assert running(desk, second, ClockKind.DECISION) == due + timedelta(days=30)


@pytest.mark.parametrize(
    ("days", "told"),
    [(6, []), (10, ["warning"]), (14, ["warning"]), (17, ["breach", "escalation"])],
)
def test_a_merger_warns_of_nothing_that_is_over(
    desk: TicketDesk, days: int, told: list[str]
) -> None:
    first = desk.register().number
    desk.advance(days=days)
    second = desk.register().number
    desk.escalation.start()
    merge(desk, first, second)
    desk.advance(seconds=1)
    heard = [
        each.action
        for each in desk.view(second).history
        if each.fields.get("clock") == "decision" and each.action != "absorb"
    ]
    assert sorted(set(heard)) == told
    assert heard.count("warning") <= 1


def test_a_miss_is_not_unmade_by_a_merger_with_what_has_more_time(desk: TicketDesk) -> None:
    first = desk.register().number
    desk.advance(days=1)
    second = desk.register().number
    desk.act(first, Action.EXTEND_DECISION, SUPERVISOR)
    due = running(desk, first, ClockKind.DECISION)
    desk.advance(days=20)
    merge(desk, first, second)
    periods = [each for each in desk.view(second).clocks if each.kind is ClockKind.DECISION]
    assert [each.end for each in periods] == [ClockEnd.MISSED, None]
    assert periods[-1].due == due


def test_an_answered_matter_shortens_no_period(desk: TicketDesk) -> None:
    first = desk.register().number
    for action, by in TOLD:
        desk.act(first, action, by)
    desk.advance(days=10)
    second = desk.register().number
    due = running(desk, second, ClockKind.DECISION)
    merge(desk, first, second)
    assert running(desk, second, ClockKind.DECISION) == due


def test_a_merger_hides_nothing_that_waits_to_be_judged(desk: TicketDesk) -> None:
    first, second = desk.register().number, desk.register().number
    into = {"into": second, "reason": "同一事项"}
    desk.act(first, Action.FOLLOW_UP, AGENT, {"text": "新证据", "new_facts": "yes"})
    with pytest.raises(Refused, match="facts_not_judged"):
        desk.act(first, Action.MERGE, DISPATCHER, into)
    desk.act(first, Action.REJECT_FACTS, SUPERVISOR)
    desk.act(first, Action.SUPERVISE, SUPERVISOR)
    with pytest.raises(Refused, match="merge_supervised"):
        desk.act(first, Action.MERGE, DISPATCHER, into)
    desk.act(second, Action.SUPERVISE, SUPERVISOR)
    desk.act(first, Action.MERGE, DISPATCHER, into)


def test_nobody_reads_by_a_merger_who_complains_of_their_unit(desk: TicketDesk) -> None:
    hidden = desk.register(replace(draft(), about_staff=OFFICER.staff_id, about_unit=CARDS)).number
    plain = desk.register().number
    with pytest.raises(Refused, match="merge_about"):
        desk.act(hidden, Action.MERGE, DISPATCHER, {"into": plain, "reason": "同一事项"})
    merge(desk, plain, hidden)


def test_new_facts_in_time_make_the_period_void_however_late_they_are_judged(
    desk: TicketDesk,
) -> None:
    number = desk.register().number
    desk.advance(days=15, hours=14)
    assert running(desk, number, ClockKind.DECISION) - utc(desk.clock) == timedelta(hours=1)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, {"text": "新证据", "new_facts": "yes"})
    desk.advance(hours=3)
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR)
    periods = [each for each in desk.view(number).clocks if each.kind is ClockKind.DECISION]
    assert [each.end for each in periods] == [ClockEnd.CANCELLED, None]
    desk.advance(days=20)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, {"text": "又有", "new_facts": "yes"})
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR)
    periods = [each for each in desk.view(number).clocks if each.kind is ClockKind.DECISION]
    assert [each.end for each in periods] == [ClockEnd.CANCELLED, ClockEnd.MISSED, None]


def test_what_cannot_be_merged(desk: TicketDesk) -> None:
    number = desk.register().number
    stranger = replace(draft().requester, customer_id=CustomerId("C2"))
    others = desk.register(replace(draft(), requester=stranger)).number
    ended = desk.register().number
    desk.solve(ended)
    for into, error in (
        (others, "merge_customer"),
        (ended, "merge_ended"),
        (number, "merge_unknown"),
        ("26112399999", "merge_unknown"),
        ("", "field_missing"),
    ):
        with pytest.raises(Refused, match=rf"ticket\.{error}"):
            desk.act(number, Action.MERGE, DISPATCHER, {"into": into, "reason": "x"})
    assert desk.view(number).case.version == 1


def test_a_complaint_does_not_lose_its_period_by_being_merged(desk: TicketDesk) -> None:
    complaint = desk.register().number
    enquiry = desk.register(draft(TicketKind.ENQUIRY)).number
    answered = desk.register().number
    for action, by in TOLD:
        desk.act(answered, action, by)
    for into, error in ((enquiry, "merge_kind"), (answered, "merge_answered")):
        with pytest.raises(Refused, match=rf"ticket\.{error}"):
            desk.act(complaint, Action.MERGE, DISPATCHER, {"into": into, "reason": "x"})
    assert running(desk, complaint, ClockKind.DECISION)
    desk.act(enquiry, Action.MERGE, DISPATCHER, {"into": complaint, "reason": "同一事项"})


def test_no_period_begins_for_what_is_answered_already(desk: TicketDesk) -> None:
    numbers = []
    for _ in range(2):
        numbers.append(desk.register(draft(TicketKind.ENQUIRY)).number)
        desk.advance(hours=1)
        for action, by in TOLD:
            desk.act(numbers[-1], action, by)
    first, second = numbers
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    running = {each.kind for each in desk.view(second).clocks if not each.stopped}
    assert running <= {ClockKind.CALL_BACK}


def test_what_is_put_right_beside_the_slot_moves_no_appointment(desk: TicketDesk) -> None:
    number = desk.register(draft(TicketKind.APPOINTMENT)).number
    form = {"title": "大额取款", "slot": "2026-11-25 10:00-11:00"}
    before = desk.view(number).clocks
    desk.act(number, Action.AMEND, AGENT, form)
    assert desk.view(number).clocks == before
    for action, by in TOLD:
        desk.act(number, action, by)
    desk.act(number, Action.AMEND, AGENT, {**form, "title": "取款"})
    clocks = desk.view(number).clocks
    assert all(each.stopped for each in clocks if each.kind is ClockKind.APPOINTMENT)
    complaint = desk.register().number
    desk.act(complaint, Action.AMEND, AGENT, form)
    assert all(each.kind is not ClockKind.APPOINTMENT for each in desk.view(complaint).clocks)


def test_who_makes_a_ticket_more_urgent_shortens_its_clocks(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=1)
    law = running(desk, number, ClockKind.DECISION)
    desk.act(number, Action.AMEND, AGENT, {"urgency": "urgent"})
    assert running(desk, number, ClockKind.FIRST_CONTACT) == local("2026-11-23 11:00")
    assert running(desk, number, ClockKind.ACCEPT) == local("2026-11-23 11:00")
    assert running(desk, number, ClockKind.RESULT) == local("2026-11-24 11:00")
    assert running(desk, number, ClockKind.DECISION) == law
    clocks = desk.view(number).clocks
    desk.advance(minutes=30)
    desk.act(number, Action.AMEND, AGENT, {"urgency": "ordinary", "title": "排队"})
    assert desk.view(number).clocks == clocks


def test_a_period_that_stands_still_is_not_over(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.advance(days=10)
    desk.act(number, Action.APPRAISE, SUPERVISOR)
    desk.advance(days=20)
    desk.act(number, Action.EXTEND_DECISION, SUPERVISOR)
    desk.act(number, Action.END_APPRAISAL, SUPERVISOR)
    assert running(desk, number, ClockKind.DECISION) == local("2027-01-13 00:00")


def test_a_longer_period_is_warned_of_again(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.escalation.start()

    def warned() -> list[str]:
        return [
            f"{each.fields['due'][:10]}"
            for each in desk.view(number).history
            if each.action == "warning" and each.fields["clock"] == "decision"
        ]

    desk.advance(days=15)
    assert len(warned()) == 3
    desk.act(number, Action.EXTEND_DECISION, SUPERVISOR)
    desk.advance(seconds=1)
    assert len(warned()) == 3
    desk.advance(days=14)
    assert warned() == ["2026-12-08"] * 3 + ["2026-12-23"] * 3
    breaches = [each for each in desk.view(number).history if each.action == "breach"]
    assert all(each.fields["clock"] != "decision" for each in breaches)


def test_voiding_takes_two_persons(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.ASK_VOID, SUPERVISOR)
    with pytest.raises(Refused, match=r"ticket\.two_persons"):
        desk.act(number, Action.CONFIRM_VOID, SUPERVISOR)
    desk.act(number, Action.CONFIRM_VOID, PROTECTION)
    assert desk.view(number).case.state is CaseState.VOID
    assert desk.register().number != number


@pytest.mark.parametrize("action", [Action.ASK_EXTENSION, Action.ASK_SUSPENSION])
def test_nobody_grants_their_own_petition(desk: TicketDesk, action: Action) -> None:
    both = person(Role.HEAD, CARDS)
    both = replace(both, roles=frozenset({Role.HEAD, Role.SUPERVISOR, Role.DISPATCHER}))
    number = desk.register().number
    for each, by in ((Action.DISPATCH, DISPATCHER), (Action.ACCEPT, HEAD), (action, both)):
        desk.act(number, each, by)
    with pytest.raises(Refused, match=r"ticket\.petitioned_by_you"):
        desk.act(number, Action.GRANT_PETITION, both)
    desk.act(number, Action.GRANT_PETITION, SUPERVISOR)


def test_new_facts_begin_the_period_when_they_came_in(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(days=4)
    desk.act(number, Action.FOLLOW_UP, AGENT, {"text": "新证据", "new_facts": "yes"})
    before = running(desk, number, ClockKind.DECISION)
    desk.advance(days=2)
    assert running(desk, number, ClockKind.DECISION) == before
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, {"reason": "属实"})
    assert running(desk, number, ClockKind.DECISION) == local("2026-12-13 00:00")


@pytest.mark.parametrize("until", ["9999-12-31T23:59", "2936-11-25T10:00"])
def test_nobody_reckons_for_centuries(desk: TicketDesk, until: str) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.FOLLOW_UP, AGENT, {"text": "新证据", "new_facts": "yes"})
    with pytest.raises(Refused, match=r"ticket\.field_distant"):
        desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR, {"reason": "属实", "until": until})


def test_the_period_grows_in_two_steps_each_by_whom_the_rule_names(desk: TicketDesk) -> None:
    number = desk.register().number
    dues = [running(desk, number, ClockKind.DECISION)]
    for by in (PROTECTION, EXECUTIVE):
        desk.act(number, Action.EXTEND_DECISION, by)
        dues.append(running(desk, number, ClockKind.DECISION))
    assert dues == [local(f"{day} 00:00") for day in ("2026-12-09", "2026-12-24", "2027-01-23")]
    for by in (PROTECTION, EXECUTIVE):
        with pytest.raises(Refused, match=r"ticket\."):
            desk.act(number, Action.EXTEND_DECISION, by)


def test_a_failed_attempt_stops_no_clock_and_an_answer_does(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in TOLD[:-1]:
        desk.act(number, action, by)
    desk.act(number, Action.ATTEMPT_REPLY, AGENT)
    assert running(desk, number, ClockKind.DECISION)
    desk.act(number, Action.REPLY, AGENT)
    ends = {clock.kind: clock.end for clock in desk.view(number).clocks}
    assert ends[ClockKind.DECISION] is ClockEnd.MET


def test_a_customer_who_is_not_content_sends_it_back_to_work(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in TOLD:
        desk.act(number, action, by)
    with pytest.raises(Refused, match=r"ticket\.handled_by_you"):
        desk.act(number, Action.CALL_BACK, AGENT)
    desk.act(number, Action.CALL_BACK, OTHER_AGENT, {**FILLED, "satisfied": "no"})
    case = desk.view(number).case
    assert (case.state, case.cycle) == (CaseState.IN_PROGRESS, 2)
    assert case.dispatches[0].state is DispatchState.REWORK
    assert running(desk, number, ClockKind.RESULT)
    for action, by in TOLD[1:]:
        desk.act(number, action, by)
    desk.act(number, Action.CALL_BACK, OTHER_AGENT)
    view = desk.view(number)
    assert view.case.state is CaseState.CLOSED
    assert replayed(number, view.history) == view.case


def test_three_half_days_in_vain_are_enough(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in TOLD:
        desk.act(number, action, by)
    states = []
    for hours in (0, 1, 4, 20):  # Monday at nine, at ten and at two, Tuesday at ten
        desk.advance(hours=hours)
        desk.act(number, Action.CALL_BACK, OTHER_AGENT, {"reached": "no"})
        states.append(desk.view(number).case.state)
    assert states == [CaseState.CALLBACK] * 3 + [CaseState.CLOSED]


def test_an_order_is_handed_back_within_two_working_days(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(days=2, hours=8, minutes=30)  # Wednesday at half past five, when they close
    desk.act(number, Action.ASK_REFUSAL, OFFICER)
    desk.advance(seconds=1)
    with pytest.raises(Refused, match=r"ticket\.refusal_too_late"):
        desk.act(number, Action.SIGN_REFUSAL, HEAD)


def test_the_customers_own_acts_reach_the_department_that_leads(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    fields = {"department": "lending", "text": "协办", "assist": "yes"}
    desk.act(number, Action.DISPATCH, DISPATCHER, fields)
    desk.act(number, Action.URGE, CUSTOMER, {})
    assert [each.urges for each in desk.view(number).case.dispatches] == [1, 0]
    assert running(desk, number, ClockKind.URGE_ANSWER)
    with pytest.raises(Refused, match=r"ticket\.urge_open"):
        desk.act(number, Action.URGE, CUSTOMER, {})


def test_a_change_in_the_directory_shows_beside_what_was_said_then(desk: TicketDesk) -> None:
    number = desk.register().number
    assert desk.view(number).customer is None
    names = {Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"}
    new = Customer(
        CustomerId("C1"),
        names,
        Sex.FEMALE,
        ("13911112222",),
        ServiceLevel.UNIFORM,
        Language.CHINESE,
    )
    result_of(desk.database.run(store_customer_txn, new))
    view = desk.view(number)
    assert view.customer is not None
    assert view.customer.numbers == ("13911112222",)
    assert view.case.draft.requester.contact == "13800138000"


def test_a_history_with_a_hole_is_found_out(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    entries = desk.view(number).history
    for wrong in (entries[1:], (entries[0], entries[2]), ()):
        with pytest.raises(NotReplayableError):
            replayed(number, wrong)


def test_what_is_asked_of_the_database_does_not_grow_with_tickets(desk: TicketDesk) -> None:
    asked: list[str] = []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    def costs(number: str) -> list[int]:
        made = []
        for act in (
            lambda: desk.view(number),
            lambda: result_of(desk.service.search(Query())),
            lambda: desk.act(number, Action.NOTE, AGENT),
            desk.register,
        ):
            asked.clear()
            act()
            made.append(len(asked))
        return made

    first = desk.register().number
    desk.register()
    few = costs(first)
    for number in [desk.register().number for _ in range(20)]:
        desk.act(number, Action.NOTE, AGENT)
    many = costs(first)
    view, listed, act, register = many
    assert (view <= 12, listed <= 8, act <= 30, register <= 50) == (True,) * 4, many
    assert all(now <= before + 2 for now, before in zip(many, few, strict=True))
