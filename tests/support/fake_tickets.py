"""Tickets with one ticket, for what only asks about tickets by telephone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import ReplyToTell, SpokenMessage
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import (
    Caller,
    Proof,
    Proven,
    SlotAnswer,
    SlotFound,
    ToldTicket,
    Urged,
    Urging,
    Wished,
    Words,
)
from cti.kernel.vocabulary import Language

NUMBER = TicketNumber("26112100014")
ENDING = "8000"
OWNER = "13800138000"
TICKET = ToldTicket(NUMBER, "complaint", "in_progress", due=datetime(2026, 12, 4, 9, 0, tzinfo=UTC))
SLOT = (datetime(2026, 12, 7, 2, tzinfo=UTC), datetime(2026, 12, 7, 3, tzinfo=UTC))
OPEN_SLOT = SlotFound(SlotAnswer.OPEN, SLOT)
BRANCHES: tuple[Words, ...] = (
    {Language.CHINESE: "城东支行", Language.ENGLISH: "East branch"},
    {Language.CHINESE: "城西支行", Language.ENGLISH: "West branch"},
)


@dataclass
class FakeTickets:
    """Implements `TicketLinePort` on one ticket, and `MessagePort`."""

    ticket: ToldTicket = TICKET
    messages: list[SpokenMessage] = field(default_factory=list)
    broken: bool = False
    """Whether no ticket can be written."""
    locked: bool = False
    open_now: tuple[TicketNumber, ...] = ()
    """Those of whoever calls."""
    slow: Deferred[Sequence[TicketNumber]] | None = None
    tried: list[tuple[str, str]] = field(default_factory=list)
    looked_for: list[str] = field(default_factory=list)
    slots: list[Wished] = field(default_factory=list)
    urged: list[tuple[TicketNumber, CallId]] = field(default_factory=list)
    cancelled: list[tuple[TicketNumber, CallId]] = field(default_factory=list)
    places: tuple[Words, ...] = BRANCHES
    found: SlotFound = OPEN_SLOT
    made: list[tuple[Wished, Caller]] = field(default_factory=list)

    def take_message(self, message: SpokenMessage) -> Deferred[TicketNumber]:
        if self.broken:
            return fail(OSError("no database"))
        if message not in self.messages:
            self.messages.append(message)
        return succeed(message.number or TicketNumber(str(self.messages.index(message) + 1)))

    def prove(self, number: str, ending: Secret, calling: str) -> Deferred[Proven]:
        self.tried.append((number, calling))
        if self.locked:
            return succeed(Proven(Proof.LOCKED))
        if (number, ending.reveal()) == (NUMBER, ENDING):
            return succeed(Proven(Proof.PROVEN, NUMBER))
        return succeed(Proven(Proof.WRONG))

    def told(self, number: TicketNumber) -> Deferred[ToldTicket | None]:
        return succeed(self.ticket if number == NUMBER else None)

    def open_of(self, calling: str) -> Deferred[Sequence[TicketNumber]]:
        self.looked_for.append(calling)
        return self.slow or succeed(self.open_now)

    def urge(self, number: TicketNumber, call_id: CallId) -> Deferred[Urged]:
        outcome = Urging.ALREADY if self.urged else Urging.URGED
        self.urged.append((number, call_id))
        return succeed(Urged(outcome, datetime(2026, 11, 25, 9, tzinfo=UTC)))

    def cancel(self, number: TicketNumber, call_id: CallId) -> Deferred[bool]:
        self.cancelled.append((number, call_id))
        possible = self.ticket.may_cancel
        self.ticket = replace(self.ticket, may_cancel=False, state="withdrawn")
        return succeed(possible)

    def matters(self) -> Sequence[str]:
        return ("cash_delivery", "large_withdrawal")

    def branches(self) -> Sequence[Words]:
        return self.places

    def slot(self, wished: Wished) -> SlotFound:
        self.slots.append(wished)
        return self.found

    def appoint(self, wished: Wished, caller: Caller) -> Deferred[TicketNumber]:
        self.made.append((wished, caller))
        return succeed(NUMBER)


@dataclass
class FakeReplies:
    """Implements `ReplyCallPort`: every call brings that answer, or none does."""

    reply: ReplyToTell | None = None
    keyed: list[tuple[CallId, int]] = field(default_factory=list)
    """How many digits were keyed in."""
    told: list[tuple[CallId, str]] = field(default_factory=list)
    """What the flow said of the calls."""

    def reply_of(self, call_id: CallId) -> ReplyToTell | None:
        self.told.append((call_id, "asked"))
        return self.reply

    def identified(self, call_id: CallId, keyed: Secret) -> bool:
        self.keyed.append((call_id, len(keyed)))
        return self.reply is not None and keyed.reveal() == self.reply.number[-4:]

    def elsewhere(self, call_id: CallId) -> None:
        self.told.append((call_id, "elsewhere"))

    def unspoken(self, call_id: CallId) -> None:
        self.told.append((call_id, "unspoken"))

    def heard(self, call_id: CallId) -> Deferred[None]:
        self.told.append((call_id, "heard"))
        return succeed(None)

    def rated(self, call_id: CallId, score: int) -> Deferred[None]:
        self.told.append((call_id, f"rated {score}"))
        return succeed(None)

    def solved(self, call_id: CallId, *, solved: bool) -> Deferred[None]:
        self.told.append((call_id, "solved" if solved else "unsolved"))
        return succeed(None)
