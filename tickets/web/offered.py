"""What a person may do to a ticket now, as forms: the likely next act first, the rest in groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.clocks.model import Clock
from tickets.decide import allowed, asked_for, refusal
from tickets.forms import COMMON, FORMS, FieldKind, present, wanted
from tickets.guards import Situation
from tickets.masking import Mask, Sight
from tickets.model import Case, Dispatch, Draft, TicketKind
from tickets.view import TicketView
from tickets.web.consequences import Outlook
from tickets.web.inputs import Input, act_input, input_of
from tickets.web.shown import Words
from tickets.workflow import RULES_OF, Action, ClockKind, Rule


class Group(Enum):
    """Whom or what an act is about."""

    DEPARTMENT = "department"
    CUSTOMER = "customer"
    CLOCKS = "clocks"
    MORE = "more"


NEXT_STEPS = (
    Action.SIGN_RESULT,
    Action.SIGN_REFUSAL,
    Action.SIGN_PETITION,
    Action.ACCEPT,
    Action.ANSWER_URGE,
    Action.RETURN,
    Action.CONFIRM_FACTS,
    Action.GRANT_REFUSAL,
    Action.APPROVE,
    Action.GRANT_PETITION,
    Action.CONFIRM_VOID,
    Action.DISPATCH,
    Action.REPLY,
    Action.CALL_BACK,
    Action.CLOSE,
    Action.RESUME,
)
"""What usually comes next, the most pressing first."""
WORD_WANTED = frozenset({ClockKind.FIRST_CONTACT, ClockKind.ANSWER})
"""Clocks that a word to the customer stops; agents see to them, and once overdue whoever may."""
COUNTERPARTS: Mapping[Action, tuple[Action, ...]] = {
    Action.SIGN_RESULT: (Action.SEND_BACK,),
    Action.SIGN_REFUSAL: (Action.SEND_BACK,),
    Action.SIGN_PETITION: (Action.DECLINE_PETITION,),
    Action.ACCEPT: (Action.ASK_REFUSAL,),
    Action.RETURN: (Action.PROGRESS,),
    Action.CONFIRM_FACTS: (Action.REJECT_FACTS,),
    Action.GRANT_REFUSAL: (Action.OVERRULE_REFUSAL,),
    Action.APPROVE: (Action.REWORK,),
    Action.GRANT_PETITION: (Action.DECLINE_PETITION,),
    Action.CONFIRM_VOID: (Action.DECLINE_VOID,),
    Action.DISPATCH: (Action.SOLVE,),
    Action.REPLY: (Action.ATTEMPT_REPLY,),
    Action.CALL_BACK: (Action.AGREE_CALL_BACK,),
    Action.INFORM: (Action.ATTEMPT_INFORM, Action.SOLVE),
}
"""The other answer to the same question, which stands beside the first."""
GROUPS: Mapping[Action, Group] = {
    **dict.fromkeys(
        (
            Action.DISPATCH,
            Action.REDIRECT,
            Action.RECALL,
            Action.ACCEPT,
            Action.ASK_REFUSAL,
            Action.SIGN_REFUSAL,
            Action.GRANT_REFUSAL,
            Action.OVERRULE_REFUSAL,
            Action.PROGRESS,
            Action.RETURN,
            Action.SIGN_RESULT,
            Action.SEND_BACK,
            Action.APPROVE,
            Action.REWORK,
            Action.FOLLOW_UP,
            Action.CONFIRM_FACTS,
            Action.REJECT_FACTS,
            Action.URGE,
            Action.ANSWER_URGE,
            Action.SUPERVISE,
            Action.END_SUPERVISION,
        ),
        Group.DEPARTMENT,
    ),
    **dict.fromkeys(
        (
            Action.SOLVE,
            Action.INFORM,
            Action.ATTEMPT_INFORM,
            Action.ATTEMPT_REPLY,
            Action.REPLY,
            Action.UNDELIVERED,
            Action.AGREE_CALL_BACK,
            Action.RESUME_CALL_BACK,
            Action.CALL_BACK,
            Action.CONTACT,
            Action.ADOPT,
            Action.REOPEN,
            Action.WITHDRAW,
        ),
        Group.CUSTOMER,
    ),
    **dict.fromkeys(
        (
            Action.ASK_EXTENSION,
            Action.ASK_SUSPENSION,
            Action.SIGN_PETITION,
            Action.GRANT_PETITION,
            Action.DECLINE_PETITION,
            Action.RESUME,
            Action.EXTEND_DECISION,
            Action.APPRAISE,
            Action.END_APPRAISAL,
            Action.ESCALATE,
        ),
        Group.CLOCKS,
    ),
}
HOUSES_OWN = frozenset({"assist", "since", "written"})
"""Fields that nobody fills in: the page knows the one, the house alone the other."""
SENDING = frozenset({Action.DISPATCH.value, Action.REDIRECT.value})
"""Acts whose forms show departments: which is proposed, and by when each would have to answer."""
PROVEN = frozenset({Action.REPLY, Action.INFORM})
"""Acts that say somebody was told; of what the house carries, it says so itself."""
ELSEWHERE = frozenset(
    {
        Action.ATTACH,
        Action.DETACH,
        Action.ATTACH_FILE,
        Action.AMEND,
        Action.CONVERT,
        Action.KEEP_EMAIL,
    }
)
"""Acts with a place of their own on the page: beside the call, the files, the matter."""


@dataclass(frozen=True, slots=True)
class Form:
    """An act that the person may do now."""

    action: str
    dispatch: int | None
    department: str
    """Whose order it is about, where more than one could be meant."""
    inputs: tuple[Input, ...]
    assist: bool
    group: Group
    consequences: tuple[str, ...] = ()
    prefilled: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tells it from the page's other forms."""
        return f"{self.action}-{self.dispatch or 0}"

    @property
    def word(self) -> str:
        """The key of its title."""
        return "ticket.act.dispatch_assist" if self.assist else f"ticket.act.{self.action}"


@dataclass(frozen=True, slots=True)
class Amending:
    """A field of the ticket that can be put right, with what stands in it."""

    field: Input
    value: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The acts of a page: what is likely next, with its counterpart, and the rest by group."""

    first: tuple[Form, ...]
    groups: tuple[tuple[Group, tuple[Form, ...]], ...]

    @property
    def all(self) -> tuple[Form, ...]:
        """Every form."""
        return (*self.first, *(form for _, forms in self.groups for form in forms))

    @property
    def sends(self) -> bool:
        """Whether one of them sends the matter to a department."""
        return any(form.action in SENDING for form in self.all)


def offer(outlook: Outlook, principal: Principal, sight: Sight) -> Offer:
    """What the person may do now; what is filled in already is what they may read."""
    view, now = outlook.view, outlook.now
    draft = sight.draft(view.case.draft)
    found: dict[str, Form] = {}
    for rule, meant in allowed(view.case, principal, now, view.premises):
        if rule.action not in ELSEWHERE:
            form = _form(rule, meant, outlook, draft, sight)
            found.setdefault(form.name, form)
    forms = tuple(found.values())
    first = _first(forms, NEXT_STEPS) or _first(forms, _owed(view.clocks, principal, now))
    rest = [form for form in forms if form not in first]
    groups = ((group, tuple(each for each in rest if each.group is group)) for group in Group)
    return Offer(first, tuple((group, members) for group, members in groups if members))


def amendable(view: TicketView, principal: Principal, now: datetime) -> tuple[Amending, ...]:
    """The fields of the ticket that the person may put right now, as they stand."""
    if not allowed(view.case, principal, now, view.premises, RULES_OF[Action.AMEND]):
        return ()
    draft = view.case.draft
    return tuple(
        Amending(input_of(each, needed=each.needed), present(draft, each.name))
        for each in (*COMMON, *FORMS[draft.kind])
    )


def _owed(clocks: Iterable[Clock], principal: Principal, now: datetime) -> tuple[Action, ...]:
    """A word to the customer, where a clock waits for one: the first, an answer, overdue news."""
    late = {clock.kind for clock in clocks if clock.overdue(now)}
    runs = {clock.kind for clock in clocks if clock.stopped is None}
    owed = late & {*WORD_WANTED, ClockKind.KEEP_INFORMED}
    if Role.AGENT in principal.roles:
        owed |= runs & WORD_WANTED
    return (Action.INFORM,) if owed else ()


def becomes(view: TicketView, principal: Principal, now: datetime) -> tuple[str, ...]:
    """The kinds of which the person may say that the ticket is."""
    meant = Situation(view.case, None, principal, now, view.premises)
    may = any(refusal(rule, meant) is None for rule in RULES_OF[Action.CONVERT])
    own = view.case.draft.kind
    return tuple(each.value for each in TicketKind if each is not own) if may else ()


def coding(view: TicketView, words: Words) -> tuple[Amending, ...]:
    """The codes that the ticket is reported by, as they stand; none says who asks."""
    draft = view.case.draft
    return tuple(
        Amending(
            input_of(each, needed=wanted(each, draft.kind, words.codes)), present(draft, each.name)
        )
        for each in FORMS[draft.kind]
        if each.kind is FieldKind.CODE and words.codes.codes(each.name)
    )


def _first(forms: Sequence[Form], steps: Iterable[Action]) -> tuple[Form, ...]:
    for action in steps:
        chosen = next(
            (form for form in forms if form.action == action.value and not form.assist), None
        )
        if chosen is not None:
            others = {each.value for each in COUNTERPARTS.get(action, ())}
            beside = (
                form
                for form in forms
                if form.action in others and form.dispatch in (None, chosen.dispatch)
            )
            return (chosen, *beside)
    return ()


def _form(rule: Rule, meant: Dispatch | None, outlook: Outlook, draft: Draft, sight: Sight) -> Form:
    view = outlook.view
    return Form(
        action=rule.action.value,
        dispatch=meant.serial if meant else None,
        department=_department(view.case, meant, outlook.words),
        inputs=tuple(
            _by_hand(
                rule.action,
                view,
                act_input(
                    name, needed=asked_for(rule, name, outlook.view.case, outlook.words.codes)
                ),
            )
            for name in (*rule.needs, *rule.may)
            if name not in HOUSES_OWN
        ),
        assist=rule.action is Action.DISPATCH and view.case.lead is not None,
        group=GROUPS.get(rule.action, Group.MORE),
        consequences=outlook.of(rule, meant),
        prefilled=_prefilled(rule.action, view, draft, sight),
    )


def _by_hand(action: Action, view: TicketView, field: Input) -> Input:
    """The field without the ways of which a person is no witness."""
    if field.name != "channel" or action not in PROVEN:
        return field
    ours = {each.value for each in view.premises.carried}
    return replace(field, options=tuple(each for each in field.options if each[0] not in ours))


def _department(case: Case, meant: Dispatch | None, words: Words) -> str:
    if meant is None or len(case.dispatches) < 2:
        return ""
    return words.department(meant.department_id)


def _prefilled(action: Action, view: TicketView, draft: Draft, sight: Sight) -> dict[str, str]:
    by_hand = action in PROVEN and draft.reply_by in view.premises.carried
    channel = "" if by_hand else draft.reply_by.value
    match action:
        case Action.DISPATCH | Action.REDIRECT:
            return {"text": draft.text}
        case Action.REPLY | Action.ATTEMPT_REPLY:
            return {
                "text": sight.shown(Mask.TEXT, proposed_reply(view)),
                "channel": channel,
            }
        case _:
            return {"channel": channel}


def proposed_reply(view: TicketView) -> str:
    """What the department proposed last to tell the customer."""
    returned = (
        entry.fields.get("proposed_reply", "")
        for entry in reversed(view.history)
        if entry.action == Action.RETURN.value
    )
    return next(returned, "")
