"""In which lists a ticket lies, and when it is due there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import StaffId, TicketNumber
from tests.support.tickets import CARDS, LENDING, MONDAY, draft
from tickets.clocks.model import Clock, InternalClock
from tickets.model import (
    ENDED,
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Petition,
    PetitionKind,
)
from tickets.search.places import (
    CALL_BACK,
    CLOSING,
    DISPATCH,
    NEVER,
    OPEN,
    PARTS,
    REPLY,
    REVIEW,
    SHARED,
    SIGN,
    SUPERVISED,
    URGED,
    WORKING,
    department,
    mine,
    places_of,
)
from tickets.workflow import ClockKind

CASE = Case(TicketNumber("1"), draft(), CaseState.IN_PROGRESS, MONDAY, StaffId("a1"))
HOUR = timedelta(hours=1)


def clock(kind: ClockKind, hours: int, dispatch: int | None = None) -> Clock:
    return InternalClock(
        serial=1,
        kind=kind,
        dispatch=dispatch,
        calendar="office",
        target=HOUR,
        started=MONDAY,
        due=MONDAY + hours * HOUR,
    )


def test_a_ticket_that_ended_lies_nowhere() -> None:
    for state in ENDED:
        assert places_of(replace(CASE, state=state), [clock(ClockKind.DECISION, 1)]) == {}


@pytest.mark.parametrize(
    ("state", "place"),
    [
        (CaseState.RESULT_IN, REPLY),
        (CaseState.REPLIED, CLOSING),
        (CaseState.CALLBACK, CALL_BACK),
    ],
)
def test_what_the_case_waits_for(state: CaseState, place: str) -> None:
    lies = places_of(replace(CASE, state=state), [])
    assert lies.keys() == {OPEN, place, mine(StaffId("a1"))}
    assert set(lies.values()) == {NEVER}


@pytest.mark.parametrize(
    ("state", "part"),
    [
        (DispatchState.ACCEPTED, WORKING),
        (DispatchState.SUSPENDED, WORKING),
        (DispatchState.RESULT_WRITTEN, SIGN),
        (DispatchState.REFUSAL_WRITTEN, SIGN),
    ],
)
def test_a_department_has_its_own_deadline(state: DispatchState, part: str) -> None:
    orders = (Dispatch(1, CARDS, lead=True, state=state), Dispatch(2, LENDING, lead=False))
    clocks = [clock(ClockKind.DECISION, 1), clock(ClockKind.RESULT, 5, 1)]
    lies = places_of(replace(CASE, dispatches=orders), clocks)
    assert lies[OPEN] == MONDAY + HOUR
    assert lies[department(CARDS)] == lies[department(CARDS, part)] == MONDAY + 5 * HOUR
    assert lies[department(LENDING)] == NEVER


def test_review_urges_and_orders_of_supervisors() -> None:
    orders = (Dispatch(1, CARDS, lead=True, state=DispatchState.REFUSAL_ASKED, urge_open=True),)
    clocks = [clock(ClockKind.SUPERVISION, 3), clock(ClockKind.DISPATCH, 2)]
    lies = places_of(replace(CASE, dispatches=orders, supervised=True), clocks)
    assert {REVIEW, URGED, SUPERVISED, DISPATCH, department(CARDS, URGED)} <= lies.keys()


WRITTEN = Petition(PetitionKind.EXTENSION, "理由", MONDAY, StaffId("officer"))
SIGNED = replace(WRITTEN, signed_by=StaffId("head"))
AT_WORK = Dispatch(1, CARDS, lead=True, state=DispatchState.ACCEPTED)


@pytest.mark.parametrize(
    ("case", "waits"),
    [
        (replace(CASE, dispatches=(AT_WORK,)), False),
        (replace(CASE, dispatches=(replace(AT_WORK, petition=WRITTEN),)), False),
        (replace(CASE, dispatches=(replace(AT_WORK, petition=SIGNED),)), True),
        (replace(CASE, dispatches=(replace(AT_WORK, facts=MONDAY),)), True),
        (replace(CASE, facts=MONDAY), True),
        (replace(CASE, state=CaseState.REGISTERED, void_asked_by=StaffId("a1")), True),
    ],
)
def test_what_waits_for_a_ruling_lies_in_a_list(case: Case, waits: bool) -> None:
    assert (REVIEW in places_of(case, [])) is waits


def test_a_petition_waits_for_the_heads_signature_in_their_list() -> None:
    asked = replace(CASE, dispatches=(replace(AT_WORK, petition=WRITTEN),))
    assert {department(CARDS, SIGN), department(CARDS, WORKING)} <= places_of(asked, []).keys()
    signed = replace(CASE, dispatches=(replace(AT_WORK, petition=SIGNED),))
    assert department(CARDS, SIGN) not in places_of(signed, [])


@given(
    st.sampled_from(CaseState),
    st.lists(
        st.builds(
            Dispatch,
            st.integers(1, 5),
            st.sampled_from((CARDS, LENDING)),
            st.booleans(),
            st.sampled_from(DispatchState),
            urge_open=st.booleans(),
        ),
        max_size=4,
    ),
    st.lists(st.builds(clock, st.sampled_from(ClockKind), st.integers(0, 9)), max_size=4),
)
def test_every_place_is_one_that_somebody_has(
    state: CaseState, orders: list[Dispatch], clocks: list[Clock]
) -> None:
    own = {department(each, part) for each in (CARDS, LENDING) for part in ("", *PARTS)}
    known = {*SHARED, mine(StaffId("a1")), *own}
    lies = places_of(replace(CASE, state=state, dispatches=tuple(orders)), clocks)
    assert lies.keys() <= known
    assert (OPEN in lies) is (state not in ENDED and state is not CaseState.DRAFT)


def test_a_unit_has_no_complaint_about_its_own_people() -> None:
    case = replace(CASE, dispatches=(Dispatch(1, CARDS, lead=True), Dispatch(2, LENDING, False)))
    case = replace(case, draft=replace(draft(), about_unit=CARDS))
    lies = places_of(case, [])
    assert department(LENDING) in lies
    assert department(CARDS) not in lies
