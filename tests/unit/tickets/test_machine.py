"""Random lives of a ticket, through the workflow and its clocks with a clock moved by hand."""

import json
from datetime import datetime, timedelta
from itertools import pairwise, product
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tests.support.examples import examples
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
from tickets.decide import Outcome, act, register
from tickets.forms import FormTerms, slot_of
from tickets.model import (
    ENDED,
    NOBODY,
    CaseState,
    Department,
    Dispatch,
    HistoryEntry,
    TicketKind,
)
from tickets.premises import premises_of
from tickets.replay import replayed
from tickets.workflow import RULES_OF, Action, ClockKind

NUMBER, TARGET = TicketNumber("26112300013"), TicketNumber("26112300021")
DEPARTMENTS = {each: Department(each, each, each, "office") for each in (CARDS, LENDING)}
A = Action
Episodes = tuple[tuple[Action, ...], ...]
EPISODES = (
    (A.URGE, A.ANSWER_URGE),
    (A.ASK_REFUSAL, A.SIGN_REFUSAL, A.GRANT_REFUSAL, A.DISPATCH),
    (A.ASK_REFUSAL, A.SEND_BACK, A.ASK_REFUSAL, A.SIGN_REFUSAL, A.OVERRULE_REFUSAL),
    (A.AUTO_ACCEPT, A.ASK_EXTENSION, A.SIGN_PETITION, A.GRANT_PETITION),
    (A.ASK_EXTENSION, A.DECLINE_PETITION, A.PROGRESS),
    (A.ASK_SUSPENSION, A.SIGN_PETITION, A.GRANT_PETITION, A.RESUME, A.RETURN),
    (A.ASK_SUSPENSION, A.SIGN_PETITION, A.GRANT_PETITION, A.CONTACT),
    (A.RETURN, A.SEND_BACK, A.RETURN, A.SIGN_RESULT, A.REWORK, A.ACCEPT),
    (A.FOLLOW_UP, A.CONFIRM_FACTS),
    (A.FOLLOW_UP, A.REJECT_FACTS, A.NOTE),
    (A.DISPATCH, A.REDIRECT, A.ACCEPT),
    (A.RECALL, A.FOLLOW_UP, A.DISPATCH),
    (A.SUPERVISE, A.END_SUPERVISION, A.ESCALATE),
    (A.APPRAISE, A.END_APPRAISAL, A.INFORM),
    (A.EXTEND_DECISION, A.EXTEND_DECISION, A.ATTACH, A.DETACH),
    (A.AMEND, A.KEEP_EMAIL, A.ATTACH_FILE, A.CONVERT, A.ADOPT),
    (A.CONTACT, A.CONTACT, A.ATTEMPT_INFORM, A.INFORM),
    (A.CONTACT, A.NOTE, A.PROGRESS),
    (A.ASK_VOID, A.DECLINE_VOID),
)
"""What belongs together, in its order; what cannot be done then is left out."""
ANSWERED = (
    (A.ATTEMPT_REPLY, A.REPLY, A.UNDELIVERED, A.REPLY),
    (A.REPLY, A.AGREE_CALL_BACK, A.RESUME_CALL_BACK, A.CALL_BACK),
    (A.REPLY, A.RATE, A.CALL_BACK),
    (A.CONTACT, A.REPLY, A.UNDELIVERED, A.CONTACT, A.REPLY),
    (A.REPLY, A.CONTACT, A.CLOSE, A.INFORM, A.CLOSE, A.UNDELIVERED),
    (A.REPLY, A.REOPEN, A.DISPATCH),
    (A.FOLLOW_UP, A.CONFIRM_FACTS, A.DISPATCH),
)
"""What begins where a result waits."""
ENDINGS = (
    (A.SOLVE,),
    (A.WITHDRAW,),
    (A.MERGE,),
    (A.ABSORB,),
    (A.REPLY, A.CLOSE),
    (A.ASK_VOID, A.CONFIRM_VOID),
    (A.REPLY, A.CALL_BACK),
)
ALIKE = tuple(each for each in A if each is not A.REGISTER)
CHOICES = st.fixed_dictionaries(
    {
        name: st.sampled_from(("yes", "yes", "no"))
        for name in ("reached", "told", "solved", "satisfied", "new_facts")
    }
    | {
        "department": st.sampled_from((CARDS, LENDING)),
        "channel": st.sampled_from(("call", "call", "email", "web")),
    }
)
FIRST = st.integers(0, 11)


OVER = frozenset(each.value for each in ENDED)
AHEAD = (A.APPROVE, A.SIGN_RESULT, A.RETURN, A.ACCEPT)
MAY = {
    action: tuple(by for by in EVERYBODY if any(line.open_to(by) for line in RULES_OF[action]))
    for action in A
}
"""Who may ever do it."""


def unanswered(history: list[HistoryEntry]) -> datetime | None:
    """Since when the customer waits for an answer, read off the history alone.

    What stopped at the instant of an answer that never arrived did not stop.
    """
    since: datetime | None = None
    before: tuple[datetime, datetime] | None = None
    told: datetime | None = None
    for entry in history:
        says = entry.fields
        answers = entry.action in ("reply", "solve", "inform")
        if answers or (entry.action == "call_back" and says["reached"] == "yes"):
            before, since = (since, entry.at) if since else before, None
        if entry.action in ("reply", "solve"):
            told = entry.at
        elif entry.action == "contact" and entry.previous not in OVER:
            heard = says["channel"] == "call" and entry.by not in NOBODY
            since = since if heard else since or entry.at
        elif entry.action == "absorb" and "unanswered" in says:
            theirs = datetime.fromisoformat(says["unanswered"])
            since = min(since or theirs, theirs)
        elif entry.action == "undelivered" and before and before[1] == told:
            since = since or before[0]
        since = None if entry.state in OVER else since
    return since


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

    @rule(steps=st.integers(1, 5), chosen=CHOICES)
    def things_go_on(self, steps: int, chosen: dict[str, str]) -> None:
        """The way most tickets go, for some steps."""
        for _ in range(steps):
            self.one_step(chosen)

    @rule(pick=st.integers(0, 100), days=st.integers(4, 14), chosen=CHOICES, first=FIRST)
    def something_comes_up(self, pick: int, days: int, chosen: dict[str, str], first: int) -> None:
        """What comes up differs from time to time, however alike the numbers drawn are."""
        until = (self.now + timedelta(days=days)).isoformat()
        for _ in range(6):
            self.things_go_on(2, chosen)
            for action in self.next_of(EPISODES, pick):
                self.somebody(action, chosen | {"until": until}, first)

    @rule(pick=st.integers(0, 100), chosen=CHOICES, first=FIRST)
    def the_customer_is_answered(self, pick: int, chosen: dict[str, str], first: int) -> None:
        for _ in range(2):
            self.things_go_on(5, chosen)
            for action in self.next_of(ANSWERED, pick):
                self.somebody(action, chosen, first)

    @rule(assist=st.booleans(), chosen=CHOICES)
    def another_department_helps(self, assist: bool, chosen: dict[str, str]) -> None:
        self.somebody(A.DISPATCH, chosen | ({"assist": "yes"} if assist else {}))

    @rule(action=st.sampled_from(ALIKE), chosen=CHOICES, first=FIRST)
    def somebody_tries_anything(self, action: Action, chosen: dict[str, str], first: int) -> None:
        self.somebody(action, chosen, first)

    @rule(ending=st.sampled_from(ENDINGS), chosen=CHOICES, kind=st.sampled_from(TicketKind))
    def it_ends(self, ending: tuple[Action, ...], chosen: dict[str, str], kind: TicketKind) -> None:
        """And another ticket begins, now and then after all that comes later still."""
        for action in ending:
            self.somebody(action, chosen)
        if self.case.state in ENDED:
            for action in (A.NOTE, A.CONTACT, A.RATE):
                self.somebody(action, chosen)
            assert replayed(NUMBER, self.history) == self.case
            if not self.somebody(A.REOPEN, chosen) or chosen["solved"] == "yes":
                self.begin(kind)

    def one_step(self, chosen: dict[str, str]) -> None:
        waiting = self.case.lead is None and self.case.state is not CaseState.RESULT_IN
        if not waiting or not self.somebody(A.DISPATCH, chosen):
            any(self.somebody(action, chosen) for action in AHEAD)

    def next_of(self, episodes: Episodes, pick: int) -> tuple[Action, ...]:
        self.turn = getattr(self, "turn", 0) + 1
        return episodes[(pick + self.turn) % len(episodes)]

    def somebody(self, action: Action, chosen: dict[str, str], first: int = 0) -> bool:
        """Whether one of those who ever may do it did it now, the `first` of them asked first."""
        people = MAY[action]
        until = (self.now + timedelta(days=9)).isoformat()
        waits = {"unanswered": MONDAY.isoformat()} if chosen.get("new_facts") == "yes" else {}
        fields = {**FILLED, "until": until, **chosen, "into": TARGET, "merged": TARGET, **waits}
        before = self.case
        for step, order in product(range(len(people)), (None, *before.dispatches)):
            self.does(action, order, people[(first + step) % len(people)], fields)
            if self.case is not before:
                return True
        return False

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
    def the_oldest_message_nobody_answered_has_a_clock(self) -> None:
        if hasattr(self, "history"):
            running = [
                clock.started
                for clock in self.clocks
                if clock.kind is ClockKind.ANSWER and clock.stopped is None
            ]
            waiting = unanswered(self.history) if self.case.state not in ENDED else None
            assert running == ([] if waiting is None else [waiting])

    @invariant()
    def the_history_makes_the_same_case(self) -> None:
        if hasattr(self, "history"):
            assert replayed(NUMBER, self.history) == self.case


TicketLife.TestCase.settings = settings(
    max_examples=examples(30), stateful_step_count=25, deadline=None
)
TestTicketLife = TicketLife.TestCase


def test_every_action_is_done_in_some_life() -> None:
    done: set[str] = set()
    stages = product(TicketKind, (*EPISODES, *ANSWERED, *ENDINGS), (0, 1, 2, 6))
    for kind, episode, steps in stages:
        life = TicketLife()
        life.begin(kind=kind)
        for _ in range(steps):
            life.one_step({})
        for action in episode:
            life.somebody(action, {"new_facts": "yes", "department": LENDING})
        done |= {entry.action for entry in life.history}
        assert replayed(NUMBER, life.history) == life.case
    assert set(Action) - {Action(each) for each in done} == set()
