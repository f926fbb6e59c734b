"""The workflow applied: what an act makes of a case, and why it may not.

`register` and `act` take values and give values: the case as it is afterwards, what becomes of
its clocks, and who is to be told. A rule that says no raises `Refused` with a ``ticket.`` error.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import (
    ENDED,
    FINAL,
    Audience,
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Draft,
)
from tickets.workflow import (
    DEPARTMENT,
    DEPARTMENT_CLOCKS,
    RULE_OF,
    RULES,
    Action,
    CancelAll,
    Effect,
    Rule,
)

REOPEN_WITHIN = timedelta(days=30)
REFUSALS_BEFORE_SUPERVISOR = 1
LONGEST_TEXT = 4000
"""Characters in any one field."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act made: the case now, the clocks' effects in order, the people to tell.

    `serial` is the dispatch it was about; `fields` are those the rule knows, stripped.
    """

    case: Case
    effects: tuple[Effect, ...]
    tells: tuple[Audience, ...]
    serial: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def register(draft: Draft, number: TicketNumber, by: Principal, at: datetime) -> Outcome:
    """The case a draft becomes; Refused when a field is missing or `by` may not."""
    rule = RULE_OF[Action.REGISTER]
    by.require(*rule.roles)
    for name, text in (
        ("title", draft.title),
        ("text", draft.text),
        ("name", draft.requester.name),
        ("contact", draft.requester.contact),
    ):
        _checked(name, text)
    for name in ("occasion", "about"):
        _check_length(name, getattr(draft, name))
    _check_length("address", draft.requester.address)
    case = Case(number, draft, CaseState.REGISTERED, opened=at, opened_by=by.staff_id)
    return Outcome(case, rule.effects, (Audience(Role.DISPATCHER),))


def act(
    case: Case, action: Action, fields: Mapping[str, str], by: Principal, at: datetime
) -> Outcome:
    """What the action makes of the case.

    `fields["dispatch"]` names the dispatch meant; it may be left out where only one can be.
    Refused when the state, the roles, the department or a missing field say no.
    """
    rule = RULE_OF.get(action)
    if rule is None:
        raise Refused("ticket.wrong_state", action=action.value, state=case.state.value)
    meant = _meant(case, rule, fields, by)
    no = refusal(case, rule, meant, by, at)
    if no is not None:
        raise no
    kept = _kept(rule, fields)
    if action is Action.DISPATCH:
        return _send(case, rule, kept)
    lead = meant is not None and meant.lead
    effects = rule.effects + (rule.lead_effects if lead else ())
    dispatches = case.dispatches
    if meant is not None:
        moved = _moved(meant, rule)
        dispatches = tuple(moved if each is meant else each for each in dispatches)
    changed = replace(
        case,
        state=(rule.lead_case_to if lead else None) or rule.case_to or case.state,
        version=case.version + 1,
        dispatches=dispatches,
    )
    changed = _on_ending(_on_reopening(changed, action), at)
    serial = meant.serial if meant else None
    return Outcome(
        changed, _addressed(effects, serial), tuple(_told(case, rule, meant)), serial, kept
    )


def allowed(case: Case, by: Principal, at: datetime) -> list[tuple[Rule, Dispatch | None]]:
    """The rules `by` may use on the case now, each with the dispatch it would act on."""
    found: list[tuple[Rule, Dispatch | None]] = []
    for rule in RULES:
        targets = case.dispatches if rule.about_dispatch else (None,)
        found += [(rule, each) for each in targets if refusal(case, rule, each, by, at) is None]
    return found


def refusal(
    case: Case, rule: Rule, meant: Dispatch | None, by: Principal, at: datetime
) -> Refused | None:
    """Why `by` may not do it to that dispatch (or the case) now; None when they may."""
    if not by.roles & rule.roles:
        return Refused("ticket.role_missing", action=rule.action.value)
    if case.state not in rule.cases or (meant and meant.state not in rule.dispatches):
        return Refused("ticket.wrong_state", action=rule.action.value, state=case.state.value)
    if meant and not _of_their_department(rule, meant, by):
        return Refused("ticket.other_department")
    return _special_refusal(case, rule.action, meant, by, at)


def _special_refusal(
    case: Case, action: Action, meant: Dispatch | None, by: Principal, at: datetime
) -> Refused | None:
    match action, meant:
        case Action.ASK_REFUSAL, Dispatch(refusals=asked) if asked:
            return Refused("ticket.refusal_binding")
        case ((Action.GRANT_REFUSAL | Action.OVERRULE_REFUSAL), _):
            asked = sum(each.refusals for each in case.dispatches)
            if asked > REFUSALS_BEFORE_SUPERVISOR and Role.SUPERVISOR not in by.roles:
                return Refused("ticket.second_refusal")
        case Action.URGE, Dispatch(urge_open=True):
            return Refused("ticket.urge_open")
        case ((Action.CLOSE | Action.SOLVE), _) if not all(each.final for each in case.dispatches):
            return Refused("ticket.dispatch_open")
        case Action.REOPEN, _ if case.ended is not None and at - case.ended > REOPEN_WITHIN:
            return Refused("ticket.reopen_too_late", days=REOPEN_WITHIN.days)
    return None


def _of_their_department(rule: Rule, meant: Dispatch, by: Principal) -> bool:
    outside = by.roles & rule.roles - DEPARTMENT
    return bool(outside) or meant.department_id == by.department_id


def _meant(case: Case, rule: Rule, fields: Mapping[str, str], by: Principal) -> Dispatch | None:
    if not rule.about_dispatch:
        return None
    serial = fields.get("dispatch", "")
    if serial:
        named = case.dispatch(int(serial)) if serial.isascii() and serial.isdigit() else None
        if named is None:
            raise Refused("ticket.dispatch_unknown")
        return named
    fitting = [each for each in case.dispatches if each.state in rule.dispatches]
    own = [each for each in fitting if _of_their_department(rule, each, by)] or fitting
    if len(own) == 1:
        return own[0]
    if own:
        raise Refused("ticket.dispatch_unknown")
    raise Refused("ticket.wrong_state", action=rule.action.value, state=case.state.value)


def _kept(rule: Rule, fields: Mapping[str, str]) -> dict[str, str]:
    kept = {name: _checked(name, fields.get(name, "")) for name in rule.needs}
    for name in rule.may:
        text = fields.get(name, "").strip()
        if text:
            kept[name] = _checked(name, text)
    return kept


def _checked(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise Refused("ticket.field_missing", field=name)
    _check_length(name, text)
    return text


def _check_length(name: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Refused("ticket.field_too_long", field=name, limit=LONGEST_TEXT)


def _send(case: Case, rule: Rule, fields: dict[str, str]) -> Outcome:
    lead = "assist" not in fields
    if lead and case.lead is not None:
        raise Refused("ticket.lead_exists")
    if not lead and case.lead is None:
        raise Refused("ticket.lead_missing")
    department_id = DepartmentId(fields["department"])
    if any(each.department_id == department_id and not each.final for each in case.dispatches):
        raise Refused("ticket.already_there")
    order = Dispatch(len(case.dispatches) + 1, department_id, lead)
    changed = replace(
        case,
        state=(rule.lead_case_to if lead else None) or case.state,
        version=case.version + 1,
        dispatches=(*case.dispatches, order),
    )
    effects = (rule.lead_effects if lead else ()) + rule.effects
    told = tuple(_told(case, rule, order))
    return Outcome(changed, _addressed(effects, order.serial), told, order.serial, fields)


def _moved(meant: Dispatch, rule: Rule) -> Dispatch:
    answered = bool(rule.roles & DEPARTMENT) or rule.dispatch_to in FINAL
    urged = rule.action is Action.URGE
    return replace(
        meant,
        state=rule.dispatch_to or meant.state,
        refusals=meant.refusals + (rule.action is Action.ASK_REFUSAL),
        urges=meant.urges + urged,
        urge_open=urged or (meant.urge_open and not answered),
    )


def _on_reopening(case: Case, action: Action) -> Case:
    if action is not Action.REOPEN:
        return case
    return replace(case, cycle=case.cycle + 1, ended=None, level=0)


def _on_ending(case: Case, at: datetime) -> Case:
    """An ended case expects nothing of a department: what is still open there is recalled."""
    if case.state not in ENDED or case.ended is not None:
        return case
    recalled = tuple(
        each if each.final else replace(each, state=DispatchState.RECALLED, urge_open=False)
        for each in case.dispatches
    )
    return replace(case, ended=at, dispatches=recalled)


def _addressed(effects: tuple[Effect, ...], serial: int | None) -> tuple[Effect, ...]:
    return tuple(
        effect
        if isinstance(effect, CancelAll) or effect.clock not in DEPARTMENT_CLOCKS
        else replace(effect, dispatch=serial)
        for effect in effects
    )


def _told(case: Case, rule: Rule, meant: Dispatch | None) -> Iterator[Audience]:
    match rule.tells:
        case None:
            return
        case Role.OFFICER if meant is not None:
            yield Audience(Role.OFFICER, department_id=meant.department_id)
        case Role.AGENT:
            yield Audience(Role.AGENT, staff_id=case.opened_by)
        case role:
            yield Audience(role)
