"""What an act will do, said before it is done: to the clocks, to the states, and who is told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cti.kernel.identifiers import DepartmentId
from cti.kernel.vocabulary import Role
from tickets.clocks.model import Clock, InternalClock, InternalGround
from tickets.clocks.sla import Terms, Timekeeper
from tickets.model import Case, Dispatch, TicketKind
from tickets.view import TicketView
from tickets.web.shown import Words
from tickets.workflow import (
    DEPARTMENT_CLOCKS,
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Pause,
    Restart,
    Resume,
    Rule,
    Start,
    Stop,
)

Limit = tuple[str, str, bool]
"""A clock's name, its deadline, whether it is cut short."""


BEGUN_ANEW = (
    ClockKind.DECISION,
    ClockKind.FIRST_CONTACT,
    ClockKind.KEEP_INFORMED,
    ClockKind.DISPATCH,
)
"""Clocks that go by what kind of ticket it is, since when they began."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock with its deadline before and after; empty where it does not run."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """The ticket and the hour by which consequences are told."""

    view: TicketView
    keeper: Timekeeper
    words: Words
    now: datetime

    def of(self, rule: Rule, meant: Dispatch | None) -> tuple[str, ...]:
        """The consequences of that rule for the case, or for that dispatch of it, a line each."""
        effects = rule.effects + (rule.lead_effects if meant is not None and meant.lead else ())
        said = [line for effect in effects for line in self._effect(effect, meant)]
        return (*self._states(rule, meant), *dict.fromkeys(said), *self._told(rule, meant))

    def of_kind(self, kind: TicketKind) -> tuple[Moved, ...]:
        """When the case's own clocks that run would be due if the ticket were of that kind."""
        terms = replace(self._terms({}), kind=kind, lead=None)
        running = [each for each in self.view.clocks if each.stopped is None]
        anew = (self._anew(each, terms) for each in running if each.kind in BEGUN_ANEW)
        over = (
            Moved(self._name(each.kind), self._due(each), "")
            for each in running
            if each.kind is ClockKind.APPOINTMENT
        )
        return (*anew, *over)

    def _anew(self, clock: Clock, terms: Terms) -> Moved:
        effect = Restart(clock.kind, since=clock.started)
        after = self.keeper.apply((clock,), (effect,), terms, self.now)[-1]
        return Moved(self._name(clock.kind), self._due(clock), self._due(after))

    def _due(self, clock: Clock) -> str:
        return self.words.deadline(clock.due)

    def limits(self) -> dict[DepartmentId, tuple[Limit, ...]]:
        """The clocks an order sent to each department now would start.

        A result is cut short where the customer's own deadline, less the time for the review,
        comes before it.
        """
        departments = self.view.departments
        calendars = {each.calendar for each in departments.values()}
        limits = {calendar: self._limits_by(calendar) for calendar in calendars}
        return {key: limits[each.calendar] for key, each in departments.items()}

    def _limits_by(self, calendar: str) -> tuple[Limit, ...]:
        serial = len(self.view.case.dispatches) + 1
        terms = self._terms({serial: calendar})
        starts = (Start(ClockKind.ACCEPT, serial), Start(ClockKind.RESULT, serial))
        clocks = self.keeper.apply(self.view.clocks, starts, terms, self.now)
        return tuple(
            (self._name(clock.kind), self.words.deadline(clock.due), _is_cut(clock))
            for clock in clocks[len(self.view.clocks) :]
        )

    def _states(self, rule: Rule, meant: Dispatch | None) -> Iterator[str]:
        lead = meant is not None and meant.lead
        state = (rule.lead_case_to if lead or not rule.about_dispatch else None) or rule.case_to
        if rule.dispatch_to is not None:
            order = self.words.text(f"ticket.order.{rule.dispatch_to.value}")
            yield self.words.text("ticket.will.order", state=order)
        if state is not None and state is not self.view.case.state:
            named = self.words.text(f"ticket.state.{state.value}")
            yield self.words.text("ticket.will.state", state=named)

    def _told(self, rule: Rule, meant: Dispatch | None) -> Iterator[str]:
        if rule.tells is None:
            return
        who = self.words.text(f"ticket.role.{rule.tells.value}")
        if rule.tells in (Role.OFFICER, Role.HEAD) and meant is not None:
            who = f"{self.words.department(meant.department_id)} {who}"
        yield self.words.text("ticket.will.tell", who=who)

    def _effect(self, effect: Effect, meant: Dispatch | None) -> Iterator[str]:
        match effect:
            case CancelAll():
                if any(clock.stopped is None for clock in self.view.clocks):
                    yield self.words.text("ticket.will.cancel_all")
            case Start(kind) | Restart(kind):
                yield self._started(effect, kind, meant)
            case Resume(kind) if effect.along is None or self._stopped_along(kind, effect.along):
                yield self.words.text("ticket.will.resume", clock=self._name(kind))
            case Stop(kind) if self._runs(kind, meant):
                yield self.words.text("ticket.will.stop", clock=self._name(kind))
            case Cancel(kind) if self._runs(kind, meant):
                yield self.words.text("ticket.will.cancel", clock=self._name(kind))
            case Pause(kind) if self._runs(kind, meant) and self._may_stand(kind, meant):
                yield self.words.text("ticket.will.pause", clock=self._name(kind))
            case Continue(kind) if self._stands(kind, meant):
                yield self.words.text("ticket.will.continue", clock=self._name(kind))
            case Extend(kind) if self._runs(kind, meant):
                yield self.words.text("ticket.will.extend", clock=self._name(kind))

    def _started(self, effect: Effect, kind: ClockKind, meant: Dispatch | None) -> str:
        name, serial = self._name(kind), meant.serial if meant else None
        restarted = isinstance(effect, Restart)
        if restarted or (kind in DEPARTMENT_CLOCKS and serial is None):
            return self.words.text(f"ticket.will.{'restart' if restarted else 'start'}", clock=name)
        if kind not in DEPARTMENT_CLOCKS:
            serial = None
        case = self.view.case
        terms = self._terms(
            {each.serial: self._calendar(each.department_id) for each in case.dispatches}
        )
        clock = self.keeper.apply(self.view.clocks, (Start(kind, serial),), terms, self.now)[-1]
        due = self.words.deadline(clock.due)
        return self.words.text("ticket.will.start_due", clock=name, due=due)

    def _may_stand(self, kind: ClockKind, meant: Dispatch | None) -> bool:
        """Whether the policy lets it stand still on the ground that is asked for, if any is."""
        petition = meant.petition if meant else None
        if petition is None or petition.ground is None:
            return True
        return kind in self.keeper.policy.grounds[InternalGround(petition.ground.value)]

    def _runs(self, kind: ClockKind, meant: Dispatch | None) -> bool:
        return self._running(kind, meant) is not None

    def _stands(self, kind: ClockKind, meant: Dispatch | None) -> bool:
        clock = self._running(kind, meant)
        return clock is not None and not all(each.ended for each in clock.standstills)

    def _running(self, kind: ClockKind, meant: Dispatch | None) -> Clock | None:
        serial = meant.serial if meant is not None and kind in DEPARTMENT_CLOCKS else None
        return next(
            (
                clock
                for clock in self.view.clocks
                if clock.stopped is None and clock.kind is kind and clock.dispatch == serial
            ),
            None,
        )

    def _stopped_along(self, kind: ClockKind, along: ClockKind) -> bool:
        last = {clock.kind: clock.stopped for clock in self.view.clocks if not clock.dispatch}
        return last.get(kind) is not None and last.get(kind) == last.get(along)

    def _name(self, kind: ClockKind) -> str:
        return self.words.text(f"ticket.clock.{kind.value}")

    def _calendar(self, department_id: DepartmentId) -> str:
        return self.view.departments[department_id].calendar

    def _terms(self, calendars: dict[int, str]) -> Terms:
        case: Case = self.view.case
        return Terms(
            kind=case.draft.kind,
            urgency=case.draft.urgency,
            service_level=case.draft.requester.service_level,
            department_calendars=calendars,
            lead=case.lead.serial if case.lead and case.lead.serial in calendars else None,
        )


def _is_cut(clock: Clock) -> bool:
    return isinstance(clock, InternalClock) and clock.due == clock.not_after
