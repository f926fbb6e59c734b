"""The ticket service over a database in memory: a complaint's whole life, and what must hold."""

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.clock import utc
from cti.kernel.errors import ConfigurationError, Refused
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId
from cti.kernel.principal import Principal
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EVERYBODY,
    FILLED,
    HEAD,
    LENDING,
    MONDAY,
    OFFICER,
    OTHER_AGENT,
    SUPERVISOR,
    TIMEKEEPER,
    TicketDesk,
    draft,
    local,
)
from tickets.clocks.sla import ClockEnd
from tickets.decide import Choice, allowed
from tickets.events import TicketChanged, TicketRegistered
from tickets.model import ENDED, CaseState, Department, MessageKind, TicketKind
from tickets.replay import replayed
from tickets.repository import save_department_txn
from tickets.search import places
from tickets.search.finding import Query, Viewer
from tickets.search.query import Asked, Span
from tickets.service import Beside
from tickets.workflow import Action, ClockKind

WHOLE_LIFE = (
    (Action.INFORM, AGENT),
    (Action.DISPATCH, DISPATCHER),
    (Action.ACCEPT, OFFICER),
    (Action.RETURN, HEAD),
    (Action.APPROVE, DISPATCHER),
    (Action.REPLY, AGENT),
    (Action.CALL_BACK, OTHER_AGENT),
)


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def test_a_complaint_from_the_call_to_its_close(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in WHOLE_LIFE:
        desk.advance(minutes=10)
        desk.act(number, action, by)
    view = desk.view(number)
    assert view.case.state is CaseState.CLOSED
    assert [entry.action for entry in view.history] == [
        "register",
        *(action.value for action, _ in WHOLE_LIFE),
    ]
    assert {clock.end for clock in view.clocks} == {ClockEnd.MET}
    assert [link.call_id for link in view.calls] == ["call-1"]
    assert [event.kind for event in desk.events] == ["ticket.registered"] + [
        "ticket.changed"
    ] * len(WHOLE_LIFE)


def test_what_belongs_to_an_act_is_written_with_it_in_the_order_asked_for(desk: TicketDesk) -> None:
    told: list[tuple[str, Action, str]] = []

    def teller(name: str) -> Beside:
        return lambda _session, asked, _at: told.append((name, asked.action, asked.number))

    desk.service.write_beside_txn(teller("letter"))
    desk.service.write_beside_txn(teller("count"))
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    assert told == [
        (name, action, number)
        for action in (Action.REGISTER, Action.INFORM)
        for name in ("letter", "count")
    ]


def test_a_ticket_is_not_registered_where_something_beside_it_is_refused(desk: TicketDesk) -> None:
    def refuse(*_: object) -> None:
        raise Refused("ticket.no_address")

    desk.service.write_beside_txn(refuse)
    with pytest.raises(Refused, match="no_address"):
        desk.register()
    assert desk.events == []


def test_what_the_house_hears(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    assert desk.events == [
        TicketRegistered(
            at=MONDAY,
            number=number,
            type="complaint",
            urgency="ordinary",
            opened_by=AGENT.staff_id,
            due=local("2026-12-09 00:00"),
            call_id=CallId("call-1"),
            customer_id=CustomerId("C1"),
        ),
        TicketChanged(
            at=MONDAY,
            number=number,
            action="dispatch",
            previous="registered",
            state="in_progress",
            by=DISPATCHER.staff_id,
            department_id=CARDS,
        ),
    ]


def test_numbers_count_the_local_day(desk: TicketDesk) -> None:
    assert [desk.register().number[:10] for _ in range(3)] == [
        "2611230001",
        "2611230002",
        "2611230003",
    ]
    desk.advance(hours=15)
    assert desk.register().number[:10] == "2611240001"


def test_a_stale_version_is_refused_and_changes_nothing(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.NOTE, AGENT)
    stale = desk.service.act(number, Action.NOTE, FILLED, AGENT, 1, "late")
    with pytest.raises(Refused, match=r"ticket\.stale"):
        result_of(stale)
    assert len(desk.view(number).history) == 2


def test_a_repeated_request_gets_its_first_answer(desk: TicketDesk) -> None:
    first = result_of(desk.service.register(draft(), AGENT, "once"))
    assert result_of(desk.service.register(draft(), AGENT, "once")) == first
    asked = (first.number, Action.NOTE, FILLED, AGENT, 1, "noted once")
    receipt = result_of(desk.service.act(*asked))
    desk.act(first.number, Action.NOTE, AGENT)
    assert result_of(desk.service.act(*asked)) == receipt
    assert len(desk.view(first.number).history) == 3
    assert len(desk.events) == 3


def test_a_request_id_is_one_persons_and_one_acts(desk: TicketDesk) -> None:
    number = desk.register().number
    result_of(desk.service.act(number, Action.NOTE, FILLED, AGENT, 1, "mine"))
    for action, by in ((Action.NOTE, SUPERVISOR), (Action.INFORM, AGENT)):
        with pytest.raises(Refused, match=r"ticket\.request_reused"):
            result_of(desk.service.act(number, action, FILLED, by, 2, "mine"))


def test_a_refused_act_leaves_no_trace(desk: TicketDesk) -> None:
    number = desk.register().number
    before = desk.view(number)
    with pytest.raises(Refused):
        desk.act(number, Action.CLOSE, DISPATCHER)
    assert desk.view(number) == before


def test_unknown_tickets_and_departments(desk: TicketDesk) -> None:
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        result_of(desk.service.act("26112300013", Action.NOTE, FILLED, AGENT, 1, "x"))
    number = desk.register().number
    with pytest.raises(Refused, match=r"ticket\.department_unknown"):
        desk.act(number, Action.DISPATCH, DISPATCHER, {**FILLED, "department": "moon"})
    assert result_of(desk.service.view("26112300021")) is None


def test_a_caller_finds_the_ticket_by_its_keys(desk: TicketDesk) -> None:
    number = desk.register().number
    summary = result_of(desk.service.find(number))
    assert summary is not None
    assert (summary.state, summary.overdue) == ("registered", False)
    assert summary.due == local("2026-12-09 00:00")
    assert result_of(desk.service.find(number[:-1] + "0")) is None
    assert result_of(desk.service.find("123")) is None


def test_a_customers_open_tickets(desk: TicketDesk) -> None:
    first = desk.register().number
    desk.advance(minutes=5)
    second = desk.register(draft(TicketKind.SUGGESTION)).number
    desk.solve(first)
    found = result_of(desk.service.open_tickets(CustomerId("C1"), AGENT.staff_id))
    assert [summary.number for summary in found] == [second]
    assert result_of(desk.service.open_tickets(CustomerId("C2"), AGENT.staff_id)) == []


def test_a_customers_complaint_about_the_reader_is_not_among_them(desk: TicketDesk) -> None:
    desk.register(replace(draft(), about_staff=AGENT.staff_id), by=DISPATCHER)
    of = CustomerId("C1")
    assert result_of(desk.service.open_tickets(of, AGENT.staff_id)) == []
    assert len(result_of(desk.service.open_tickets(of, DISPATCHER.staff_id))) == 1


def test_a_customers_complaint_about_the_readers_unit_is_not_among_them(desk: TicketDesk) -> None:
    about = replace(draft(), about_staff=StaffId("clerk"), about_unit=CARDS)
    desk.register(about, by=DISPATCHER)
    of = CustomerId("C1")
    assert result_of(desk.service.open_tickets(of, AGENT.staff_id, CARDS)) == []
    assert len(result_of(desk.service.open_tickets(of, AGENT.staff_id, LENDING))) == 1


def test_one_more_call_belongs_to_the_ticket_once(desk: TicketDesk) -> None:
    number = desk.register().number
    for _ in range(2):
        desk.advance(minutes=5)
        desk.act(number, Action.ATTACH, AGENT, {"call": "call-2"})
    assert [link.call_id for link in desk.view(number).calls] == ["call-1", "call-2"]


def test_messages_are_read_by_one_person_at_a_time(desk: TicketDesk) -> None:
    number = desk.register().number
    (message,) = result_of(desk.service.messages(DISPATCHER))
    assert (message.number, message.kind, message.subject) == (
        number,
        MessageKind.WORK,
        "register",
    )
    result_of(desk.service.mark_read(AGENT, [message.message_id]))
    assert result_of(desk.service.messages(DISPATCHER)) == [message]
    for _ in range(2):
        result_of(desk.service.mark_read(DISPATCHER, [message.message_id]))
    assert result_of(desk.service.messages(DISPATCHER)) == []


def test_the_first_agent_hears_that_the_result_is_in(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in WHOLE_LIFE[:5]:
        desk.act(number, action, by)
    assert [each.subject for each in result_of(desk.service.messages(AGENT))] == ["approve"]


LATER = local("2026-11-23 10:00")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(place=places.OPEN), ["solved late", "urgent", "queue"]),
        (Query(place=places.OPEN, asked=Asked(("URGENT",))), ["urgent"]),
        (
            Query(place=places.OPEN, asked=Asked(("排队", "王芳"))),
            ["solved late", "urgent", "queue"],
        ),
        (Query(place=places.OPEN, asked=Asked(("11月20日", "branch"))), ["solved late"]),
        (Query(place=places.OPEN, asked=Asked(("排队 queue",))), ["queue"]),
        (
            Query(place=places.OPEN, asked=Asked(("13800138000",))),
            ["solved late", "urgent", "queue"],
        ),
        (Query(asked=Asked(("8000",))), ["urgent", "solved", "queue", "solved late"]),
        (Query(asked=Asked(("solved",))), ["solved", "solved late"]),
        (Query(asked=Asked(("队排",))), []),
        (Query(asked=Asked(requester=("王芳",), words=("queue",))), ["queue"]),
        (Query(asked=Asked(requester=("排队",))), []),
        (Query(place=places.department(CARDS)), ["urgent"]),
        (Query(place=places.department(CARDS, places.SENT)), ["urgent"]),
        (Query(place=places.department(CARDS, places.WORKING)), []),
        (Query(place=places.department(LENDING)), []),
        (Query(viewer=Viewer(within=CARDS)), ["urgent"]),
        (Query(place=places.OPEN, overdue_only=True), ["solved late"]),
        (Query(place=places.mine(SUPERVISOR.staff_id)), ["urgent"]),
        (Query(place=places.DISPATCH), ["solved late", "queue"]),
        (Query(asked=Asked(facets=("kind:suggestion",))), ["queue"]),
        (Query(asked=Asked(facets=("state:in_progress", "urgency:ordinary"))), ["urgent"]),
        (Query(asked=Asked(facets=("customer:C1",)), limit=1), ["urgent"]),
        (Query(asked=Asked(opened=Span(end=LATER))), ["solved late"]),
        (Query(asked=Asked(opened=Span(start=LATER))), ["urgent", "solved", "queue"]),
        (Query(asked=Asked(due=Span(end=local("2026-11-23 11:01")))), ["solved late"]),
    ],
)
def test_lists_show_the_most_pressing_first(
    desk: TicketDesk, query: Query, found: list[str]
) -> None:
    desk.register(replace(draft(title="排队 solved late"), occasion="11月20日上午 Branch 7"))
    desk.advance(hours=1.5)
    desk.register(draft(TicketKind.SUGGESTION, title="排队 queue"))
    desk.solve(desk.register(draft(title="排队 solved")).number)
    urgent = desk.register(draft(title="排队 urgent"), SUPERVISOR).number
    desk.act(urgent, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=0.5)
    page = result_of(desk.service.search(query))
    assert [line.title.removeprefix("排队 ") for line in page.lines] == found
    assert page.total == len(found) or query.limit == 1


def test_a_department_sees_its_own_deadlines(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    (everyones,) = result_of(desk.service.search(Query(place=places.OPEN))).lines
    (own,) = result_of(desk.service.search(Query(place=places.department(CARDS)))).lines
    assert (everyones.clock, own.clock) == (ClockKind.ACCEPT, ClockKind.ACCEPT)
    desk.act(number, Action.ACCEPT, OFFICER)
    (everyones,) = result_of(desk.service.search(Query(place=places.OPEN))).lines
    (own,) = result_of(desk.service.search(Query(place=places.department(CARDS)))).lines
    assert (everyones.clock, own.clock) == (ClockKind.FIRST_CONTACT, ClockKind.RESULT)
    assert everyones == result_of(desk.service.line(number))


def test_supervisors_are_reminded_of_a_calendar_once_a_week(desk: TicketDesk) -> None:
    woken: list[None] = []
    desk.service.on_clocks_changed(lambda: woken.append(None))
    for _ in range(8):
        result_of(desk.service.remind_of_calendar("office"))
        desk.advance(days=1)
    told = result_of(desk.service.messages(SUPERVISOR))
    assert [(each.kind, each.subject, each.number) for each in told] == [
        (MessageKind.CALENDAR, "office", None)
    ] * 2
    assert len(woken) == 2
    assert result_of(desk.service.messages(OFFICER)) == []


def test_departments_need_calendars_that_exist(desk: TicketDesk) -> None:
    result_of(desk.service.prepare())
    moon = Department(DepartmentId("moon"), "月球", "Moon", "lunar")
    result_of(desk.database.run(save_department_txn, moon))
    with pytest.raises(ConfigurationError, match="lunar"):
        result_of(desk.service.prepare())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(EVERYBODY),
        st.integers(0, 1000),
        st.sampled_from([None, None, None, *Action]),
        st.booleans(),
        st.sampled_from([CARDS, LENDING]),
        st.integers(0, 3000),
    ),
    max_size=30,
)


@settings(max_examples=8, deadline=None)
@given(steps=STEPS)
def test_whatever_people_do_the_ticket_stays_whole(steps: list[Any]) -> None:
    """Mostly what the page offers the person, now and then what it does not."""
    desk = TicketDesk()
    desk.escalation.start()
    number = desk.register().number
    done = 0
    for by, pick, wild, assist, department, minutes in steps:
        desk.advance(minutes=minutes)
        offered = _offered(desk, number, by)
        rule, order = offered[pick % len(offered)] if offered else (None, None)
        action = wild or (rule.action if rule else Action.CLOSE)
        fields = {
            **FILLED,
            "dispatch": str(order.serial) if order else "",
            "department": department,
        }
        with suppress(Refused):
            desk.act(number, action, by, fields | ({"assist": "yes"} if assist else {}))
            done += 1
        check(desk, number, done)


def _offered(desk: TicketDesk, number: str, by: Principal) -> list[Choice]:
    view = desk.view(number)
    return allowed(view.case, by, utc(desk.clock), view.premises)


def check(desk: TicketDesk, number: str, done: int) -> None:
    view = desk.view(number)
    case = view.case
    acts = [entry for entry in view.history if entry.version is not None]
    assert replayed(case.number, view.history) == case
    assert len(acts) == case.version == done + 1
    assert all(first.state == then.previous for first, then in pairwise(acts))
    assert acts[-1].state == case.state.value
    leads = [each for each in case.dispatches if each.lead and not each.final]
    assert len(leads) <= 1
    assert not leads or case.state is CaseState.IN_PROGRESS
    assert [each.serial for each in case.dispatches] == list(range(1, len(case.dispatches) + 1))
    running = [clock for clock in view.clocks if clock.stopped is None]
    assert len({(clock.kind, clock.dispatch) for clock in running}) == len(running)
    assert not running or case.state not in ENDED
    for clock in view.clocks:
        assert TIMEKEEPER.elapsed(clock, utc(desk.clock)).total_seconds() >= 0
        assert clock.due >= clock.started
    open_orders = {each.serial for each in case.dispatches if not each.final}
    clocked = {clock.dispatch for clock in running if clock.dispatch is not None}
    assert clocked == open_orders
