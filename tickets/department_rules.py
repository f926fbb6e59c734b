"""The rules of a dispatch: what desk and department do to each other's orders.

Three things are meant and easily undone:

- The department's clock for its result starts when the order is **sent**, not when it is
  accepted: else an order nobody accepts costs nobody any time. Nor does it stop while the
  dispatcher thinks about a refusal or the head about a signature.
- What a department tells the desk is written by its officer and signed by its head; a head who
  writes it signs it in the same act.
- An overruled refusal binds, and the case's second refusal is decided above the dispatcher.
"""

from cti.kernel.vocabulary import Role
from tickets.acts import (
    ABOVE,
    DEPARTMENT,
    DESK,
    FRONT,
    HEAD,
    OFFICER,
    Action,
    Actor,
    Cancel,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Guard,
    Pause,
    Restart,
    Resume,
    Rule,
    Start,
    Stop,
    When,
)
from tickets.model import CaseState, DispatchState

_D = DispatchState
_UNDER_WAY = frozenset(
    {CaseState.IN_PROGRESS, CaseState.RESULT_IN, CaseState.REPLIED, CaseState.CALLBACK}
)
_WITH_DEPARTMENT = frozenset(
    {_D.SENT, _D.ACCEPTED, _D.REWORK, _D.RESULT_WRITTEN, _D.REFUSAL_WRITTEN}
)
_AT_WORK = frozenset({_D.ACCEPTED, _D.REWORK})
_RECALLABLE = _WITH_DEPARTMENT | {_D.SUSPENDED}
_LEFT = (
    Cancel(ClockKind.ACCEPT),
    Cancel(ClockKind.RESULT),
    Cancel(ClockKind.URGE_ANSWER),
)
_GOES_ON = Continue(ClockKind.KEEP_INFORMED)
"""Nobody owes news to a customer who is waited for, as long as they are."""
_ANSWERED = Stop(ClockKind.URGE_ANSWER)
_RESULT_RETURNED: tuple[Effect, ...] = (Stop(ClockKind.RESULT), Start(ClockKind.REVIEW), _ANSWERED)


SENDING = (
    Rule(
        action=Action.DISPATCH,
        roles=DESK,
        cases=frozenset({CaseState.REGISTERED, CaseState.IN_PROGRESS, CaseState.RESULT_IN}),
        needs=("department", "text"),
        may=("assist",),
        effects=(Start(ClockKind.ACCEPT), Start(ClockKind.RESULT)),
        lead_case_to=CaseState.IN_PROGRESS,
        lead_effects=(Stop(ClockKind.DISPATCH),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.REDIRECT,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE,
        dispatch_to=_D.RECALLED,
        needs=("department", "reason", "text"),
        effects=_LEFT,
        lead_effects=(_GOES_ON,),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.RECALL,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE,
        dispatch_to=_D.RECALLED,
        needs=("reason",),
        effects=_LEFT,
        lead_effects=(_GOES_ON, Start(ClockKind.DISPATCH)),
        tells=Role.OFFICER,
    ),
)

WORKING = (
    Rule(
        action=Action.ACCEPT,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.REWORK}),
        dispatch_to=_D.ACCEPTED,
        effects=(Stop(ClockKind.ACCEPT),),
        handles=True,
    ),
    Rule(
        action=Action.AUTO_ACCEPT,
        by=frozenset({Actor.SYSTEM}),
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT}),
        dispatch_to=_D.ACCEPTED,
        effects=(Stop(ClockKind.ACCEPT),),
        tells=Role.HEAD,
    ),
    Rule(
        action=Action.PROGRESS,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK | {_D.REFUSAL_ASKED, _D.SUSPENDED},
        needs=("text",),
        effects=(_ANSWERED,),
        handles=True,
        answers=True,
    ),
    Rule(
        action=Action.RETURN,
        roles=HEAD,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.ACCEPTED}),
        dispatch_to=_D.RESULT,
        needs=("finding", "proposed_reply"),
        may=("cause",),
        effects=_RESULT_RETURNED,
        tells=Role.DISPATCHER,
        handles=True,
        answers=True,
    ),
    Rule(
        action=Action.RETURN,
        roles=OFFICER,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.ACCEPTED}),
        dispatch_to=_D.RESULT_WRITTEN,
        needs=("finding", "proposed_reply"),
        may=("cause",),
        tells=Role.HEAD,
        handles=True,
    ),
    Rule(
        action=Action.SIGN_RESULT,
        roles=HEAD,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.RESULT_WRITTEN}),
        dispatch_to=_D.RESULT,
        effects=_RESULT_RETURNED,
        tells=Role.DISPATCHER,
        handles=True,
        answers=True,
    ),
    Rule(
        action=Action.SEND_BACK,
        roles=HEAD,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.RESULT_WRITTEN, _D.REFUSAL_WRITTEN}),
        dispatch_to=_D.ACCEPTED,
        needs=("missing",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.APPROVE,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.RESULT}),
        dispatch_to=_D.APPROVED,
        may=("cause",),
        effects=(Stop(ClockKind.REVIEW),),
        lead_case_to=CaseState.RESULT_IN,
        lead_effects=(Stop(ClockKind.APPOINTMENT),),
        tells=Role.AGENT,
        handles=True,
    ),
    Rule(
        action=Action.REWORK,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.RESULT}),
        dispatch_to=_D.REWORK,
        needs=("missing",),
        effects=(Stop(ClockKind.REVIEW), Resume(ClockKind.RESULT)),
        tells=Role.OFFICER,
    ),
)

REFUSING = (
    Rule(
        action=Action.ASK_REFUSAL,
        roles=HEAD,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED}),
        dispatch_to=_D.REFUSAL_ASKED,
        guards=(Guard.NOT_REFUSED_BEFORE, Guard.IN_REFUSAL_WINDOW),
        needs=("reason",),
        may=("proposed",),
        effects=(Stop(ClockKind.ACCEPT), _ANSWERED),
        tells=Role.DISPATCHER,
        answers=True,
    ),
    Rule(
        action=Action.ASK_REFUSAL,
        roles=OFFICER,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED}),
        dispatch_to=_D.REFUSAL_WRITTEN,
        guards=(Guard.NOT_REFUSED_BEFORE, Guard.IN_REFUSAL_WINDOW),
        needs=("reason",),
        may=("proposed",),
        effects=(Stop(ClockKind.ACCEPT),),
        tells=Role.HEAD,
    ),
    Rule(
        action=Action.SIGN_REFUSAL,
        roles=HEAD,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.REFUSAL_WRITTEN}),
        dispatch_to=_D.REFUSAL_ASKED,
        guards=(Guard.IN_REFUSAL_WINDOW,),
        effects=(_ANSWERED,),
        tells=Role.DISPATCHER,
        answers=True,
    ),
    Rule(
        action=Action.GRANT_REFUSAL,
        roles=DESK | ABOVE,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.REFUSAL_ASKED}),
        dispatch_to=_D.REFUSED,
        guards=(Guard.SECOND_REFUSAL_ABOVE,),
        needs=("reason",),
        effects=(Cancel(ClockKind.RESULT), Cancel(ClockKind.URGE_ANSWER)),
        lead_effects=(Start(ClockKind.DISPATCH),),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.OVERRULE_REFUSAL,
        roles=DESK | ABOVE,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.REFUSAL_ASKED}),
        dispatch_to=_D.ACCEPTED,
        guards=(Guard.SECOND_REFUSAL_ABOVE,),
        needs=("reason",),
        tells=Role.OFFICER,
    ),
)

PRESSING = (
    Rule(
        action=Action.FOLLOW_UP,
        roles=FRONT,
        by=frozenset({Actor.SYSTEM, Actor.CUSTOMER}),
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE | {_D.RESULT, _D.REFUSAL_ASKED},
        guards=(Guard.NO_FACTS_PENDING,),
        needs=("text",),
        may=("new_facts",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.CONFIRM_FACTS,
        roles=ABOVE,
        when=When.MORE_TIME,
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE | {_D.RESULT, _D.REFUSAL_ASKED},
        guards=(Guard.FACTS_PENDING,),
        needs=("reason", "until"),
        effects=(Restart(ClockKind.DECISION), Extend(ClockKind.RESULT)),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.CONFIRM_FACTS,
        roles=ABOVE,
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE | {_D.RESULT, _D.REFUSAL_ASKED},
        guards=(Guard.FACTS_PENDING,),
        needs=("reason",),
        may=("until",),
        effects=(Restart(ClockKind.DECISION),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.REJECT_FACTS,
        roles=ABOVE,
        cases=_UNDER_WAY,
        dispatches=_RECALLABLE | {_D.RESULT, _D.REFUSAL_ASKED},
        guards=(Guard.FACTS_PENDING,),
        needs=("reason",),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.URGE,
        roles=FRONT,
        by=frozenset({Actor.SYSTEM, Actor.CUSTOMER}),
        cases=_UNDER_WAY,
        dispatches=_WITH_DEPARTMENT,
        guards=(Guard.NO_OPEN_URGE,),
        may=("text",),
        effects=(Start(ClockKind.URGE_ANSWER),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.ANSWER_URGE,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=_WITH_DEPARTMENT | {_D.REFUSAL_ASKED, _D.SUSPENDED},
        guards=(Guard.URGED,),
        needs=("text",),
        effects=(_ANSWERED,),
        tells=Role.AGENT,
        handles=True,
        answers=True,
    ),
)

PETITIONING = (
    Rule(
        action=Action.ASK_EXTENSION,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        guards=(Guard.NO_PETITION, Guard.RESULT_NOT_DUE),
        needs=("reason", "until"),
        tells=Role.HEAD,
    ),
    Rule(
        action=Action.ASK_SUSPENSION,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        guards=(Guard.NO_PETITION,),
        needs=("ground", "reason", "until"),
        tells=Role.HEAD,
    ),
    Rule(
        action=Action.SIGN_PETITION,
        roles=HEAD,
        when=When.PETITION_WRITTEN,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.GRANT_PETITION,
        roles=ABOVE,
        when=When.EXTENSION_SIGNED,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        guards=(Guard.RESULT_NOT_DUE, Guard.NOT_PETITIONER),
        needs=("reason",),
        effects=(Extend(ClockKind.RESULT),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.GRANT_PETITION,
        roles=DESK,
        when=When.SUSPENSION_SIGNED,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        dispatch_to=_D.SUSPENDED,
        guards=(Guard.NOT_PETITIONER,),
        needs=("reason",),
        effects=(Pause(ClockKind.RESULT),),
        lead_effects=(Pause(ClockKind.KEEP_INFORMED),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.DECLINE_PETITION,
        roles=HEAD,
        when=When.PETITION_WRITTEN,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        needs=("reason",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.DECLINE_PETITION,
        roles=ABOVE,
        when=When.EXTENSION_SIGNED,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        needs=("reason",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.DECLINE_PETITION,
        roles=DESK,
        when=When.SUSPENSION_SIGNED,
        cases=_UNDER_WAY,
        dispatches=_AT_WORK,
        needs=("reason",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.RESUME,
        roles=DEPARTMENT | FRONT,
        by=frozenset({Actor.SYSTEM}),
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SUSPENDED}),
        dispatch_to=_D.ACCEPTED,
        may=("text",),
        effects=(Continue(ClockKind.RESULT),),
        lead_effects=(_GOES_ON,),
        tells=Role.OFFICER,
    ),
)

RULES = (*SENDING, *WORKING, *REFUSING, *PRESSING, *PETITIONING)
