import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import AgentState, BusyKind
from agents.state import (
    ACTIVITIES,
    CHOSEN,
    LATER,
    PRESENCES,
    Activity,
    Move,
    Presence,
    Status,
    advance,
    allows,
    mermaid,
    restored,
)
from cti.kernel.errors import Refused

A = AgentState
Step = Move | tuple[Move, str]


def play(*moves: Step, busy: BusyKind = BusyKind.INBOUND) -> Status:
    status = Status()
    for step in moves:
        move, reason = step if isinstance(step, tuple) else (step, "")
        status = advance(status, move, reason, busy)
    return status


def chosen(state: AgentState, reason: str = "") -> Status:
    return Status(Presence(state, reason))


def in_call(
    activity: Activity, presence: AgentState = A.READY, then: Presence | None = None
) -> Status:
    busy = BusyKind.INBOUND if activity in (Activity.BUSY, Activity.HOLD) else None
    return Status(Presence(presence), activity, then, busy)


TO_CALL = (Move.SIGN_IN, Move.BE_READY, Move.RESERVE, Move.ANSWER)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ((Move.SIGN_IN,), chosen(A.NOT_READY)),
        ((Move.SIGN_IN, Move.BE_READY), chosen(A.READY)),
        ((Move.SIGN_IN, Move.BE_READY, (Move.BE_NOT_READY, "lunch")), chosen(A.NOT_READY, "lunch")),
        (TO_CALL, in_call(Activity.BUSY)),
        ((*TO_CALL, Move.HOLD), in_call(Activity.HOLD)),
        ((*TO_CALL, Move.HOLD, Move.RETRIEVE), in_call(Activity.BUSY)),
        ((*TO_CALL, Move.HOLD, Move.END_CALL), in_call(Activity.WORKING_AFTER_CALL)),
        ((*TO_CALL, Move.END_CALL, Move.FINISH), chosen(A.READY)),
        (
            (*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.END_CALL, Move.FINISH),
            chosen(A.NOT_READY, "lunch"),
        ),
        (
            (*TO_CALL, Move.END_CALL, (Move.BE_NOT_READY, "break"), Move.FINISH),
            chosen(A.NOT_READY, "break"),
        ),
        (
            (*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.BE_READY, Move.END_CALL, Move.FINISH),
            chosen(A.READY),
        ),
        ((*TO_CALL, Move.END_CALL, Move.BE_READY), chosen(A.READY)),
        (
            (*TO_CALL[:3], (Move.BE_NOT_READY, "lunch"), Move.RELEASE),
            chosen(A.NOT_READY, "lunch"),
        ),
        ((*TO_CALL[:3], (Move.MISS, "no_answer")), chosen(A.NOT_READY, "no_answer")),
        ((*TO_CALL, Move.SIGN_OUT, Move.END_CALL, Move.FINISH), chosen(A.LOGGED_OFF)),
        ((*TO_CALL, Move.SIGN_OUT, Move.CLEAR), chosen(A.LOGGED_OFF)),
        ((*TO_CALL[:3], Move.SIGN_OUT, (Move.MISS, "no_answer")), chosen(A.LOGGED_OFF)),
        ((*TO_CALL, Move.END_CALL, Move.SIGN_OUT), chosen(A.LOGGED_OFF)),
        (
            (Move.SIGN_IN, Move.BE_READY, (Move.TAKE_OUT, "phone_lost")),
            chosen(A.NOT_READY, "phone_lost"),
        ),
    ],
)
def test_paths(moves: tuple[Step, ...], expected: Status) -> None:
    assert play(*moves) == expected


def test_a_wish_in_a_call_is_kept_through_it() -> None:
    status = play(*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.HOLD, Move.RETRIEVE, Move.END_CALL)
    then = Presence(A.NOT_READY, "lunch")
    assert status == in_call(Activity.WORKING_AFTER_CALL, then=then)


def test_who_dials_out_on_a_break_is_on_the_break_again_afterwards() -> None:
    on_break = (Move.SIGN_IN, (Move.BE_NOT_READY, "break"))
    dialling = play(*on_break, Move.SEIZE, busy=BusyKind.OUTBOUND)
    assert (dialling.state, dialling.reason, dialling.busy) == (A.BUSY, "", BusyKind.OUTBOUND)
    for ending in ((Move.CLEAR,), (Move.END_CALL, Move.FINISH)):
        assert play(*on_break, Move.SEIZE, *ending) == chosen(A.NOT_READY, "break")


def test_a_consultation_changes_the_kind_and_holding_keeps_it() -> None:
    status = advance(play(*TO_CALL, Move.HOLD), Move.SEIZE, busy=BusyKind.CONSULT)
    assert (status.activity, status.busy) == (Activity.BUSY, BusyKind.CONSULT)
    assert advance(status, Move.HOLD).busy is BusyKind.CONSULT
    assert advance(status, Move.END_CALL).busy is None


@pytest.mark.parametrize(
    ("moves", "refused"),
    [
        ((), Move.BE_READY),
        ((), Move.RESERVE),
        ((), Move.SEIZE),
        ((Move.SIGN_IN,), Move.RESERVE),
        ((), Move.SIGN_OUT),
        (TO_CALL, Move.RESERVE),
        (TO_CALL, Move.FINISH),
        (TO_CALL, Move.TAKE_OUT),
        ((*TO_CALL, Move.END_CALL), Move.RESERVE),
    ],
)
def test_refusals_name_state_and_wish(moves: tuple[Move, ...], refused: Move) -> None:
    status = play(*moves)
    with pytest.raises(Refused) as caught:
        advance(status, refused)
    assert caught.value.error_id == "agent.not_now"
    assert caught.value.details == {"state": status.state.value, "wish": refused.value}
    assert not allows(status, refused)


@given(st.lists(st.sampled_from(Move), max_size=60))
def test_any_walk_keeps_the_invariants(moves: list[Move]) -> None:
    status = Status()
    for move in moves:
        if not allows(status, move):
            continue
        before, status = status, advance(status, move, "some")
        idle = status.activity is Activity.IDLE
        assert not idle or status.next is None
        assert (status.reason != "") <= (status.state is A.NOT_READY)
        assert (status.busy is not None) == (status.state in (A.BUSY, A.HOLD))
        assert idle or status.presence.state is not A.LOGGED_OFF
        assert idle or status.presence == before.presence, "calls change no choice"
        assert status.state in CHOSEN if idle else status.state.value == status.activity.value
        known = before if before.state is not A.LOGGED_OFF else None
        if status.next in (None, before.next):
            assert restored(status.state, status.reason, status.busy, known) == status


def test_every_state_can_be_left_and_reached() -> None:
    assert set(ACTIVITIES.values()) == {activity for activity, _ in ACTIVITIES} == set(Activity)
    assert set(PRESENCES.values()) == {presence for presence, _ in PRESENCES} == CHOSEN
    assert {activity.value for activity in Activity if activity is not Activity.IDLE} == {
        state.value for state in A if state not in CHOSEN
    }


def test_a_move_belongs_to_one_axis() -> None:
    choices = {move for _, move in PRESENCES}
    assert choices.isdisjoint(move for _, move in ACTIVITIES)
    assert choices > LATER
    assert choices | {move for _, move in ACTIVITIES} == set(Move)


def test_the_diagram_shows_every_transition() -> None:
    text = mermaid()
    assert text.startswith("stateDiagram-v2\n")
    assert "        idle --> reserved: reserve\n" in text
    assert text.count("-->") == 2 + len(PRESENCES) + len(ACTIVITIES)
