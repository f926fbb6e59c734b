"""What can be done to a ticket, what that does to its clocks, and the shape of a rule.

`tickets.workflow` fills in the rules. A rule is a line of a table: one action may have several,
told apart by who does it, from which state, and by `When`. `Guard` says what else must hold; its
value is the refusal a person reads (``ticket.<value>``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import CUSTOMER, SYSTEM, Case, CaseState, Dispatch, DispatchState


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
    ATTEMPT_INFORM = "attempt_inform"
    NOTE = "note"
    ATTACH = "attach_call"
    DETACH = "detach_call"
    ATTACH_FILE = "attach_file"
    ATTEMPT_REPLY = "attempt_reply"
    REPLY = "reply"
    UNDELIVERED = "undelivered"
    AGREE_CALL_BACK = "agree_call_back"
    RESUME_CALL_BACK = "resume_call_back"
    CALL_BACK = "call_back"
    RATE = "rate"
    CONTACT = "contact"
    AMEND = "amend"
    CONVERT = "convert"
    KEEP_EMAIL = "keep_email"
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
    ANSWER = "answer"
    """The customer's own message was answered; runs from the oldest one that was not."""
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
    """A clock ends because nothing is waited for any more: nobody's merit, nobody's fault.

    One that was late is missed all the same, unless it is `carried`: then the wait goes on in a
    clock of another ticket, and that one alone tells in the end whether it was missed; but for a
    period that is missed here and not there.
    """

    clock: ClockKind
    dispatch: int | None = None
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """A stopped clock goes on; the time it stood does not count.

    With `along` it goes on only where it stopped together with that clock, and all the time counts:
    what had stopped them never happened.
    """

    clock: ClockKind
    dispatch: int | None = None
    along: ClockKind | None = None


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
    """A running clock gets more time: so much in its own calendar, or until that instant.

    A statutory one grows to the next period that the policy names, and no other. With `since` the
    time is granted for what came in then: where the clock has run out by now, another one begins
    there. The one that ran out is missed only if it had before that came.
    """

    clock: ClockKind
    dispatch: int | None = None
    by: timedelta | None = None
    to: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """A clock begins anew, as of `since` where given; the run until now is kept.

    As cancelled, or as missed where it was late; but one that begins no later than the run until
    now takes its whole wait over, and with it whether it was missed.
    """

    clock: ClockKind
    dispatch: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Every running clock of the case ends."""


@dataclass(frozen=True, slots=True)
class Hasten:
    """The ticket is more urgent now: running clocks have from here on no more than its limits.

    Clocks of the law, of an agreed time, that are missed, or that were extended stay as they are.
    """


Effect = Start | Stop | Cancel | Resume | Pause | Continue | Extend | Restart | CancelAll | Hasten


class Actor(Enum):
    """Who acts without being staff."""

    SYSTEM = "system"
    CUSTOMER = "customer"


class When(Enum):
    """What tells the lines of one action apart, beside states and roles."""

    APPOINTMENT = "the matter is an appointment"
    TO_ANSWER = "nobody heard it in a call"
    CALL_BACK_WANTED = "a call-back is wanted"
    EXTENSION_WRITTEN = "more time is asked for, and waits for the head"
    PETITION_WRITTEN = "the petition waits for the head"
    EXTENSION_SIGNED = "more time is asked for"
    SUSPENSION_SIGNED = "suspension is asked for"
    FIRST_EXTENSION = "not extended yet"
    SECOND_EXTENSION = "extended once"
    CONTENT = "reached, told, solved and satisfied"
    DISCONTENT = "reached and not content, nothing was dispatched"
    DISCONTENT_WITH_RESULT = "reached and not content"
    LAST_TRY = "not reached, as on enough half-days before"
    NOT_REACHED = "not reached"
    MORE_TIME = "the department gets more time"
    NEW_SLOT = "another slot is agreed"
    BECOMES_APPOINTMENT = "it becomes an appointment"
    ABOUT_STAFF = "a colleague is complained of"
    RECEIVED_EARLIER = "the other was received earlier"
    DISSATISFIED = "rated badly, or not solved as the customer says"


class Guard(Enum):
    """What must hold besides state and role; the value ends the refusal's ``error_id``."""

    NOT_REFUSED_BEFORE = "refusal_binding"
    IN_REFUSAL_WINDOW = "refusal_too_late"
    SECOND_REFUSAL_ABOVE = "second_refusal"
    NO_OPEN_URGE = "urge_open"
    URGED = "not_urged"
    NO_PETITION = "petition_open"
    RESULT_NOT_DUE = "result_due_already"
    DECISION_NOT_DUE = "decision_due_already"
    COMPLAINT = "complaints_only"
    NO_COMPLAINT = "complaint_stays"
    SUGGESTION = "suggestions_only"
    NOT_ADOPTED = "adopted_already"
    CUSTOMER_KNOWN = "customer_unknown"
    NOTHING_UNANSWERED = "customer_unanswered"
    PROVEN_BY_HOUSE = "proof_by_house"
    FACTS_PENDING = "no_new_facts"
    FACTS_JUDGED = "facts_not_judged"
    NO_LEAD = "dispatch_leads"
    NO_FACTS_PENDING = "new_facts_pending"
    NOT_SUPERVISED = "supervised_already"
    SUPERVISED = "not_supervised"
    LEVEL_LEFT = "highest_level"
    NOT_APPRAISED = "appraised_already"
    APPRAISED = "not_appraised"
    NOT_HANDLER = "handled_by_you"
    ENDED_BY_ANOTHER = "ended_by_another"
    CALL_BACK_AGREED = "call_back_not_agreed"
    DISPATCHES_FINAL = "dispatch_open"
    REOPENED_IN_TIME = "reopen_too_late"
    VOID_NOT_ASKED = "void_asked"
    VOID_ASKED = "void_not_asked"
    ANOTHER_PERSON = "two_persons"
    NOT_PETITIONER = "petitioned_by_you"
    ANOTHER_DEPARTMENT = "own_department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the workflow; with `dispatches` it is about one dispatch in those states.

    `case_to` and `effects` of a rule about a dispatch named ``lead_`` hold for the lead only.
    """

    action: Action
    cases: frozenset[CaseState]
    roles: frozenset[Role] = frozenset()
    by: frozenset[Actor] = frozenset()
    """Who may do it besides staff in those roles."""
    when: When | None = None
    guards: tuple[Guard, ...] = ()
    case_to: CaseState | None = None
    dispatches: frozenset[DispatchState] = frozenset()
    dispatch_to: DispatchState | None = None
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    """An order's `Extend` lasts until the instant granted, a `Restart` counts from the receipt it
    is about, a `Pause` has the ground stated; all are filled in as the act is done.
    """
    lead_case_to: CaseState | None = None
    lead_effects: tuple[Effect, ...] = ()
    tells: Role | None = None
    handles: bool = False
    """Whoever does it has acted on the matter in substance: found out, judged, ruled or answered.

    They neither ask the customer whether it helped nor end a complaint on their own word, also
    after it was opened again. Writing down, dispatching, urging and telling news is not of that
    kind.
    """
    answers: bool = False
    """The department has answered an urge by it."""

    @property
    def about_dispatch(self) -> bool:
        """Whether the rule acts on one dispatch."""
        return bool(self.dispatches)

    def fits(self, case: Case, order: Dispatch | None) -> bool:
        """Whether it is about this dispatch, or about the case where None, in their states."""
        if case.state not in self.cases or (order is not None) is not self.about_dispatch:
            return False
        return order is None or order.state in self.dispatches

    def open_to(self, by: Principal) -> bool:
        """Whether the person has a role for it, or acts for the house or as the customer."""
        return bool(by.roles & self.roles) or actor_of(by) in self.by


def actor_of(by: Principal) -> Actor | None:
    """Whether it is the house itself or the customer; None for staff."""
    if by == SYSTEM:
        return Actor.SYSTEM
    return Actor.CUSTOMER if by == CUSTOMER else None


FRONT = frozenset({Role.AGENT, Role.SUPERVISOR, Role.DISPATCHER})
DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
ABOVE = frozenset({Role.SUPERVISOR, Role.PROTECTION})
"""Who decides above the dispatcher: shift leaders and consumer protection."""
OFFICER = frozenset({Role.OFFICER})
HEAD = frozenset({Role.HEAD})
DEPARTMENT = OFFICER | HEAD
DEPARTMENT_CLOCKS = frozenset(
    {ClockKind.ACCEPT, ClockKind.RESULT, ClockKind.REVIEW, ClockKind.URGE_ANSWER}
)
"""Clocks that belong to one dispatch."""
