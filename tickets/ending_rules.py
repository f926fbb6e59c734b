"""The rules of a case's end: who asks whether an answer helped, and who may let a ticket go.

Nobody closes what they handled unseen: an answer given on the telephone is sampled for a call-back
as any other is, whoever handled a matter asks nobody whether it helped, and a complaint that they
handled is neither withdrawn nor merged by them. Who rates an answer badly is called back.
"""

from cti.kernel.vocabulary import Role
from tickets.acts import (
    ABOVE,
    DESK,
    FRONT,
    Action,
    Actor,
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Guard,
    Pause,
    Rule,
    Start,
    Stop,
    When,
)
from tickets.case_rules import BEGUN, HOUSE, OUTSIDE, TOLD
from tickets.model import ANSWERED, OPEN_STATES, CaseState

_C = CaseState
_VERIFIED: tuple[Effect, ...] = (
    Stop(ClockKind.CALL_BACK),
    Stop(ClockKind.ANSWER),
    CancelAll(),
)
_AGAIN: tuple[Effect, ...] = (
    Stop(ClockKind.CALL_BACK),
    Stop(ClockKind.ANSWER),
    Start(ClockKind.FIRST_CONTACT),
    Start(ClockKind.DECISION),
)

AGREEING = (
    Rule(
        action=Action.AGREE_CALL_BACK,
        roles=FRONT,
        by=HOUSE,
        cases=frozenset({_C.CALLBACK}),
        needs=("until",),
        may=("text",),
        effects=(Pause(ClockKind.CALL_BACK, ground="appointment"),),
    ),
    Rule(
        action=Action.RESUME_CALL_BACK,
        by=HOUSE,
        cases=frozenset({_C.CALLBACK}),
        guards=(Guard.CALL_BACK_AGREED,),
        effects=(Continue(ClockKind.CALL_BACK),),
        tells=Role.DISPATCHER,
    ),
)

VERIFYING = tuple(
    Rule(
        action=Action.CALL_BACK,
        roles=FRONT,
        when=when,
        cases=frozenset({_C.CALLBACK}),
        case_to=state,
        guards=(Guard.NOT_HANDLER, Guard.FACTS_JUDGED),
        needs=("reached",),
        may=("told", "solved", "satisfied", "text"),
        effects=effects,
        tells=tells,
    )
    for when, state, effects, tells in (
        (When.CONTENT, _C.CLOSED, _VERIFIED, None),
        (
            When.DISCONTENT_WITH_RESULT,
            _C.IN_PROGRESS,
            (*_AGAIN, Start(ClockKind.RESULT)),
            Role.OFFICER,
        ),
        (
            When.DISCONTENT,
            _C.IN_PROGRESS,
            (*_AGAIN, Start(ClockKind.DISPATCH)),
            Role.DISPATCHER,
        ),
        (When.LAST_TRY, _C.CLOSED, _VERIFIED, None),
        (When.NOT_REACHED, _C.CALLBACK, (Continue(ClockKind.CALL_BACK),), None),
    )
)

ENDING = (
    Rule(
        action=Action.SOLVE,
        roles=FRONT,
        when=When.CALL_BACK_WANTED,
        cases=frozenset({_C.REGISTERED, _C.IN_PROGRESS}),
        case_to=_C.CALLBACK,
        guards=(Guard.DISPATCHES_FINAL, Guard.FACTS_JUDGED),
        needs=("text",),
        may=("cause",),
        effects=(Stop(ClockKind.DISPATCH), *TOLD, Start(ClockKind.CALL_BACK)),
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.SOLVE,
        roles=FRONT,
        cases=frozenset({_C.REGISTERED, _C.IN_PROGRESS}),
        case_to=_C.CLOSED,
        guards=(Guard.DISPATCHES_FINAL, Guard.FACTS_JUDGED),
        needs=("text",),
        may=("cause",),
        effects=(Stop(ClockKind.DISPATCH), *TOLD, CancelAll()),
        handles=True,
    ),
    Rule(
        action=Action.CLOSE,
        roles=DESK,
        cases=frozenset({_C.REPLIED}),
        case_to=_C.CLOSED,
        guards=(Guard.DISPATCHES_FINAL, Guard.FACTS_JUDGED, Guard.NOTHING_UNANSWERED),
        may=("text", "cause"),
        effects=(CancelAll(),),
    ),
    Rule(
        action=Action.REOPEN,
        roles=ABOVE,
        cases=ANSWERED | {_C.CLOSED},
        case_to=_C.IN_PROGRESS,
        needs=("reason",),
        effects=(Cancel(ClockKind.CALL_BACK), *BEGUN),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.REOPEN,
        roles=FRONT,
        cases=ANSWERED | {_C.CLOSED},
        case_to=_C.IN_PROGRESS,
        guards=(Guard.REOPENED_IN_TIME,),
        needs=("reason",),
        effects=(Cancel(ClockKind.CALL_BACK), *BEGUN),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.WITHDRAW,
        roles=FRONT,
        by=frozenset({Actor.CUSTOMER}),
        when=When.APPOINTMENT,
        cases=OPEN_STATES,
        case_to=_C.WITHDRAWN,
        needs=("reason", "proof"),
        effects=(CancelAll(),),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.WITHDRAW,
        roles=FRONT,
        cases=OPEN_STATES,
        case_to=_C.WITHDRAWN,
        guards=(Guard.ENDED_BY_ANOTHER,),
        needs=("reason", "proof"),
        effects=(CancelAll(),),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.RATE,
        by=OUTSIDE,
        when=When.DISSATISFIED,
        cases=frozenset({_C.REPLIED}),
        case_to=_C.CALLBACK,
        needs=("score",),
        may=("solved", "text"),
        effects=(Start(ClockKind.CALL_BACK),),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.RATE,
        by=OUTSIDE,
        when=When.DISSATISFIED,
        cases=frozenset({_C.CALLBACK, _C.CLOSED}),
        needs=("score",),
        may=("solved", "text"),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.RATE,
        by=OUTSIDE,
        cases=ANSWERED | {_C.CLOSED},
        needs=("score",),
        may=("solved", "text"),
    ),
)

RULES = (*AGREEING, *VERIFYING, *ENDING)
