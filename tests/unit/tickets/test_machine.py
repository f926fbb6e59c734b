"""Random lives of a ticket, through the workflow and its clocks with a clock moved by hand."""

import json
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tests.support.tickets import (
    AGENT,
    CARDS,
    EVERYBODY,
    FILLED,
    LENDING,
    MONDAY,
    TIMEKEEPER,
    draft,
)
from tickets.clocks.model import Clock
from tickets.clocks.sla import Terms
from tickets.decide import Outcome, act, allowed, register
from tickets.forms import FormTerms, slot_of
from tickets.model import ENDED, CaseState, Department, Dispatch, HistoryEntry, TicketKind
from tickets.premises import premises_of
from tickets.replay import replayed
from tickets.workflow import Action, ClockKind

NUMBER, TARGET = TicketNumber("26112300013"), TicketNumber("26112300021")
DEPARTMENTS = {each: Department(each, each, each, "office") for each in (CARDS, LENDING)}
KNUTH = 2654435761
"""A multiplier that spreads small numbers."""
LAST = frozenset(
    {Action.SOLVE, Action.WITHDRAW, Action.MERGE, Action.CLOSE, Action.CONFIRM_VOID, Action.ABSORB}
)
"""What ends a life, or leads it nowhere, is done now and then only."""
ASIDE = frozenset(
    {
        Action.NOTE,
        Action.ATTACH,
        Action.ATTACH_FILE,
        Action.CONTACT,
        Action.INFORM,
        Action.AMEND,
        Action.ASK_VOID,
        Action.DECLINE_VOID,
        Action.ESCALATE,
        Action.SUPERVISE,
        Action.END_SUPERVISION,
    }
)
"""What leads nowhere either, so that it does not crowd out the rest."""
CHOICES = st.fixed_dictionaries(
    {
        name: st.sampled_from(("yes", "yes", "no"))
        for name in ("reached", "told", "solved", "satisfied", "new_facts")
    }
    | {"department": st.sampled_from((CARDS, LENDING))}
)


AHEAD = (
    Action.CALL_BACK,
    Action.REPLY,
    Action.APPROVE,
    Action.SIGN_RESULT,
    Action.RETURN,
    Action.ACCEPT,
    Action.DISPATCH,
)


def no_lead(life: "TicketLife") -> bool:
    return life.case.lead is None


class TicketLife(RuleBasedStateMachine):
    """What people do, mostly as a page offers it; what time does in between."""

    @initialize(kind=st.sampled_from(TicketKind))
    def begin(self, kind: TicketKind) -> None:
        self.now = MONDAY
        self.clocks: tuple[Clock, ...] = ()
        self.history: list[HistoryEntry] = []
        outcome = register(draft(kind), NUMBER, AGENT, self.now)
        self.case = outcome.case
        self.write(outcome, Action.REGISTER, AGENT, "draft")
        self.target = register(draft(kind), TARGET, AGENT, self.now).case

    @rule(minutes=st.sampled_from((1, 20, 90, 600, 2880, 14400)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(steps=st.sampled_from((3, 9, 6, 1)), chosen=CHOICES)
    def things_go_on(self, steps: int, chosen: dict[str, str]) -> None:
        """The way most tickets go, for some steps."""
        for _ in range(steps):
            premises = premises_of(self.case, self.clocks, DEPARTMENTS, TIMEKEEPER)
            for action, by in product(AHEAD, EVERYBODY):
                found = [
                    (line.action, order)
                    for line, order in allowed(self.case, by, self.now, premises)
                    if line.action is action and (action is not Action.DISPATCH or no_lead(self))
                ]
                if found:
                    self.does(found[0][0], found[0][1], by, {**FILLED, **chosen})
                    break

    @rule(
        picks=st.lists(st.integers(0, 2**32), min_size=4, max_size=8),
        chosen=CHOICES,
        days=st.integers(1, 20),
        assist=st.integers(0, 3),
        ending=st.integers(0, 19),
        wild=st.sampled_from((None,) * 9 + (True,)),
    )
    def people_act(
        self,
        picks: list[int],
        chosen: dict[str, str],
        days: int,
        assist: int,
        ending: int,
        wild: bool | None,
    ) -> None:
        for pick in picks:
            self.somebody_acts(pick * KNUTH >> 8, chosen, days, assist, ending, wild)
            ending += 1

    def somebody_acts(
        self,
        spread: int,
        chosen: dict[str, str],
        days: int,
        assist: int,
        ending: int,
        wild: bool | None,
    ) -> None:
        premises = premises_of(self.case, self.clocks, DEPARTMENTS, TIMEKEEPER, self.target)
        offers: dict[tuple[Action, int | None], tuple[Action, Dispatch | None, Principal]] = {}
        for by in (*EVERYBODY[spread % len(EVERYBODY) :], *EVERYBODY):
            for line, order in allowed(self.case, by, self.now, premises):
                if line.action not in (LAST if ending else ()) and (
                    line.action not in ASIDE or not ending % 8
                ):
                    key = (line.action, order.serial if order else None)
                    offers.setdefault(key, (line.action, order, by))
        if not offers:
            return
        action, order, by = list(offers.values())[spread % len(offers)]
        if wild:
            action, order = list(Action)[1:][spread % (len(Action) - 1)], None
        until = (self.now + timedelta(days=days)).isoformat()
        fields = {**FILLED, **chosen, "until": until, "into": TARGET, "merged": TARGET}
        self.does(action, order, by, fields | ({} if assist else {"assist": "yes"}))

    def does(
        self, action: Action, order: Dispatch | None, by: Principal, fields: dict[str, str]
    ) -> None:
        fields = fields | ({"dispatch": str(order.serial)} if order else {})
        premises = premises_of(self.case, self.clocks, DEPARTMENTS, TIMEKEEPER, self.target)
        try:
            terms = FormTerms(self.now)
            outcome = act(self.case, action, fields, by, self.now, premises, terms)
            clocks = self.moved(outcome, by)
        except Refused:
            return
        assert action is not Action.CALL_BACK or by.staff_id not in self.case.handlers
        assert outcome.case.version == self.case.version + 1
        before, self.case, self.clocks = self.case, outcome.case, clocks
        self.write(outcome, action, by, before.state.value, clocks)

    def moved(self, outcome: Outcome, by: Principal) -> tuple[Clock, ...]:
        case = outcome.case
        slot = slot_of(case.draft, TIMEKEEPER.calendars.zone)
        terms = Terms(
            kind=case.draft.kind,
            urgency=case.draft.urgency,
            service_level=case.draft.requester.service_level,
            department_calendars={each.serial: "office" for each in case.dispatches},
            slot=slot.start if slot else None,
            by=by.name,
        )
        return TIMEKEEPER.apply(self.clocks, outcome.effects, terms, self.now)

    def write(
        self,
        outcome: Outcome,
        action: Action,
        by: Principal,
        previous: str,
        clocks: tuple[Clock, ...] | None = None,
    ) -> None:
        self.clocks = self.moved(outcome, by) if clocks is None else clocks
        order = outcome.case.dispatch(outcome.serial) if outcome.serial else None
        kept: Any = json.loads(json.dumps(dict(outcome.fields)))
        self.history.append(
            HistoryEntry(
                at=self.now,
                by=by.staff_id,
                by_name=by.name,
                action=action.value,
                previous=previous,
                state=outcome.case.state.value,
                dispatch=outcome.serial,
                fields=kept,
                version=outcome.case.version,
                order_state=order.state.value if order else "",
            )
        )

    @invariant()
    def versions_grow_by_one_and_nothing_is_lost(self) -> None:
        if hasattr(self, "history"):
            versions = [entry.version for entry in self.history]
            assert versions == list(range(1, self.case.version + 1))
            assert all(one.state == then.previous for one, then in pairwise(self.history))

    @invariant()
    def one_department_leads_at_most(self) -> None:
        if hasattr(self, "history"):
            leads = [each for each in self.case.dispatches if each.lead and not each.final]
            assert len(leads) <= 1
            assert not leads or self.case.state is CaseState.IN_PROGRESS
            assert all(each.refusals <= 1 for each in self.case.dispatches)

    @invariant()
    def clocks_run_where_something_is_waited_for(self) -> None:
        if not hasattr(self, "history"):
            return
        running = [clock for clock in self.clocks if clock.stopped is None]
        assert len({(clock.kind, clock.dispatch) for clock in running}) == len(running)
        assert not running or self.case.state not in ENDED
        for clock in self.clocks:
            assert TIMEKEEPER.elapsed(clock, self.now) >= timedelta(0)
            assert clock.due >= clock.started
        working = {each.serial for each in self.case.dispatches if not each.final}
        mine = (ClockKind.RESULT, ClockKind.REVIEW)
        assert {each.dispatch for each in running if each.kind in mine} == working
        for order in self.case.dispatches:
            first = next(
                clock
                for clock in self.clocks
                if (clock.kind, clock.dispatch) == (ClockKind.RESULT, order.serial)
            )
            assert first.started == order.sent

    @invariant()
    def the_history_makes_the_same_case(self) -> None:
        if hasattr(self, "history"):
            assert replayed(NUMBER, self.history) == self.case


TicketLife.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestTicketLife = TicketLife.TestCase
