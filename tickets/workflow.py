"""The life of a ticket: who may do what in which state, and which clocks that moves.

The table `RULES` is the whole workflow; everything else reads it. A rule belongs to the case
(the customer's side) or, where it names dispatch states, to one dispatch (a department's side)::

    case      draft -> registered -> in_progress -> result_in -> replied -> closed
    dispatch  sent -> accepted -> result -> approved
                         ^---------- rework <-'

Three things are meant and easily undone:

- The department's clock for its result starts when the order is **sent**, not when it is
  accepted: else an order nobody accepts costs nobody any time.
- Handing an order back (退单) does not stop that clock while the dispatcher thinks about it; an
  overruled refusal binds, and the case's second refusal is decided by a supervisor.
- Only an answer that reached the customer stops the customer's clocks; an attempt does not.

`tickets.decide` applies the table to a case; `tickets.diagram` prints it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cti.kernel.vocabulary import Role
from tickets.model import ENDED, OPEN_STATES, CaseState, DispatchState


class Action(Enum):
    """What can be done to a ticket."""

    REGISTER = "register"
    SOLVE = "solve"
    DISPATCH = "dispatch"
    REDIRECT = "redirect"
    RECALL = "recall"
    ACCEPT = "accept"
    AUTO_ACCEPT = "auto_accept"
    ASK_REFUSAL = "ask_refusal"
    SIGN_REFUSAL = "sign_refusal"
    GRANT_REFUSAL = "grant_refusal"
    OVERRULE_REFUSAL = "overrule_refusal"
    PROGRESS = "progress"
    RETURN = "return_result"
    SIGN_RESULT = "sign_result"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    REWORK = "rework"
    FOLLOW_UP = "follow_up"
    CONFIRM_FACTS = "confirm_facts"
    REJECT_FACTS = "reject_facts"
    URGE = "urge"
    ANSWER_URGE = "answer_urge"
    SUPERVISE = "supervise"
    END_SUPERVISION = "end_supervision"
    ESCALATE = "escalate"
    ASK_EXTENSION = "ask_extension"
    ASK_SUSPENSION = "ask_suspension"
    SIGN_PETITION = "sign_petition"
    GRANT_PETITION = "grant_petition"
    DECLINE_PETITION = "decline_petition"
    RESUME = "resume"
    EXTEND_DECISION = "extend_decision"
    APPRAISE = "appraise"
    END_APPRAISAL = "end_appraisal"
    INFORM = "inform"
    NOTE = "note"
    ATTACH = "attach_call"
    ATTACH_FILE = "attach_file"
    ATTEMPT_REPLY = "attempt_reply"
    REPLY = "reply"
    CALL_BACK = "call_back"
    RATE = "rate"
    CONTACT = "contact"
    AMEND = "amend"
    ADOPT = "adopt"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    ABSORB = "absorb"
    ASK_VOID = "ask_void"
    CONFIRM_VOID = "confirm_void"
    DECLINE_VOID = "decline_void"


class ClockKind(Enum):
    """The clocks of a ticket."""

    DISPATCH = "dispatch"
    """T1: a department has the order."""
    ACCEPT = "accept"
    """T2: the department accepted it."""
    RESULT = "result"
    """T3: the department returned a result; runs from sending."""
    REVIEW = "review"
    """T4: the result was approved or sent back."""
    FIRST_CONTACT = "first_contact"
    """T5: the customer heard from us."""
    DECISION = "decision"
    """T7: the decision was told to the customer; statutory for complaints."""
    KEEP_INFORMED = "keep_informed"
    """T6: the customer heard from us again."""
    CALL_BACK = "call_back"
    """T8: the customer was asked whether the answer helped."""
    URGE_ANSWER = "urge_answer"
    """T9: the department answered an urge."""
    SUPERVISION = "supervision"
    """What a supervisor ordered was done."""
    APPOINTMENT = "appointment"
    """Everything is prepared when the slot agreed begins."""


@dataclass(frozen=True, slots=True)
class Start:
    """A clock begins; `dispatch` is None for the case's own clocks."""

    clock: ClockKind
    dispatch: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A clock ends because what it waited for was done."""

    clock: ClockKind
    dispatch: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """A clock ends because nothing is waited for any more: nobody's merit, nobody's fault."""

    clock: ClockKind
    dispatch: int | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """A stopped clock goes on; the time it stood does not count."""

    clock: ClockKind
    dispatch: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A running clock stands still on a stated ground, until `Continue`."""

    clock: ClockKind
    dispatch: int | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Continue:
    """A clock that stands still on any ground runs on; what it stood does not count."""

    clock: ClockKind
    dispatch: int | None = None


@dataclass(frozen=True, slots=True)
class Extend:
    """A running clock gets more time: so much in its own calendar, or until that instant."""

    clock: ClockKind
    dispatch: int | None = None
    by: timedelta | None = None
    to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """A clock begins anew, as of `since` where given; the run until now is kept as cancelled."""

    clock: ClockKind
    dispatch: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Every running clock of the case ends."""


Effect = Start | Stop | Cancel | Resume | Pause | Continue | Extend | Restart | CancelAll


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the workflow; with `dispatches` it is about one dispatch in those states.

    `case_to` and `effects` of a rule about a dispatch named ``lead_`` hold for the lead only.
    """

    action: Action
    roles: frozenset[Role]
    cases: frozenset[CaseState]
    case_to: CaseState | None = None
    dispatches: frozenset[DispatchState] = frozenset()
    dispatch_to: DispatchState | None = None
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    lead_case_to: CaseState | None = None
    lead_effects: tuple[Effect, ...] = ()
    tells: Role | None = None

    @property
    def about_dispatch(self) -> bool:
        """Whether the rule acts on one dispatch."""
        return bool(self.dispatches)


FRONT = frozenset({Role.AGENT, Role.SUPERVISOR, Role.DISPATCHER})
DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
DEPARTMENT = frozenset({Role.OFFICER, Role.HEAD})
LEAD_AT_WORK = CaseState.IN_PROGRESS
"""The only state in which a lead is not yet final."""
DEPARTMENT_CLOCKS = frozenset({ClockKind.ACCEPT, ClockKind.RESULT, ClockKind.REVIEW})

_D = DispatchState
_UNDER_WAY = frozenset({CaseState.IN_PROGRESS, CaseState.RESULT_IN, CaseState.REPLIED})
_CUSTOMER_CLOCKS = (Stop(ClockKind.FIRST_CONTACT), Stop(ClockKind.DECISION))

RULES: tuple[Rule, ...] = (
    Rule(
        action=Action.REGISTER,
        roles=FRONT,
        cases=frozenset({CaseState.DRAFT}),
        case_to=CaseState.REGISTERED,
        effects=(
            Start(ClockKind.DISPATCH),
            Start(ClockKind.FIRST_CONTACT),
            Start(ClockKind.DECISION),
        ),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.SOLVE,
        roles=FRONT,
        cases=frozenset({CaseState.REGISTERED, CaseState.IN_PROGRESS}),
        case_to=CaseState.CLOSED,
        needs=("text",),
        effects=(Stop(ClockKind.DISPATCH), *_CUSTOMER_CLOCKS),
    ),
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
        action=Action.ACCEPT,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.REWORK}),
        dispatch_to=_D.ACCEPTED,
        effects=(Stop(ClockKind.ACCEPT),),
    ),
    Rule(
        action=Action.ASK_REFUSAL,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED}),
        dispatch_to=_D.REFUSAL_ASKED,
        needs=("reason",),
        may=("proposed",),
        effects=(Stop(ClockKind.ACCEPT),),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.GRANT_REFUSAL,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.REFUSAL_ASKED}),
        dispatch_to=_D.REFUSED,
        needs=("reason",),
        effects=(Cancel(ClockKind.RESULT),),
        lead_effects=(Start(ClockKind.DISPATCH),),
    ),
    Rule(
        action=Action.OVERRULE_REFUSAL,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.REFUSAL_ASKED}),
        dispatch_to=_D.ACCEPTED,
        needs=("reason",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.PROGRESS,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.ACCEPTED, _D.REWORK, _D.REFUSAL_ASKED}),
        needs=("text",),
    ),
    Rule(
        action=Action.RETURN,
        roles=DEPARTMENT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.ACCEPTED}),
        dispatch_to=_D.RESULT,
        needs=("finding", "proposed_reply"),
        may=("cause",),
        effects=(Stop(ClockKind.RESULT), Start(ClockKind.REVIEW)),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.APPROVE,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.RESULT}),
        dispatch_to=_D.APPROVED,
        effects=(Stop(ClockKind.REVIEW),),
        lead_case_to=CaseState.RESULT_IN,
        tells=Role.AGENT,
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
    Rule(
        action=Action.RECALL,
        roles=DESK,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED, _D.REWORK}),
        dispatch_to=_D.RECALLED,
        needs=("reason",),
        effects=(Cancel(ClockKind.ACCEPT), Cancel(ClockKind.RESULT)),
        lead_effects=(Start(ClockKind.DISPATCH),),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.URGE,
        roles=FRONT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED, _D.REWORK}),
        may=("text",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.FOLLOW_UP,
        roles=FRONT,
        cases=_UNDER_WAY,
        dispatches=frozenset({_D.SENT, _D.ACCEPTED, _D.REWORK, _D.RESULT, _D.REFUSAL_ASKED}),
        needs=("text",),
        tells=Role.OFFICER,
    ),
    Rule(
        action=Action.INFORM,
        roles=FRONT,
        cases=frozenset({CaseState.REGISTERED, CaseState.IN_PROGRESS, CaseState.RESULT_IN}),
        needs=("channel", "text"),
        effects=(Stop(ClockKind.FIRST_CONTACT),),
    ),
    Rule(
        action=Action.NOTE,
        roles=FRONT | DEPARTMENT | {Role.QUALITY},
        cases=OPEN_STATES | ENDED,
        needs=("text",),
    ),
    Rule(
        action=Action.ATTACH,
        roles=FRONT,
        cases=OPEN_STATES | ENDED,
        needs=("call",),
    ),
    Rule(
        action=Action.ATTEMPT_REPLY,
        roles=FRONT,
        cases=frozenset({CaseState.RESULT_IN}),
        needs=("channel", "text"),
    ),
    Rule(
        action=Action.REPLY,
        roles=FRONT,
        cases=frozenset({CaseState.RESULT_IN}),
        case_to=CaseState.REPLIED,
        needs=("channel", "text"),
        effects=_CUSTOMER_CLOCKS,
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.CLOSE,
        roles=DESK,
        cases=frozenset({CaseState.REPLIED}),
        case_to=CaseState.CLOSED,
        may=("text",),
        effects=(CancelAll(),),
    ),
    Rule(
        action=Action.REOPEN,
        roles=FRONT,
        cases=frozenset({CaseState.REPLIED, CaseState.CLOSED}),
        case_to=CaseState.IN_PROGRESS,
        needs=("reason",),
        effects=(
            Start(ClockKind.DISPATCH),
            Start(ClockKind.FIRST_CONTACT),
            Start(ClockKind.DECISION),
        ),
        tells=Role.DISPATCHER,
    ),
    Rule(
        action=Action.WITHDRAW,
        roles=FRONT,
        cases=OPEN_STATES,
        case_to=CaseState.WITHDRAWN,
        needs=("reason",),
        effects=(CancelAll(),),
    ),
)

RULE_OF = {rule.action: rule for rule in RULES}
