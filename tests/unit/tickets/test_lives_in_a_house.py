"""Random lives of tickets in a house: acts of everybody, clocks, alarms and acts of the system.

Whoever does something does what was done least often until now, so that every act has its turn;
all of it follows from a seed alone. The gate sees one house, ``HYPOTHESIS_PROFILE=wide`` many.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from random import Random

import pytest
from hypothesis import settings
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from customers.repository import store_customer_txn
from monitoring.statistics import Figures, Rules, fold
from tests.support.bank import WANG_CUSTOMER
from tests.support.deferred import result_of
from tests.support.tickets import (
    CARDS,
    EVERYBODY,
    FILLED,
    LENDING,
    SHANGHAI,
    TicketDesk,
    draft,
)
from tickets.alarms import next_due_txn
from tickets.clocks.sla import AlarmKind
from tickets.decide import Choice, allowed
from tickets.events import TicketChanged
from tickets.model import CUSTOMER, ENDED, OPEN_STATES, SYSTEM, TicketKind
from tickets.replay import replayed
from tickets.schema import AlarmRow, CaseRow, ClockRow
from tickets.tasks import Tasks
from tickets.view import TicketView
from tickets.workflow import RULES, Action

SEED = 20261123
ALARMS = frozenset(each.value for each in AlarmKind)
ENDING = frozenset({Action.SOLVE, Action.WITHDRAW, Action.MERGE, Action.CONFIRM_VOID})
BESIDE = frozenset(
    rule.action for rule in RULES if not (rule.case_to or rule.dispatch_to or rule.lead_case_to)
)
SEEDS = (SEED,) if settings().derandomize else tuple(range(1, 13))
MOST_STEPS = 1500
MOST_OPEN = 4
"""Tickets that are open at a time, about."""
PAUSES = (0, 1, 5, 40, 300, 1500, 6000)
"""Minutes between two acts."""


class House:
    """A desk of tickets with everything that runs by itself, and people who do what they may."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.desk = TicketDesk()
        result_of(self.desk.database.run(store_customer_txn, WANG_CUSTOMER))
        self.tasks = Tasks(self.desk.database, self.desk.clock, self.desk.service)
        self.desk.escalation.start()
        self.desk.escalation.on_fired(self.tasks.wake)
        self.desk.service.on_clocks_changed(self.wake)
        self.tasks.start()
        self.done: Counter[Action] = Counter()
        """What was done how often, by whomever: the house itself acts too."""
        self.desk.bus.subscribe(TicketChanged, self.count)
        self.numbers: list[str] = []
        self.living: list[str] = []
        self.last = ""
        """What somebody did something to: more often than not it goes on there."""

    def count(self, event: TicketChanged) -> None:
        self.done[Action(event.action)] += 1

    def wake(self) -> None:
        self.desk.escalation.wake()
        self.tasks.wake()

    def live(self, most: int) -> int:
        """Until each act was done, `most` steps at most; how many these were."""
        for step in range(most):
            if self.done.keys() == set(Action):
                return step
            self.desk.advance(minutes=self.random.choice(PAUSES))
            if len(self.living) < MOST_OPEN and self.random.random() < 0.5:
                self.register()
            elif self.numbers:
                # What has ended is looked at too, now and then.
                among = self.living if self.living and self.random.random() < 0.9 else self.numbers
                self.last = self.last if self.random.random() < 0.6 else self.random.choice(among)
                self.somebody_acts(self.last or among[0])
        return most

    def register(self) -> None:
        kind = self.random.choice((TicketKind.COMPLAINT, *TicketKind))
        what = draft(kind)
        if kind is TicketKind.APPOINTMENT:
            what = replace(what, details={**what.details, "slot": self.slot()})
        elif kind is TicketKind.COMPLAINT:
            told = f"wang{len(self.numbers)}@example.com"
            what = replace(what, details={**what.details, "email": told})
        number = self.desk.register(what).number
        self.numbers.append(number)
        self.living.append(number)
        self.done[Action.REGISTER] += 1

    def somebody_acts(self, number: str) -> None:
        view = self.view(number)
        choices = [
            (by, choice)
            for by in self.random.sample(EVERYBODY, 8)
            for choice in allowed(view.case, by, utc(self.desk.clock), view.premises)
        ]
        self.random.shuffle(choices)
        choices.sort(key=lambda each: self.urge(each[1][0].action))
        for by, choice in choices[:4]:
            if self.does(view, by, choice):
                return

    def urge(self, action: Action) -> float:
        """The least is done first: what was seldom done; what ends or moves nothing comes later."""
        return self.done[action] * (4 if action in ENDING else 3 if action in BESIDE else 1)

    def does(self, view: TicketView, by: Principal, choice: Choice) -> bool:
        rule, order = choice
        fields = self.fields(view, rule.action) | ({"dispatch": str(order.serial)} if order else {})
        number, request = view.case.number, self.desk.request_id()
        acting = self.desk.service.act(number, rule.action, fields, by, view.case.version, request)
        try:
            state = result_of(acting).state
        except Refused:
            return False
        if state not in OPEN_STATES and number in self.living:
            self.living.remove(number)
            self.last = ""
        elif state in OPEN_STATES and number not in self.living:
            self.living.append(number)
        if rule.action is Action.AGREE_CALL_BACK and self.random.random() < 0.5:
            self.desk.advance(days=3)
        return True

    def fields(self, view: TicketView, action: Action) -> dict[str, str]:
        """A form as somebody might fill it in."""
        random, days = self.random, 2 if action is Action.AGREE_CALL_BACK else 9
        until = utc(self.desk.clock) + timedelta(days=days)
        drawn = {
            name: random.choice(("yes", "yes", "no"))
            for name in ("reached", "told", "solved", "satisfied", "new_facts")
        }
        drawn |= {
            "score": random.choice("12345"),
            "ground": random.choice(("customer", "appraisal", "appointment")),
            "department": random.choice((CARDS, LENDING)),
            "title": f"更正 {view.case.version}",
            "until": until.isoformat(),
            "slot": self.slot(),
            "into": random.choice(self.numbers),
        }
        if action is Action.DISPATCH and view.case.lead is not None:
            drawn["assist"] = "yes"
        return FILLED | drawn

    def slot(self) -> str:
        """A time on the next open day but one."""
        day = utc(self.desk.clock).astimezone(SHANGHAI).date() + timedelta(days=2)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return f"{day} 10:00-11:00"

    def view(self, number: str) -> TicketView:
        return self.desk.view(number)

    def stop(self) -> None:
        self.tasks.stop()
        self.desk.escalation.stop()


@pytest.fixture(scope="module", params=SEEDS)
def house(request: pytest.FixtureRequest) -> House:
    """A house after so many acts that each was done."""
    house = House(request.param)
    house.live(MOST_STEPS)
    house.stop()
    return house


def test_every_act_of_the_table_is_done(house: House) -> None:
    written = {
        entry.action for number in house.numbers for entry in house.view(number).history
    } - ALARMS
    assert {each.value for each in Action} - written == set()


def test_every_history_makes_its_ticket_again(house: House) -> None:
    for number in house.numbers:
        view = house.view(number)
        assert replayed(view.case.number, view.history) == view.case
        acts = [entry.version for entry in view.history if entry.action not in ALARMS]
        assert acts == list(range(1, view.case.version + 1))


def test_every_alarm_that_was_due_fired_once(house: House) -> None:
    with Session(house.desk.database.engine) as session:
        fired = session.scalar(select(func.count()).where(AlarmRow.fired.is_not(None)))
        due = next_due_txn(session)
    lines = [
        entry
        for number in house.numbers
        for entry in house.view(number).history
        if entry.action in ALARMS
    ]
    assert fired == len(lines) > 50
    assert due is None or due > utc(house.desk.clock)


def test_every_clock_is_due_when_its_reckoning_says(house: House) -> None:
    keeper, now = house.desk.service.timekeeper, utc(house.desk.clock)
    clocks = [clock for number in house.numbers for clock in house.view(number).clocks]
    for clock in clocks:
        lines = keeper.explain(clock, now)
        assert "ticket.why.changed" not in {line.key for line in lines}
        told = {line.values["due"] for line in lines if line.key == "ticket.why.due"}
        assert told == (set() if clock.halted else {clock.due})
    assert len(clocks) > 200


def test_no_clock_runs_on_an_ended_case_and_no_alarm_waits_for_a_stopped_clock(
    house: House,
) -> None:
    ended = [state.value for state in ENDED]
    of_clock = (ClockRow.number == AlarmRow.number, ClockRow.serial == AlarmRow.clock)
    with Session(house.desk.database.engine) as session:
        runs_on = session.execute(
            select(ClockRow.number, ClockRow.kind)
            .join(CaseRow, CaseRow.number == ClockRow.number)
            .where(CaseRow.state.in_(ended), ClockRow.stopped.is_(None))
        ).all()
        waits_on = session.execute(
            select(AlarmRow.number, ClockRow.kind)
            .join(ClockRow, and_(*of_clock))
            .where(AlarmRow.fired.is_(None), ClockRow.stopped.is_not(None))
        ).all()
        cases = session.scalar(select(func.count()).where(CaseRow.state.in_(ended)))
        waiting = session.scalar(select(func.count()).where(AlarmRow.fired.is_(None)))
    assert (list(runs_on), list(waits_on)) == ([], [])
    assert cases, "some have ended"
    assert waiting, "some alarms are still to come"


def test_the_fold_of_events_counts_what_the_database_counts(house: House) -> None:
    """The day is as long as the house lived: the zone's rules begin no new one."""
    events = [replace(each, at=house.desk.events[0].at) for each in house.desk.events]
    tickets = reduce(fold, events, Figures(Rules(SHANGHAI))).tickets
    with Session(house.desk.database.engine) as session:
        counted = session.execute(
            select(CaseRow.state, func.count().label("times")).group_by(CaseRow.state)
        )
        states = {row.state: row.times for row in counted}
        rated = session.scalar(select(func.count()).where(CaseRow.rating.is_not(None)))
    assert tickets.moved == states
    still_open = sum(states.get(state.value, 0) for state in OPEN_STATES)
    assert tickets.registered + tickets.reopened - tickets.ended == still_open
    assert tickets.registered == len(house.numbers)
    assert tickets.rated == house.done[Action.RATE] >= (rated or 0) > 0


def test_nobody_handled_what_they_asked_about(house: House) -> None:
    """Nor ended a complaint by a word of their own; the house and the customer are nobody."""
    nobody = {SYSTEM.staff_id, CUSTOMER.staff_id}
    ends = {Action.CALL_BACK.value, Action.WITHDRAW.value, Action.MERGE.value}
    for number in house.numbers:
        handled: set[str] = set()
        view = house.view(number)
        for entry in view.history:
            asked = entry.action == Action.CALL_BACK.value
            if entry.action in ends and (asked or view.case.draft.kind is TicketKind.COMPLAINT):
                assert entry.by not in handled, (number, entry)
            if entry.action in {Action.REPLY.value, Action.SOLVE.value, Action.APPROVE.value}:
                handled |= {entry.by} - nobody
