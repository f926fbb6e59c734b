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
    desk.act(number, Action.AMEND, DISPATCHER, COMPLAINS)
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
            desk.act(number, Action.AMEND, by, ASKS)
    with pytest.raises(Refused, match=r"ticket\.role_missing"):
        desk.act(number, Action.AMEND, PROTECTION, ASKS)
    desk.act(number, Action.AMEND, SUPERVISOR, ASKS)
    view = desk.view(number)
    assert view.case.draft.kind is TicketKind.ENQUIRY
    old, new = [each for each in view.clocks if each.kind is ClockKind.DECISION]
    assert (old.end, new.due) == (ClockEnd.CANCELLED, local("2026-11-24 09:00"))


def test_only_the_house_says_since_when(desk: TicketDesk) -> None:
    number = letter(desk)
    desk.advance(hours=2)
    later = {**COMPLAINS, "since": "2026-12-01T09:00"}
    desk.act(number, Action.AMEND, AGENT, later)
    assert desk.view(number).due(ClockKind.DECISION) == local("2026-12-09 00:00")


@pytest.mark.parametrize(
    "typed", [{"kind": "appointment", "reason": "x"}, {"kind": "riddle", "reason": "x"}]
)
def test_nothing_becomes_what_asks_for_more(desk: TicketDesk, typed: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"ticket\.field_choice"):
        desk.act(letter(desk), Action.AMEND, AGENT, typed)


def test_why_is_to_be_said(desk: TicketDesk) -> None:
    with pytest.raises(Refused, match=r"ticket\.field_missing"):
        desk.act(letter(desk), Action.AMEND, AGENT, {"kind": "complaint"})


def test_what_both_kinds_have_is_kept(desk: TicketDesk) -> None:
    details = {"business": "B02", "account": "6860", "notices": "yes"}
    order = replace(draft(TicketKind.ACCEPTANCE), details=details)
    number = desk.register(order).number
    desk.act(number, Action.AMEND, AGENT, COMPLAINS)
    kept = desk.view(number).case.draft.details
    assert kept == {"business": "B02", "notices": "yes"}
