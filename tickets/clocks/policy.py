"""The policy: how much time each clock allows, who hears of it, what may make it stand still.

Every number comes from the policy file (`reading`), where its source is named beside it. A policy
has the version that its content has, so that an old clock names the rules it was set by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Role, ServiceLevel
from tickets.clocks.limit import Limit
from tickets.clocks.model import InternalGround
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who hears of a clock: the handler before and at the deadline, then rung after rung."""

    handler: Role
    rungs: tuple[tuple[timedelta, Role], ...] = ()
    """Working time after the deadline, and the role that then hears of it."""
    warnings: tuple[float, ...] = ()
    """Shares of the time allowed at which the handler is warned."""
    leads: tuple[timedelta, ...] = ()
    """What is left, in the clock's own time, when the handler is warned."""


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """What the policy says about one kind of clock."""

    limits: Mapping[tuple[TicketKind, Urgency], Limit]
    ladder: Ladder
    source: str
    """Where the numbers come from: a regulation, or the bank itself."""
    departmental: bool = False
    """Whether it runs in the hours of the department that has it, else in the hotline's."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force, with the file's text and its version."""

    clocks: Mapping[ClockKind, ClockPolicy]
    shares: Mapping[ServiceLevel, float]
    """What a customer's service level makes of the bank's own limits; the statutory one stands."""
    statutory_kinds: frozenset[TicketKind]
    """The kinds of ticket whose decision is due by law."""
    periods: tuple[int, ...]
    """The statutory period in calendar days, then as extended step by step."""
    reserve: timedelta
    """Working time of the hotline left before the decision when a department's result is due."""
    refusal_window: Limit
    """How long after an order was sent a department may ask to hand it back."""
    reopen_within: timedelta
    agreed_within: timedelta
    """How long after an answer a call-back may be agreed for."""
    bad_rating: int
    """The best score, of 1 to 5, after which the customer is called back."""
    call_backs: Mapping[TicketKind, float]
    """The share of answered tickets whose customers are called back."""
    grounds: Mapping[InternalGround, frozenset[ClockKind]]
    """Which clocks stand still on which ground."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where the numbers of each part of the file come from, by its key."""
    text: str = field(default="", repr=False)
    version: str = field(init=False)
    """The first twelve hexadecimal digits of the SHA-256 digest of its text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", sha256(self.text.encode()).hexdigest()[:12])

    def next_period(self, days: int) -> int | None:
        """The statutory period that one of so many days may be extended to; None at the last."""
        return next((each for each in self.periods if each > days), None)

    def wants_call_back(self, kind: TicketKind, number: TicketNumber) -> bool:
        """Whether the customer is called back, by the number alone, so that it can be checked."""
        drawn = int.from_bytes(sha256(number.encode()).digest()[:8]) % SAMPLES
        return drawn < self.call_backs[kind] * SAMPLES
