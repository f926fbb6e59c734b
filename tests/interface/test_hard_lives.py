"""Lives of tickets in which everything comes together, told step by step, on both databases.

Each step says who does what, and what the rules of the trade demand after it: where the case
stands, where its orders stand, which clocks run, how others ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    FILLED,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_AGENT,
    OTHER_HEAD,
    OTHER_OFFICER,
    PROTECTION,
    SUPERVISOR,
    TicketDesk,
    draft,
    local,
    person,
)
from tickets.clocks.explain import explain
from tickets.clocks.model import Clock, ClockEnd
from tickets.model import CUSTOMER, SYSTEM, CaseState, DispatchState, TicketKind
from tickets.replay import replayed
from tickets.search import places
from tickets.search.finding import Query
from tickets.tasks import Tasks
from tickets.workflow import Action, ClockKind

A, K, C, D = Action, ClockKind, CaseState, DispatchState
FACTS = FILLED | {"new_facts": "yes"}
WRITTEN = {"channel": "email", "text": "何时有答复？"}


@dataclass
class Life:
    """A ticket and the house it lives in."""

    desk: TicketDesk
    number: str

    def does(self, action: Action, by: Principal, **fields: str) -> "Life":
        self.desk.act(self.number, action, by, FILLED | fields)
        self.holds()
        return self

    def may_not(self, action: Action, by: Principal, why: str, **fields: str) -> "Life":
        with pytest.raises(Refused, match=rf"ticket\.{why}"):
            self.desk.act(self.number, action, by, FILLED | fields)
        return self

    def holds(self) -> None:
        """The history makes the ticket, and every clock is due when its reckoning says."""
        view = self.desk.view(self.number)
        assert replayed(view.case.number, view.history) == view.case
        for clock in view.clocks:
            lines = explain(clock, self.desk.service.timekeeper.calendars)
            assert "ticket.why.changed" not in {line.key for line in lines}, clock

    def stands(self, state: CaseState, *orders: DispatchState) -> "Life":
        case = self.desk.view(self.number).case
        assert (case.state, tuple(each.state for each in case.dispatches)) == (state, orders)
        return self

    def clocks(self, kind: ClockKind, dispatch: int | None = None) -> list[Clock]:
        view = self.desk.view(self.number)
        return [each for each in view.clocks if (each.kind, each.dispatch) == (kind, dispatch)]

    def ends(self, kind: ClockKind, *ends: ClockEnd | None, dispatch: int | None = None) -> "Life":
        assert tuple(each.end for each in self.clocks(kind, dispatch)) == ends
        return self

    def runs(self, *kinds: ClockKind) -> "Life":
        running = [each.kind for each in self.desk.view(self.number).clocks if not each.stopped]
        assert sorted(each.value for each in running) == sorted(each.value for each in kinds)
        return self

    def lies(self, *expected: str) -> "Life":
        own = {place for place in places.SHARED if self.in_list(place)}
        assert own == set(expected)
        return self

    def in_list(self, place: str) -> bool:
        lines = result_of(self.desk.service.search(Query(place))).lines
        return any(line.number == self.number for line in lines)


@pytest.fixture
def desk(url: str) -> Iterator[TicketDesk]:
    desk = TicketDesk(DirectDatabase(url))
    yield desk
    desk.escalation.stop()
    desk.database.stop()


def begun(desk: TicketDesk, *acts: tuple[Action, Principal]) -> Life:
    life = Life(desk, desk.register().number)
    for action, by in acts:
        life.does(action, by)
    return life


AT_WORK = ((A.DISPATCH, DISPATCHER), (A.ACCEPT, OFFICER))
RESULT = (*AT_WORK, (A.RETURN, HEAD))
RESULT_IN = (*RESULT, (A.APPROVE, DISPATCHER))
MET, MISSED, CANCELLED = ClockEnd.MET, ClockEnd.MISSED, ClockEnd.CANCELLED


def test_merged_while_a_petition_is_open(desk: TicketDesk) -> None:
    first = begun(desk, *AT_WORK, (A.ASK_EXTENSION, OFFICER), (A.URGE, AGENT))
    desk.advance(hours=1)
    second = begun(desk, (A.DISPATCH, DISPATCHER))
    due = first.clocks(K.DECISION)[0].due
    first.does(A.MERGE, DISPATCHER, into=second.number).stands(C.MERGED, D.RECALLED).runs().lies()
    first.ends(K.RESULT, CANCELLED, dispatch=1).ends(K.URGE_ANSWER, CANCELLED, dispatch=1)
    order = desk.view(first.number).case.dispatches[0]
    assert (order.petition, order.urge_open) == (None, False)
    second.holds()
    second.stands(C.IN_PROGRESS, D.SENT).ends(K.DECISION, CANCELLED, None)
    assert second.clocks(K.DECISION)[-1].due == due
    for action, by in ((A.ACCEPT, OFFICER), (A.SIGN_PETITION, HEAD)):
        first.may_not(action, by, "(wrong_state|dispatch_unknown)")


def test_withdrawn_while_the_order_stands_still(desk: TicketDesk) -> None:
    life = begun(desk, *AT_WORK, (A.INFORM, AGENT), (A.ASK_SUSPENSION, HEAD))
    life.lies(places.OPEN, places.REVIEW).does(A.GRANT_PETITION, DISPATCHER)
    life.stands(C.IN_PROGRESS, D.SUSPENDED).lies(places.OPEN)
    tasks = Tasks(desk.database, desk.clock, desk.service)
    tasks.start()
    desk.advance(days=2)
    life.does(A.WITHDRAW, AGENT).stands(C.WITHDRAWN, D.RECALLED).runs().lies()
    life.ends(K.RESULT, CANCELLED, dispatch=1).ends(K.DECISION, CANCELLED)
    desk.advance(days=30)
    assert desk.view(life.number).history[-1].action == "withdraw", "nothing resumes what ended"
    tasks.stop()


@pytest.mark.parametrize(
    ("acts", "urged"),
    [
        ((), False),
        (((A.DISPATCH, DISPATCHER),), True),
        (AT_WORK, True),
        ((*AT_WORK, (A.RETURN, OFFICER)), True),
        (RESULT, False),
        ((*RESULT, (A.REWORK, DISPATCHER)), True),
        (RESULT_IN, False),
        ((*AT_WORK, (A.ASK_REFUSAL, OFFICER)), True),
        ((*AT_WORK, (A.ASK_REFUSAL, HEAD)), False),
        ((*AT_WORK, (A.ASK_SUSPENSION, HEAD), (A.GRANT_PETITION, DISPATCHER)), False),
        ((*RESULT_IN, (A.REPLY, AGENT)), False),
    ],
)
def test_urged_in_every_state(
    desk: TicketDesk, acts: tuple[tuple[Action, Principal], ...], *, urged: bool
) -> None:
    life = begun(desk, *acts)
    due = [each.due for each in life.clocks(K.RESULT, 1)]
    if not urged:
        life.may_not(A.URGE, AGENT, "wrong_state")
        return
    life.does(A.URGE, AGENT).may_not(A.URGE, CUSTOMER, "urge_open")
    assert [each.due for each in life.clocks(K.RESULT, 1)] == due, "an urge moves no deadline"
    assert life.in_list(places.URGED)
    life.does(A.ANSWER_URGE, OFFICER).ends(K.URGE_ANSWER, MET, dispatch=1)
    life.does(A.URGE, CUSTOMER)
    assert desk.view(life.number).case.dispatches[0].urges == 2


def test_new_facts_in_the_last_working_minute(desk: TicketDesk) -> None:
    life = begun(desk, *AT_WORK)
    desk.advance(days=11, hours=8, minutes=29)
    assert utc(desk.clock) == local("2026-12-04 17:29")
    desk.act(life.number, A.FOLLOW_UP, CUSTOMER, FACTS)
    came = utc(desk.clock)
    assert life.in_list(places.REVIEW)
    life.may_not(A.FOLLOW_UP, CUSTOMER, "new_facts_pending")
    desk.advance(days=3)
    life.does(A.CONFIRM_FACTS, SUPERVISOR, until="2026-12-18T17:00")
    life.ends(K.DECISION, CANCELLED, None).ends(K.RESULT, MISSED, None, dispatch=1)
    assert life.clocks(K.RESULT, 1)[-1].started == came
    assert life.clocks(K.DECISION)[-1].started == came
    assert life.clocks(K.DECISION)[-1].due == local("2026-12-20 00:00")


def test_more_time_granted_too_late(desk: TicketDesk) -> None:
    life = begun(desk, *AT_WORK)
    due = life.clocks(K.RESULT, 1)[0].due
    desk.advance(seconds=(due - utc(desk.clock)).total_seconds() - 60)
    life.does(A.ASK_EXTENSION, HEAD)
    desk.advance(seconds=60)
    life.may_not(A.GRANT_PETITION, SUPERVISOR, "result_due_already")
    life.does(A.DECLINE_PETITION, PROTECTION).stands(C.IN_PROGRESS, D.ACCEPTED)
    life.may_not(A.ASK_EXTENSION, OFFICER, "result_due_already")
    desk.advance(seconds=1)
    life.does(A.RETURN, HEAD).ends(K.RESULT, MISSED, dispatch=1)


def test_one_person_of_many_roles(desk: TicketDesk) -> None:
    roles = frozenset({Role.OFFICER, Role.HEAD, Role.SUPERVISOR, Role.DISPATCHER, Role.AGENT})
    many = replace(person(Role.HEAD, CARDS, "many"), roles=roles)
    life = begun(desk, (A.DISPATCH, many), (A.ACCEPT, many), (A.ASK_SUSPENSION, many))
    life.may_not(A.GRANT_PETITION, many, "petitioned_by_you").does(A.GRANT_PETITION, DISPATCHER)
    life.does(A.RESUME, many).does(A.RETURN, many).stands(C.IN_PROGRESS, D.RESULT)
    for action in (A.APPROVE, A.REWORK):
        life.may_not(action, many, "own_department")
    life.does(A.APPROVE, DISPATCHER).does(A.REPLY, many)
    life.may_not(A.CALL_BACK, many, "handled_by_you").may_not(A.WITHDRAW, many, "ended_by_another")
    life.does(A.CALL_BACK, OTHER_AGENT).stands(C.CLOSED, D.APPROVED).runs()
    other = begun(desk, (A.DISPATCH, many), (A.ASK_REFUSAL, many))
    for action in (A.GRANT_REFUSAL, A.OVERRULE_REFUSAL):
        other.may_not(action, many, "own_department")


def test_the_lead_refuses_and_the_assisting_department_returns(desk: TicketDesk) -> None:
    life = begun(desk, *AT_WORK)
    life.does(A.DISPATCH, DISPATCHER, department=LENDING, assist="yes")
    life.does(A.ACCEPT, OTHER_OFFICER, dispatch="2")
    life.does(A.ASK_REFUSAL, HEAD, dispatch="1").does(A.RETURN, OTHER_HEAD, dispatch="2")
    life.stands(C.IN_PROGRESS, D.REFUSAL_ASKED, D.RESULT)
    life.does(A.APPROVE, DISPATCHER, dispatch="2").does(A.GRANT_REFUSAL, DISPATCHER)
    life.stands(C.IN_PROGRESS, D.REFUSED, D.APPROVED)
    life.ends(K.RESULT, CANCELLED, dispatch=1).ends(K.RESULT, MET, dispatch=2)
    life.lies(places.OPEN, places.DISPATCH)
    life.does(A.DISPATCH, DISPATCHER, department=LENDING).does(A.ASK_REFUSAL, OTHER_HEAD)
    life.may_not(A.GRANT_REFUSAL, DISPATCHER, "second_refusal")
    life.does(A.OVERRULE_REFUSAL, SUPERVISOR).may_not(A.ASK_REFUSAL, OTHER_HEAD, "refusal_binding")
    life.stands(C.IN_PROGRESS, D.REFUSED, D.APPROVED, D.ACCEPTED)


def test_opened_again_and_discontent_again(desk: TicketDesk) -> None:
    life = begun(desk, *RESULT_IN, (A.REPLY, AGENT))
    desk.advance(hours=1)
    life.does(A.CALL_BACK, OTHER_AGENT, solved="no").stands(C.IN_PROGRESS, D.REWORK)
    life.ends(K.DECISION, MET, None).ends(K.CALL_BACK, MET)
    life.runs(K.DECISION, K.FIRST_CONTACT, K.RESULT)
    desk.advance(days=1)
    life.does(A.ACCEPT, OFFICER).does(A.RETURN, HEAD).does(A.APPROVE, DISPATCHER)
    life.does(A.REPLY, AGENT).does(A.CALL_BACK, OTHER_AGENT).stands(C.CLOSED, D.APPROVED).runs()
    desk.advance(days=31)
    life.may_not(A.REOPEN, AGENT, "reopen_too_late")
    life.does(A.REOPEN, SUPERVISOR).runs(K.DISPATCH, K.FIRST_CONTACT, K.DECISION)
    life.ends(K.DECISION, MET, MET, None)
    assert desk.view(life.number).case.cycle == 3
    desk.advance(days=16)
    life.does(A.WITHDRAW, OTHER_AGENT).ends(K.DECISION, MET, MET, MISSED).lies()


def test_an_appraisal_two_steps_and_a_message_meanwhile(desk: TicketDesk) -> None:
    life = begun(desk, *AT_WORK)
    desk.advance(days=2)
    life.does(A.APPRAISE, SUPERVISOR).may_not(A.APPRAISE, PROTECTION, "appraised_already")
    desk.advance(days=40)
    life.does(A.CONTACT, CUSTOMER, **WRITTEN)
    assert life.in_list(places.ANSWER)
    life.does(A.EXTEND_DECISION, SUPERVISOR).may_not(A.EXTEND_DECISION, PROTECTION, "")
    life.does(A.EXTEND_DECISION, EXECUTIVE).may_not(A.EXTEND_DECISION, EXECUTIVE, "")
    life.does(A.END_APPRAISAL, SUPERVISOR)
    # received on 23 November; 25 November to 3 January are left out
    assert life.clocks(K.DECISION)[0].due == local("2027-03-04 00:00")
    life.does(A.INFORM, AGENT).ends(K.ANSWER, MET)


def test_an_appointment_that_was_missed(desk: TicketDesk) -> None:
    life = Life(desk, desk.register(draft(TicketKind.APPOINTMENT)).number)
    desk.escalation.start()
    desk.advance(days=2, hours=1)
    breached = [
        each.fields["clock"] for each in desk.view(life.number).history if each.action == "breach"
    ]
    assert "appointment" in breached
    life.may_not(A.AMEND, AGENT, "field_past", slot="2026-11-25 09:00-10:00")
    life.does(A.AMEND, AGENT, slot="2026-11-27 10:00-11:00").ends(K.APPOINTMENT, CANCELLED, None)
    assert life.clocks(K.APPOINTMENT)[-1].due == local("2026-11-27 10:00")
    life.does(A.WITHDRAW, CUSTOMER).stands(C.WITHDRAWN).runs().lies()


def test_a_suggestion_is_adopted_after_its_end_and_nobody_reopens_it_by_that(
    desk: TicketDesk,
) -> None:
    life = Life(desk, desk.register(draft(TicketKind.SUGGESTION)).number)
    desk.solve(life.number)
    life.does(A.ADOPT, DISPATCHER).stands(C.CLOSED).may_not(A.ADOPT, SUPERVISOR, "adopted_already")
    begun(desk).may_not(A.ADOPT, SUPERVISOR, "suggestions_only")


def test_an_answer_comes_back_after_new_facts_were_turned_down(desk: TicketDesk) -> None:
    life = begun(desk, *RESULT_IN)
    desk.act(life.number, A.FOLLOW_UP, CUSTOMER, FACTS)
    life.may_not(A.REPLY, AGENT, "facts_not_judged").does(A.REPLY, SYSTEM, channel="email")
    life.may_not(A.CALL_BACK, OTHER_AGENT, "facts_not_judged")
    life.lies(places.OPEN, places.REVIEW, places.CALL_BACK)
    life.does(A.REJECT_FACTS, SUPERVISOR).does(A.UNDELIVERED, SYSTEM)
    life.stands(C.RESULT_IN, D.APPROVED).ends(K.DECISION, None).ends(K.CALL_BACK, CANCELLED)
    life.lies(places.OPEN, places.REPLY)
    desk.advance(days=20)
    life.does(A.REPLY, AGENT).ends(K.DECISION, MISSED)
    life.does(A.CALL_BACK, OTHER_AGENT, reached="no").stands(C.CALLBACK, D.APPROVED)
    desk.advance(hours=4)
    life.does(A.CALL_BACK, OTHER_AGENT, reached="no")
    desk.advance(days=1)
    life.does(A.CALL_BACK, OTHER_AGENT, reached="no").stands(C.CLOSED, D.APPROVED)


def test_a_supervised_matter_is_solved_and_stays_supervised(desk: TicketDesk) -> None:
    life = begun(desk, (A.SUPERVISE, SUPERVISOR))
    life.lies(places.OPEN, places.DISPATCH, places.SUPERVISED)
    life.does(A.SOLVE, AGENT).stands(C.CALLBACK).runs(K.CALL_BACK, K.SUPERVISION)
    life.may_not(A.END_SUPERVISION, AGENT, "role_missing")
    life.does(A.END_SUPERVISION, EXECUTIVE).runs(K.CALL_BACK).ends(K.SUPERVISION, MET)


def test_voided_by_two_after_one_refusal(desk: TicketDesk) -> None:
    life = begun(desk, (A.ASK_VOID, AGENT))
    life.lies(places.OPEN, places.DISPATCH, places.REVIEW).may_not(
        A.ASK_VOID, DISPATCHER, "void_asked"
    )
    life.does(A.DECLINE_VOID, SUPERVISOR).does(A.ASK_VOID, SUPERVISOR)
    life.may_not(A.CONFIRM_VOID, SUPERVISOR, "two_persons").does(A.CONFIRM_VOID, PROTECTION)
    life.stands(C.VOID).runs().lies().may_not(A.REOPEN, SUPERVISOR, "wrong_state")
