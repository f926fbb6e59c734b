"""Tickets by telephone: what the menu and `tickets` tell each other (`ports.TicketLinePort`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import CallId, CustomerId, TicketNumber
from cti.kernel.vocabulary import Language, ServiceLevel

Words = Mapping[Language, str]


class Proof(Enum):
    """What became of an attempt to prove that a ticket is one's own."""

    PROVEN = "proven"
    WRONG = "wrong"
    """The number or the digits are wrong; nobody is told which."""
    LOCKED = "locked"
    """Too many were wrong, by this caller or for this ticket."""


@dataclass(frozen=True, slots=True)
class Proven:
    """How the attempt ended; `number` is the ticket as it goes on, merged or not."""

    proof: Proof
    number: TicketNumber | None = None


@dataclass(frozen=True, slots=True)
class ToldTicket:
    """What whoever proved it hears of their ticket; `kind` and `state` are values of its model."""

    number: TicketNumber
    kind: str
    state: str
    due: datetime | None = None
    """When an answer is owed; None where none is."""
    overdue: bool = False
    department: Words = field(default_factory=dict)
    """Where the work is; empty while it is nowhere."""
    reply: str = field(default="", repr=False)
    slot: tuple[datetime, datetime] | None = None
    may_cancel: bool = False
    """Whether the caller can call the appointment off."""


class Urging(Enum):
    """What became of a caller's urging."""

    URGED = "urged"
    ALREADY = "already"
    """It was urged before, and not answered since."""
    NOTED = "noted"
    """No department has it; the hotline is told."""


@dataclass(frozen=True, slots=True)
class Urged:
    """How the urging ended, and when the department is to answer it; None where none is."""

    outcome: Urging
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by what the call knows of them; `calling` is empty where it is withheld."""

    call_id: CallId
    calling: str
    language: Language
    customer_id: CustomerId | None = None
    name: str = ""
    service_level: ServiceLevel = ServiceLevel.UNIFORM


@dataclass(frozen=True, slots=True)
class Wished:
    """An appointment as it is keyed in: the keys of matter and branch, MMDD and HHMM."""

    matter: str
    branch: str
    day: str
    time: str
    contact: str = ""
    """A telephone number, where the caller's own is withheld."""


class SlotAnswer(Enum):
    """Whether somebody can come then."""

    OPEN = "open"
    CLOSED = "closed"
    """The branches are closed, or that is too far ahead."""
    IMPOSSIBLE = "impossible"
    """There is no such day or time, or it is past."""


@dataclass(frozen=True, slots=True)
class SlotFound:
    """The slot that was keyed in, where there can be one."""

    answer: SlotAnswer
    slot: tuple[datetime, datetime] | None = None
