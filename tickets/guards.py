"""What a rule asks beside role and state, as questions about one situation.

A question that needs what the act's form says is answered *perhaps*, which is yes, while nobody
has filled it in: so a page offers the act, and the form decides.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.acts import ABOVE, ClockKind, Guard, Rule, When, actor_of
from tickets.forms import CHINA
from tickets.model import (
    SYSTEM,
    Case,
    Dispatch,
    DispatchState,
    PetitionKind,
    ReplyChannel,
    TicketKind,
)

YES, NO = "yes", "no"
CONTENT = ("told", "solved", "satisfied")
HALF_DAYS = 3
"""Half-days on which a customer was called in vain before the ticket is closed all the same."""
NOON = 12
HIGHEST_LEVEL = 4
"""Handler, department head, supervisor, consumer protection, vice-president: four steps up."""
REFUSALS_BEFORE_ABOVE = 1
REOPEN_WITHIN = timedelta(days=30)
AGREED_WITHIN = timedelta(days=15)
BAD_RATING = 2
CARRIED = frozenset({ReplyChannel.EMAIL})
"""What a house carries that does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What an act is judged by besides the case: the bank's numbers, and instants worked out."""

    zone: ZoneInfo = CHINA
    """Where half-days and moments without an offset are."""
    call_back_wanted: bool = True
    reopen_within: timedelta = REOPEN_WITHIN
    agreed_within: timedelta = AGREED_WITHIN
    """How long after the answer a call-back may be agreed for."""
    answered: datetime | None = None
    """When the answer was given that the customer is to be asked about."""
    bad_rating: int = BAD_RATING
    """The best score, of 1 to 5, that is a bad one."""
    refuse_by: Mapping[int, datetime] = field(default_factory=dict)
    """Until when each dispatch may be handed back, by its serial."""
    dues: Mapping[tuple[ClockKind, int | None], datetime] = field(default_factory=dict)
    """When each running clock is due, by its kind and dispatch."""
    since: Mapping[ClockKind, datetime] = field(default_factory=dict)
    """Since when each of the case's own clocks runs that does run."""
    unanswered: datetime | None = None
    """Since when the customer waits for an answer to a message of their own."""
    halted: Collection[tuple[ClockKind, int | None]] = ()
    """Those of them that stand still, which are due later than they say."""
    target: Case | None = None
    """The ticket that this one is to be merged into."""
    carried: frozenset[ReplyChannel] = CARRIED
    """The ways by which the house itself reaches customers, and proves it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Who wants to do something to which dispatch, when; no `fields` before the form is sent."""

    case: Case
    order: Dispatch | None
    by: Principal
    at: datetime
    premises: Premises
    fields: Mapping[str, str] | None = None

    def says(self, name: str) -> bool:
        """Whether the form says yes there."""
        return self.fields is not None and self.fields.get(name) == YES

    def gives(self, name: str) -> bool:
        """Whether the form has something there."""
        return self.fields is not None and bool(self.fields.get(name, "").strip())

    def due(self, kind: ClockKind, serial: int | None = None) -> datetime | None:
        """When that clock is due; None where it does not run."""
        return self.premises.dues.get((kind, serial))


def applies(rule: Rule, situation: Situation) -> bool:
    """Whether this line of its action is the one meant."""
    return rule.when is None or _WHEN[rule.when](situation)


def failing(rule: Rule, situation: Situation) -> Guard | None:
    """The first guard that says no."""
    return next((each for each in rule.guards if not _GUARDS[each](situation)), None)


def half_days(situation: Situation) -> int:
    """On how many half-days the customer was called in vain, this one included."""
    local = [each.astimezone(situation.premises.zone) for each in situation.case.tries]
    local.append(situation.at.astimezone(situation.premises.zone))
    return len({(each.date(), each.hour >= NOON) for each in local})


def _petition(situation: Situation, kind: PetitionKind | None, *, signed: bool) -> bool:
    petition = situation.order.petition if situation.order else None
    if petition is None:
        return False
    return (petition.signed_by is not None) == signed and kind in (None, petition.kind)


def _not_due(situation: Situation, kind: ClockKind, serial: int | None = None) -> bool:
    due = situation.due(kind, serial)
    return due is None or situation.at < due or (kind, serial) in situation.premises.halted


def _new_slot(situation: Situation) -> bool:
    """Whether another slot is given than the one agreed until now."""
    draft = situation.case.draft
    agreed = (situation.fields or {}).get("slot", "").strip()
    other = agreed not in ("", draft.details.get("slot"))
    return other and draft.kind is TicketKind.APPOINTMENT


def _becomes_appointment(situation: Situation) -> bool:
    kind = (situation.fields or {}).get("kind", "").strip()
    return kind == TicketKind.APPOINTMENT.value


def _about_staff(situation: Situation) -> bool:
    """Whether the complaint is about another colleague than was known until now."""
    draft = situation.case.draft
    told = (situation.fields or {}).get("about_staff", "").strip()
    return told not in ("", draft.about_staff) and draft.kind is TicketKind.COMPLAINT


def _facts(situation: Situation) -> datetime | None:
    order = situation.order
    return situation.case.facts if order is None else order.facts


def _not_petitioner(situation: Situation) -> bool:
    """Nobody grants what they asked for or signed themselves, in whatever role."""
    petition = situation.order.petition if situation.order else None
    return petition is None or situation.by.staff_id not in (petition.by, petition.signed_by)


def _discontent(situation: Situation) -> bool:
    return situation.says("reached") and not all(situation.says(each) for each in CONTENT)


def _not_reached(situation: Situation) -> bool:
    return situation.fields is not None and not situation.says("reached")


def second_refusal(case: Case, order: Dispatch) -> bool:
    """Whether the refusal that is asked for is to be ruled on above the dispatcher."""
    asked = sum(each.refusals for each in case.dispatches)
    return order.state is DispatchState.REFUSAL_ASKED and asked > REFUSALS_BEFORE_ABOVE


def _second_refusal_above(situation: Situation) -> bool:
    order = situation.order
    above = order is not None and second_refusal(situation.case, order)
    return not above or bool(situation.by.roles & ABOVE)


def _in_refusal_window(situation: Situation) -> bool:
    if situation.order is None:
        return True
    last = situation.premises.refuse_by.get(situation.order.serial)
    return last is None or situation.at <= last


def _judged(situation: Situation) -> bool:
    """Whether no new facts of the whole matter wait to be judged; what was sent was sent."""
    case = situation.case
    pending = case.facts is not None or any(each.facts for each in case.dispatches)
    return not pending or situation.by == SYSTEM


def _ended_by_another(situation: Situation) -> bool:
    case = situation.case
    complaint = case.draft.kind is TicketKind.COMPLAINT
    return not complaint or situation.by.staff_id not in case.handlers


def _dissatisfied(situation: Situation) -> bool:
    score = (situation.fields or {}).get("score", "").strip()
    bad = score.isdecimal() and int(score) <= situation.premises.bad_rating
    return bad or (situation.fields or {}).get("solved") == NO


def _reopened_in_time(situation: Situation) -> bool:
    ended = situation.case.ended
    return ended is None or situation.at - ended <= situation.premises.reopen_within


def _to_answer(situation: Situation) -> bool:
    """Whether a message waits for an answer: what a colleague heard in a call was answered there.

    A message that the house itself took, by whatever way, nobody heard.
    """
    heard = (situation.fields or {}).get("channel") == ReplyChannel.CALL.value
    return situation.gives("channel") and not (heard and actor_of(situation.by) is None)


def _proven_by_house(situation: Situation) -> bool:
    """Whether nobody vouches for what the house carries: what its carrier said is the only proof.

    Where it has no carrier (the bank's letters leave elsewhere) a person says how it went.
    """
    channel = (situation.fields or {}).get("channel")
    carried = any(channel == each.value for each in situation.premises.carried)
    return not carried or actor_of(situation.by) is not None


Question = Callable[[Situation], bool]

_WHEN: Mapping[When, Question] = {
    When.APPOINTMENT: lambda s: s.case.draft.kind is TicketKind.APPOINTMENT,
    When.TO_ANSWER: _to_answer,
    When.CALL_BACK_WANTED: lambda s: s.premises.call_back_wanted,
    When.EXTENSION_WRITTEN: lambda s: _petition(s, PetitionKind.EXTENSION, signed=False),
    When.PETITION_WRITTEN: lambda s: _petition(s, None, signed=False),
    When.EXTENSION_SIGNED: lambda s: _petition(s, PetitionKind.EXTENSION, signed=True),
    When.SUSPENSION_SIGNED: lambda s: _petition(s, PetitionKind.SUSPENSION, signed=True),
    When.FIRST_EXTENSION: lambda s: s.case.extensions == 0,
    When.SECOND_EXTENSION: lambda s: s.case.extensions == 1,
    When.CONTENT: lambda s: s.fields is None or (s.says("reached") and not _discontent(s)),
    When.DISCONTENT_WITH_RESULT: lambda s: _discontent(s) and s.case.last_lead is not None,
    When.DISCONTENT: _discontent,
    When.LAST_TRY: lambda s: (
        _not_reached(s) and half_days(s) >= HALF_DAYS and s.premises.unanswered is None
    ),
    When.NOT_REACHED: _not_reached,
    When.MORE_TIME: lambda s: s.gives("until"),
    When.NEW_SLOT: _new_slot,
    When.BECOMES_APPOINTMENT: _becomes_appointment,
    When.ABOUT_STAFF: _about_staff,
    When.RECEIVED_EARLIER: lambda s: s.gives("since"),
    When.DISSATISFIED: _dissatisfied,
}

_GUARDS: Mapping[Guard, Question] = {
    Guard.NOT_REFUSED_BEFORE: lambda s: s.order is None or not s.order.refusals,
    Guard.IN_REFUSAL_WINDOW: _in_refusal_window,
    Guard.SECOND_REFUSAL_ABOVE: _second_refusal_above,
    Guard.NO_OPEN_URGE: lambda s: s.order is None or not s.order.urge_open,
    Guard.URGED: lambda s: s.order is not None and s.order.urge_open,
    Guard.NO_PETITION: lambda s: s.order is None or s.order.petition is None,
    Guard.RESULT_NOT_DUE: lambda s: (
        s.order is None or _not_due(s, ClockKind.RESULT, s.order.serial)
    ),
    Guard.DECISION_NOT_DUE: lambda s: _not_due(s, ClockKind.DECISION),
    Guard.COMPLAINT: lambda s: s.case.draft.kind is TicketKind.COMPLAINT,
    Guard.NO_COMPLAINT: lambda s: s.case.draft.kind is not TicketKind.COMPLAINT,
    Guard.SUGGESTION: lambda s: s.case.draft.kind is TicketKind.SUGGESTION,
    Guard.NOT_ADOPTED: lambda s: not s.case.adopted,
    Guard.CUSTOMER_KNOWN: lambda s: s.case.draft.requester.customer_id is not None,
    Guard.NOTHING_UNANSWERED: lambda s: s.premises.unanswered is None,
    Guard.PROVEN_BY_HOUSE: _proven_by_house,
    Guard.FACTS_PENDING: lambda s: _facts(s) is not None,
    Guard.NO_FACTS_PENDING: lambda s: _facts(s) is None,
    Guard.FACTS_JUDGED: _judged,
    Guard.NO_LEAD: lambda s: s.case.lead is None,
    Guard.NOT_SUPERVISED: lambda s: not s.case.supervised,
    Guard.SUPERVISED: lambda s: s.case.supervised,
    Guard.LEVEL_LEFT: lambda s: s.case.level < HIGHEST_LEVEL,
    Guard.NOT_APPRAISED: lambda s: not s.case.appraised,
    Guard.APPRAISED: lambda s: s.case.appraised,
    Guard.CALL_BACK_AGREED: lambda s: s.case.call_back_at is not None,
    Guard.NOT_HANDLER: lambda s: s.by.staff_id not in s.case.handlers,
    Guard.ENDED_BY_ANOTHER: _ended_by_another,
    Guard.DISPATCHES_FINAL: lambda s: all(each.final for each in s.case.dispatches),
    Guard.REOPENED_IN_TIME: _reopened_in_time,
    Guard.VOID_NOT_ASKED: lambda s: s.case.void_asked_by is None,
    Guard.VOID_ASKED: lambda s: s.case.void_asked_by is not None,
    Guard.NOT_PETITIONER: _not_petitioner,
    Guard.ANOTHER_DEPARTMENT: lambda s: (
        s.order is None or s.order.department_id != s.by.department_id
    ),
    Guard.ANOTHER_PERSON: lambda s: s.case.void_asked_by != s.by.staff_id,
}

ESCALATED_TO: Mapping[int, Role] = {
    1: Role.HEAD,
    2: Role.SUPERVISOR,
    3: Role.PROTECTION,
    4: Role.EXECUTIVE,
}
"""Who hears of a ticket that is escalated to that level: by hand one level after the other, by
alarms as the ladder of each clock has it. So the level says how far up it is, whoever brought it
there, and what somebody was told of before by another way is not counted again.
"""
LEVEL_OF: Mapping[Role, int] = {role: level for level, role in ESCALATED_TO.items()}
