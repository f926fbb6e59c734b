"""What happens to tickets: cases towards the customer, dispatches towards departments."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId, TicketNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent(Event):
    """Root of everything that happens to a ticket."""

    number: TicketNumber
    confidential: bool = False
    """Whether it is a complaint about staff, which boards that everybody sees leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRegistered(TicketEvent):
    """The ticket exists; `due` is when the customer must have an answer."""

    kind: ClassVar[str] = "ticket.registered"
    type: str
    urgency: str
    opened_by: StaffId
    due: datetime
    call_id: CallId | None = None
    customer_id: CustomerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanged(TicketEvent):
    """A workflow action was taken; `action` and states are values of `tickets.workflow`."""

    kind: ClassVar[str] = "ticket.changed"
    action: str
    previous: str
    state: str
    by: StaffId
    department_id: DepartmentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRated(TicketEvent):
    """Whoever asked said what they think of the answer; `score` is from 1 to 5, the best."""

    kind: ClassVar[str] = "ticket.rated"
    score: int
    solved: bool | None = None
    """Whether the matter is solved, as far as they said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterEvent(Event):
    """Root of what happens to letters that belong to no ticket."""

    mail_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterUnfiled(LetterEvent):
    """A letter came that belongs to no ticket."""

    kind: ClassVar[str] = "letter.unfiled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDecided(LetterEvent):
    """Somebody filed it, opened a ticket from it, discarded or restored it, as `deed` says."""

    kind: ClassVar[str] = "letter.decided"
    deed: str
    by: StaffId
    number: TicketNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineWarned(TicketEvent):
    """The clock nears its deadline."""

    kind: ClassVar[str] = "ticket.deadline_warned"
    clock: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineBreached(TicketEvent):
    """The deadline passed unmet; `late` when fired after the fact, as after a downtime.

    `moved` when it lies in the past because the working calendar was changed.
    """

    kind: ClassVar[str] = "ticket.deadline_breached"
    clock: str
    due: datetime
    late: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEscalated(TicketEvent):
    """The overdue ticket went up a level, to the holder of that role."""

    kind: ClassVar[str] = "ticket.escalated"
    level: int
    to_role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyCallMade(TicketEvent):
    """The customer is called with the answer, for the `attempt`-th time, by that call."""

    kind: ClassVar[str] = "ticket.reply_call_made"
    call_id: CallId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyCallEnded(TicketEvent):
    """What came of that call: ``told``, ``interrupted``, or why nothing was told."""

    kind: ClassVar[str] = "ticket.reply_call_ended"
    call_id: CallId
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged(Event):
    """Days of working calendars were changed, from the first to the last (ISO 8601) if any were.

    So many deadlines had `moved` by then; where there were many, more of them move after it.
    """

    kind: ClassVar[str] = "calendar.changed"
    version: int
    by: StaffId
    calendars: tuple[str, ...]
    first: str = ""
    last: str = ""
    reason: str = ""
    undoes: int | None = None
    moved: int = 0
