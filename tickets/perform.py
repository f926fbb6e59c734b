"""What a rule makes of a case, once somebody decided that it holds: no questions asked.

`tickets.decide` performs an act when it happens, `tickets.replay` performs it again from the
history: so nothing here looks at a policy, a clock or who has which role.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets import forms
from tickets.acts import Action, Rule
from tickets.guards import YES
from tickets.model import (
    ANSWERED,
    ENDED,
    FINAL,
    NOBODY,
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Petition,
    PetitionKind,
    Suspension,
    SuspensionGround,
)

PETITIONED = frozenset({DispatchState.ACCEPTED, DispatchState.REWORK})
"""States in which a petition stands; it lapses when the order goes elsewhere."""

Fields = Mapping[str, str]


def performed(
    case: Case, rule: Rule, meant: Dispatch | None, fields: Fields, by: StaffId, at: datetime
) -> Case:
    """The case after the act; `fields` are as `tickets.decide` keeps them."""
    lead = meant.lead if meant else rule.action is Action.DISPATCH and "assist" not in fields
    changed = replace(
        case,
        state=(rule.lead_case_to if lead else None) or rule.case_to or case.state,
        version=case.version + 1,
        dispatches=_dispatches(case, rule, meant, fields, by, at),
        handlers=case.handlers | handlers_by(rule, fields, by),
    )
    changed = _marked(changed, rule, fields, by, at)
    if meant is None:
        changed = _of_the_case(changed, rule, fields, at)
    return _on_ending(_facts_kept(changed, meant), at)


def handlers_by(rule: Rule, fields: Fields, by: StaffId) -> frozenset[StaffId]:
    """Who has handled the matter by this act; what is merged into it brings its own with it."""
    own = {by} if rule.handles else set()
    brought = map(StaffId, filter(None, fields.get("handlers", "").split("\n")))
    return frozenset({*own, *brought}) - NOBODY


def _dispatches(
    case: Case, rule: Rule, meant: Dispatch | None, fields: Fields, by: StaffId, at: datetime
) -> tuple[Dispatch, ...]:
    match rule.action:
        case Action.DISPATCH:
            return (*case.dispatches, _sent(case, fields, "assist" not in fields, at))
        case Action.CALL_BACK if rule.case_to is CaseState.IN_PROGRESS:
            again = case.last_lead
            return tuple(
                replace(each, state=DispatchState.REWORK) if each is again else each
                for each in case.dispatches
            )
        case Action.CONTACT:
            return tuple(_contacted(each) for each in case.dispatches)
    moved = tuple(
        _moved(each, rule, fields, by, at) if each is meant else each for each in case.dispatches
    )
    if rule.action is Action.REDIRECT and meant is not None:
        return (*moved, _sent(case, fields, meant.lead, at))
    return moved


def waits_for_customer(order: Dispatch) -> bool:
    """Whether the order stands still until the customer says or brings something."""
    waiting = order.suspension
    return waiting is not None and waiting.ground is SuspensionGround.CUSTOMER


def _sent(case: Case, fields: Fields, lead: bool, at: datetime) -> Dispatch:
    department_id = DepartmentId(fields["department"])
    return Dispatch(len(case.dispatches) + 1, department_id, lead, sent=at)


def _contacted(order: Dispatch) -> Dispatch:
    if not waits_for_customer(order):
        return order
    return replace(order, state=DispatchState.ACCEPTED, suspension=None)


def _moved(order: Dispatch, rule: Rule, fields: Fields, by: StaffId, at: datetime) -> Dispatch:
    state = rule.dispatch_to or order.state
    answered = rule.answers or state in FINAL
    moved = replace(
        order,
        state=state,
        refusals=order.refusals + (rule.dispatch_to is DispatchState.REFUSAL_ASKED),
        urge_open=order.urge_open and not answered,
        facts=None if state in FINAL else order.facts,
    )
    moved = _petitioned(moved, rule, fields, by)
    match rule.action:
        case Action.URGE:
            return replace(moved, urges=order.urges + 1, urge_open=True)
        case Action.FOLLOW_UP if fields.get("new_facts") == YES:
            return replace(moved, facts=at)
        case Action.CONFIRM_FACTS | Action.REJECT_FACTS:
            return replace(moved, facts=None)
    return moved


def _petitioned(order: Dispatch, rule: Rule, fields: Fields, by: StaffId) -> Dispatch:
    petition, suspension = order.petition, None
    match rule.action:
        case Action.ASK_EXTENSION:
            petition = _petition(PetitionKind.EXTENSION, fields, by)
        case Action.ASK_SUSPENSION:
            petition = _petition(PetitionKind.SUSPENSION, fields, by)
        case Action.SIGN_PETITION if petition is not None:
            petition = replace(petition, signed_by=by)
        case Action.GRANT_PETITION | Action.DECLINE_PETITION:
            petition = None
    if order.state is DispatchState.SUSPENDED:
        suspension = order.suspension or _suspension(order.petition)
    if order.state not in PETITIONED:
        petition = None
    return replace(order, petition=petition, suspension=suspension)


def _petition(kind: PetitionKind, fields: Fields, by: StaffId) -> Petition:
    ground = fields.get("ground")
    return Petition(
        kind=kind,
        text=fields["reason"],
        until=datetime.fromisoformat(fields["until"]),
        by=by,
        ground=SuspensionGround(ground) if ground else None,
        signed_by=by if fields.get("signed") == YES else None,
    )


def _suspension(petition: Petition | None) -> Suspension | None:
    if petition is None or petition.ground is None:
        return None
    return Suspension(petition.ground, petition.until)


def _marked(case: Case, rule: Rule, fields: Fields, by: StaffId, at: datetime) -> Case:
    """The marks of the case itself after the act."""
    match rule.action:
        case Action.ASK_VOID | Action.DECLINE_VOID:
            return replace(case, void_asked_by=by if rule.action is Action.ASK_VOID else None)
        case Action.MERGE:
            return replace(case, merged_into=TicketNumber(fields["into"]))
        case Action.ADOPT:
            return replace(case, adopted=True)
        case Action.AMEND | Action.CONVERT:
            return _amended(case, rule, fields)
        case Action.RATE:
            return replace(case, rating=int(fields["score"]))
        case Action.REOPEN:
            return _new_cycle(case)
        case Action.CALL_BACK:
            return _called_back(case, rule, fields, at)
        case Action.REPLY | Action.SOLVE:
            return replace(case, tries=(), appraised=False)
        case Action.UNDELIVERED:
            return replace(case, tries=(), appraised=False, ended=None)
    return _timed(case, rule, fields)


def _amended(case: Case, rule: Rule, fields: Fields) -> Case:
    changed = replace(case, draft=forms.amended(case.draft, fields))
    if rule.action is Action.CONVERT:  # the period that was extended or stood still is over
        return replace(changed, extensions=0, appraised=False)
    return changed


def _of_the_case(case: Case, rule: Rule, fields: Fields, at: datetime) -> Case:
    """What acts about no dispatch mark: new facts that came in, a call-back agreed."""
    match rule.action:
        case Action.FOLLOW_UP if fields.get("new_facts") == YES:
            return replace(case, facts=at)
        case Action.CONFIRM_FACTS | Action.REJECT_FACTS:
            return replace(case, facts=None)
        case Action.AGREE_CALL_BACK:
            return replace(case, call_back_at=datetime.fromisoformat(fields["until"]))
        case Action.RESUME_CALL_BACK | Action.CALL_BACK | Action.UNDELIVERED | Action.REOPEN:
            return replace(case, call_back_at=None)
    return case


def _facts_kept(case: Case, meant: Dispatch | None) -> Case:
    """New facts lie with the department that leads, and with the case while none does."""
    lead = case.lead
    facts = case.facts
    if facts is None and meant is not None:
        left = case.dispatch(meant.serial)
        facts = meant.facts if left is not None and left.final else None
    if facts is None or lead is None:
        return replace(case, facts=facts)
    told = replace(lead, facts=lead.facts or facts)
    orders = tuple(told if each is lead else each for each in case.dispatches)
    return replace(case, dispatches=orders, facts=None)


def _timed(case: Case, rule: Rule, fields: Fields) -> Case:
    """The marks of the statutory period, of supervision and of escalation by hand."""
    match rule.action:
        case Action.SUPERVISE | Action.END_SUPERVISION:
            return replace(case, supervised=rule.action is Action.SUPERVISE)
        case Action.ESCALATE:
            return replace(case, level=case.level + 1)
        case Action.EXTEND_DECISION:
            return replace(case, extensions=case.extensions + 1)
        case Action.APPRAISE | Action.END_APPRAISAL:
            return replace(case, appraised=rule.action is Action.APPRAISE)
        case Action.CONFIRM_FACTS if rule.cases == ANSWERED:
            return replace(_new_cycle(case), facts=case.facts, call_back_at=None)
        case Action.CONFIRM_FACTS | Action.ABSORB if _period_begins(case, rule, fields):
            return replace(case, extensions=int(fields.get("extensions", 0)))
    return case


def _period_begins(case: Case, rule: Rule, fields: Fields) -> bool:
    """Whether another period takes the place of the one that runs; none does once it was told."""
    earlier = rule.action is not Action.ABSORB or "since" in fields
    return earlier and case.state not in ANSWERED


def _called_back(case: Case, rule: Rule, fields: Fields, at: datetime) -> Case:
    if rule.case_to is CaseState.IN_PROGRESS:
        return _new_cycle(case)
    if fields["reached"] == YES:
        return case
    return replace(case, tries=(*case.tries, at))


def _new_cycle(case: Case) -> Case:
    return replace(
        case,
        cycle=case.cycle + 1,
        ended=None,
        level=0,
        extensions=0,
        appraised=False,
        tries=(),
        facts=None,
    )


def _on_ending(case: Case, at: datetime) -> Case:
    """An ended case expects nothing of a department: what is still open there is recalled."""
    if case.state not in ENDED or case.ended is not None:
        return case
    recalled = tuple(each if each.final else _recalled(each) for each in case.dispatches)
    return replace(
        case,
        ended=at,
        dispatches=recalled,
        supervised=False,
        appraised=False,
        facts=None,
        call_back_at=None,
    )


def _recalled(order: Dispatch) -> Dispatch:
    return replace(
        order,
        state=DispatchState.RECALLED,
        urge_open=False,
        petition=None,
        suspension=None,
        facts=None,
    )
