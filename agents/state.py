"""The life of an agent as one table: state and move give the next state, or a refusal.

States are those of CSTA (ECMA-269, 6.1.4.2) with Busy refined by `RESERVED` and `HOLD`. What an
agent wishes while a call occupies them is not refused and does not act at once: it is kept as
the *pending* state (CSTA PendingAgentState) and taken when the call, or its after-call work, is
over. `mermaid()` draws the diagram of the documentation from the same table.

This module decides and does nothing: `agents.session` publishes what follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from agents.errors import not_now
from agents.events import AgentState

LOGGED_OFF, NOT_READY, READY = AgentState.LOGGED_OFF, AgentState.NOT_READY, AgentState.READY
RESERVED, BUSY, HOLD = AgentState.RESERVED, AgentState.BUSY, AgentState.HOLD
WORKING_AFTER_CALL = AgentState.WORKING_AFTER_CALL

STAFFED = frozenset({READY, RESERVED, BUSY, HOLD, WORKING_AFTER_CALL})
"""States of an agent who serves callers now or soon: whom an expected wait may count on."""


class Move(Enum):
    """What the agent, their telephone or the queue does to the agent's state."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    BE_READY = "be_ready"
    BE_NOT_READY = "be_not_ready"
    RESERVE = "reserve"
    """A call is offered."""
    RELEASE = "release"
    """The offer ended through no doing of the agent: the caller left."""
    MISS = "miss"
    """The offer ended because the agent or their telephone did not take it."""
    ANSWER = "answer"
    HOLD = "hold"
    RETRIEVE = "retrieve"
    END_CALL = "end_call"
    FINISH = "finish"
    """After-call work is done."""
    LOSE_PHONE = "lose_phone"


@dataclass(frozen=True, slots=True)
class Presence:
    """What an agent chose to be: `READY`, `NOT_READY` for a reason, or `LOGGED_OFF`."""

    state: AgentState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Where an agent stands, and what they chose to be afterwards."""

    state: AgentState = LOGGED_OFF
    reason: str = ""
    pending: Presence | None = None


TRANSITIONS: Mapping[tuple[AgentState, Move], AgentState] = {
    (LOGGED_OFF, Move.SIGN_IN): NOT_READY,
    (NOT_READY, Move.SIGN_OUT): LOGGED_OFF,
    (NOT_READY, Move.BE_READY): READY,
    (NOT_READY, Move.BE_NOT_READY): NOT_READY,
    (READY, Move.SIGN_OUT): LOGGED_OFF,
    (READY, Move.BE_READY): READY,
    (READY, Move.BE_NOT_READY): NOT_READY,
    (READY, Move.LOSE_PHONE): NOT_READY,
    (READY, Move.RESERVE): RESERVED,
    (RESERVED, Move.ANSWER): BUSY,
    (RESERVED, Move.MISS): NOT_READY,
    (BUSY, Move.HOLD): HOLD,
    (BUSY, Move.END_CALL): WORKING_AFTER_CALL,
    (HOLD, Move.RETRIEVE): BUSY,
    (HOLD, Move.END_CALL): WORKING_AFTER_CALL,
    (WORKING_AFTER_CALL, Move.BE_READY): READY,
    (WORKING_AFTER_CALL, Move.SIGN_OUT): LOGGED_OFF,
}
"""Moves that act at once."""

PENDING: Mapping[tuple[AgentState, Move], AgentState] = {
    (state, wish): chosen
    for state in (RESERVED, BUSY, HOLD)
    for wish, chosen in (
        (Move.BE_READY, READY),
        (Move.BE_NOT_READY, NOT_READY),
        (Move.SIGN_OUT, LOGGED_OFF),
    )
} | {(WORKING_AFTER_CALL, Move.BE_NOT_READY): NOT_READY}
"""Wishes that wait until the call, or its after-call work, is over."""

RELEASES = frozenset({(RESERVED, Move.RELEASE), (WORKING_AFTER_CALL, Move.FINISH)})
"""Moves to whatever is pending, `READY` when nothing is."""


def allows(status: Status, move: Move) -> bool:
    """Whether `advance` would accept the move."""
    key = (status.state, move)
    return key in TRANSITIONS or key in PENDING or key in RELEASES


def advance(status: Status, move: Move, reason: str = "") -> Status:
    """The status after the move; Refused (``agent.not_now``) when the table has no such move.

    `reason` is kept where the move leads to `NOT_READY`, now or later.
    """
    key = (status.state, move)
    if key in RELEASES:
        after = status.pending or Presence(READY)
        return Status(after.state, after.reason)
    if key in PENDING:
        return replace(status, pending=_presence(PENDING[key], reason))
    if key not in TRANSITIONS:
        raise not_now(status.state, move.value)
    state = TRANSITIONS[key]
    if move is Move.MISS and status.pending == Presence(LOGGED_OFF):
        return Status(LOGGED_OFF)  # whoever was leaving has left
    keeps_wish = state not in (LOGGED_OFF, NOT_READY, READY)
    return Status(
        state,
        reason if state is NOT_READY else "",
        status.pending if keeps_wish else None,
    )


def mermaid() -> str:
    """The table as a Mermaid state diagram; dashed wishes stand in notes."""
    lines = ["stateDiagram-v2", f"    [*] --> {LOGGED_OFF.value}"]
    lines += [
        f"    {state.value} --> {target.value}: {move.value}"
        for (state, move), target in TRANSITIONS.items()
    ]
    for state, move in sorted(RELEASES, key=lambda pair: pair[0].value):
        lines += [
            f"    {state.value} --> {READY.value}: {move.value}",
            f"    {state.value} --> {NOT_READY.value}: {move.value} (if chosen before)",
            f"    {state.value} --> {LOGGED_OFF.value}: {move.value} (if chosen before)",
        ]
    return "\n".join(lines) + "\n"


def _presence(state: AgentState, reason: str) -> Presence:
    return Presence(state, reason if state is NOT_READY else "")
