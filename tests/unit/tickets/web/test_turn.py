"""Whose turn a line of a list says it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.vocabulary import Language
from tests.support.tickets import AGENT, CARDS, DISPATCHER, HEAD, OFFICER, SHANGHAI, SUPERVISOR
from tickets.model import (
    ENDED,
    FINAL,
    OPEN_STATES,
    CaseState,
    Department,
    DispatchState,
    TicketKind,
    Urgency,
)
from tickets.search.lines import Line
from tickets.web.shown import Words
from tickets.web.turn import NOBODYS, turn

AT = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = Words(
    lambda key, **_: key.removeprefix("ticket.turn."),
    Language.ENGLISH,
    SHANGHAI,
    {CARDS: Department(CARDS, "银行卡部", "Cards", "office")},
)


def line(
    state: CaseState,
    order: DispatchState | None = None,
    department: DepartmentId | None = CARDS,
    *,
    appraised: bool = False,
) -> Line:
    return Line(
        number=TicketNumber("26112300012"),
        kind=TicketKind.COMPLAINT,
        urgency=Urgency.ORDINARY,
        title="",
        requester="",
        state=state,
        version=1,
        opened=AT,
        changed=AT,
        opened_by=StaffId("1001"),
        level=0,
        started=None,
        due=None,
        clock=None,
        overdue=False,
        department_id=department if order else None,
        order=order,
        departments=(),
        urges=0,
        urge_open=False,
        supervised=False,
        appraised=appraised,
    )


@pytest.mark.parametrize(
    ("order", "who", "beside"),
    [
        (DispatchState.SENT, "Cards", ""),
        (DispatchState.ACCEPTED, "Cards", ""),
        (DispatchState.REWORK, "Cards", ""),
        (DispatchState.RESULT_WRITTEN, "Cards", "head"),
        (DispatchState.REFUSAL_WRITTEN, "Cards", "head"),
        (DispatchState.RESULT, "dispatcher", ""),
        (DispatchState.REFUSAL_ASKED, "dispatcher", ""),
        (DispatchState.SUSPENDED, "outside", ""),
        (None, "dispatcher", ""),
    ],
)
def test_an_order_says_whose_turn_it_is(order: DispatchState | None, who: str, beside: str) -> None:
    told = turn(line(CaseState.IN_PROGRESS, order), DISPATCHER, WORDS)
    assert (told.who, told.beside) == (who, beside)
    assert told.mine is (who == "dispatcher")


def test_every_open_ticket_is_somebodys_and_no_ended_one() -> None:
    orders = set(DispatchState) - FINAL
    for state in OPEN_STATES:
        assert turn(line(state), AGENT, WORDS).who
    assert all(turn(line(CaseState.IN_PROGRESS, each), AGENT, WORDS).who for each in orders)
    assert {turn(line(state), AGENT, WORDS) for state in ENDED} == {NOBODYS}


def test_what_somebody_outside_appraises_is_nobodys_of_the_house() -> None:
    told = turn(line(CaseState.IN_PROGRESS, DispatchState.ACCEPTED, appraised=True), OFFICER, WORDS)
    assert (told.who, told.mine) == ("outside", False)


def test_what_is_to_be_ruled_on_is_the_supervisors_turn() -> None:
    told = turn(replace(line(CaseState.IN_PROGRESS), asked=True), SUPERVISOR, WORDS)
    assert (told.who, told.mine) == ("supervisor", True)


def test_officers_and_heads_see_their_own_departments_turn_as_theirs() -> None:
    at_work = line(CaseState.IN_PROGRESS, DispatchState.ACCEPTED)
    to_sign = line(CaseState.IN_PROGRESS, DispatchState.RESULT_WRITTEN)
    elsewhere = line(CaseState.IN_PROGRESS, DispatchState.ACCEPTED, DepartmentId("retail"))
    assert [turn(each, OFFICER, WORDS).mine for each in (at_work, to_sign, elsewhere)] == [
        True,
        False,
        False,
    ]
    assert turn(to_sign, HEAD, WORDS).mine
    assert turn(line(CaseState.CALLBACK), AGENT, WORDS).mine
