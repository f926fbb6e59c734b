"""The workflow applied: what an act makes of a case, and why it may not.

`register` and `act` take values and give values: the case as it is afterwards, what becomes of
its clocks, and who is to be told. A rule that says no raises `Refused` with a ``ticket.`` error.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets import forms
from tickets.acts import (
    DEPARTMENT,
    DEPARTMENT_CLOCKS,
    Action,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Hasten,
    Pause,
    Restart,
    Rule,
    Start,
    Stop,
    actor_of,
)
from tickets.forms import ACT_FIELDS, FormTerms
from tickets.guards import (
    ESCALATED_TO,
    YES,
    Premises,
    Situation,
    applies,
    failing,
    second_refusal,
)
from tickets.model import (
    ANSWERED,
    ENDED,
    NOBODY,
    OPEN_STATES,
    RANKS,
    Audience,
    Case,
    CaseState,
    Dispatch,
    Draft,
    TicketKind,
    Urgency,
)
from tickets.perform import performed, waits_for_customer
from tickets.records import draft_record
from tickets.regulation.codes import CodeBook
from tickets.workflow import RULES, RULES_OF

Choice = tuple[Rule, Dispatch | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act made: the case now, the clocks' effects in order, the people to tell.

    `serial` is the dispatch it was about; `fields` are those the rule knows, in their one form.
    """

    case: Case
    effects: tuple[Effect, ...]
    tells: tuple[Audience, ...]
    serial: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def register(
    draft: Draft,
    number: TicketNumber,
    by: Principal,
    at: datetime,
    terms: FormTerms | None = None,
) -> Outcome:
    """The case a draft becomes; Refused when a field is missing or wrong, or `by` may not."""
    rules = RULES_OF[Action.REGISTER]
    if actor_of(by) is None:
        by.require(*rules[0].roles)
    draft = forms.checked_draft(draft, terms or FormTerms(at))
    case = Case(number, draft, CaseState.REGISTERED, opened=at, opened_by=by.staff_id)
    situation = Situation(case, None, by, at, Premises(), {})
    rule = next(each for each in rules if applies(each, situation))
    kept = {"draft": json.dumps(draft_record(draft), ensure_ascii=False)}
    effects = tuple(_since_receipt(effect, case) for effect in rule.effects)
    return Outcome(case, effects, (Audience(Role.DISPATCHER),), fields=kept)


def act(
    case: Case,
    action: Action,
    fields: Mapping[str, str],
    by: Principal,
    at: datetime,
    premises: Premises | None = None,
    terms: FormTerms | None = None,
) -> Outcome:
    """What the action makes of the case.

    `fields["dispatch"]` names the dispatch meant; it may be left out where only one can be.
    Refused when the state, the roles, the department, a guard or a missing field say no.
    """
    premises = premises or Premises()
    meant = _meant(case, action, fields, by)
    rule = _chosen(Situation(case, meant, by, at, premises, fields), action)
    kept = _kept(case, rule, fields, by, terms or FormTerms(at, premises.zone))
    _check(Situation(case, meant, by, at, premises, kept), rule)
    changed = performed(case, rule, meant, kept, by.staff_id, at)
    effects = _effects(case, changed, rule, meant, kept)
    if action is Action.CONVERT:
        effects = _begun_anew(effects, premises)
    return Outcome(
        changed,
        tuple(_waited_for(effects, premises, kept)),
        (*_told(changed, rule, meant), *_left(case, changed), *_ruling(case, changed)),
        _serial(case, changed, rule, meant),
        kept,
    )


def allowed(
    case: Case,
    by: Principal,
    at: datetime,
    premises: Premises | None = None,
    rules: Iterable[Rule] = RULES,
) -> list[Choice]:
    """What `by` may do to the case now, each once for every dispatch it may be done to."""
    found: dict[tuple[Action, int | None], Choice] = {}
    for rule in rules:
        if case.state not in rule.cases or not rule.open_to(by):
            continue
        targets = case.dispatches if rule.about_dispatch else (None,)
        for each in targets:
            situation = Situation(case, each, by, at, premises or Premises())
            if applies(rule, situation) and refusal(rule, situation) is None:
                found.setdefault((rule.action, each.serial if each else None), (rule, each))
    return list(found.values())


def refusal(rule: Rule, situation: Situation) -> Refused | None:
    """Why this line of the workflow does not hold now; None when it does."""
    case, meant, by = situation.case, situation.order, situation.by
    if not rule.open_to(by):
        return Refused("ticket.role_missing", action=rule.action.value)
    if not rule.fits(case, meant):
        return Refused("ticket.wrong_state", action=rule.action.value, state=case.state.value)
    if meant and not _of_their_department(rule, meant, by):
        return Refused("ticket.other_department")
    guard = failing(rule, situation)
    if guard is None:
        return None
    return Refused(f"ticket.{guard.value}", days=situation.premises.reopen_within.days)


def _chosen(situation: Situation, action: Action) -> Rule:
    """The first line of the action that holds; Refused with what stands nearest in the way."""
    nearest: Refused | None = None
    for rule in RULES_OF[action]:
        no = refusal(rule, situation)
        if no is None and applies(rule, situation):
            return rule
        no = no or Refused(
            "ticket.wrong_state", action=action.value, state=situation.case.state.value
        )
        if nearest is None or _nearness(no) > _nearness(nearest):
            nearest = no
    assert nearest is not None, "every action has a rule"
    raise nearest


def _nearness(no: Refused) -> int:
    far = ("ticket.role_missing", "ticket.wrong_state", "ticket.other_department")
    return far.index(no.error_id) if no.error_id in far else len(far)


def _of_their_department(rule: Rule, meant: Dispatch, by: Principal) -> bool:
    outside = by.roles & rule.roles - DEPARTMENT
    return bool(outside) or actor_of(by) in rule.by or meant.department_id == by.department_id


def _meant(case: Case, action: Action, fields: Mapping[str, str], by: Principal) -> Dispatch | None:
    """The dispatch that the act is about: the one it names, or the only one; None: the case."""
    rules = [rule for rule in RULES_OF[action] if rule.about_dispatch]
    if not rules:
        return None
    if serial := fields.get("dispatch", ""):
        return _named(case, serial)
    if case.lead is None and any(
        not rule.about_dispatch and case.state in rule.cases for rule in RULES_OF[action]
    ):
        return None
    match _fitting(case, rules, by):
        case [only]:
            return only
        case [_, *_]:
            raise Refused("ticket.dispatch_unknown")
    if not any(rule.open_to(by) for rule in rules):
        raise Refused("ticket.role_missing", action=action.value)
    raise Refused("ticket.wrong_state", action=action.value, state=case.state.value)


def _named(case: Case, serial: str) -> Dispatch:
    named = case.dispatch(int(serial)) if serial.isascii() and serial.isdigit() else None
    if named is None:
        raise Refused("ticket.dispatch_unknown")
    return named


def _fitting(case: Case, rules: list[Rule], by: Principal) -> list[Dispatch]:
    """Those in a state for the act, the person's own before others.

    Whoever is no staff names none: of several the leading one is meant.
    """
    fitting = [each for each in case.dispatches if any(each.state in r.dispatches for r in rules)]
    own = [each for each in fitting if any(_of_their_department(r, each, by) for r in rules)]
    found = own or fitting
    leading = [each for each in found if each.lead]
    return leading if len(leading) == 1 and actor_of(by) is not None else found


def _kept(
    case: Case, rule: Rule, fields: Mapping[str, str], by: Principal, terms: FormTerms
) -> dict[str, str]:
    match rule.action:
        case Action.AMEND:
            return forms.amendments(case.draft, fields, terms)
        case Action.CONVERT:
            return forms.converted(case.draft, fields, terms)
        case Action.KEEP_EMAIL:
            return forms.email_to_keep(case.draft, fields, terms)
    kept = {
        name: forms.checked(ACT_FIELDS[name], fields.get(name, ""), terms, needed=True)
        for name in rule.needs
    }
    for name in rule.may:
        needed = asked_for(rule, name, case, terms.codes)
        text = forms.checked(ACT_FIELDS[name], fields.get(name, ""), terms, needed=needed)
        if text:
            kept[name] = text
    petition = rule.action in (Action.ASK_EXTENSION, Action.ASK_SUSPENSION)
    if petition and Role.HEAD in by.roles:
        kept["signed"] = YES
    return kept


def asked_for(rule: Rule, name: str, case: Case, codes: CodeBook) -> bool:
    """Whether the act's form must say that: as the rule has it, or as a code of complaints."""
    returned = rule.action is Action.RETURN and name in rule.may
    return name in rule.needs or (
        returned and forms.wanted(ACT_FIELDS[name], case.draft.kind, codes)
    )


# --- what else the form must say ---------------------------------------------------------------


def _check(situation: Situation, rule: Rule) -> None:
    fields = situation.fields or {}
    match rule.action:
        case Action.DISPATCH:
            _check_lead(situation.case, lead="assist" not in fields)
            _check_free(situation.case, fields["department"])
        case Action.REDIRECT:
            _check_free(situation.case, fields["department"])
        case (
            Action.ASK_EXTENSION
            | Action.ASK_SUSPENSION
            | Action.CONFIRM_FACTS
            | Action.AGREE_CALL_BACK
        ):
            if "until" in fields:
                _check_until(situation, datetime.fromisoformat(fields["until"]), rule)
        case Action.CONTACT if "since" in fields:
            if datetime.fromisoformat(fields["since"]) > situation.at:
                raise Refused("ticket.field_future", field="since")
        case Action.MERGE:
            _check_target(situation.case, situation.premises.target)


def _check_lead(case: Case, *, lead: bool) -> None:
    if lead and case.lead is not None:
        raise Refused("ticket.lead_exists")
    if not lead and case.lead is None:
        raise Refused("ticket.lead_missing")


def _check_free(case: Case, department: str) -> None:
    if any(each.department_id == department and not each.final for each in case.dispatches):
        raise Refused("ticket.already_there")
    if department == case.draft.about_unit:
        raise Refused("ticket.about_their_unit")


def _check_until(situation: Situation, until: datetime, rule: Rule) -> None:
    if until <= situation.at:
        raise Refused("ticket.field_past", field="until")
    if rule.action is Action.AGREE_CALL_BACK:
        within = situation.premises.agreed_within
        if until > (situation.premises.answered or situation.at) + within:
            raise Refused("ticket.until_after_call_back", days=within.days)
    if rule.action is Action.ASK_SUSPENSION or situation.order is None:
        return
    due = situation.due(ClockKind.RESULT, situation.order.serial)
    if due is not None and until <= due:
        raise Refused("ticket.until_no_later")
    decision = situation.due(ClockKind.DECISION)
    if rule.action is Action.ASK_EXTENSION and decision is not None and until > decision:
        raise Refused("ticket.until_after_decision")


def _check_target(case: Case, target: Case | None) -> None:
    if target is None:
        raise Refused("ticket.merge_unknown")
    if target.number == case.number:
        raise Refused("ticket.merge_itself")
    if target.state not in OPEN_STATES:
        raise Refused("ticket.merge_ended")
    if not _same_customer(case.draft, target.draft):
        raise Refused("ticket.merge_customer")
    complaint = TicketKind.COMPLAINT
    if case.draft.kind is complaint and target.draft.kind is not complaint:
        raise Refused("ticket.merge_kind")
    if case.state not in ANSWERED and target.state in ANSWERED:
        raise Refused("ticket.merge_answered")
    if case.supervised and not target.supervised:
        raise Refused("ticket.merge_supervised")
    if _about(case.draft) not in (_about(target.draft), (None, None)):
        raise Refused("ticket.merge_about")


def _about(draft: Draft) -> tuple[StaffId | None, DepartmentId | None]:
    """Whom it is about, and whose unit: they see neither it nor what it goes on in."""
    return draft.about_staff, draft.about_unit


def _same_customer(one: Draft, other: Draft) -> bool:
    known = one.requester.customer_id, other.requester.customer_id
    if all(known):
        return known[0] == known[1]
    return one.requester.contact.strip() == other.requester.contact.strip()


# --- clocks and people -------------------------------------------------------------------------


def _serial(case: Case, changed: Case, rule: Rule, meant: Dispatch | None) -> int | None:
    if meant is not None:
        return meant.serial
    if rule.action is Action.DISPATCH:
        return changed.dispatches[-1].serial
    again = case.last_lead if rule.action is Action.CALL_BACK else None
    return again.serial if again and changed.state is CaseState.IN_PROGRESS else None


def _effects(
    case: Case,
    changed: Case,
    rule: Rule,
    meant: Dispatch | None,
    fields: Mapping[str, str],
) -> Iterator[Effect]:
    serial = _serial(case, changed, rule, meant)
    order = changed.dispatch(serial) if serial else None
    effects = rule.effects
    if order is not None and order.lead:
        effects = (
            (*rule.lead_effects, *effects) if meant is None else (*effects, *rule.lead_effects)
        )
    for effect in effects:
        filled = _filled(effect, case, meant, fields)
        if filled is not None:
            yield _addressed(filled, serial)
    if rule.action is Action.REDIRECT:
        sent = changed.dispatches[-1].serial
        yield Start(ClockKind.ACCEPT, sent)
        yield Start(ClockKind.RESULT, sent)
    if rule.action is Action.INFORM:
        yield from _still_waiting(case)
    if rule.action is Action.CONTACT:
        for each in case.dispatches:
            if waits_for_customer(each):
                yield Continue(ClockKind.RESULT, each.serial)
                if each.lead:
                    yield Continue(ClockKind.KEEP_INFORMED)


def _waited_for(
    effects: Iterator[Effect], premises: Premises, fields: Mapping[str, str]
) -> Iterator[Effect]:
    """The effects without those on a customer's message that another one of theirs forbids.

    The oldest unanswered message counts, of either ticket where two were merged, and what was
    written before it came does not answer it.
    """
    since, written = premises.unanswered, fields.get("written")
    early = since is not None and written and datetime.fromisoformat(written) < since
    for effect in effects:
        if effect == Start(ClockKind.ANSWER) and since is not None:
            continue
        if _moves_nothing(effect, since):
            continue
        if effect == Stop(ClockKind.ANSWER) and early:
            continue
        yield effect


def _begun_anew(effects: Iterator[Effect], premises: Premises) -> Iterator[Effect]:
    """Of the clocks that are to begin anew those that run, since when they began."""
    for effect in effects:
        if not isinstance(effect, Restart):
            yield effect
        elif effect.clock in premises.since:
            yield replace(effect, since=premises.since[effect.clock])


def _moves_nothing(effect: Effect, since: datetime | None) -> bool:
    """Whether a merger brings no message, or none older than the one that waits here."""
    if not isinstance(effect, Restart) or effect.clock is not ClockKind.ANSWER:
        return False
    return effect.since is None or (since is not None and since <= effect.since)


def _still_waiting(case: Case) -> Iterator[Effect]:
    """Who is waited for is owed no news: the clock begun by the last ones stands still at once.

    T6 is paused while the customer is waited for (grounds of the policy), whether the department's
    order was suspended before or after the news.
    """
    if case.lead is not None and case.lead.suspension is not None:
        yield Pause(ClockKind.KEEP_INFORMED, ground=case.lead.suspension.ground.value)


def _filled(
    effect: Effect,
    case: Case,
    meant: Dispatch | None,
    fields: Mapping[str, str],
) -> Effect | None:
    petition = meant.petition if meant else None
    match effect:
        case Hasten() if not (_more_urgent(case, fields) or "kind" in fields):
            return None
        case Extend(ClockKind.RESULT, by=None, to=None) if meant:
            return _granted(effect, meant, fields)
        case Pause(ground="") if petition and petition.ground:
            return replace(effect, ground=petition.ground.value)
        case Start(ClockKind.ANSWER) if "since" in fields:
            return Restart(effect.clock, since=datetime.fromisoformat(fields["since"]))
        case Restart(ClockKind.ANSWER) if "unanswered" in fields:
            return replace(effect, since=datetime.fromisoformat(fields["unanswered"]))
        case Restart(ClockKind.DECISION) if case.state in ANSWERED and "since" in fields:
            return None
        case Restart(ClockKind.DECISION) if "since" in fields:
            return replace(effect, since=datetime.fromisoformat(fields["since"]))
        case Restart(ClockKind.DECISION) if meant:
            return replace(effect, since=meant.facts)
        case Restart(ClockKind.DECISION) if case.facts:
            return replace(effect, since=case.facts)
    return effect


def _granted(effect: Extend, order: Dispatch, fields: Mapping[str, str]) -> Extend:
    """Until when: as whoever confirms new facts says, else as was petitioned for."""
    if "until" in fields:
        return replace(effect, to=datetime.fromisoformat(fields["until"]), since=order.facts)
    return replace(effect, to=order.petition.until if order.petition else None)


def _more_urgent(case: Case, fields: Mapping[str, str]) -> bool:
    urgency = fields.get("urgency")
    return bool(urgency) and RANKS[Urgency(urgency)] < RANKS[case.draft.urgency]


def _since_receipt(effect: Effect, case: Case) -> Effect:
    """What the customer is owed counts from the receipt, however late it was written down."""
    owed = Start(ClockKind.FIRST_CONTACT), Start(ClockKind.DECISION)
    if case.received == case.opened or not isinstance(effect, Start) or effect not in owed:
        return effect
    return Restart(effect.clock, since=case.received)


def _addressed(effect: Effect, serial: int | None) -> Effect:
    if isinstance(effect, CancelAll | Hasten) or effect.clock not in DEPARTMENT_CLOCKS:
        return effect
    return replace(effect, dispatch=serial)


def _left(case: Case, changed: Case) -> Iterator[Audience]:
    """The departments whose orders the case's end takes from them."""
    if changed.state in ENDED and case.state not in ENDED:
        for each in case.dispatches:
            if not each.final:
                yield Audience(Role.OFFICER, department_id=each.department_id)


def _ruling(case: Case, changed: Case) -> Iterator[Audience]:
    """Supervisors, once there are new facts that they are to judge, or a second refusal."""
    if _unjudged(changed) and not _unjudged(case):
        yield Audience(Role.SUPERVISOR)
    if _refused_again(changed) and not _refused_again(case):
        yield Audience(Role.SUPERVISOR)


def _unjudged(case: Case) -> bool:
    return case.facts is not None or any(each.facts for each in case.dispatches)


def _refused_again(case: Case) -> bool:
    return any(second_refusal(case, each) for each in case.dispatches)


def _told(case: Case, rule: Rule, meant: Dispatch | None) -> Iterator[Audience]:
    order = meant or (case.dispatches[-1] if rule.action is Action.DISPATCH else case.lead)
    if rule.action is Action.ESCALATE:
        role: Role | None = ESCALATED_TO[case.level]
    else:
        role = rule.tells
    if rule.action is Action.REDIRECT:
        yield Audience(Role.OFFICER, department_id=case.dispatches[-1].department_id)
    if rule.action is Action.CONFIRM_FACTS and meant and role is Role.DISPATCHER:
        yield Audience(Role.OFFICER, department_id=meant.department_id)
    if rule.action is Action.UNDELIVERED:
        yield from (Audience(Role.AGENT, staff_id=each) for each in sorted(case.handlers))
    match role:
        case Role.OFFICER | Role.HEAD if order is not None:
            yield Audience(role, department_id=order.department_id)
        case Role.OFFICER | Role.HEAD:
            yield Audience(Role.DISPATCHER)
        case Role.AGENT if case.opened_by not in NOBODY:
            yield Audience(Role.AGENT, staff_id=case.opened_by)
        case Role.AGENT:
            yield Audience(Role.DISPATCHER)
        case Role():
            yield Audience(role)
