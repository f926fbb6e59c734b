"""Clocks of a ticket as values: when they started, when they are due, what alarms they carry.

A clock is due at the smallest instant at which the working time since its start, less the time
it stood still, equals its target. Whether a deadline was missed is a fact about instants
(`stopped > due`, or still running at `due`), never about when somebody looked. A met or missed
clock keeps its target for good; a new policy holds for clocks that start after it.

Calendar days (the statutory period of a complaint) count whole days of the hotline's zone: the
day of receipt is not counted, and the clock is due when the last day ends. Measures for Handling
Consumer Complaints of Banks and Insurers (CBIRC, in force since 2020-03-01): 15 days.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import Enum

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Role, ServiceLevel
from tickets.clocks.policy import Policy
from tickets.model import TicketKind, Urgency
from tickets.workflow import (
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Pause,
    Restart,
    Resume,
    Start,
    Stop,
)

CALENDAR_DAYS = "calendar-days"
"""The name that stands for whole days of the hotline's zone in place of a working calendar."""
HOTLINE = "hotline"
DAY = timedelta(days=1)
NO_TIME = timedelta(0)


class ClockEnd(Enum):
    """How a clock came to stand."""

    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline: `serial` counts the ticket's clocks from 1, `dispatch` is whose it is."""

    serial: int
    kind: ClockKind
    dispatch: int | None
    calendar: str
    target: timedelta
    started: datetime
    due: datetime
    not_after: datetime | None = None
    """The clock may not be due later than this, whatever its target."""
    paused: timedelta = NO_TIME
    """Working time that does not count, since somebody else had the matter."""
    stopped: datetime | None = None
    end: ClockEnd | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether its time is used up and it still runs; done at that very instant is in time."""
        return self.stopped is None and now >= self.due


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


class Calendars:
    """The working calendars by name; the hotline's own is among them."""

    def __init__(self, hotline: WorkingCalendar, others: Iterable[WorkingCalendar] = ()) -> None:
        self.hotline = hotline
        self._named = {calendar.name: calendar for calendar in others} | {HOTLINE: hotline}

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def named(self, name: str) -> WorkingCalendar:
        """The calendar of that name; ConfigurationError for one nobody wrote."""
        try:
            return self._named[name]
        except KeyError:
            known = ", ".join(sorted(self._named))
            raise ConfigurationError(f"no calendar {name!r}; there are {known}") from None

    def after(self, name: str, start: datetime, elapsed: timedelta) -> datetime:
        """The instant at which that much of the calendar's time has passed since `start`."""
        if name != CALENDAR_DAYS:
            return self.named(name).add(start, elapsed)
        return self._counted_from(start) + elapsed

    def between(self, name: str, start: datetime, end: datetime) -> timedelta:
        """How much of the calendar's time lies between; never negative."""
        if name != CALENDAR_DAYS:
            return max(NO_TIME, self.named(name).between(start, end))
        return max(NO_TIME, end - self._counted_from(start))

    def _counted_from(self, received: datetime) -> datetime:
        """The midnight at which the day of receipt, which does not count, is over."""
        zone = self.hotline.timezone
        after = received.astimezone(zone).date() + DAY
        return datetime.combine(after, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the clocks of one case go by."""

    kind: TicketKind
    urgency: Urgency
    service_level: ServiceLevel
    department_calendars: Mapping[int, str]
    """The calendar's name of each dispatch's department, by the dispatch's serial."""


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Starts, stops and resumes clocks by a policy and its calendars."""

    policy: Policy
    calendars: Calendars

    def apply(
        self, clocks: tuple[Clock, ...], effects: Iterable[Effect], terms: Terms, at: datetime
    ) -> tuple[Clock, ...]:
        """The ticket's clocks after the effects of an act at that instant, in order."""
        for effect in effects:
            clocks = self._applied(clocks, effect, terms, at)
        return clocks

    def _applied(
        self, clocks: tuple[Clock, ...], effect: Effect, terms: Terms, at: datetime
    ) -> tuple[Clock, ...]:
        match effect:
            case Start(kind, dispatch):
                return (*clocks, self._started(clocks, kind, dispatch, terms, at))
            case Stop(kind, dispatch):
                return _changed(clocks, kind, dispatch, lambda clock: stopped(clock, at))
            case Cancel(kind, dispatch):
                return _changed(clocks, kind, dispatch, lambda clock: cancelled(clock, at))
            case Resume(kind, dispatch):
                return self._resumed(clocks, kind, dispatch, at)
            case Restart(kind, dispatch, since):
                clocks = _changed(clocks, kind, dispatch, lambda clock: cancelled(clock, at))
                return (*clocks, self._started(clocks, kind, dispatch, terms, since or at))
            case Pause() | Continue() | Extend():
                return clocks
            case CancelAll():
                return tuple(clock if clock.stopped else cancelled(clock, at) for clock in clocks)

    def _started(
        self,
        clocks: tuple[Clock, ...],
        kind: ClockKind,
        dispatch: int | None,
        terms: Terms,
        at: datetime,
    ) -> Clock:
        calendar, target = self.target(kind, dispatch, terms)
        clock = Clock(
            serial=len(clocks) + 1,
            kind=kind,
            dispatch=dispatch,
            calendar=calendar,
            target=target,
            started=at,
            due=at,
            not_after=self._latest(clocks) if kind is ClockKind.RESULT else None,
        )
        return replace(clock, due=self._due(clock))

    def _latest(self, clocks: tuple[Clock, ...]) -> datetime | None:
        decisions = [each for each in clocks if each.kind is ClockKind.DECISION]
        return decisions[-1].due - self.policy.reserve if decisions else None

    def target(self, kind: ClockKind, dispatch: int | None, terms: Terms) -> tuple[str, timedelta]:
        """The calendar's name and the time allowed."""
        limit = self.policy.limits[terms.kind, terms.urgency][kind]
        if kind is ClockKind.DECISION and terms.kind is TicketKind.COMPLAINT:
            return CALENDAR_DAYS, limit
        limit *= self.policy.shares[terms.service_level]
        if kind in (ClockKind.ACCEPT, ClockKind.RESULT) and dispatch is not None:
            return terms.department_calendars[dispatch], limit
        return HOTLINE, limit

    def _resumed(
        self, clocks: tuple[Clock, ...], kind: ClockKind, dispatch: int | None, at: datetime
    ) -> tuple[Clock, ...]:
        last = max(
            (each.serial for each in clocks if (each.kind, each.dispatch) == (kind, dispatch)),
            default=0,
        )
        return tuple(
            self.resumed(each, at) if each.serial == last and each.stopped else each
            for each in clocks
        )

    def resumed(self, clock: Clock, at: datetime) -> Clock:
        """The stopped clock running on; what passed since it stopped does not count."""
        assert clock.stopped is not None, "only a stopped clock can be resumed"
        between = self.calendars.between
        stood = between(clock.calendar, clock.started, at) - between(
            clock.calendar, clock.started, clock.stopped
        )
        clock = replace(clock, paused=clock.paused + stood, stopped=None, end=None)
        return replace(clock, due=self._due(clock))

    def _due(self, clock: Clock) -> datetime:
        due = self.calendars.after(clock.calendar, clock.started, clock.target + clock.paused)
        if clock.not_after is not None and clock.started < clock.not_after < due:
            return clock.not_after
        return due

    def elapsed(self, clock: Clock, now: datetime) -> timedelta:
        """The time used up so far in the clock's own calendar; never negative."""
        until = clock.stopped or now
        used = self.calendars.between(clock.calendar, clock.started, until) - clock.paused
        return max(NO_TIME, used)

    def alarms(self, clock: Clock) -> tuple[Alarm, ...]:
        """Every alarm of a running clock, earliest first; none of a stopped one."""
        if clock.stopped is not None:
            return ()
        ladder = self.policy.ladders[clock.kind]
        allowed = self.calendars.between(clock.calendar, clock.started, clock.due) - clock.paused
        after = self.calendars.after
        warnings = (
            Alarm(
                AlarmKind.WARNING,
                level,
                after(clock.calendar, clock.started, allowed * share + clock.paused),
                ladder.handler,
            )
            for level, share in enumerate(ladder.warnings, 1)
        )
        rungs = (
            Alarm(AlarmKind.ESCALATION, level, self._rung(clock, later), role)
            for level, (later, role) in enumerate(ladder.rungs, 1)
        )
        return (*warnings, Alarm(AlarmKind.BREACH, 0, clock.due, ladder.handler), *rungs)

    def _rung(self, clock: Clock, later: timedelta) -> datetime:
        calendar = HOTLINE if clock.calendar == CALENDAR_DAYS else clock.calendar
        return self.calendars.after(calendar, clock.due, later)


def stopped(clock: Clock, at: datetime) -> Clock:
    """The clock standing since what it waited for was done: met, or missed when too late."""
    return replace(clock, stopped=at, end=ClockEnd.MISSED if at > clock.due else ClockEnd.MET)


def cancelled(clock: Clock, at: datetime) -> Clock:
    """The clock standing since nothing is waited for any more; a miss stays a miss."""
    return replace(clock, stopped=at, end=ClockEnd.MISSED if at > clock.due else ClockEnd.CANCELLED)


def _changed(
    clocks: tuple[Clock, ...],
    kind: ClockKind,
    dispatch: int | None,
    change: Callable[[Clock], Clock],
) -> tuple[Clock, ...]:
    return tuple(
        change(each)
        if each.stopped is None and (each.kind, each.dispatch) == (kind, dispatch)
        else each
        for each in clocks
    )
