"""The rules of a case: how a ticket begins, and what the hotline owes its customer.

Only an answer that reached the customer stops the customer's clocks; an attempt does not. The
statutory period of a complaint is lengthened in two steps (to 30 days in all where it is complex,
to 60 where it is very complex; the policy has the figures), each by whom the regulator names and
with notice to the customer, and stands still during an external appraisal alone (Measures for
Handling Consumer Complaints of Banks and Insurers, CBIRC, in force since 2020-03-01).

What is of another kind than it came as is judged by that kind from its receipt on: the clocks that
run for the old one end without blame and begin anew, and a department's own are hastened where the
new kind allows less. Nobody but a supervisor makes a complaint something else.

A message of the customer's own starts a clock of its own: the oldest that nobody answered counts,
later ones move nothing, and only an answer to the customer stops it, no note in the house. What the
house carries (e-mail, short messages) is proven by the house alone, and counts from its delivery;
what it has no carrier for is proven by who sent it. An answer that
comes back after the ticket was closed was never given: the ticket waits for it again, and all the
time since counts. A merger takes a message that nobody answered along, to the ticket that goes on;
its wait is counted there alone. The period that began first goes on there too, with all that was
added to it or left out of it; a period that was missed is counted where the matter goes on, and
stays with the ticket that was merged only where the other one is in time. How a ticket ends says
`tickets.ending_rules`.
"""

from dataclasses import replace

from cti.kernel.vocabulary import Role
from tickets.acts import (
    ABOVE,
    DEPARTMENT,
    DESK,
    FRONT,
    Action,
    Actor,
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Guard,
    Hasten,
    Pause,
    Restart,
    Resume,
    Rule,
    Start,
    Stop,
    When,
)
from tickets.model import ANSWERED, ENDED, OPEN_STATES, CaseState

HOUSE = frozenset({Actor.SYSTEM})
OUTSIDE = frozenset({Actor.SYSTEM, Actor.CUSTOMER})

_C = CaseState
_REGISTERED = frozenset({_C.REGISTERED})
_UNANSWERED = frozenset({_C.REGISTERED, _C.IN_PROGRESS, _C.RESULT_IN})
_READERS = FRONT | DEPARTMENT | ABOVE | {Role.QUALITY, Role.EXECUTIVE}
BEGUN: tuple[Effect, ...] = (
    Start(ClockKind.DISPATCH),
    Start(ClockKind.FIRST_CONTACT),
    Start(ClockKind.DECISION),
)
"""The clocks of a ticket that the hotline has to send on."""
AGAIN: tuple[Effect, ...] = (
    Cancel(ClockKind.CALL_BACK),
    Start(ClockKind.DISPATCH),
    Start(ClockKind.FIRST_CONTACT),
    Restart(ClockKind.DECISION),
)
"""What new facts begin once the customer has had an answer."""
TOLD: tuple[Effect, ...] = (
    Stop(ClockKind.FIRST_CONTACT),
    Stop(ClockKind.DECISION),
    Stop(ClockKind.APPOINTMENT),
    Stop(ClockKind.KEEP_INFORMED),
    Stop(ClockKind.ANSWER),
)
"""What an answer that reached the customer stops."""
_UNTOLD: tuple[Effect, ...] = (
    Cancel(ClockKind.CALL_BACK),
    Resume(ClockKind.FIRST_CONTACT, along=ClockKind.DECISION),
    Resume(ClockKind.KEEP_INFORMED, along=ClockKind.DECISION),
    Resume(ClockKind.ANSWER, along=ClockKind.DECISION),
    Resume(ClockKind.DECISION, along=ClockKind.DECISION),
)
_BEGUN_ANEW: tuple[Effect, ...] = (
    Cancel(ClockKind.APPOINTMENT),
    Restart(ClockKind.DECISION),
    Restart(ClockKind.FIRST_CONTACT),
    Restart(ClockKind.KEEP_INFORMED),
    Restart(ClockKind.DISPATCH),
    Hasten(),
)
"""What another kind makes of the clocks: those that run begin anew, since when they began."""


def _converting(roles: frozenset[Role], *guards: Guard) -> tuple[Rule, ...]:
    """What came as another kind than it is; the agreed time is all that an appointment waits for.

    Its own fields are asked for (`tickets.forms.converted`), and what it was stays in the history.
    """
    of_any_kind = Rule(
        action=Action.CONVERT,
        roles=roles,
        cases=_UNANSWERED,
        guards=guards,
        needs=("kind", "reason"),
        effects=_BEGUN_ANEW,
        tells=Role.DISPATCHER,
    )
    appointed = (*_BEGUN_ANEW, Start(ClockKind.APPOINTMENT))
    when = When.BECOMES_APPOINTMENT
    return replace(of_any_kind, when=when, effects=appointed), of_any_kind


REGISTERING = (
    Rule(
        action=Action.REGISTER,
        roles=FRONT,
        by=OUTSIDE,
        when=When.APPOINTMENT,
        cases=frozenset({_C.DRAFT}),
        case_to=_C.REGISTERED,
        effects=(*BEGUN, Start(ClockKind.APPOINTMENT)),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.REGISTER,
        roles=FRONT,
        by=OUTSIDE,
        cases=frozenset({_C.DRAFT}),
        case_to=_C.REGISTERED,
        effects=BEGUN,
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.AMEND,
        roles=FRONT,
        when=When.NEW_SLOT,
        cases=_UNANSWERED,
        needs=("slot",),
        effects=(Restart(ClockKind.APPOINTMENT), Hasten()),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.AMEND,
        roles=FRONT,
        when=When.ABOUT_STAFF,
        cases=OPEN_STATES,
        effects=(Hasten(),),
        tells=Role.SUPERVISOR,
    ),
    Rule(
        action=Action.AMEND,
        roles=FRONT,
        cases=OPEN_STATES,
        effects=(Hasten(),),
    ),
    *_converting(ABOVE & FRONT),
    *_converting(FRONT, Guard.NO_COMPLAINT),
    Rule(
        action=Action.ASK_VOID,
        roles=FRONT,
        cases=_REGISTERED,
        guards=(Guard.VOID_NOT_ASKED,),
        needs=("reason",),
        tells=Role.SUPERVISOR,
    ),
    Rule(
        action=Action.CONFIRM_VOID,
        roles=ABOVE,
        cases=_REGISTERED,
        case_to=_C.VOID,
        guards=(Guard.VOID_ASKED, Guard.ANOTHER_PERSON),
        may=("reason",),
        effects=(CancelAll(),),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.DECLINE_VOID,
        roles=ABOVE,
        cases=_REGISTERED,
        guards=(Guard.VOID_ASKED,),
        needs=("reason",),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.MERGE,
        roles=DESK,
        cases=OPEN_STATES,
        case_to=_C.MERGED,
        guards=(Guard.ENDED_BY_ANOTHER, Guard.FACTS_JUDGED),
        needs=("into", "reason"),
        effects=(
            Cancel(ClockKind.ANSWER, carried=True),
            Cancel(ClockKind.DECISION, carried=True),
            CancelAll(),
        ),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.ABSORB,
        by=HOUSE,
        when=When.RECEIVED_EARLIER,
        cases=OPEN_STATES,
        needs=("merged", "since"),
        may=("handlers", "unanswered", "extensions"),
        effects=(Restart(ClockKind.DECISION), Restart(ClockKind.ANSWER)),
    ),
    Rule(
        action=Action.ABSORB,
        by=HOUSE,
        cases=OPEN_STATES,
        needs=("merged",),
        may=("handlers", "unanswered"),
        effects=(Restart(ClockKind.ANSWER),),
    ),
)

WATCHING = (
    Rule(
        action=Action.SUPERVISE,
        roles=ABOVE | {Role.EXECUTIVE},
        cases=_UNANSWERED,
        guards=(Guard.NOT_SUPERVISED,),
        needs=("text",),
        effects=(Start(ClockKind.SUPERVISION),),
        tells=Role.HEAD,
    ),
    Rule(
        action=Action.END_SUPERVISION,
        roles=ABOVE | {Role.EXECUTIVE},
        cases=OPEN_STATES,
        guards=(Guard.SUPERVISED,),
        needs=("reason",),
        effects=(Stop(ClockKind.SUPERVISION),),
    ),
    Rule(
        action=Action.ESCALATE,
        roles=ABOVE,
        cases=_UNANSWERED,
        guards=(Guard.LEVEL_LEFT,),
        needs=("reason",),
    ),
    Rule(
        action=Action.EXTEND_DECISION,
        roles=ABOVE,
        when=When.FIRST_EXTENSION,
        cases=_UNANSWERED,
        guards=(Guard.COMPLAINT, Guard.DECISION_NOT_DUE),
        needs=("reason", "notice"),
        effects=(Extend(ClockKind.DECISION),),
    ),
    Rule(
        action=Action.EXTEND_DECISION,
        roles=frozenset({Role.EXECUTIVE}),
        when=When.SECOND_EXTENSION,
        cases=_UNANSWERED,
        guards=(Guard.COMPLAINT, Guard.DECISION_NOT_DUE),
        needs=("reason", "notice"),
        effects=(Extend(ClockKind.DECISION),),
    ),
    Rule(
        action=Action.APPRAISE,
        roles=ABOVE,
        cases=_UNANSWERED,
        guards=(Guard.COMPLAINT, Guard.NOT_APPRAISED, Guard.DECISION_NOT_DUE),
        needs=("reason", "notice"),
        effects=(Pause(ClockKind.DECISION, ground="appraisal"),),
    ),
    Rule(
        action=Action.END_APPRAISAL,
        roles=ABOVE,
        cases=_UNANSWERED,
        guards=(Guard.APPRAISED,),
        needs=("text",),
        effects=(Continue(ClockKind.DECISION),),
        tells=Role.DISPATCHER,
    ),
)

TELLING = (
    Rule(
        action=Action.INFORM,
        roles=FRONT,
        by=HOUSE,
        cases=_UNANSWERED,
        guards=(Guard.PROVEN_BY_HOUSE,),
        needs=("channel", "text"),
        may=("proof", "written"),
        effects=(
            Stop(ClockKind.FIRST_CONTACT),
            Stop(ClockKind.ANSWER),
            Stop(ClockKind.KEEP_INFORMED),
            Start(ClockKind.KEEP_INFORMED),
        ),
    ),
    Rule(
        action=Action.INFORM,
        roles=FRONT,
        by=HOUSE,
        cases=ANSWERED,
        guards=(Guard.PROVEN_BY_HOUSE,),
        needs=("channel", "text"),
        may=("proof", "written"),
        effects=(Stop(ClockKind.ANSWER),),
    ),
    Rule(
        action=Action.ATTEMPT_INFORM,
        roles=FRONT,
        by=HOUSE,
        cases=OPEN_STATES,
        needs=("channel", "text"),
    ),
    Rule(
        action=Action.NOTE,
        roles=_READERS,
        by=HOUSE,
        cases=OPEN_STATES | ENDED,
        needs=("text",),
    ),
    Rule(
        action=Action.ATTACH,
        roles=FRONT,
        by=OUTSIDE,
        cases=OPEN_STATES | ENDED,
        needs=("call",),
    ),
    Rule(
        action=Action.DETACH,
        roles=FRONT,
        cases=OPEN_STATES | ENDED,
        needs=("call", "reason"),
    ),
    Rule(
        action=Action.ATTACH_FILE,
        roles=_READERS,
        by=OUTSIDE,
        cases=OPEN_STATES | ENDED,
        needs=("file", "media_type", "size", "digest"),
        may=("text",),
    ),
    Rule(
        action=Action.KEEP_EMAIL,
        roles=FRONT,
        cases=OPEN_STATES | ENDED,
        guards=(Guard.CUSTOMER_KNOWN,),
        needs=("told_in",),
    ),
    Rule(
        action=Action.CONTACT,
        roles=FRONT,
        by=OUTSIDE,
        when=When.TO_ANSWER,
        cases=OPEN_STATES,
        needs=("channel", "text"),
        may=("since",),
        effects=(Start(ClockKind.ANSWER),),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.CONTACT,
        roles=FRONT,
        by=OUTSIDE,
        cases=OPEN_STATES | ENDED,
        needs=("channel", "text"),
        tells=Role.AGENT,
    ),
    Rule(
        action=Action.ATTEMPT_REPLY,
        roles=FRONT,
        by=HOUSE,
        cases=frozenset({_C.RESULT_IN}),
        guards=(Guard.FACTS_JUDGED,),
        needs=("channel", "text"),
        handles=True,
    ),
    Rule(
        action=Action.REPLY,
        roles=FRONT,
        by=HOUSE,
        when=When.CALL_BACK_WANTED,
        cases=frozenset({_C.RESULT_IN}),
        guards=(Guard.FACTS_JUDGED, Guard.PROVEN_BY_HOUSE),
        case_to=_C.CALLBACK,
        needs=("channel", "text", "proof"),
        may=("written",),
        effects=(*TOLD, Start(ClockKind.CALL_BACK)),
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.REPLY,
        roles=FRONT,
        by=HOUSE,
        cases=frozenset({_C.RESULT_IN}),
        guards=(Guard.FACTS_JUDGED, Guard.PROVEN_BY_HOUSE),
        case_to=_C.REPLIED,
        needs=("channel", "text", "proof"),
        may=("written",),
        effects=TOLD,
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.UNDELIVERED,
        roles=FRONT,
        by=HOUSE,
        cases=ANSWERED,
        case_to=_C.RESULT_IN,
        needs=("text",),
        effects=_UNTOLD,
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.UNDELIVERED,
        by=HOUSE,
        cases=frozenset({_C.CLOSED}),
        case_to=_C.RESULT_IN,
        needs=("text",),
        effects=_UNTOLD,
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.ADOPT,
        roles=DESK | ABOVE,
        cases=OPEN_STATES | {_C.CLOSED},
        guards=(Guard.SUGGESTION, Guard.NOT_ADOPTED),
        needs=("text",),
        tells=Role.AGENT,
        handles=True,
    ),
)

FOLLOWING = (
    Rule(
        action=Action.FOLLOW_UP,
        roles=FRONT,
        by=OUTSIDE,
        cases=_UNANSWERED,
        guards=(Guard.NO_LEAD, Guard.NO_FACTS_PENDING),
        needs=("text",),
        may=("new_facts",),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.CONFIRM_FACTS,
        roles=ABOVE,
        cases=ANSWERED,
        case_to=_C.IN_PROGRESS,
        guards=(Guard.NO_LEAD, Guard.FACTS_PENDING),
        needs=("reason",),
        effects=AGAIN,
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.CONFIRM_FACTS,
        roles=ABOVE,
        cases=frozenset({_C.RESULT_IN}),
        case_to=_C.IN_PROGRESS,
        guards=(Guard.NO_LEAD, Guard.FACTS_PENDING),
        needs=("reason",),
        effects=(Restart(ClockKind.DECISION), Start(ClockKind.DISPATCH)),
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.CONFIRM_FACTS,
        roles=ABOVE,
        cases=frozenset({_C.REGISTERED, _C.IN_PROGRESS}),
        guards=(Guard.NO_LEAD, Guard.FACTS_PENDING),
        needs=("reason",),
        effects=(Restart(ClockKind.DECISION),),
        tells=Role.DISPATCHER,
        handles=True,
    ),
    Rule(
        action=Action.REJECT_FACTS,
        roles=ABOVE,
        cases=_UNANSWERED | ANSWERED,
        guards=(Guard.NO_LEAD, Guard.FACTS_PENDING),
        needs=("reason",),
        tells=Role.AGENT,
        handles=True,
    ),
)

RULES = (*REGISTERING, *WATCHING, *TELLING, *FOLLOWING)
