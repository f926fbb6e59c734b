"""The time limits: by kind, urgency and service level, and who hears of each clock.

The figures are the bank's to change; only the decision on a complaint, 15 calendar days, is the
regulator's (see `sla`) and is shortened by nobody's service level.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from cti.kernel.vocabulary import Role, ServiceLevel
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

DAY = timedelta(days=1)
NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who hears of a clock: the handler before and at the deadline, then rung after rung."""

    handler: Role
    rungs: tuple[tuple[timedelta, Role], ...] = ()
    """Working time after the deadline, and the role that then hears of it."""
    warnings: tuple[float, ...] = (0.75,)
    """Shares of the target at which the handler is warned."""


Limits = Mapping[ClockKind, timedelta]

_HOUR = timedelta(hours=1)


def _limits(
    dispatch: float, accept: float, result: float, review: float, contact: float, decision: float
) -> Limits:
    """Hours of working time, in the order of `ClockKind`; a complaint's decision in calendar days.

    What looks after the others is the same whatever the matter: keeping the customer informed,
    the call-back, the answer to an urge, a supervised order, and the slot of an appointment.
    """
    hours = (dispatch, accept, result, review, contact, decision, 40, 24, 4, 8, 24)
    return {kind: value * _HOUR for kind, value in zip(ClockKind, hours, strict=True)}


LIMITS: Mapping[tuple[TicketKind, Urgency], Limits] = {
    (TicketKind.COMPLAINT, Urgency.ORDINARY): _limits(2, 4, 40, 8, 8, 15 * 24),
    (TicketKind.COMPLAINT, Urgency.IMPORTANT): _limits(1, 2, 24, 4, 4, 15 * 24),
    (TicketKind.COMPLAINT, Urgency.URGENT): _limits(0.5, 1, 8, 2, 1, 15 * 24),
    (TicketKind.SUGGESTION, Urgency.ORDINARY): _limits(8, 8, 80, 16, 16, 120),
    (TicketKind.SUGGESTION, Urgency.IMPORTANT): _limits(4, 8, 40, 8, 8, 80),
    (TicketKind.SUGGESTION, Urgency.URGENT): _limits(2, 4, 24, 4, 4, 40),
    (TicketKind.APPOINTMENT, Urgency.ORDINARY): _limits(2, 4, 16, 4, 8, 24),
    (TicketKind.APPOINTMENT, Urgency.IMPORTANT): _limits(1, 2, 8, 2, 4, 16),
    (TicketKind.APPOINTMENT, Urgency.URGENT): _limits(0.5, 1, 4, 1, 1, 8),
    (TicketKind.ACCEPTANCE, Urgency.ORDINARY): _limits(2, 4, 24, 4, 8, 40),
    (TicketKind.ACCEPTANCE, Urgency.IMPORTANT): _limits(1, 2, 16, 4, 4, 24),
    (TicketKind.ACCEPTANCE, Urgency.URGENT): _limits(0.5, 1, 8, 2, 1, 16),
    (TicketKind.ENQUIRY, Urgency.ORDINARY): _limits(2, 4, 16, 4, 8, 24),
    (TicketKind.ENQUIRY, Urgency.IMPORTANT): _limits(1, 2, 8, 2, 4, 16),
    (TicketKind.ENQUIRY, Urgency.URGENT): _limits(0.5, 1, 4, 1, 1, 8),
}

SHARES: Mapping[ServiceLevel, float] = {
    ServiceLevel.SPECIAL: 0.5,
    ServiceLevel.PRIORITY: 0.75,
    ServiceLevel.UNIFORM: 1.0,
}
"""What a customer's service level makes of the bank's own limits; the statutory one stands."""

LADDERS: Mapping[ClockKind, Ladder] = {
    ClockKind.DISPATCH: Ladder(Role.DISPATCHER, ((_HOUR, Role.SUPERVISOR),)),
    ClockKind.ACCEPT: Ladder(Role.OFFICER, ((_HOUR, Role.HEAD), (4 * _HOUR, Role.SUPERVISOR))),
    ClockKind.RESULT: Ladder(
        Role.OFFICER, ((4 * _HOUR, Role.HEAD), (8 * _HOUR, Role.SUPERVISOR)), (0.5, 0.75, 0.9)
    ),
    ClockKind.REVIEW: Ladder(Role.DISPATCHER, ((2 * _HOUR, Role.SUPERVISOR),)),
    ClockKind.FIRST_CONTACT: Ladder(Role.AGENT, ((_HOUR, Role.SUPERVISOR),)),
    ClockKind.DECISION: Ladder(Role.DISPATCHER, ((NO_TIME, Role.SUPERVISOR),), (0.5, 0.75, 0.9)),
    ClockKind.KEEP_INFORMED: Ladder(Role.AGENT, ((8 * _HOUR, Role.SUPERVISOR),)),
    ClockKind.CALL_BACK: Ladder(Role.AGENT, ((8 * _HOUR, Role.SUPERVISOR),)),
    ClockKind.URGE_ANSWER: Ladder(Role.OFFICER, ((_HOUR, Role.HEAD),)),
    ClockKind.SUPERVISION: Ladder(Role.HEAD, ((_HOUR, Role.PROTECTION),)),
    ClockKind.APPOINTMENT: Ladder(Role.DISPATCHER, ((NO_TIME, Role.SUPERVISOR),), (0.5, 0.75)),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The time limits by kind, urgency and service level, and who hears of each clock."""

    limits: Mapping[tuple[TicketKind, Urgency], Limits] = field(default_factory=lambda: LIMITS)
    shares: Mapping[ServiceLevel, float] = field(default_factory=lambda: SHARES)
    ladders: Mapping[ClockKind, Ladder] = field(default_factory=lambda: LADDERS)
    reserve: timedelta = DAY
    """What must be left of the decision's period when a department's result is due."""
