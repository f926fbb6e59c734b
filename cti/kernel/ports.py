"""Where siblings meet: what one room asks of another without knowing it.

`ivr`, `agents`, `tickets` and `monitoring` never import each other; the composition root hands
each the other's implementation of these protocols. Every Deferred may fail with a
`HotlineError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred

from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId, StaffId, TicketNumber
from cti.kernel.loans import LoanEnded, LoanPurpose
from cti.kernel.money import Money
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import Caller, Proven, SlotFound, ToldTicket, Urged, Wished, Words
from cti.kernel.vocabulary import Language, MessageAbout, ServiceLevel, Situation

IN_FRONT = 1800.0
"""A head start as large as that of the most urgent situation, so that nobody's bound grows."""


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """What a call asks of the queue. Skills come with the queue; the language adds to them."""

    queue_id: QueueId
    language: Language
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    situation: Situation = Situation.ORDINARY
    greeting: tuple[Path, ...] = ()
    """What the caller hears first while an agent is already looked for; given back when heard."""
    head_start: float = 0.0
    """Seconds that they count as having waited already; `IN_FRONT` for whom the house lost once."""


class QueuePort(Protocol):
    """Hands a call over to the queues (implemented by `agents`)."""

    def enqueue(self, call_id: CallId, request: QueueRequest) -> None:
        """Queue the answered call; Refused when the queue is unknown."""


class SelfServicePort(Protocol):
    """Serves callers whom an agent lends (implemented by `ivr`); the agent's call stays theirs.

    The call is secluded by whoever lends it, before, and opened by them again after `LoanEnded`.
    """

    def require(self, call_id: CallId, purpose: LoanPurpose, flow: str = "") -> None:
        """Refused as `lend` would be: ``loan.no_flow``, ``loan.running``."""

    def lend(
        self, call_id: CallId, purpose: LoanPurpose, language: Language, flow: str = ""
    ) -> Deferred[LoanEnded]:
        """Lead the caller through the flow of that purpose, or the named one. Never fails later.

        Refused as by `require`.
        """

    def take_back(self, call_id: CallId) -> None:
        """End the loan before its time; LoanEnded follows. Nothing happens when none runs."""

    def recover(self, call_id: CallId) -> Deferred[LoanEnded]:
        """Let a caller go whose loan was cut off by a restart: they are told to key no more."""


@dataclass(frozen=True, slots=True)
class TicketSummary:
    """A ticket in a line; `state` is the value of `tickets.model.CaseState`."""

    number: TicketNumber
    kind: str
    title: str
    state: str
    opened: datetime
    due: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """A letter in a line: from the customer, or to them; `number` None where it has no ticket."""

    at: datetime
    incoming: bool
    subject: str
    number: TicketNumber | None


@dataclass(frozen=True, slots=True)
class OverdueTickets:
    """How many tickets have a missed deadline, and those that missed theirs the longest ago.

    `count` is at least how many there are where there are `more`. Complaints about members of
    staff are neither counted nor named: not everybody may know that there are any.
    """

    count: int
    longest: tuple[TicketSummary, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class SpokenMessage:
    """What a caller said after the tone, in the recording of that call; `seconds` long.

    `calling` is empty where the number is withheld, `name` where nobody knows who called. With
    `number` it belongs to that ticket, which proved to be the caller's.
    """

    call_id: CallId
    begun: datetime
    seconds: float
    calling: str
    language: Language
    queue_id: QueueId | None = None
    customer_id: CustomerId | None = None
    name: str = ""
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    about: MessageAbout = MessageAbout.ANYTHING
    number: TicketNumber | None = None


class MessagePort(Protocol):
    """Makes tickets of what callers said (implemented by `tickets`)."""

    def take_message(self, message: SpokenMessage) -> Deferred[TicketNumber]:
        """Register a ticket for the message, or add it to its own; asked again, nothing more.

        Gives the number of the ticket, the same one each time.
        """


class TicketPort(Protocol):
    """What others may know of tickets (implemented by `tickets`)."""

    def find(self, number: str) -> Deferred[TicketSummary | None]: ...

    def open_tickets(
        self, customer_id: CustomerId, reader: StaffId
    ) -> Deferred[list[TicketSummary]]:
        """The customer's open tickets, the latest first, but for complaints about the reader."""

    def letters_of(
        self, customer_id: CustomerId, reader: StaffId, limit: int
    ) -> Deferred[list[LetterSummary]]:
        """The customer's last letters and ours to them, but for those about the reader."""

    def overdue(self, longest: int) -> Deferred[OverdueTickets]:
        """With so many of those overdue the longest; their due is the deadline missed."""


class TicketLinePort(Protocol):
    """Serves callers about tickets (implemented by `tickets`).

    Nobody hears anything of a ticket before they have proved that it is theirs.
    """

    def prove(self, number: str, ending: Secret, calling: str) -> Deferred[Proven]:
        """Whether the last digits are those of a telephone number that the ticket has.

        What is wrong counts against the caller's number and against the number keyed in.
        """

    def told(self, number: TicketNumber) -> Deferred[ToldTicket | None]:
        """The ticket as its customer hears it."""

    def open_of(self, calling: str) -> Deferred[Sequence[TicketNumber]]:
        """The open tickets that have this telephone number, the latest first."""

    def urge(self, number: TicketNumber, call_id: CallId) -> Deferred[Urged]:
        """Urge the ticket for the customer (催单)."""

    def cancel(self, number: TicketNumber, call_id: CallId) -> Deferred[bool]:
        """Call the appointment off for the customer; False where that is not possible now."""

    def matters(self) -> Sequence[str]:
        """What appointments are for, by their keys 1, 2 ...; ids of `appointment.matter`."""

    def branches(self) -> Sequence[Words]:
        """Where appointments are, by their keys 1, 2 ...; empty where none can be made."""

    def slot(self, wished: Wished) -> SlotFound:
        """The slot that is meant."""

    def appoint(self, wished: Wished, caller: Caller) -> Deferred[TicketNumber]:
        """Register the appointment; asked again by the same call, the ticket it has already."""


@dataclass(frozen=True, slots=True)
class ReplyToTell:
    """What a call to a customer is to tell them, once they have proved who they are."""

    number: TicketNumber
    kind: str
    text: str = field(repr=False)


class ReplyCallPort(Protocol):
    """Calls that bring customers the answer to their ticket (implemented by `tickets`).

    Of a call that brings none nothing is known, and nothing comes of what it says.
    """

    def reply_of(self, call_id: CallId) -> ReplyToTell | None:
        """What that call is to tell."""

    def identified(self, call_id: CallId, keyed: Secret) -> bool:
        """Whether the digits are those that prove who answered."""

    def elsewhere(self, call_id: CallId) -> None:
        """Somebody else answered."""

    def unspoken(self, call_id: CallId) -> None:
        """Some of the answer could not be said: it counts as not told."""

    def heard(self, call_id: CallId) -> Deferred[None]:
        """The answer was heard to its end, which they confirm by key: it is told now."""

    def rated(self, call_id: CallId, score: int) -> Deferred[None]:
        """How content they are, 1 to 5."""

    def solved(self, call_id: CallId, *, solved: bool) -> Deferred[None]:
        """Whether that helped."""


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A past call in a line."""

    call_id: CallId
    started: datetime
    seconds: float
    outcome: str
    agent_name: str | None
    path: tuple[str, ...]


class CallHistoryPort(Protocol):
    """A customer's last calls (implemented by `monitoring`)."""

    def last_calls(
        self, customer_id: CustomerId, limit: int = 5
    ) -> Deferred[list[CallSummary]]: ...

    def number_of(self, call_id: CallId) -> Deferred[str]:
        """The number of whoever was outside in that call; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class Product:
    """An account or card of a customer; of its number only the last digits are known."""

    kind: str
    """``account``, ``debit`` or ``credit``."""
    ending: str
    balance: Money | None = None
    available: Money | None = None
    lost: bool = False
    """Whether the card is blocked."""


class ProductPort(Protocol):
    """What a customer has at the bank (implemented over its core system). It changes nothing."""

    def products(self, customer_id: CustomerId) -> Deferred[Sequence[Product]]:
        """Accounts, then cards; only to be asked for a customer who was verified."""

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        """Until when telephone banking is locked after wrong PINs; None when it is not."""


@dataclass(frozen=True, slots=True)
class AgentDay:
    """An agent's figures of today, as the wall counts them; times in seconds."""

    day: date | None = None
    handled: int = 0
    """Calls whose after-call work is done."""
    missed: int = 0
    coded: int = 0
    talked: float = 0.0
    held: float = 0.0
    after_call: float = 0.0
    occupancy: float | None = None
    """Share of the time with calls in that ready for them or with them; None without either."""


class AgentDayPort(Protocol):
    """Figures of agents (implemented by `monitoring`)."""

    def day_of(self, agent_id: AgentId) -> AgentDay:
        """Today's figures at this moment."""


class QueueDayPort(Protocol):
    """Figures of queues (implemented by `monitoring`)."""

    def service_level_of(self, queue_id: QueueId) -> float | None:
        """Share of today's calls answered in time; None while nobody was."""


class StaffNames(Protocol):
    """Names of staff for boards and histories (implemented by `agents.roster`)."""

    def name_of(self, staff_id: StaffId) -> str: ...
