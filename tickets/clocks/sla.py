"""The timekeeper: performs what an act does to the clocks of a case, by the policy in force.

Whether a deadline was missed is a fact about instants (`stopped > due`, or still running at
`due`), never about when somebody looked. A met or missed clock keeps its target and the version
of its policy for good; a new policy holds for clocks that start after it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from cti.kernel.errors import Refused
from cti.kernel.vocabulary import ServiceLevel
from tickets.clocks.calendars import Calendars
from tickets.clocks.explain import Line, by_policy, explain, standing
from tickets.clocks.model import (
    AGREED,
    CALENDAR_DAYS,
    HOTLINE,
    NO_TIME,
    Alarm,
    AlarmKind,
    Clock,
    ClockEnd,
    Extension,
    G,
    InternalClock,
    InternalGround,
    Standstill,
    StatutoryClock,
    StatutoryGround,
)
from tickets.clocks.policy import Ladder, Policy
from tickets.clocks.reserve import latest_result
from tickets.clocks.running import due_of, reached, used_until
from tickets.model import TicketKind, Urgency
from tickets.workflow import (
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Hasten,
    Pause,
    Restart,
    Resume,
    Start,
    Stop,
)

__all__ = [
    "CALENDAR_DAYS",
    "HOTLINE",
    "Alarm",
    "AlarmKind",
    "Calendars",
    "Clock",
    "ClockEnd",
    "Terms",
    "Timekeeper",
]

Clocks = tuple[Clock, ...]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the clocks of one case go by."""

    kind: TicketKind
    urgency: Urgency
    service_level: ServiceLevel
    department_calendars: Mapping[int, str]
    """The calendar's name of each dispatch's department, by the dispatch's serial."""
    lead: int | None = None
    """The dispatch that leads, whose hours a departmental clock of the case itself has."""
    slot: datetime | None = None
    """When the slot begins that was agreed with the customer."""
    by: str = ""
    """The name of who acts, for extensions."""
    going_on: Clock | None = None
    """The period of a ticket that is merged into this one, where it was received earlier."""
    missed_here: frozenset[ClockKind] = frozenset()
    """Clocks whose wait goes on elsewhere, though a miss until now is counted here alone."""


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Starts, stops, halts and extends clocks by a policy and its calendars."""

    policy: Policy
    calendars: Calendars

    def apply(
        self, clocks: Clocks, effects: Iterable[Effect], terms: Terms, at: datetime
    ) -> Clocks:
        """The ticket's clocks after the effects of an act at that instant, in order.

        Refused (``ticket.clock_expired``, ``ticket.period_unknown``, ``ticket.ground_unknown``).
        """
        for effect in effects:
            clocks = self._applied(clocks, effect, terms, at)
        return self._limited(clocks, at)

    def _applied(self, clocks: Clocks, effect: Effect, terms: Terms, at: datetime) -> Clocks:
        match effect:
            case Start(kind, dispatch):
                return (*clocks, self._started(clocks, kind, dispatch, terms, at))
            case Restart():
                return self._restarted(clocks, effect, terms, at)
            case Resume():
                return self._resumed(clocks, effect, at)
            case CancelAll():
                return tuple(
                    clock if clock.stopped else self.cancelled(clock, at) for clock in clocks
                )
            case Hasten():
                return tuple(self.hastened(clock, terms, at) for clock in clocks)
            case Extend(to=datetime(), since=datetime()):
                return self._granted(clocks, effect, terms, at)
            case _:
                change = partial(self._moved, effect, terms, at)
                return _changed(clocks, effect.clock, effect.dispatch, change)

    def _moved(
        self,
        effect: Stop | Cancel | Pause | Continue | Extend,
        terms: Terms,
        at: datetime,
        clock: Clock,
    ) -> Clock:
        match effect:
            case Stop():
                return self.stopped(clock, at)
            case Cancel(kind, carried=True) if kind not in terms.missed_here:
                return self.carried(clock, at)
            case Cancel():
                return self.cancelled(clock, at)
            case Pause(ground=ground):
                return self.halted(clock, ground, at)
            case Continue():
                return self.continued(clock, at)
            case Extend():
                return self._extended(clock, effect, terms.by, at)

    # --- beginning --------------------------------------------------------------------------

    def _started(
        self, clocks: Clocks, kind: ClockKind, dispatch: int | None, terms: Terms, at: datetime
    ) -> Clock:
        calendar, target = self.target(kind, dispatch, terms, at)
        sort = StatutoryClock if calendar == CALENDAR_DAYS else InternalClock
        clock = sort(
            serial=len(clocks) + 1,
            kind=kind,
            dispatch=dispatch,
            calendar=calendar,
            target=target,
            started=at,
            due=at,
            policy=self.policy.version,
        )
        return self._measured(clock)

    def target(
        self, kind: ClockKind, dispatch: int | None, terms: Terms, at: datetime
    ) -> tuple[str, timedelta]:
        """The calendar's name and the time allowed to a clock that starts at that instant."""
        if kind is ClockKind.DECISION and terms.kind in self.policy.statutory_kinds:
            return CALENDAR_DAYS, self.policy.periods[0] * DAY
        if kind is ClockKind.APPOINTMENT and terms.slot is not None:
            return AGREED, max(NO_TIME, terms.slot - at)
        rules = self.policy.clocks[kind]
        serial = (dispatch or terms.lead) if rules.departmental else None
        name = terms.department_calendars[serial] if serial else HOTLINE
        limit = rules.limits[terms.kind, terms.urgency].scaled(
            self.policy.shares[terms.service_level]
        )
        if limit.working_days:
            return name, self.calendars.working_days(name, at, limit.working_days)
        return name, limit.time

    def _restarted(self, clocks: Clocks, effect: Restart, terms: Terms, at: datetime) -> Clocks:
        """The clock begun anew; what has halted the running one since then halts the new one.

        The earlier period of a merged ticket goes on with all that was added to it or left out.
        """
        kind, dispatch = effect.clock, effect.dispatch
        since = effect.since or at
        old = [each for each in clocks if _is(each, kind, dispatch) and not each.stopped]
        new = self._started(clocks, kind, dispatch, terms, since)
        if terms.going_on is not None and terms.going_on.kind is kind:
            new = replace(self.continued(terms.going_on, at), serial=new.serial)
        by = new
        clocks = _changed(clocks, kind, dispatch, lambda clock: self.replaced(clock, by, at))
        for clock in old:
            new = self._measured(_taken_over(new, clock))
        return (*clocks, new)

    # --- ending -----------------------------------------------------------------------------

    def stopped(self, clock: Clock, at: datetime) -> Clock:
        """The clock standing since what it waited for was done: met, or missed when too late."""
        clock = self.continued(clock, at)
        return replace(clock, stopped=at, end=ClockEnd.MISSED if at > clock.due else ClockEnd.MET)

    def cancelled(self, clock: Clock, at: datetime) -> Clock:
        """The clock standing since nothing is waited for any more; a miss stays a miss."""
        clock = self.continued(clock, at)
        missed = at > clock.due
        return replace(clock, stopped=at, end=ClockEnd.MISSED if missed else ClockEnd.CANCELLED)

    def carried(self, clock: Clock, at: datetime) -> Clock:
        """The clock standing since another one goes on with its wait: a miss is counted there."""
        return replace(self.continued(clock, at), stopped=at, end=ClockEnd.CANCELLED)

    def replaced(self, clock: Clock, by: Clock, at: datetime) -> Clock:
        """The clock standing since another one runs in its place.

        What came in before it was due made it void then, however late somebody said so. A wait that
        began earlier is counted there alone, unless that one allows more than was missed here.
        """
        ended = self.cancelled(clock, at)
        first = by.started if by.started >= clock.started else by.due
        return replace(ended, end=ClockEnd.CANCELLED) if first <= ended.due else ended

    def _resumed(self, clocks: Clocks, effect: Resume, at: datetime) -> Clocks:
        if effect.along is not None:
            return self._as_if_never_stopped(clocks, effect.clock, effect.along, at)
        mine = [each for each in clocks if _is(each, effect.clock, effect.dispatch)]
        last = max((each.serial for each in mine), default=0)
        return tuple(
            self.resumed(each, at) if each.serial == last and each.stopped else each
            for each in clocks
        )

    def _as_if_never_stopped(
        self, clocks: Clocks, kind: ClockKind, along: ClockKind, at: datetime
    ) -> Clocks:
        """The clock running on where it stopped together with the other; all its time counts.

        One that began since, and still runs, ends: the older one counts. Where one began and was
        done since, nothing is owed any more.
        """
        last = next((each for each in reversed(clocks) if _is(each, along)), None)
        mine = next((each for each in reversed(clocks) if _is(each, kind) and each.stopped), None)
        if last is None or mine is None or mine.stopped != last.stopped:
            return clocks
        clocks = _changed(clocks, kind, None, lambda clock: self.cancelled(clock, at))
        running = self._measured(replace(mine, stopped=None, end=None))
        return tuple(running if each is mine else each for each in clocks)

    def resumed(self, clock: Clock, at: datetime) -> Clock:
        """The stopped clock running on. What passed since does not count, but by law it does."""
        assert clock.stopped is not None, "only a stopped clock can be resumed"
        running = replace(clock, stopped=None, end=None)
        if isinstance(running, InternalClock):
            stood = Standstill(InternalGround.REVIEW, clock.stopped, at)
            running = replace(running, standstills=(*running.standstills, stood))
        return self._measured(running)

    # --- standing still and being extended --------------------------------------------------

    def halted(self, clock: Clock, ground: str, at: datetime) -> Clock:
        """The clock standing still on that ground, if the ground is one that halts it."""
        match clock:
            case StatutoryClock():
                lawful = _ground(StatutoryGround, ground)
                if _open_on(clock, lawful):
                    return clock
                stood = Standstill(lawful, at)
                return self._measured(replace(clock, standstills=(*clock.standstills, stood)))
            case InternalClock():
                own = _ground(InternalGround, ground)
                if _open_on(clock, own) or clock.kind not in self.policy.grounds[own]:
                    return clock
                waits = Standstill(own, at)
                return self._measured(replace(clock, standstills=(*clock.standstills, waits)))
        return clock

    def continued(self, clock: Clock, at: datetime) -> Clock:
        """The clock running on, whatever it stood still for."""
        if all(each.ended for each in clock.standstills):
            return clock
        match clock:
            case StatutoryClock():
                days = tuple(_closed(each, at) for each in clock.standstills)
                return self._measured(replace(clock, standstills=days))
            case InternalClock():
                times = tuple(_closed(each, at) for each in clock.standstills)
                return self._measured(replace(clock, standstills=times))
        return clock

    def _extended(self, clock: Clock, effect: Extend, by: str, at: datetime) -> Clock:
        if _run_out(clock, at):
            raise Refused("ticket.clock_expired", clock=clock.kind.value)
        return self._longer(clock, effect, by, at)

    def _longer(self, clock: Clock, effect: Extend, by: str, at: datetime) -> Clock:
        added = self._added(clock, effect)
        if added <= NO_TIME:
            raise Refused("ticket.period_unknown", clock=clock.kind.value)
        extensions = (*clock.extensions, Extension(at, added, by))
        return self._measured(replace(clock, target=clock.target + added, extensions=extensions))

    def _granted(self, clocks: Clocks, effect: Extend, terms: Terms, at: datetime) -> Clocks:
        """More time for what came in since; another clock from then on where that one has run out.

        A wait that began later than that came in is counted from its own beginning.
        """
        kind, dispatch, since = effect.clock, effect.dispatch, effect.since or at
        mine = (each for each in clocks if not each.stopped and _is(each, kind, dispatch))
        over = next((each for each in mine if _run_out(each, at)), None)
        if over is None:
            change = partial(self._moved, replace(effect, since=None), terms, at)
            return _changed(clocks, kind, dispatch, change)
        begun = Restart(kind, dispatch, since=max(since, over.started))
        *kept, new = self._restarted(clocks, begun, terms, at)
        granted = used_until(new, effect.to or at, self.calendars)
        if granted <= new.target:
            return (*kept, self._measured(replace(new, target=granted)))
        return (*kept, self._longer(new, effect, terms.by, at))

    def _added(self, clock: Clock, effect: Extend) -> timedelta:
        if isinstance(clock, StatutoryClock):
            days = self.policy.next_period(clock.target // DAY) or 0
            added = days * DAY - clock.target
            return added if effect.by in (None, added) else NO_TIME
        if effect.to is not None:
            return used_until(clock, effect.to, self.calendars) - clock.target
        return effect.by or NO_TIME

    def _limited(self, clocks: Clocks, at: datetime) -> Clocks:
        """A department's result is due in time for the decision, wherever that moved."""
        decision = next((each for each in reversed(clocks) if _is(each, ClockKind.DECISION)), None)
        if decision is None:
            return clocks
        if decision.halted:  # nobody knows when it is due
            return tuple(self._not_after(each, None, at) for each in clocks)
        return tuple(
            self._not_after(
                each,
                latest_result(each, clocks, decision.due, self.calendars, self.policy.reserve),
                at,
            )
            if each.kind is ClockKind.RESULT and not each.stopped
            else each
            for each in clocks
        )

    def _not_after(self, clock: Clock, latest: datetime | None, at: datetime) -> Clock:
        over = clock.stopped or (clock.started < at and clock.overdue(at))
        if clock.kind is not ClockKind.RESULT or over:
            return clock
        if not isinstance(clock, InternalClock) or clock.not_after == latest:
            return clock
        return self._measured(replace(clock, not_after=latest))

    def _measured(self, clock: Clock) -> Clock:
        found = due_of(clock, self.calendars)
        return replace(clock, due=found.at, halted=found.halted)

    def hastened(self, clock: Clock, terms: Terms, at: datetime) -> Clock:
        """The clock with no more time left from then on than one that started then would have.

        What is not the bank's own limit stays, and what was missed or extended by approval does.
        """
        own = isinstance(clock, InternalClock) and clock.calendar != AGREED
        approved = any(each.added > NO_TIME for each in clock.extensions)
        if not own or clock.stopped or approved or clock.overdue(at):
            return clock
        calendar, limit = self.target(clock.kind, clock.dispatch, terms, at)
        target = self.elapsed(clock, at) + limit
        if calendar != clock.calendar or target >= clock.target:
            return clock
        shortened = Extension(at, target - clock.target, terms.by)
        extensions = (*clock.extensions, shortened)
        return self._measured(replace(clock, target=target, extensions=extensions))

    # --- what is to be seen -----------------------------------------------------------------

    def explain(self, clock: Clock, now: datetime) -> tuple[Line, ...]:
        """By which policy, why the clock is due when it is, and how it stands, line by line."""
        current = clock.policy == self.policy.version
        source = self.policy.clocks[clock.kind].source if current else ""
        reckoning = explain(clock, self.calendars)
        return (by_policy(clock, source), *reckoning, standing(clock, now, self.calendars))

    def elapsed(self, clock: Clock, now: datetime) -> timedelta:
        """The time used up so far in the clock's own calendar; never negative."""
        return used_until(clock, clock.stopped or now, self.calendars)

    def allowed(self, clock: Clock) -> timedelta:
        """The time the clock allows until it is due, in its own calendar."""
        if clock.halted is not None:
            return clock.target
        return used_until(clock, clock.due, self.calendars)

    def alarms(self, clock: Clock) -> tuple[Alarm, ...]:
        """Every alarm of a running clock, earliest first; none while it stands."""
        if clock.stopped is not None or clock.halted is not None:
            return ()
        ladder = self.policy.clocks[clock.kind].ladder
        warned = sorted(self._warnings(clock, ladder))
        warnings = (
            Alarm(AlarmKind.WARNING, level, at, ladder.handler)
            for level, at in enumerate(warned, 1)
        )
        rungs = (
            Alarm(AlarmKind.ESCALATION, level, self._rung(clock, later), role)
            for level, (later, role) in enumerate(ladder.rungs, 1)
        )
        return (*warnings, Alarm(AlarmKind.BREACH, 0, clock.due, ladder.handler), *rungs)

    def _warnings(self, clock: Clock, ladder: Ladder) -> Iterator[datetime]:
        allowed = self.allowed(clock)
        used = [allowed * share for share in ladder.warnings]
        used += [allowed - lead for lead in ladder.leads if lead < allowed]
        for each in used:
            yield reached(clock, each, self.calendars).at

    def _rung(self, clock: Clock, later: timedelta) -> datetime:
        working = clock.calendar not in (CALENDAR_DAYS, AGREED)
        return self.calendars.after(clock.calendar if working else HOTLINE, clock.due, later)


def _is(clock: Clock, kind: ClockKind, dispatch: int | None = None) -> bool:
    return (clock.kind, clock.dispatch) == (kind, dispatch)


def _run_out(clock: Clock, at: datetime) -> bool:
    return clock.halted is None and at > clock.due


def _changed(
    clocks: Clocks, kind: ClockKind, dispatch: int | None, change: Callable[[Clock], Clock]
) -> Clocks:
    return tuple(
        change(each) if each.stopped is None and _is(each, kind, dispatch) else each
        for each in clocks
    )


def _closed(standstill: Standstill[G], at: datetime) -> Standstill[G]:
    return standstill if standstill.ended else replace(standstill, ended=at)


def _taken_over(new: Clock, old: Clock) -> Clock:
    """The new clock with what made the old one stand still since the new one started."""
    if isinstance(new, StatutoryClock) and isinstance(old, StatutoryClock):
        days = (*new.standstills, *_since(old.standstills, new.started))
        return replace(new, standstills=days)
    if isinstance(new, InternalClock) and isinstance(old, InternalClock):
        times = (*new.standstills, *_since(old.standstills, new.started))
        return replace(new, standstills=times)
    return new


def _since(standstills: Iterable[Standstill[G]], at: datetime) -> Iterator[Standstill[G]]:
    for each in standstills:
        if each.ended is None or each.ended > at:
            yield replace(each, started=max(each.started, at))


def _open_on(clock: Clock, ground: InternalGround | StatutoryGround) -> bool:
    return any(each.ground is ground and not each.ended for each in clock.standstills)


def _ground(grounds: type[G], name: str) -> G:
    try:
        return grounds(name)
    except ValueError:
        raise Refused("ticket.ground_unknown", ground=name) from None
