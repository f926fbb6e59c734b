"""Cases and dispatches as values: what the customer is owed, and who in the bank works on it.

A case (工单) faces the customer: its kind, its requester, its calls and the answer. A dispatch
(派单) faces one department: one lead (主办) at a time, any number of assisting ones (协办). All
states and their Chinese names stand here; what leads from one to another stands in `workflow`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role, ServiceLevel

SYSTEM = Principal(StaffId("system"), "系统 System", frozenset(), Language.CHINESE)
"""The house itself, where it acts at an instant or for a channel."""
CUSTOMER = Principal(StaffId("customer"), "客户 Customer", frozenset(), Language.CHINESE)
"""Whoever asked, where they act themselves: by keys, on their page, by answering a mail."""
MAILBOX = Principal(StaffId("mail"), "电子邮件 E-mail", frozenset({Role.AGENT}), Language.CHINESE)
"""Who opens tickets of letters, and notes what became of ours."""
VOICEMAIL = Principal(
    StaffId("voicemail"), "语音留言 Voicemail", frozenset({Role.AGENT}), Language.CHINESE
)
"""Who opens tickets of messages that callers leave."""
NOBODY = frozenset(each.staff_id for each in (SYSTEM, CUSTOMER, MAILBOX, VOICEMAIL))
"""Those who act and are no person: nothing that they are told is read."""


class TicketKind(Enum):
    """What the customer wants."""

    COMPLAINT = "complaint"
    """投诉"""
    SUGGESTION = "suggestion"
    """建议"""
    APPOINTMENT = "appointment"
    """预约"""
    ACCEPTANCE = "acceptance"
    """业务受理"""
    ENQUIRY = "enquiry"
    """咨询"""


class Source(Enum):
    """By which way the ticket came into the house."""

    CALL = "call"
    IVR = "ivr"
    VOICEMAIL = "voicemail"
    SUPERVISOR = "supervisor"
    EMAIL = "email"
    WEB = "web"


class Urgency(Enum):
    """How soon the matter must be looked at."""

    ORDINARY = "ordinary"
    IMPORTANT = "important"
    URGENT = "urgent"


RANKS = {Urgency.URGENT: 0, Urgency.IMPORTANT: 1, Urgency.ORDINARY: 2}
"""The most urgent first."""


class CaseState(Enum):
    """Where the case stands towards the customer."""

    DRAFT = "draft"
    """Not yet registered: no number, no clock."""
    REGISTERED = "registered"
    """已登记"""
    IN_PROGRESS = "in_progress"
    """办理中"""
    RESULT_IN = "result_in"
    """已回单: the approved result waits to be told to the customer."""
    REPLIED = "replied"
    """已答复"""
    CALLBACK = "callback"
    """待回访: answered, and somebody else asks whether it helped."""
    CLOSED = "closed"
    """办结"""
    WITHDRAWN = "withdrawn"
    """撤诉"""
    MERGED = "merged"
    """并单: it goes on in another ticket."""
    VOID = "void"
    """作废: registered by mistake; its number is never given out again."""


ENDED = frozenset({CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED, CaseState.VOID})
OPEN_STATES = frozenset(CaseState) - ENDED - {CaseState.DRAFT}
ANSWERED = frozenset({CaseState.REPLIED, CaseState.CALLBACK})


class DispatchState(Enum):
    """Where the order to a department stands."""

    SENT = "sent"
    """待签收"""
    ACCEPTED = "accepted"
    """办理中"""
    RESULT_WRITTEN = "result_written"
    """回单待签: the officer wrote it, the head signs."""
    RESULT = "result"
    """已回单, waits for review."""
    REWORK = "rework"
    """退回重办"""
    APPROVED = "approved"
    """通过"""
    REFUSAL_WRITTEN = "refusal_written"
    """退单待签"""
    REFUSAL_ASKED = "refusal_asked"
    """退单待审"""
    REFUSED = "refused"
    """退单成立"""
    RECALLED = "recalled"
    """撤回"""
    SUSPENDED = "suspended"
    """挂起: waits for somebody outside, on a stated ground."""


FINAL = frozenset({DispatchState.APPROVED, DispatchState.REFUSED, DispatchState.RECALLED})


class ReplyChannel(Enum):
    """How the customer asked to be answered."""

    CALL = "call"
    AUTOMATIC_CALL = "automatic_call"
    """The house calls and reads the answer out."""
    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, as they gave it: nothing the bank already holds is asked again."""

    name: str
    contact: str
    """Telephone number, address of mail or post."""
    customer_id: CustomerId | None = None
    sex: str = ""
    address: str = ""
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    unproven: bool = False
    """Who it is was taken from an address alone that anybody could have written (未核实)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as it is written down, before it has a number."""

    kind: TicketKind
    title: str
    text: str
    requester: Requester
    urgency: Urgency = Urgency.ORDINARY
    occasion: str = ""
    """When it happened; for an appointment, the time agreed."""
    about: str = ""
    """About whom, or which branch."""
    reply_by: ReplyChannel = ReplyChannel.CALL
    call_id: CallId | None = None
    call_path: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    """The fields that tickets of this kind have of their own, see `tickets.forms`."""
    source: Source = Source.CALL
    about_staff: StaffId | None = None
    """The member of staff complained about, whose unit does not see it."""
    about_unit: DepartmentId | None = None
    """That unit, as it was when the ticket was written down."""
    received: datetime | None = None
    """When it reached the house, where nobody wrote it down at once: a letter that lay."""


class SuspensionGround(Enum):
    """Why the work of a department may stand still; nothing else is a reason."""

    CUSTOMER = "customer"
    """The customer must bring or decide something."""
    APPRAISAL = "appraisal"
    """Somebody outside the bank appraises, tests or assesses."""
    APPOINTMENT = "appointment"
    """A date is agreed with the customer."""


class PetitionKind(Enum):
    """What a department asks for besides handing the order back."""

    EXTENSION = "extension"
    """延期"""
    SUSPENSION = "suspension"
    """挂起"""


@dataclass(frozen=True, slots=True)
class Petition:
    """What a department asks for (申请): written by an officer, signed by the head."""

    kind: PetitionKind
    text: str
    until: datetime
    by: StaffId
    ground: SuspensionGround | None = None
    """Of a suspension."""
    signed_by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why the order stands still, and when somebody looks again."""

    ground: SuspensionGround
    until: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An order to a department; `serial` counts from 1 within the case."""

    serial: int
    department_id: DepartmentId
    lead: bool
    state: DispatchState = DispatchState.SENT
    refusals: int = 0
    """How often the department asked to hand it back."""
    urges: int = 0
    urge_open: bool = False
    """Urged, and the department has not answered since."""
    sent: datetime | None = None
    """None for orders of the house's first days."""
    petition: Petition | None = None
    suspension: Suspension | None = None
    facts: datetime | None = None
    """When new facts came in that nobody has judged yet."""

    @property
    def final(self) -> bool:
        """Whether nothing more is expected of the department."""
        return self.state in FINAL


def waits_for_ruling(
    state: CaseState,
    void_asked_by: StaffId | None,
    facts: datetime | None,
    dispatches: Iterable[Dispatch],
) -> bool:
    """See `Case.waits_for_ruling`: what lists ask of tickets of which they know no more."""
    live = [each for each in dispatches if not each.final]
    asked = any(each.facts or (each.petition and each.petition.signed_by) for each in live)
    void_asked = state is CaseState.REGISTERED and void_asked_by is not None
    return asked or facts is not None or void_asked


@dataclass(frozen=True, slots=True)
class Case:
    """A registered ticket. `version` counts its changes; every change names the one it saw."""

    number: TicketNumber
    draft: Draft
    state: CaseState
    opened: datetime
    opened_by: StaffId
    version: int = 1
    cycle: int = 1
    """Counts the reopenings; clocks of an earlier cycle are kept for the record."""
    ended: datetime | None = None
    level: int = 0
    """How far up the lateness has been escalated."""
    dispatches: tuple[Dispatch, ...] = ()
    handlers: frozenset[StaffId] = frozenset()
    """Who worked on the matter; none of them asks the customer whether it helped."""
    supervised: bool = False
    """督办"""
    extensions: int = 0
    """How often the statutory period was lengthened in this cycle."""
    appraised: bool = False
    """An external appraisal is under way, which stops the statutory period."""
    tries: tuple[datetime, ...] = ()
    """Call-backs since the answer that reached nobody."""
    rating: int | None = None
    """What the customer gave, 1 to 5."""
    merged_into: TicketNumber | None = None
    void_asked_by: StaffId | None = None
    adopted: bool = False
    facts: datetime | None = None
    """When new facts came in, while no department leads, that nobody has judged yet."""
    call_back_at: datetime | None = None
    """When the customer agreed to be called back; the clock of the call-back stands till then."""

    @property
    def received(self) -> datetime:
        """When the house had it, from which the customer waits."""
        return min(self.draft.received or self.opened, self.opened)

    @property
    def lead(self) -> Dispatch | None:
        """The dispatch that answers for the matter now."""
        return next((each for each in self.dispatches if each.lead and not each.final), None)

    @property
    def waits_for_ruling(self) -> bool:
        """Whether new facts, a petition that is signed or a mistaken entry is to be ruled on."""
        return waits_for_ruling(self.state, self.void_asked_by, self.facts, self.dispatches)

    @property
    def last_lead(self) -> Dispatch | None:
        """The dispatch whose approved result was told to the customer; None where none was."""
        leads = [each for each in self.dispatches if each.lead]
        return leads[-1] if leads and leads[-1].state is DispatchState.APPROVED else None

    def dispatch(self, serial: int) -> Dispatch | None:
        """The dispatch of that serial."""
        return next((each for each in self.dispatches if each.serial == serial), None)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One act or alarm, as it is kept for good."""

    at: datetime
    by: StaffId
    by_name: str
    action: str
    """A `workflow.Action` value, or ``warning``, ``breach`` or ``escalation``."""
    previous: str
    state: str
    dispatch: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
    """The case's version that the act made; None for alarms."""
    request_id: str = ""
    order_state: str = ""
    """The state of the dispatch after the act; empty where it was about none."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department that orders can be sent to; `calendar` names its working hours."""

    department_id: DepartmentId
    name_zh: str
    name_en: str
    calendar: str


WHOLE_HOUSE = "house"
"""The subject of a message about no caller in particular."""


class MessageKind(Enum):
    """Why somebody is told something."""

    WORK = "work"
    """The ticket came to them."""
    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"
    UNDELIVERED = "undelivered"
    """What should have been sent never arrived; the subject says what it was for."""
    CALENDAR = "calendar"
    """A working calendar, named by the subject, lacks days that deadlines depend on."""
    GUESSING = "guessing"
    """Too many wrong proofs by telephone: by the caller that the subject names, masked, by callers
    who withhold their number where it is empty, or in the whole house."""
    STUCK = "stuck"
    """What the house should do by itself fails again and again; the subject names its queue."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a message is for: a role, in one department if named, or one person of that role."""

    role: Role
    department_id: DepartmentId | None = None
    staff_id: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An in-house message; `subject` is an action or a clock, `number` None where no ticket is."""

    message_id: int
    at: datetime
    kind: MessageKind
    subject: str
    number: TicketNumber | None
    title: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class CallLink:
    """A call that belongs to the ticket."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an act; the same request gets the same receipt again."""

    number: TicketNumber
    version: int
    state: CaseState
