"""Tickets in SQLite and PostgreSQL: one suite."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cti.database import T, connect
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role, ServiceLevel
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    FILLED,
    HEAD,
    MONDAY,
    OFFICER,
    OTHER_OFFICER,
    POLICY,
    SUPERVISOR,
    TIMEKEEPER,
    TicketDesk,
    draft,
    local,
)
from tickets import repository
from tickets.alarms import fire_due_txn
from tickets.clocks.model import InternalClock, StatutoryClock
from tickets.clocks.rows import clocks_txn, keep_policy_txn, save_clocks_txn
from tickets.clocks.sla import Terms
from tickets.messages import add_message_txn, unread_txn
from tickets.model import Audience, MessageKind, TicketKind, Urgency
from tickets.replay import replayed
from tickets.repository import Stored
from tickets.schema import CaseRow, PolicyRow
from tickets.service import TicketService
from tickets.workflow import Action, ClockKind, Continue, Effect, Extend, Pause


@pytest.fixture
def desk(url: str) -> Iterator[TicketDesk]:
    desk = TicketDesk(DirectDatabase(url))
    yield desk
    desk.database.stop()


def run(desk: TicketDesk, transaction: Callable[..., T], *args: Any) -> T:
    return result_of(desk.database.run(transaction, *args))


def test_a_case_comes_back_as_it_was(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.URGE, AGENT)
    desk.act(number, Action.ACCEPT, OFFICER)
    stored = run(desk, repository.load_case_txn, number)
    assert stored is not None
    assert stored.case.lead is not None
    assert stored.case.draft == draft()
    assert stored.case.opened == MONDAY
    assert (stored.case.lead.urges, stored.case.lead.urge_open) == (1, True)
    assert [clock.serial for clock in stored.clocks] == [1, 2, 3, 4, 5, 6]
    assert stored.clocks[0].stopped == MONDAY
    assert stored.clocks[3].due == local("2026-11-23 14:30")
    result = stored.clocks[4]
    assert isinstance(result, InternalClock)
    assert result.not_after == local("2026-12-08 16:00")


def test_petitions_suspensions_and_marks_come_back_and_replay_from_the_history(
    desk: TicketDesk,
) -> None:
    number = desk.register().number
    for action, by in (
        (Action.DISPATCH, DISPATCHER),
        (Action.ACCEPT, OFFICER),
        (Action.SUPERVISE, SUPERVISOR),
        (Action.FOLLOW_UP, AGENT),
        (Action.ASK_SUSPENSION, OFFICER),
        (Action.SIGN_PETITION, HEAD),
        (Action.GRANT_PETITION, DISPATCHER),
        (Action.AMEND, AGENT),
    ):
        desk.act(number, action, by, {**FILLED, "new_facts": "yes"})
        case = desk.view(number).case
        assert replayed(number, desk.view(number).history) == case
    (order,) = case.dispatches
    assert order.suspension is not None
    assert (order.suspension.until, order.facts) == (local("2026-12-03 17:00"), MONDAY)
    assert case.supervised
    assert case.handlers == frozenset({OFFICER.staff_id})
    assert case.draft.title == FILLED["title"]


def test_handlers_of_an_older_ticket_are_read_off_its_history(desk: TicketDesk) -> None:
    number = desk.register().number
    for action, by in (
        (Action.DISPATCH, DISPATCHER),
        (Action.ACCEPT, OFFICER),
        (Action.RETURN, HEAD),
        (Action.APPROVE, DISPATCHER),
    ):
        desk.act(number, action, by)
    case = desk.view(number).case
    assert {HEAD.staff_id, DISPATCHER.staff_id} <= case.handlers

    def forget(session: Session) -> None:
        session.get_one(CaseRow, number).handlers = None

    result_of(desk.database.run(forget))
    assert desk.view(number).case == case
    desk.act(number, Action.NOTE, AGENT)
    kept = result_of(desk.database.read(lambda each: each.get_one(CaseRow, number).handlers))
    assert kept == sorted(case.handlers)


def test_history_keeps_its_order_and_words(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.NOTE, AGENT, {"text": "客户补充：在 3 号窗口"})
    entries = run(desk, repository.history_txn, number)
    assert [entry.action for entry in entries] == ["register", "note"]
    assert entries[1].fields == {"text": "客户补充：在 3 号窗口"}


def test_only_one_of_two_writers_saves(desk: TicketDesk) -> None:
    number = desk.register().number
    before = run(desk, repository.load_case_txn, number)
    assert before is not None
    after = Stored(replace(before.case, version=2), before.clocks)
    run(desk, repository.save_case_txn, before, after)
    with pytest.raises(Refused, match=r"ticket\.stale"):
        run(desk, repository.save_case_txn, before, after)


def test_a_serial_is_never_given_twice_and_never_again(desk: TicketDesk) -> None:
    assert run(desk, repository.next_serial_txn, MONDAY.date()) == 1

    def taken_back_txn(session: Session) -> None:
        repository.next_serial_txn(session, MONDAY.date())
        raise KeyError

    with pytest.raises(KeyError):
        run(desk, taken_back_txn)
    assert run(desk, repository.next_serial_txn, MONDAY.date()) == 2


def in_threads(url: str, work: Callable[[Session], T]) -> list[T]:
    """Do `work(session)` in eight threads of one database at once; what each gave."""
    given: list[T] = []
    errors: list[Exception] = []
    engine = connect(url)

    def one() -> None:
        try:
            with Session(engine) as session, session.begin():
                result = work(session)
            given.append(result)
        except (SQLAlchemyError, Refused) as error:
            errors.append(error)

    threads = [Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert errors == []
    return given


@pytest.mark.usefixtures("desk")
def test_eight_at_once_get_eight_numbers(url: str) -> None:
    day = MONDAY.date()
    serials = in_threads(url, lambda session: repository.next_serial_txn(session, day))
    assert sorted(serials) == list(range(1, 9))


def test_eight_at_once_fire_an_alarm_once(desk: TicketDesk, url: str) -> None:
    number = desk.register().number
    desk.advance(hours=2)
    at = local("2026-11-23 11:00")
    fired = in_threads(url, lambda session: fire_due_txn(session, at, 100))
    assert sorted(len(each) for each in fired) == [0] * 7 + [2]
    assert len(run(desk, repository.history_txn, number)) == 3


class OnEngine(DirectDatabase):
    """The tables as they are, over an engine of somebody else."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


def test_eight_acts_on_one_version_are_done_once(desk: TicketDesk, url: str) -> None:
    number = desk.register().number
    requests = iter([f"at-once-{i}" for i in range(8)])

    def note(session: Session) -> int:
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        session.close()
        service = TicketService(OnEngine(engine), desk.bus, desk.clock, TIMEKEEPER)
        try:
            return result_of(
                service.act(number, Action.NOTE, FILLED, AGENT, 1, next(requests))
            ).version
        except Refused as refused:
            return -(refused.error_id == "ticket.stale")

    assert sorted(in_threads(url, note)) == [-1] * 7 + [2]
    assert len(desk.view(number).history) == 2


def test_a_second_call_is_attached_once(desk: TicketDesk) -> None:
    number = TicketNumber(desk.register().number)
    for _ in range(2):
        run(desk, repository.attach_call_txn, number, CallId("call-2"), local("2026-11-23 10:00"))
    assert [link.call_id for link in run(desk, repository.calls_txn, number)] == [
        "call-1",
        "call-2",
    ]


def test_the_whole_service_runs_on_it(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.escalation.start()
    desk.advance(hours=2)
    assert result_of(desk.service.overdue(1)).longest[0].number == number
    desk.solve(number)
    assert result_of(desk.service.overdue(1)).count == 0
    assert result_of(desk.service.messages(DISPATCHER))


def test_pauses_and_extensions_come_back_as_they_were(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    before = run(desk, repository.load_case_txn, number)
    assert before is not None
    terms = Terms(
        TicketKind.COMPLAINT, Urgency.ORDINARY, ServiceLevel.UNIFORM, {1: "office"}, by="李主管"
    )
    steps: list[tuple[str, Effect]] = [
        ("2026-11-23 10:00", Pause(ClockKind.RESULT, 1, "customer")),
        ("2026-11-23 11:00", Pause(ClockKind.DECISION, None, "appraisal")),
        ("2026-11-24 11:00", Continue(ClockKind.RESULT, 1)),
        ("2026-11-25 11:00", Pause(ClockKind.RESULT, 1, "appointment")),
        ("2026-11-26 11:00", Extend(ClockKind.DECISION, by=timedelta(days=15))),
    ]
    clocks = before.clocks
    for at, effect in steps:
        after = TIMEKEEPER.apply(clocks, [effect], terms, local(at))
        run(desk, save_clocks_txn, number, clocks, after)
        clocks = after
        loaded = run(desk, clocks_txn, number)
        assert loaded == clocks
    halted = [each for each in clocks if each.halted is not None]
    assert [type(each) for each in halted] == [StatutoryClock, InternalClock]
    assert halted[0].extensions[0].by == "李主管"


def test_each_version_of_the_policy_is_kept_since_it_was_first_in_force(desk: TicketDesk) -> None:
    run(desk, keep_policy_txn, POLICY, MONDAY)
    run(desk, keep_policy_txn, POLICY, local("2026-12-01 09:00"))
    newer = replace(POLICY, text=POLICY.text + "# newer\n")
    run(desk, keep_policy_txn, newer, local("2026-12-02 09:00"))
    kept = run(
        desk,
        lambda session: [
            (row.version, row.since, row.text)
            for row in session.scalars(select(PolicyRow).order_by(PolicyRow.since))
        ],
    )
    assert kept == [
        (POLICY.version, MONDAY, POLICY.text),
        (newer.version, local("2026-12-02 09:00"), newer.text),
    ]


def test_a_unit_reads_no_message_of_a_complaint_about_one_of_them(desk: TicketDesk) -> None:
    about = replace(draft(), about_staff=OTHER_OFFICER.staff_id, about_unit=CARDS)
    number = desk.register(about).number
    plain = desk.register().number
    for each in (number, plain):
        for role in (Role.OFFICER, Role.SUPERVISOR):
            run(desk, add_message_txn, each, Audience(role), MessageKind.BREACH, "accept", MONDAY)

    def read_by(principal: Principal) -> set[str | None]:
        return {each.number for each in run(desk, unread_txn, principal, 100)}

    assert read_by(OFFICER) == read_by(OTHER_OFFICER) == {plain}
    assert read_by(SUPERVISOR) == {number, plain}
