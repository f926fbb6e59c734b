"""What a customer sees of their ticket: never an internal note, nor who did what. Pure.

It is a list of what is shown, not of what is hidden: an act that this module does not name stays
inside the bank.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tickets.attachments.model import Attached
from tickets.clocks.model import Clock
from tickets.decide import allowed
from tickets.masking import Mask, Sight, masked
from tickets.model import (
    ANSWERED,
    CUSTOMER,
    ENDED,
    OPEN_STATES,
    Case,
    CaseState,
    HistoryEntry,
    ReplyChannel,
    SuspensionGround,
)
from tickets.view import TicketView
from tickets.workflow import Action, ClockKind


class Step(Enum):
    """How far a ticket has come, in a customer's words."""

    RECEIVED = "received"
    WORKED_ON = "worked_on"
    ANSWERED = "answered"
    CLOSED = "closed"


class Side(Enum):
    """An end that is no step of the way."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    VOID = "void"


class Voice(Enum):
    """Who speaks in a line of what was said."""

    BANK = "bank"
    CUSTOMER = "customer"


URGED = "客户催办 Urged by the customer"
"""What staff read of an urge that is a message, since no department has the ticket."""


class Topic(Enum):
    """What a line is."""

    NEWS = "news"
    ANSWER = "answer"
    EXTENDED = "extended"
    MESSAGE = "message"
    URGED = "urged"
    RATED = "rated"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that passed between the bank and the customer."""

    at: datetime
    voice: Voice
    topic: Topic
    text: str = ""
    score: str = ""
    """Of a rating, 1 to 5."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page shows."""

    number: TicketNumber
    case: Case
    step: Step
    side: Side | None
    due: datetime | None
    """By when there will be an answer; None once there is one, and while it stands still."""
    late: bool
    waiting_for_customer: bool
    department: tuple[str, str] | None
    """Its public name in Chinese and English."""
    said: tuple[Said, ...]
    files: tuple[Attached, ...]
    acts: frozenset[Action]
    """What the customer may do now."""
    unread: HistoryEntry | None
    """An answer that was put on the page and nobody has opened yet."""

    def named(self, language: Language) -> str:
        """The department in that language; nothing while none works on it."""
        if self.department is None:
            return ""
        return self.department[0 if language is Language.CHINESE else 1]


STEPS = {
    CaseState.REGISTERED: Step.RECEIVED,
    CaseState.IN_PROGRESS: Step.WORKED_ON,
    CaseState.RESULT_IN: Step.WORKED_ON,
    CaseState.REPLIED: Step.ANSWERED,
    CaseState.CALLBACK: Step.ANSWERED,
    CaseState.CLOSED: Step.CLOSED,
}
SIDES = {
    CaseState.WITHDRAWN: Side.WITHDRAWN,
    CaseState.MERGED: Side.MERGED,
    CaseState.VOID: Side.VOID,
}
OWN = frozenset({Action.URGE, Action.CONTACT, Action.RATE, Action.ATTACH_FILE, Action.WITHDRAW})
"""What the page offers, where `decide.allowed` says that the customer may."""
_WORDS = Sight(frozenset(Mask) - {Mask.TEXT})
"""All but the cards in what they wrote: a page may be read over a shoulder."""
_ANSWERS = frozenset({Action.REPLY.value, Action.SOLVE.value})


def standing_of(view: TicketView, files: Sequence[Attached], now: datetime) -> Standing:
    """What the customer of that ticket sees of it now."""
    case, unread = view.case, unopened(view.case, view.history)
    due = _due(view.clocks) if case.state not in ENDED else None
    lead = case.lead or case.last_lead
    department = view.departments.get(lead.department_id) if lead else None
    answered = Step.ANSWERED if unread is not None else None
    return Standing(
        number=case.number,
        case=replace(case, draft=_WORDS.draft(case.draft)),
        step=answered or STEPS.get(case.state, Step.CLOSED),
        side=SIDES.get(case.state),
        due=None if answered else due,
        late=due is not None and answered is None and now >= due,
        waiting_for_customer=_waits(case),
        department=(department.name_zh, department.name_en) if department else None,
        said=tuple(_said(view.history, unread)),
        files=tuple(each for each in files if each.by == CUSTOMER.staff_id),
        acts=_acts(view, now) & OWN,
        unread=unread,
    )


def urges_hotline(view: TicketView) -> bool:
    """Whether no department has it, so that to urge is to write, and they do not wait already."""
    case = view.case
    unanswered = case.state in OPEN_STATES - ANSWERED and unopened(case, view.history) is None
    return unanswered and case.lead is None and view.premises.unanswered is None


def _acts(view: TicketView, now: datetime) -> frozenset[Action]:
    possible = {rule.action for rule, _ in allowed(view.case, CUSTOMER, now, view.premises)}
    return frozenset({*possible, *([Action.URGE] if urges_hotline(view) else [])})


def unopened(case: Case, history: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """The last answer that was put on the page and not told by any way since."""
    if case.state is not CaseState.RESULT_IN:
        return None
    latest = next((each for each in reversed(history) if _turned(each)), None)
    if latest is None or latest.action != Action.ATTEMPT_REPLY.value:
        return None
    return latest if latest.fields.get("channel") == ReplyChannel.WEB.value else None


def _turned(entry: HistoryEntry) -> bool:
    """Whether the matter took a turn there, beside which an answer put on the page is old."""
    return entry.action == Action.ATTEMPT_REPLY.value or entry.previous != entry.state


def _due(clocks: Sequence[Clock]) -> datetime | None:
    running = [each for each in clocks if each.stopped is None and each.halted is None]
    return next((each.due for each in running if each.kind is ClockKind.DECISION), None)


def _waits(case: Case) -> bool:
    waiting = (each.suspension for each in case.dispatches if not each.final)
    return any(each and each.ground is SuspensionGround.CUSTOMER for each in waiting)


def _said(history: Sequence[HistoryEntry], unread: HistoryEntry | None) -> Iterator[Said]:
    for entry in history:
        line = _line(entry, own=entry.by == CUSTOMER.staff_id)
        if line is not None:
            yield line
    if unread is not None:
        text = masked(Mask.TEXT, unread.fields.get("text", ""))
        yield Said(unread.at, Voice.BANK, Topic.ANSWER, text)


def _line(entry: HistoryEntry, *, own: bool) -> Said | None:
    text = masked(Mask.TEXT, entry.fields.get("text", ""))
    voice = Voice.CUSTOMER if own else Voice.BANK
    match entry.action:
        case action if action in _ANSWERS:
            return Said(entry.at, voice, Topic.ANSWER, text)
        case Action.INFORM.value:
            return Said(entry.at, voice, Topic.NEWS, text)
        case Action.EXTEND_DECISION.value:
            return Said(entry.at, voice, Topic.EXTENDED)
        case Action.REOPEN.value:
            return Said(entry.at, voice, Topic.REOPENED)
        case Action.CONTACT.value if own and text == URGED:
            return Said(entry.at, voice, Topic.URGED)
        case Action.CONTACT.value | Action.FOLLOW_UP.value if own:
            return Said(entry.at, voice, Topic.MESSAGE, text)
        case Action.URGE.value if own:
            return Said(entry.at, voice, Topic.URGED, text)
        case Action.RATE.value if own:
            return Said(entry.at, voice, Topic.RATED, text, entry.fields.get("score", ""))
    return None
