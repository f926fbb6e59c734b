"""What the house does by itself is done once, at its instant, on the ticket as it is then."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select
from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, TicketDesk, local
from tickets.model import SYSTEM, CaseState, DispatchState, Receipt
from tickets.schema import TaskRow
from tickets.sweeping import BUSY_AFTER
from tickets.tasks import Tasks, plan_task_txn
from tickets.workflow import Action


class FakeService:
    """Notes what it is asked; `wrong` is what it refuses with, `only` at that ticket if it says."""

    def __init__(self, wrong: Exception | None = None, *, only: str = "") -> None:
        self.asked: list[tuple[str, Action, Mapping[str, str], str, int]] = []
        self.wrong, self.only = wrong, only

    def act(
        self,
        number: str,
        action: Action,
        fields: Mapping[str, str],
        principal: Principal,
        version: int,
        request_id: str,
    ) -> Deferred[Receipt]:
        assert principal is SYSTEM
        self.asked.append((number, action, dict(fields), request_id, version))
        if self.wrong is not None and self.only in ("", number):
            return fail(self.wrong)
        return succeed(Receipt(TicketNumber(number), version + 1, CaseState.IN_PROGRESS))


@pytest.fixture
def desk() -> TicketDesk:
    desk = TicketDesk()
    desk.escalation.start()
    return desk


def open_tasks(desk: TicketDesk) -> list[tuple[str, int | None]]:
    rows = desk.database.run(
        lambda session: [
            (row.action, row.dispatch)
            for row in session.scalars(select(TaskRow).where(TaskRow.done.is_(None)))
        ]
    )
    return result_of(rows)


def sent(desk: TicketDesk) -> str:
    """An order that waits to be accepted."""
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    return number


def test_who_does_not_accept_in_time_has_accepted(desk: TicketDesk) -> None:
    number, service = sent(desk), FakeService()
    tasks = Tasks(desk.database, desk.clock, service)
    desk.escalation.on_fired(tasks.wake)
    tasks.start()
    desk.advance(hours=5, minutes=29)
    assert service.asked == []
    desk.advance(minutes=1)
    ((asked, action, fields, request_id, version),) = service.asked
    assert (asked, action, fields) == (number, Action.AUTO_ACCEPT, {"dispatch": "1"})
    assert version == desk.view(number).case.version
    assert request_id == "task-1"
    tasks.wake()
    assert len(service.asked) == 1
    assert open_tasks(desk) == []


def test_who_accepted_in_time_is_left_alone(desk: TicketDesk) -> None:
    number = sent(desk)
    desk.act(number, Action.ACCEPT, OFFICER)
    desk.advance(days=3)
    assert open_tasks(desk) == []


def test_a_process_that_died_before_it_could_say_so_asks_with_the_same_id(
    desk: TicketDesk,
) -> None:
    sent(desk)
    desk.advance(hours=6)
    assert open_tasks(desk) == [("auto_accept", 1)]
    dying, living = FakeService(), FakeService()
    dying.wrong = OSError("gone")
    first = Tasks(desk.database, desk.clock, dying)
    second = Tasks(desk.database, desk.clock, living)
    first.start()
    first.stop()
    second.start()
    assert dying.asked == living.asked


def test_what_is_not_due_any_more_is_not_asked_again(desk: TicketDesk) -> None:
    sent(desk)
    desk.advance(hours=6)
    service = FakeService()
    service.wrong = Refused("ticket.wrong_state")
    tasks = Tasks(desk.database, desk.clock, service)
    tasks.start()
    desk.advance(days=1)
    assert len(service.asked) == 1


def test_a_ticket_that_somebody_changed_just_now_is_looked_at_again(desk: TicketDesk) -> None:
    sent(desk)
    desk.advance(hours=6)
    service = FakeService()
    service.wrong = Refused("ticket.stale")
    tasks = Tasks(desk.database, desk.clock, service)
    tasks.start()
    service.wrong = None
    desk.advance(seconds=BUSY_AFTER)
    assert len(service.asked) == 2
    assert open_tasks(desk) == []


def test_a_task_waits_for_its_instant_through_a_restart(desk: TicketDesk) -> None:
    number = sent(desk)
    due = utc(desk.clock) + timedelta(days=2)
    result_of(desk.database.run(plan_task_txn, number, 1, Action.RESUME, due))
    service = FakeService()
    tasks = Tasks(desk.database, desk.clock, service)
    tasks.start()
    tasks.stop()
    tasks = Tasks(desk.database, desk.clock, service)
    tasks.start()
    desk.escalation.stop()
    desk.advance(days=2)
    assert [action for _, action, *_ in service.asked] == [Action.RESUME]


def test_the_house_accepts_through_the_ticket_service(desk: TicketDesk) -> None:
    number = sent(desk)
    tasks = Tasks(desk.database, desk.clock, desk.service)
    desk.escalation.on_fired(tasks.wake)
    tasks.start()
    desk.advance(hours=5, minutes=30)
    view = desk.view(number)
    assert view.case.lead is not None
    assert view.case.lead.state is DispatchState.ACCEPTED
    assert [each.action for each in view.history][-1] == "auto_accept"
    assert open_tasks(desk) == []


def test_a_suspended_order_goes_on_at_its_review_date(desk: TicketDesk) -> None:
    number = sent(desk)
    desk.act(number, Action.ACCEPT, OFFICER)
    asked = {"ground": "appointment", "reason": "与客户约定时间", "until": "2026-11-25T17:00"}
    desk.act(number, Action.ASK_SUSPENSION, HEAD, asked)
    desk.act(number, Action.GRANT_PETITION, DISPATCHER, {"reason": "同意"})
    assert open_tasks(desk) == [("resume", 1)]
    tasks = Tasks(desk.database, desk.clock, desk.service)
    tasks.start()
    desk.clock.advance((local("2026-11-25 16:59") - utc(desk.clock)).total_seconds())
    assert state_of(desk, number) is DispatchState.SUSPENDED
    desk.advance(minutes=1)
    assert state_of(desk, number) is DispatchState.ACCEPTED


def test_an_order_that_went_on_before_is_not_looked_at_again(desk: TicketDesk) -> None:
    number = sent(desk)
    desk.act(number, Action.ACCEPT, OFFICER)
    asked = {"ground": "appointment", "reason": "与客户约定时间", "until": "2026-11-25T17:00"}
    desk.act(number, Action.ASK_SUSPENSION, HEAD, asked)
    desk.act(number, Action.GRANT_PETITION, DISPATCHER, {"reason": "同意"})
    desk.act(number, Action.RESUME, OFFICER)
    assert open_tasks(desk) == []


def state_of(desk: TicketDesk, number: str) -> DispatchState:
    lead = desk.view(number).case.lead
    assert lead is not None
    return lead.state
