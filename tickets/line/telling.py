"""What a customer is told of their ticket by telephone, and whose ticket it is. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from cti.kernel.ticket_line import ToldTicket
from cti.kernel.vocabulary import Language
from tickets import decide
from tickets.acts import Action, ClockKind
from tickets.forms import slot_of
from tickets.masking import Mask, masked
from tickets.model import CUSTOMER, Case, CaseState
from tickets.view import TicketView

ENDING = 4
"""Digits of the telephone number that prove that a ticket is the caller's."""
SHORTEST_NUMBER = 7
"""Digits; what is shorter is no telephone number."""
ANSWERED = frozenset({CaseState.REPLIED, CaseState.CALLBACK, CaseState.CLOSED})
ANSWERS = frozenset({Action.REPLY.value, Action.SOLVE.value})


def proves(case: Case, ending: str) -> bool:
    """Whether a telephone number that the ticket has ends in these digits."""
    if len(ending) != ENDING or not ending.isdigit():
        return False
    return any(digits_of(each).endswith(ending) for each in written(case))


def written(case: Case) -> Iterator[str]:
    """The telephone numbers that the ticket has, as they were written down."""
    draft = case.draft
    for text in (draft.requester.contact, draft.details.get("other_contact", "")):
        if len(digits_of(text)) >= SHORTEST_NUMBER and "@" not in text:
            yield text


def dialled(text: str) -> str:
    """A telephone number as it is dialled: without what only makes it easier to read."""
    return re.sub(r"[^0-9+]", "", text)


def digits_of(text: str) -> str:
    """The digits in it."""
    return re.sub(r"[^0-9]", "", text)


def told(view: TicketView, at: datetime) -> ToldTicket:
    """What is told of the ticket now."""
    case = view.case
    lead = case.lead
    department = view.departments.get(lead.department_id) if lead is not None else None
    stands_still = (ClockKind.DECISION, None) in view.premises.halted
    due = None if stands_still else view.due(ClockKind.DECISION)
    zone = view.premises.zone
    slot = slot_of(case.draft, zone)
    open_slot = slot if case.ended is None else None
    return ToldTicket(
        number=case.number,
        kind=case.draft.kind.value,
        state=case.state.value,
        due=due,
        overdue=due is not None and due < at,
        department=(
            {Language.CHINESE: department.name_zh, Language.ENGLISH: department.name_en}
            if department is not None
            else {}
        ),
        reply=reply_of(view) if case.state in ANSWERED else "",
        slot=(open_slot.start, open_slot.end) if open_slot is not None else None,
        may_cancel=open_slot is not None and may(view, Action.WITHDRAW, at),
    )


def reply_of(view: TicketView) -> str:
    """The last answer that was told to the customer; empty where none was."""
    found = (each.fields.get("text", "") for each in view.history if each.action in ANSWERS)
    return masked(Mask.TEXT, ([""] + [each for each in found if each])[-1])


def may(view: TicketView, action: Action, at: datetime) -> bool:
    """Whether the customer may do that themselves now."""
    possible = decide.allowed(view.case, CUSTOMER, at, view.premises)
    return any(rule.action is action for rule, _ in possible)
