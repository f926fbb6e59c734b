"""Where an agent stands, as two tables: what they chose to be, and what calls do to them.

*Presence* is the agent's choice: logged off, not ready for a reason, ready. *Activity* is what
calls make of them: idle, reserved for a call that is offered, busy, holding, working after a
call. Neither changes the other: who takes a break and dials out is busy, and then on their break
again. The one word for both is `Status.state`, a state of CSTA (ECMA-269, 6.1.4.2) with Busy
refined by `RESERVED` and `HOLD`; journal, wall and lists use it.

What an agent wishes while a call occupies them is not refused and does not act at once: it is
their *next* presence (CSTA PendingAgentState), taken when the call, or its after-call work, is
over. `mermaid()` draws the diagram of the documentation from the same tables.

This module decides and does nothing: `agents.standing` publishes what follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from agents.errors import not_now
from agents.events import AgentState, BusyKind

LOGGED_OFF, NOT_READY, READY = AgentState.LOGGED_OFF, AgentState.NOT_READY, AgentState.READY
RESERVED, BUSY, HOLD = AgentState.RESERVED, AgentState.BUSY, AgentState.HOLD
WORKING_AFTER_CALL = AgentState.WORKING_AFTER_CALL

CHOSEN = frozenset({LOGGED_OFF, NOT_READY, READY})
"""What an agent can choose to be."""

STAFFED = frozenset({READY, RESERVED, BUSY, HOLD, WORKING_AFTER_CALL})
"""States of an agent who serves callers now or soon: whom an expected wait may count on."""


class Activity(Enum):
    """What calls do to an agent."""

    IDLE = "idle"
    RESERVED = "reserved"
    BUSY = "busy"
    HOLD = "hold"
    WORKING_AFTER_CALL = "working_after_call"


IN_A_CALL = frozenset({Activity.BUSY, Activity.HOLD})
OCCUPIED = IN_A_CALL | {Activity.RESERVED}


class Move(Enum):
    """What the agent, their telephone or the queue does to the agent's state."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    BE_READY = "be_ready"
    BE_NOT_READY = "be_not_ready"
    TAKE_OUT = "take_out"
    """The house makes a ready agent not ready: their telephone is lost, their desk silent."""
    RESERVE = "reserve"
    """A call is offered."""
    RELEASE = "release"
    """The offer ended and the agent may have the next one: the caller left."""
    MISS = "miss"
    """The offer ended because the agent or their telephone did not take it."""
    ANSWER = "answer"
    SEIZE = "seize"
    """Another call than an offered one occupies the agent: dialled, consulted, from a colleague."""
    HOLD = "hold"
    RETRIEVE = "retrieve"
    END_CALL = "end_call"
    """The last call is over, and there is work to do after it."""
    CLEAR = "clear"
    """The last call is over, and nothing is left to do."""
    FINISH = "finish"
    """After-call work is done."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What an agent chose to be: `READY`, `NOT_READY` for a reason, or `LOGGED_OFF`."""

    state: AgentState
    reason: str = ""


OFF = Presence(LOGGED_OFF)


@dataclass(frozen=True, slots=True)
class Status:
    """Where an agent stands, and what they chose to be afterwards; `busy` while in a call."""

    presence: Presence = OFF
    activity: Activity = Activity.IDLE
    next: Presence | None = None
    busy: BusyKind | None = None

    @property
    def state(self) -> AgentState:
        """Both axes in one word."""
        if self.activity is Activity.IDLE:
            return self.presence.state
        return AgentState(self.activity.value)

    @property
    def comes_back(self) -> bool:
        """Whether the agent takes calls, or will once what they do now is over."""
        return (self.next or self.presence).state is READY

    @property
    def reason(self) -> str:
        """Why the agent is not ready; empty in every other state."""
        return self.presence.reason if self.state is NOT_READY else ""


PRESENCES: Mapping[tuple[AgentState, Move], AgentState] = {
    (LOGGED_OFF, Move.SIGN_IN): NOT_READY,
    (NOT_READY, Move.SIGN_OUT): LOGGED_OFF,
    (NOT_READY, Move.BE_READY): READY,
    (NOT_READY, Move.BE_NOT_READY): NOT_READY,
    (READY, Move.SIGN_OUT): LOGGED_OFF,
    (READY, Move.BE_READY): READY,
    (READY, Move.BE_NOT_READY): NOT_READY,
    (READY, Move.TAKE_OUT): NOT_READY,
}
"""Choices: they act at once on who is idle, and else say what comes next (`LATER`)."""

ACTIVITIES: Mapping[tuple[Activity, Move], Activity] = {
    (Activity.IDLE, Move.RESERVE): Activity.RESERVED,
    (Activity.IDLE, Move.SEIZE): Activity.BUSY,
    (Activity.RESERVED, Move.RELEASE): Activity.IDLE,
    (Activity.RESERVED, Move.MISS): Activity.IDLE,
    (Activity.RESERVED, Move.ANSWER): Activity.BUSY,
    (Activity.BUSY, Move.SEIZE): Activity.BUSY,
    (Activity.BUSY, Move.HOLD): Activity.HOLD,
    (Activity.BUSY, Move.END_CALL): Activity.WORKING_AFTER_CALL,
    (Activity.BUSY, Move.CLEAR): Activity.IDLE,
    (Activity.HOLD, Move.SEIZE): Activity.BUSY,
    (Activity.HOLD, Move.RETRIEVE): Activity.BUSY,
    (Activity.HOLD, Move.END_CALL): Activity.WORKING_AFTER_CALL,
    (Activity.HOLD, Move.CLEAR): Activity.IDLE,
    (Activity.WORKING_AFTER_CALL, Move.SEIZE): Activity.BUSY,
    (Activity.WORKING_AFTER_CALL, Move.FINISH): Activity.IDLE,
}
"""What calls do to whoever is signed in; only who is ready can be reserved."""

ENDING_WORK = frozenset({Move.BE_READY, Move.SIGN_OUT})
"""Choices that end after-call work, in place of waiting for its end."""

LATER = frozenset({Move.BE_READY, Move.BE_NOT_READY, Move.SIGN_OUT})
"""Choices that wait until the call, or its after-call work, is over."""


def allows(status: Status, move: Move) -> bool:
    """Whether `advance` would accept the move."""
    if (status.presence.state, move) in PRESENCES:
        return status.activity is Activity.IDLE or move in LATER
    if (status.activity, move) not in ACTIVITIES:
        return False
    return status.presence.state is READY or (move is not Move.RESERVE and status.presence != OFF)


def advance(
    status: Status, move: Move, reason: str = "", busy: BusyKind | None = BusyKind.INBOUND
) -> Status:
    """The status after the move; Refused (``agent.not_now``) when the tables have no such move.

    `reason` is kept where the move leads to `NOT_READY`, now or later; `busy` says what kind of
    call is answered or seized.
    """
    if not allows(status, move):
        raise not_now(status.state, move.value)
    if (chosen := PRESENCES.get((status.presence.state, move))) is not None:
        return _choose(status, move, Presence(chosen, reason if chosen is NOT_READY else ""))
    activity = ACTIVITIES[status.activity, move]
    if activity is Activity.IDLE:
        return Status(_after(status, move, reason))
    kept = status.busy if move in (Move.HOLD, Move.RETRIEVE) else busy
    return replace(status, activity=activity, busy=kept if activity in IN_A_CALL else None)


def restored(
    state: AgentState, reason: str, busy: BusyKind | None, before: Status | None = None
) -> Status:
    """The status that the one word means, after `before`."""
    if state in CHOSEN:
        return Status(Presence(state, reason))
    known = before is not None and before.presence != OFF
    chosen = before.presence if before is not None and known else Presence(READY)
    return Status(chosen, Activity(state.value), before.next if before else None, busy)


def mermaid() -> str:
    """Both tables as one Mermaid state diagram of two regions."""
    lines = ["stateDiagram-v2", "    state Presence {", f"        [*] --> {LOGGED_OFF.value}"]
    lines += [
        f"        {state.value} --> {target.value}: {move.value}"
        for (state, move), target in PRESENCES.items()
    ]
    lines += ["    }", "    state Activity {", f"        [*] --> {Activity.IDLE.value}"]
    lines += [
        f"        {activity.value} --> {target.value}: {move.value}"
        for (activity, move), target in ACTIVITIES.items()
    ]
    return "\n".join([*lines, "    }"]) + "\n"


def _choose(status: Status, move: Move, chosen: Presence) -> Status:
    over = status.activity is Activity.WORKING_AFTER_CALL and move in ENDING_WORK
    if status.activity is Activity.IDLE or over:
        return Status(chosen)
    return replace(status, next=chosen)


def _after(status: Status, move: Move, reason: str) -> Presence:
    """What the agent is when calls let go of them."""
    if move is Move.MISS and status.next != OFF:
        return Presence(NOT_READY, reason)
    return status.next or status.presence
