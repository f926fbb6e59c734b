import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import AgentState
from agents.state import (
    PENDING,
    RELEASES,
    TRANSITIONS,
    Move,
    Presence,
    Status,
    advance,
    allows,
    mermaid,
)
from cti.kernel.errors import Refused

A = AgentState


def play(*moves: Move | tuple[Move, str]) -> Status:
    status = Status()
    for step in moves:
        move, reason = step if isinstance(step, tuple) else (step, "")
        status = advance(status, move, reason)
    return status


TO_CALL = (Move.SIGN_IN, Move.BE_READY, Move.RESERVE, Move.ANSWER)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ((Move.SIGN_IN,), Status(A.NOT_READY)),
        ((Move.SIGN_IN, Move.BE_READY), Status(A.READY)),
        ((Move.SIGN_IN, Move.BE_READY, (Move.BE_NOT_READY, "lunch")), Status(A.NOT_READY, "lunch")),
        (TO_CALL, Status(A.BUSY)),
        ((*TO_CALL, Move.HOLD), Status(A.HOLD)),
        ((*TO_CALL, Move.HOLD, Move.RETRIEVE), Status(A.BUSY)),
        ((*TO_CALL, Move.HOLD, Move.END_CALL), Status(A.WORKING_AFTER_CALL)),
        ((*TO_CALL, Move.END_CALL, Move.FINISH), Status(A.READY)),
        (
            (*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.END_CALL, Move.FINISH),
            Status(A.NOT_READY, "lunch"),
        ),
        (
            (*TO_CALL, Move.END_CALL, (Move.BE_NOT_READY, "break"), Move.FINISH),
            Status(A.NOT_READY, "break"),
        ),
        (
            (*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.BE_READY, Move.END_CALL, Move.FINISH),
            Status(A.READY),
        ),
        ((*TO_CALL, Move.END_CALL, Move.BE_READY), Status(A.READY)),
        (
            (*TO_CALL[:3], (Move.BE_NOT_READY, "lunch"), Move.RELEASE),
            Status(A.NOT_READY, "lunch"),
        ),
        ((*TO_CALL[:3], (Move.MISS, "no_answer")), Status(A.NOT_READY, "no_answer")),
        ((*TO_CALL, Move.SIGN_OUT, Move.END_CALL, Move.FINISH), Status(A.LOGGED_OFF)),
        ((*TO_CALL[:3], Move.SIGN_OUT, (Move.MISS, "no_answer")), Status(A.LOGGED_OFF)),
        ((*TO_CALL, Move.END_CALL, Move.SIGN_OUT), Status(A.LOGGED_OFF)),
        (
            (Move.SIGN_IN, Move.BE_READY, (Move.LOSE_PHONE, "phone_lost")),
            Status(A.NOT_READY, "phone_lost"),
        ),
    ],
)
def test_paths(moves: tuple[Move, ...], expected: Status) -> None:
    assert play(*moves) == expected


def test_a_wish_in_a_call_is_kept_through_it() -> None:
    status = play(*TO_CALL, (Move.BE_NOT_READY, "lunch"), Move.HOLD, Move.RETRIEVE, Move.END_CALL)
    assert status == Status(A.WORKING_AFTER_CALL, "", Presence(A.NOT_READY, "lunch"))


@pytest.mark.parametrize(
    ("moves", "refused"),
    [
        ((), Move.BE_READY),
        ((), Move.RESERVE),
        ((Move.SIGN_IN,), Move.RESERVE),
        ((), Move.SIGN_OUT),
        (TO_CALL, Move.RESERVE),
        (TO_CALL, Move.FINISH),
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
        status = advance(status, move, "some")
        in_call = status.state in (A.RESERVED, A.BUSY, A.HOLD, A.WORKING_AFTER_CALL)
        assert in_call or status.pending is None
        assert (status.reason != "") <= (status.state is A.NOT_READY)


def test_every_state_can_be_left_and_reached() -> None:
    reached = set(TRANSITIONS.values()) | {A.READY}
    left = {state for state, _ in TRANSITIONS} | {state for state, _ in RELEASES}
    assert reached | {A.LOGGED_OFF} == set(A)
    assert left == set(A)


def test_a_move_acts_in_one_way_only() -> None:
    assert not set(TRANSITIONS) & set(PENDING)
    assert not set(TRANSITIONS) & RELEASES
    assert not set(PENDING) & RELEASES


def test_the_diagram_shows_every_transition() -> None:
    text = mermaid()
    assert text.startswith("stateDiagram-v2\n")
    assert "    ready --> reserved: reserve\n" in text
    assert text.count("-->") == 1 + len(TRANSITIONS) + 3 * len(RELEASES)
