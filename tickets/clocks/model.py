"""Clocks of a ticket as values: when they started, when they are due, what made them stand still.

There are two sorts, and they share neither a calendar nor a reason to stand still. A clock of the
bank's own (`InternalClock`) runs in working time and stands still on an `InternalGround`, where
the policy says so. A statutory one (`StatutoryClock`) counts calendar days and stands still on a
`StatutoryGround` only: no type of this house lets it wait for anything else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Generic, TypeVar

from cti.kernel.vocabulary import Role
from tickets.workflow import ClockKind

CALENDAR_DAYS = "calendar-days"
"""The name that stands for whole days of the hotline's zone in place of a working calendar."""
AGREED = "agreed"
"""The name that stands for plain time up to an instant agreed with the customer."""
HOTLINE = "hotline"
NO_TIME = timedelta(0)


class InternalGround(Enum):
    """Why a clock of the bank's own may stand still: what suspends an order, and a review."""

    CUSTOMER = "customer"
    """等待客户: the customer has to say or bring something first."""
    APPRAISAL = "appraisal"
    """外部鉴定: somebody outside the bank examines, tests or assesses."""
    APPOINTMENT = "appointment"
    """已约定时间: a later time was agreed with the customer."""
    REVIEW = "review"
    """The result lay with the dispatcher before it was sent back."""


class StatutoryGround(Enum):
    """Why a statutory period may leave days out: 外部鉴定、检测、评估 and nothing else.

    Measures for Handling Consumer Complaints of Banks and Insurers (CBIRC 2020, no. 3).
    """

    APPRAISAL = "appraisal"


G = TypeVar("G", bound=Enum)


@dataclass(frozen=True, slots=True)
class Standstill(Generic[G]):
    """A time that does not count, from an instant to another; open while `ended` is None."""

    ground: G
    started: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Time that was added by approval, in the clock's own calendar.

    Less than none where the ticket became more urgent: then `by` is who said so.
    """

    at: datetime
    added: timedelta
    by: str
    """The name of who approved it."""


class ClockEnd(Enum):
    """How a clock came to stand."""

    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One deadline: `serial` counts the ticket's clocks from 1, `dispatch` is whose it is."""

    serial: int
    kind: ClockKind
    dispatch: int | None
    calendar: str
    target: timedelta
    """The time allowed, extensions included."""
    started: datetime
    due: datetime
    halted: datetime | None = None
    """Since when it stands still in time; `due` is then where it would be if it went on there."""
    policy: str = ""
    """The version of the policy that set it."""
    extensions: tuple[Extension, ...] = ()
    standstills: tuple[Standstill[InternalGround] | Standstill[StatutoryGround], ...] = ()
    stopped: datetime | None = None
    end: ClockEnd | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether its time is used up and it still runs; done at that very instant is in time."""
        return self.stopped is None and self.halted is None and now >= self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalClock(Clock):
    """A limit that the bank set itself, in working time."""

    standstills: tuple[Standstill[InternalGround], ...] = ()
    not_after: datetime | None = None
    """The clock may not be due later than this, whatever its target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatutoryClock(Clock):
    """A limit set by law, in calendar days of the hotline's zone."""

    calendar: str = CALENDAR_DAYS
    standstills: tuple[Standstill[StatutoryGround], ...] = ()


class AlarmKind(Enum):
    """What a stored deadline does when its instant comes."""

    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An instant at which somebody is told; `level` counts warnings and escalations from 1."""

    kind: AlarmKind
    level: int
    due: datetime
    to: Role
