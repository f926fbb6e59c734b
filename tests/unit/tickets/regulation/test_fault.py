"""Whose time it was: shares of a life add up to the time the ticket was open."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import StaffId, TicketNumber
from tests.support.tickets import CARDS, MONDAY, draft
from tickets.model import (
    ENDED,
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Suspension,
    SuspensionGround,
)
from tickets.regulation.fault import NO_TIME, Party, Shares, held, holder, shared_out

HOUR = timedelta(hours=1)


def case(
    state: CaseState = CaseState.IN_PROGRESS,
    order: DispatchState | None = DispatchState.ACCEPTED,
    ground: SuspensionGround | None = None,
    *,
    appraised: bool = False,
) -> Case:
    waiting = Suspension(ground, MONDAY) if ground else None
    orders = (Dispatch(1, CARDS, lead=True, state=order, suspension=waiting),) if order else ()
    return Case(
        TicketNumber("202611230001"),
        draft(),
        state,
        MONDAY,
        StaffId("wang"),
        dispatches=orders,
        appraised=appraised,
    )


def test_each_party_holds_what_it_can_move_on() -> None:
    suspended = DispatchState.SUSPENDED
    assert holder(case(CaseState.REGISTERED, None)) is Party.HOTLINE
    assert holder(case()) is Party.DEPARTMENT
    assert holder(case(order=DispatchState.SENT)) is Party.DEPARTMENT
    assert holder(case(order=DispatchState.RESULT_WRITTEN)) is Party.DEPARTMENT
    assert holder(case(order=DispatchState.RESULT)) is Party.HOTLINE
    assert holder(case(order=DispatchState.REFUSAL_ASKED)) is Party.HOTLINE
    assert holder(case(order=suspended, ground=SuspensionGround.CUSTOMER)) is Party.CUSTOMER
    assert holder(case(order=suspended, ground=SuspensionGround.APPOINTMENT)) is Party.CUSTOMER
    assert holder(case(order=suspended, ground=SuspensionGround.APPRAISAL)) is Party.EXTERNAL
    assert holder(case(appraised=True)) is Party.EXTERNAL
    assert holder(case(CaseState.CALLBACK)) is Party.HOTLINE
    assert holder(case(CaseState.CLOSED)) is None


def test_a_life_told_hour_by_hour() -> None:
    lives = [
        (MONDAY, case(CaseState.REGISTERED, None)),
        (MONDAY + HOUR, case(order=DispatchState.SENT)),
        (MONDAY + 4 * HOUR, case(order=DispatchState.RESULT)),
        (MONDAY + 5 * HOUR, case(CaseState.CLOSED, None)),
    ]
    shares = shared_out(lives, MONDAY + 50 * HOUR)
    assert shares == Shares({Party.HOTLINE: 2 * HOUR, Party.DEPARTMENT: 3 * HOUR})
    assert shares.percent(Party.DEPARTMENT) == 60
    assert shares.percent(Party.CUSTOMER) == 0
    assert Shares().percent(Party.HOTLINE) == 0


states = st.builds(
    case,
    st.sampled_from(CaseState),
    st.sampled_from(
        [None, *(each for each in DispatchState if each is not DispatchState.SUSPENDED)]
    ),
    appraised=st.booleans(),
)
steps = st.lists(st.tuples(st.integers(0, 10**6), states), min_size=1, max_size=20)


def at(seconds: int) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


@given(steps, st.integers(0, 10**6))
def test_shares_add_up_to_the_time_the_ticket_was_open(
    told: list[tuple[int, Case]], rest: int
) -> None:
    told.sort(key=lambda each: each[0])
    lives = [(at(seconds), each) for seconds, each in told]
    until = at(told[-1][0] + rest)
    shares = shared_out(lives, until)
    ends = [*(instant for instant, _ in lives[1:]), until]
    open_for = sum(
        (
            end - start
            for (start, each), end in zip(lives, ends, strict=True)
            if each.state not in ENDED
        ),
        NO_TIME,
    )
    assert shares.elapsed == open_for
    assert all(time > NO_TIME for time in shares.of.values())


@given(steps, st.integers(0, 10**6))
def test_adding_up_act_by_act_gives_the_same(told: list[tuple[int, Case]], rest: int) -> None:
    told.sort(key=lambda each: each[0])
    lives = [(at(seconds), each) for seconds, each in told]
    total, (since, before) = Shares(), lives[0]
    for instant, after in lives[1:]:
        total += held(before, since, instant)
        since, before = instant, after
    until = at(told[-1][0] + rest)
    assert total + held(before, since, until) == shared_out(lives, until)
