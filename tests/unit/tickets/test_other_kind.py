"""A ticket that came as another kind than it is: a letter complains, or a complaint only asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cti.kernel.errors import Refused
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    MONDAY,
    PROTECTION,
    SUPERVISOR,
    TicketDesk,
    draft,
    local,
)
from tickets.clocks.model import CALENDAR_DAYS, ClockEnd
from tickets.model import MAILBOX, Source, TicketKind
from tickets.regulation.facts import Fact
from tickets.regulation.rows import fact_from
from tickets.regulation.schema import FactRow
from tickets.replay import replayed
from tickets.search.finding import Query
from tickets.search.query import Asked
from tickets.workflow import Action, ClockKind

COMPLAINS = {"kind": "complaint", "reason": "来信投诉收费"}
ASKS = {"kind": "enquiry", "reason": "只是询问"}
VISITS = {
    "kind": "appointment",
    "reason": "客户要上门办理",
    "service": "large_withdrawal",
    "branch": "营业部",
    "slot": "2026-11-25 10:00-11:00",
}


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def letter(desk: TicketDesk) -> str:
    enquiry = replace(draft(TicketKind.ENQUIRY), source=Source.EMAIL, call_id=None)
    return desk.register(enquiry, MAILBOX).number


def fact(desk: TicketDesk, number: str) -> Fact:
    return result_of(desk.database.read(lambda each: fact_from(each.get_one(FactRow, number))))


def test_a_letter_that_complains_has_the_laws_period_from_its_receipt(desk: TicketDesk) -> None:
    number = letter(desk)
    desk.advance(hours=30)  # an enquiry is overdue by then, a complaint is not
    desk.act(number, Action.CONVERT, DISPATCHER, COMPLAINS)
    view = desk.view(number)
    assert view.case.draft.kind is TicketKind.COMPLAINT
    assert view.due(ClockKind.DECISION) == local("2026-12-09 00:00")
    (decision,) = [
        each for each in view.clocks if each.kind is ClockKind.DECISION and not each.stopped
    ]
    assert (decision.calendar, decision.started) == (CALENDAR_DAYS, MONDAY)
    counted = fact(desk, number)
    assert (counted.kind, counted.received) == (TicketKind.COMPLAINT, MONDAY)
    assert not counted.late(MONDAY + timedelta(hours=31)), "what an enquiry was owed is no period"
    found = result_of(desk.service.search(Query(asked=Asked(facets=("kind:complaint",)))))
    assert [each.number for each in found.lines] == [number]
    assert replayed(view.case.number, view.history) == view.case


def test_nobody_but_a_supervisor_makes_a_complaint_something_else(desk: TicketDesk) -> None:
    number = desk.register().number
    for by in (AGENT, DISPATCHER):
        with pytest.raises(Refused, match=r"ticket\.complaint_stays"):
            desk.act(number, Action.CONVERT, by, ASKS)
    with pytest.raises(Refused, match=r"ticket\.role_missing"):
        desk.act(number, Action.CONVERT, PROTECTION, ASKS)
    desk.act(number, Action.CONVERT, SUPERVISOR, ASKS)
    view = desk.view(number)
    assert view.case.draft.kind is TicketKind.ENQUIRY
    old, new = [each for each in view.clocks if each.kind is ClockKind.DECISION]
    assert (old.end, new.due) == (ClockEnd.CANCELLED, local("2026-11-24 09:00"))


def test_only_the_house_says_since_when(desk: TicketDesk) -> None:
    number = letter(desk)
    desk.advance(hours=2)
    later = {**COMPLAINS, "since": "2026-12-01T09:00"}
    desk.act(number, Action.CONVERT, AGENT, later)
    assert desk.view(number).due(ClockKind.DECISION) == local("2026-12-09 00:00")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"kind": "riddle", "reason": "x"}, "field_choice"),
        ({"kind": "enquiry", "reason": "x"}, "nothing_changed"),
        ({"kind": "appointment", "reason": "x"}, "field_missing.*service"),
        ({**VISITS, "slot": "2026-11-28 10:00-11:00"}, "field_closed"),
        ({**VISITS, "service": "riddle"}, "field_choice"),
    ],
)
def test_another_kind_asks_for_what_is_its_own(
    desk: TicketDesk, typed: dict[str, str], error: str
) -> None:
    with pytest.raises(Refused, match=rf"ticket\.{error}"):
        desk.act(letter(desk), Action.CONVERT, AGENT, typed)


def test_an_enquiry_becomes_an_appointment_whose_clock_aims_at_the_slot(desk: TicketDesk) -> None:
    number = letter(desk)
    desk.advance(hours=1)
    before = {each.kind: each for each in desk.view(number).clocks}
    desk.act(number, Action.CONVERT, AGENT, VISITS)
    view = desk.view(number)
    assert view.case.draft.kind is TicketKind.APPOINTMENT
    assert view.case.draft.details["slot"] == "2026-11-25 10:00-11:00"
    assert view.due(ClockKind.APPOINTMENT) == local("2026-11-25 10:00")
    running = {each.kind: each for each in view.clocks if not each.stopped}
    for kind, clock in before.items():
        (old,) = [each for each in view.clocks if each.serial == clock.serial]
        assert (old.end, old.stopped) == (ClockEnd.CANCELLED, MONDAY + timedelta(hours=1))
        assert running[kind].started == clock.started == MONDAY
    said = view.history[-1]
    assert (said.action, said.fields["was"], said.fields["reason"]) == (
        "convert",
        "enquiry",
        "客户要上门办理",
    )
    assert replayed(view.case.number, view.history) == view.case
    desk.act(number, Action.CONVERT, AGENT, ASKS)
    after = desk.view(number)
    assert "slot" not in after.case.draft.details
    assert all(each.stopped for each in after.clocks if each.kind is ClockKind.APPOINTMENT)
    assert replayed(after.case.number, after.history) == after.case


def test_what_was_answered_already_waits_for_no_first_word_again(desk: TicketDesk) -> None:
    number = letter(desk)
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.CONVERT, DISPATCHER, COMPLAINS)
    running = {each.kind for each in desk.view(number).clocks if not each.stopped}
    assert running == {
        ClockKind.DECISION,
        ClockKind.KEEP_INFORMED,
        ClockKind.ACCEPT,
        ClockKind.RESULT,
    }


def test_a_complaint_again_has_the_laws_first_period_again(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.EXTEND_DECISION, SUPERVISOR)
    desk.act(number, Action.APPRAISE, SUPERVISOR)
    desk.act(number, Action.CONVERT, SUPERVISOR, ASKS)
    desk.act(number, Action.CONVERT, AGENT, COMPLAINS)
    view = desk.view(number)
    assert (view.case.extensions, view.case.appraised) == (0, False)
    assert view.due(ClockKind.DECISION) == local("2026-12-09 00:00")


def test_why_is_to_be_said(desk: TicketDesk) -> None:
    with pytest.raises(Refused, match=r"ticket\.field_missing"):
        desk.act(letter(desk), Action.CONVERT, AGENT, {"kind": "complaint"})


def test_what_both_kinds_have_is_kept(desk: TicketDesk) -> None:
    details = {"business": "B02", "account": "6860", "notices": "yes"}
    order = replace(draft(TicketKind.ACCEPTANCE), details=details)
    number = desk.register(order).number
    desk.act(number, Action.CONVERT, AGENT, COMPLAINS)
    kept = desk.view(number).case.draft.details
    assert kept == {"business": "B02", "notices": "yes"}
