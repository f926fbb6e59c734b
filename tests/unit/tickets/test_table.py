"""Every action in every state by every role, against a table that is written here once more.

The table is not derived from the workflow: who changes a rule says so in two places.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    FILLED,
    HEAD,
    LENDING,
    MONDAY,
    OFFICER,
    OTHER_HEAD,
    OTHER_OFFICER,
    PROTECTION,
    SUPERVISOR,
    draft,
    person,
)
from tickets.decide import act, allowed, register
from tickets.guards import Premises
from tickets.model import (
    CUSTOMER,
    ENDED,
    SYSTEM,
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Petition,
    PetitionKind,
    TicketKind,
)
from tickets.workflow import RULES_OF, Action

NUMBER, TARGET = TicketNumber("26112300013"), TicketNumber("26112300021")
PEOPLE = {
    "A": AGENT,
    "D": DISPATCHER,
    "L": SUPERVISOR,
    "O": OFFICER,
    "H": HEAD,
    "o": OTHER_OFFICER,
    "h": OTHER_HEAD,
    "P": PROTECTION,
    "E": EXECUTIVE,
    "Q": person(Role.QUALITY),
    "M": person(Role.ADMINISTRATOR),
    "Y": SYSTEM,
    "C": CUSTOMER,
}
"""L leads the shift, o and h are of another department, M maintains the house."""

OPEN = "registered in_progress result_in replied callback"
EVERY = f"{OPEN} closed withdrawn merged void"
UNANSWERED = "registered in_progress result_in"
UNDER_WAY = "in_progress result_in replied callback"
BUSY = "accepted rework refusal_asked suspended"
DONE = "none approved refused recalled"
ANY = f"{DONE} sent accepted result_written result rework refusal_written refusal_asked suspended"
WITH_THEM = "sent accepted rework result_written refusal_written"
TALKED_OF = f"{WITH_THEM} suspended result refusal_asked"

TABLE = f"""
solve            | ADL          | registered in_progress    | {DONE}
dispatch         | DL           | {UNANSWERED}              | {DONE}
redirect         | DL           | {UNDER_WAY}               | {WITH_THEM} suspended
recall           | DL           | {UNDER_WAY}               | {WITH_THEM} suspended
accept           | OH           | {UNDER_WAY}               | sent rework
auto_accept      | Y            | {UNDER_WAY}               | sent
ask_refusal      | OH           | {UNDER_WAY}               | sent accepted
sign_refusal     | H            | {UNDER_WAY}               | refusal_written
grant_refusal    | DLP          | {UNDER_WAY}               | refusal_asked
overrule_refusal | DLP          | {UNDER_WAY}               | refusal_asked
progress         | OH           | {UNDER_WAY}               | {BUSY}
return_result    | OH           | {UNDER_WAY}               | accepted
sign_result      | H            | {UNDER_WAY}               | result_written
send_back        | H            | {UNDER_WAY}               | result_written refusal_written
approve          | DL           | {UNDER_WAY}               | result
rework           | DL           | {UNDER_WAY}               | result
follow_up        | ADLYC        | {UNDER_WAY}               | {TALKED_OF}
confirm_facts    | LP           | {UNDER_WAY}               | {TALKED_OF}
reject_facts     | LP           | {UNDER_WAY}               | {TALKED_OF}
urge             | ADLYC        | {UNDER_WAY}               | {WITH_THEM}
answer_urge      | OH           | {UNDER_WAY}               | {WITH_THEM} refusal_asked suspended
supervise        | LPE          | {UNANSWERED}              | {ANY}
end_supervision  | LPE          | {OPEN}                    | {ANY}
escalate         | LP           | {UNANSWERED}              | {ANY}
ask_extension    | OH           | {UNDER_WAY}               | accepted rework
ask_suspension   | OH           | {UNDER_WAY}               | accepted rework
sign_petition    | H            | {UNDER_WAY}               | accepted rework
grant_petition   | LP           | {UNDER_WAY}               | accepted rework
decline_petition | LP           | {UNDER_WAY}               | accepted rework
resume           | ADLOHY       | {UNDER_WAY}               | suspended
follow_up        | ADLYC        | {UNANSWERED}              | {DONE}
confirm_facts    | LP           | {OPEN}                    | {DONE}
reject_facts     | LP           | {OPEN}                    | {DONE}
undelivered      | ADLY         | replied callback          | {ANY}
undelivered      | Y            | closed                    | {ANY}
agree_call_back  | ADLY         | callback                  | {ANY}
resume_call_back | Y            | callback                  | {ANY}
extend_decision  | LP           | {UNANSWERED}              | {ANY}
appraise         | LP           | {UNANSWERED}              | {ANY}
end_appraisal    | LP           | {UNANSWERED}              | {ANY}
inform           | ADLY         | {OPEN}                    | {ANY}
attempt_inform   | ADLY         | {OPEN}                    | {ANY}
note             | ADLOHohPEQY  | {EVERY}                   | {ANY}
attach_call      | ADLYC        | {EVERY}                   | {ANY}
detach_call      | ADL          | {EVERY}                   | {ANY}
attach_file      | ADLOHohPEQYC | {EVERY}                   | {ANY}
contact          | ADLYC        | {EVERY}                   | {ANY}
attempt_reply    | ADLY         | result_in                 | {ANY}
reply            | ADLY         | result_in                 | {ANY}
call_back        | ADL          | callback                  | {ANY}
rate             | YC           | replied callback closed   | {ANY}
amend            | ADL          | {OPEN}                    | {ANY}
convert          | L            | {UNANSWERED}              | {ANY}
keep_email       | ADL          | {EVERY}                   | {ANY}
adopt            | DLP          | {OPEN} closed             | {ANY}
close            | DL           | replied                   | {DONE}
reopen           | ADLP         | replied callback closed   | {ANY}
withdraw         | ADL          | {OPEN}                    | {ANY}
merge            | DL           | {OPEN}                    | {ANY}
absorb           | Y            | {OPEN}                    | {ANY}
ask_void         | ADL          | registered                | {ANY}
confirm_void     | LP           | registered                | {ANY}
decline_void     | LP           | registered                | {ANY}
"""


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    action: Action
    who: str
    cases: frozenset[str]
    dispatches: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> "Line":
        action, who, cases, dispatches = (part.strip() for part in text.split("|"))
        return cls(Action(action), who, frozenset(cases.split()), frozenset(dispatches.split()))

    def expects(self, who: str, case: str, dispatch: str) -> bool:
        return who in self.who and case in self.cases and dispatch in self.dispatches


LINES = [Line.parse(text) for text in TABLE.strip().splitlines()]

SIGNED = Petition(
    PetitionKind.EXTENSION, "理由", MONDAY + timedelta(days=9), StaffId("x"), None, StaffId("y")
)
WRITTEN = replace(SIGNED, signed_by=None)
OF_THE_CASE: dict[Action, dict[str, Any]] = {
    Action.END_SUPERVISION: {"supervised": True},
    Action.END_APPRAISAL: {"appraised": True},
    Action.CONFIRM_VOID: {"void_asked_by": StaffId("somebody")},
    Action.DECLINE_VOID: {"void_asked_by": StaffId("somebody")},
    Action.KEEP_EMAIL: {"draft": replace(draft(), details={"email": "wang@example.com"})},
    Action.ADOPT: {"draft": draft(TicketKind.SUGGESTION)},
    Action.CONFIRM_FACTS: {"facts": MONDAY},
    Action.REJECT_FACTS: {"facts": MONDAY},
    Action.RESUME_CALL_BACK: {"call_back_at": MONDAY + timedelta(days=1)},
}
OF_THE_ORDER: dict[Action, dict[str, Any]] = {
    Action.ANSWER_URGE: {"urge_open": True},
    Action.CONFIRM_FACTS: {"facts": MONDAY},
    Action.REJECT_FACTS: {"facts": MONDAY},
    Action.SIGN_PETITION: {"petition": WRITTEN},
    Action.GRANT_PETITION: {"petition": SIGNED},
    Action.DECLINE_PETITION: {"petition": SIGNED},
}
"""What must stand already for the action to make sense at all."""
TYPED: dict[Action, dict[str, str]] = {
    Action.REDIRECT: {"department": LENDING},
    Action.ABSORB: {"merged": TARGET},
}


def case_in(action: Action, state: str, dispatched: str) -> Case:
    """A case and its order in those states, ready for the action."""
    first = register(draft(), NUMBER, AGENT, MONDAY).case
    orders: tuple[Dispatch, ...] = ()
    if dispatched != "none":
        order = Dispatch(1, CARDS, lead=True, state=DispatchState(dispatched))
        orders = (replace(order, **OF_THE_ORDER.get(action, {})),)
    of_case = OF_THE_CASE.get(action, {})
    ended = MONDAY if CaseState(state) in ENDED else None
    return replace(first, state=CaseState(state), dispatches=orders, ended=ended, **of_case)


def answer(case: Case, action: Action, by: Principal, premises: Premises) -> str:
    fields = {**FILLED, "into": TARGET, **TYPED.get(action, {})}
    try:
        act(case, action, fields, by, MONDAY, premises)
    except Refused as refused:
        return refused.error_id
    return "done"


def test_the_table_has_every_action() -> None:
    assert {line.action for line in LINES} == set(Action) - {Action.REGISTER}


@pytest.mark.parametrize("action", list(Action)[1:], ids=lambda action: action.value)
def test_every_action_in_every_state_by_every_role(action: Action) -> None:
    lines = [line for line in LINES if line.action is action]
    target = register(draft(), TARGET, AGENT, MONDAY).case
    premises = Premises(target=target)
    for state, dispatched in product(EVERY.split(), ANY.split()):
        case = case_in(action, state, dispatched)
        for who, by in PEOPLE.items():
            said = answer(case, action, by, premises)
            expected = any(line.expects(who, state, dispatched) for line in lines)
            assert (said == "done") == expected, (who, state, dispatched, said)
            assert said == "done" or said.startswith("ticket."), said
            if expected:
                offered = {rule.action for rule, _ in allowed(case, by, MONDAY, premises)}
                assert action in offered, (who, state, dispatched)


@pytest.mark.parametrize("who", PEOPLE)
def test_who_registers(who: str) -> None:
    if who in "ADLYC":
        assert register(draft(), NUMBER, PEOPLE[who], MONDAY).case.state is CaseState.REGISTERED
        return
    with pytest.raises(Refused, match=r"access\.role_missing"):
        register(draft(), NUMBER, PEOPLE[who], MONDAY)


@pytest.mark.parametrize(
    ("kind", "who"), [(PetitionKind.EXTENSION, "LP"), (PetitionKind.SUSPENSION, "DL")]
)
@pytest.mark.parametrize("action", [Action.GRANT_PETITION, Action.DECLINE_PETITION])
def test_who_rules_on_petitions(kind: PetitionKind, who: str, action: Action) -> None:
    case = case_in(action, "in_progress", "accepted")
    asked = replace(case.dispatches[0], petition=replace(SIGNED, kind=kind))
    case = replace(case, dispatches=(asked,))
    done = {each for each, by in PEOPLE.items() if answer(case, action, by, Premises()) == "done"}
    assert done == set(who)


def test_sixty_days_are_the_vice_presidents_to_grant() -> None:
    case = replace(case_in(Action.EXTEND_DECISION, "in_progress", "accepted"), extensions=1)
    done = {
        each
        for each, by in PEOPLE.items()
        if answer(case, Action.EXTEND_DECISION, by, Premises()) == "done"
    }
    assert done == {"E"}


def test_all_lines_of_an_action_agree_on_whether_it_handles_the_matter() -> None:
    for action, rules in RULES_OF.items():
        assert len({rule.handles for rule in rules}) == 1, action
