"""Deadlines fire once, in order, whatever happens to the timer."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, fail

from cti.database import T, reading
from cti.kernel.clock import utc
from cti.kernel.vocabulary import Role
from cti.kernel.walk import FEW
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    MONDAY,
    OFFICER,
    OTHER_OFFICER,
    SUPERVISOR,
    TicketDesk,
    draft,
    local,
)
from tickets.alarms import Fired, fire_due_txn
from tickets.escalation import Escalation
from tickets.events import DeadlineBreached, DeadlineWarned, TicketEscalated
from tickets.model import MessageKind
from tickets.schema import AlarmRow
from tickets.sweeping import RETRY_AFTER
from tickets.workflow import Action

ALARMS = (DeadlineWarned, DeadlineBreached, TicketEscalated)


@pytest.fixture
def desk() -> TicketDesk:
    desk = TicketDesk()
    desk.escalation.start()
    return desk


def alarms(desk: TicketDesk) -> list[str]:
    return [
        event.kind.removeprefix("ticket.") for event in desk.events if isinstance(event, ALARMS)
    ]


def test_a_warning_before_the_deadline_and_the_ladder_after_it(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=2, minutes=59)
    assert alarms(desk) == []
    desk.advance(minutes=1)
    assert alarms(desk) == ["deadline_warned"]
    desk.advance(hours=2.5)
    assert alarms(desk) == ["deadline_warned", "deadline_breached"]
    desk.advance(hours=1)
    desk.advance(hours=18.5)
    assert [event for event in desk.events if isinstance(event, ALARMS[1:])] == [
        DeadlineBreached(
            at=local("2026-11-23 14:30"),
            number=number,
            clock="accept",
            due=local("2026-11-23 14:30"),
        ),
        TicketEscalated(at=local("2026-11-23 15:30"), number=number, level=1, to_role="head"),
        TicketEscalated(at=local("2026-11-24 10:00"), number=number, level=2, to_role="supervisor"),
    ]
    assert desk.view(number).case.level == 2


def test_everybody_is_told_by_role_and_department(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=25)
    told = {
        by.name: Counter(
            message.kind
            for message in result_of(desk.service.messages(by))
            if message.subject == "accept"
        )
        for by in (OFFICER, HEAD, SUPERVISOR, OTHER_OFFICER)
    }
    assert told == {
        "officer-cards": {MessageKind.WARNING: 1, MessageKind.BREACH: 1},
        "head-cards": {MessageKind.ESCALATION: 1},
        "supervisor": {MessageKind.ESCALATION: 1},
        "officer-lending": {},
    }


def test_what_was_done_in_time_alarms_nobody(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.solve(number)
    desk.advance(days=60)
    assert alarms(desk) == []
    assert not desk.clock.getDelayedCalls()


def test_a_missed_deadline_shows_until_it_is_made_good(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.advance(hours=2)
    (summary,) = result_of(desk.service.overdue(9)).longest
    assert (summary.number, summary.overdue) == (number, True)
    assert summary.due == utc(desk.clock)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    assert result_of(desk.service.overdue(9)).count == 0


def test_what_everybody_sees_of_missed_deadlines_holds_no_complaint_about_staff(
    desk: TicketDesk,
) -> None:
    for about in (OFFICER.staff_id, None, None):
        desk.register(replace(draft(), about_staff=about))
    desk.advance(hours=2)
    seen = result_of(desk.service.overdue(1))
    assert (seen.count, len(seen.longest), seen.more) == (2, 1, False)


def test_alarms_missed_in_a_downtime_fire_once_oldest_first_and_late(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.escalation.stop()
    desk.advance(days=2, minutes=5)
    assert alarms(desk) == []
    desk.start_again()
    desk.escalation.start()
    assert alarms(desk)[:4] == [
        "deadline_warned",
        "deadline_breached",
        "escalated",
        "escalated",
    ]
    breach = next(event for event in desk.events if isinstance(event, DeadlineBreached))
    assert breach.late
    entries = [entry for entry in desk.view(number).history if entry.by == "system"]
    assert len(entries) == len(alarms(desk))
    assert all(entry.fields["late"] == "yes" for entry in entries)
    seen = len(desk.events)
    desk.start_again()
    desk.escalation.start()
    desk.escalation.wake()
    assert len(desk.events) == seen


def test_the_timer_survives_a_restart_before_its_instant(desk: TicketDesk) -> None:
    desk.register()
    desk.advance(hours=1)
    desk.start_again()
    desk.escalation.start()
    desk.advance(minutes=29)
    assert alarms(desk) == []
    desk.advance(minutes=1)
    assert alarms(desk) == ["deadline_warned"]


def test_a_second_process_fires_nothing_twice(desk: TicketDesk) -> None:
    other = Escalation(desk.database, desk.bus, desk.clock)
    other.start()
    desk.register()
    other.wake()
    desk.advance(hours=2)
    assert alarms(desk) == ["deadline_warned", "deadline_breached"]


def test_an_alarm_claimed_by_another_in_between_is_left_to_it(desk: TicketDesk) -> None:
    desk.register()
    desk.escalation.stop()
    desk.advance(hours=2)

    def claimed_txn(session: Session) -> list[Fired]:
        session.execute(update(AlarmRow).values(fired=utc(desk.clock)))
        return fire_due_txn(session, utc(desk.clock), 10)

    assert result_of(desk.database.run(claimed_txn)) == []


def test_a_lost_timer_costs_a_heartbeat(desk: TicketDesk) -> None:
    desk.register()
    for call in desk.clock.getDelayedCalls():
        call.cancel()
    desk.advance(hours=2)
    assert alarms(desk) == []
    desk.escalation.wake()
    assert alarms(desk) == ["deadline_warned", "deadline_breached"]


def test_rework_does_not_repeat_the_warnings_it_had(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    desk.advance(days=3, hours=8)  # half of forty working hours is over
    assert of_result(desk) == ["ticket.deadline_warned"]
    desk.act(number, Action.RETURN, HEAD)
    desk.act(number, Action.REWORK, DISPATCHER)
    assert of_result(desk) == ["ticket.deadline_warned"]
    desk.advance(days=4)
    assert of_result(desk)[:3] == ["ticket.deadline_warned"] * 3


def of_result(desk: TicketDesk) -> list[str]:
    told = (event for event in desk.events if isinstance(event, DeadlineWarned | DeadlineBreached))
    return [event.kind for event in told if event.clock == "result"]


def test_hundreds_at_once_fire_once_each_oldest_first() -> None:
    desk = TicketDesk()
    numbers = [desk.register(draft(title=f"第 {i} 件")).number for i in range(60)]
    desk.advance(hours=9)
    desk.escalation.start()
    seen = [len(desk.events)]

    def somebody_else() -> None:
        seen.append(len(desk.events))
        if len(seen) < 100:
            desk.clock.callLater(0, somebody_else)

    somebody_else()
    desk.clock.advance(0)
    assert max(later - earlier for earlier, later in pairwise(seen)) <= 2 * FEW
    fired = [event for event in desk.events if isinstance(event, ALARMS)]
    # both the dispatch and the first contact are by now warned of, missed and escalated
    assert len(fired) == 6 * len(numbers)
    named = [event for event in fired if not isinstance(event, TicketEscalated)]
    assert set(Counter((each.number, each.kind, each.clock) for each in named).values()) == {1}
    missed = [event.due for event in fired if isinstance(event, DeadlineBreached)]
    assert missed == sorted(missed)
    unfired = result_of(
        desk.database.run(
            lambda session: session.scalar(
                select(func.count()).where(
                    AlarmRow.fired.is_(None), AlarmRow.due <= utc(desk.clock)
                )
            )
        )
    )
    assert unfired == 0


class FailingOnce(DirectDatabase):
    """A database that fails the first time it is asked."""

    def __init__(self, database: DirectDatabase) -> None:
        self.engine = database.engine
        self._reading = reading(database.engine)
        self.asked = 0

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:
        self.asked += 1
        if self.asked == 1:
            return fail(OperationalError("BEGIN IMMEDIATE", None, OSError("disk full")))
        return super()._later(work, reads=reads)


def test_a_failing_database_is_asked_again() -> None:
    desk = TicketDesk()
    desk.register()
    desk.advance(hours=2)
    database = FailingOnce(desk.database)
    Escalation(database, desk.bus, desk.clock).start()
    assert alarms(desk) == []
    desk.advance(seconds=RETRY_AFTER)
    assert alarms(desk) == ["deadline_warned", "deadline_breached"]


class HeldDatabase(FailingOnce):
    """A database that fails until it is `free`."""

    free = False

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:
        self.asked = int(self.free)
        return super()._later(work, reads=reads)


def test_what_falls_due_while_a_stranger_holds_the_file_fires_once_and_is_marked_late() -> None:
    desk = TicketDesk()
    desk.register()
    database = HeldDatabase(desk.database)
    Escalation(database, desk.bus, desk.clock).start()
    for _ in range(3):
        desk.advance(hours=1)
    assert alarms(desk) == []
    database.free = True
    desk.advance(seconds=RETRY_AFTER)
    breached = [each for each in desk.events if isinstance(each, DeadlineBreached)]
    assert [(each.clock, each.late) for each in breached[:1]] == [("dispatch", True)]
    assert len({(each.number, each.clock) for each in breached}) == len(breached)


class SlowDatabase(FailingOnce):
    """A database that is asked for the first time and does not answer yet."""

    def __init__(self, database: DirectDatabase) -> None:
        super().__init__(database)
        self.gate: Deferred[None] = Deferred()

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:
        self.asked += 1
        if self.asked > 1:
            return DirectDatabase._later(self, work, reads=reads)
        answered: Deferred[T] = Deferred()
        self.gate.addCallback(
            lambda _: DirectDatabase._later(self, work, reads=reads).chainDeferred(answered)
        )
        return answered


def test_a_change_during_a_sweep_is_seen_after_it() -> None:
    desk = TicketDesk()
    database = SlowDatabase(desk.database)
    escalation = Escalation(database, desk.bus, desk.clock)
    escalation.start()
    escalation.wake()
    assert database.asked == 1
    desk.register()
    database.gate.callback(None)
    assert database.asked > 2
    desk.advance(hours=2)
    assert alarms(desk) == ["deadline_warned", "deadline_breached"]


def test_alarms_speak_of_roles_the_house_has() -> None:
    desk = TicketDesk()
    desk.register()
    roles = result_of(
        desk.database.run(lambda session: session.scalars(select(AlarmRow.to_role)).all())
    )
    ladder = {Role.SUPERVISOR, Role.PROTECTION, Role.EXECUTIVE}
    assert {Role(role) for role in roles} == {Role.DISPATCHER, Role.AGENT} | ladder


def test_the_earliest_alarm_is_the_only_timer(desk: TicketDesk) -> None:
    for _ in range(3):
        desk.register()
    (timer,) = desk.clock.getDelayedCalls()
    assert timer.getTime() == (MONDAY + timedelta(hours=1.5)).timestamp()


def test_what_has_fired_is_told_before_the_house_stops() -> None:
    desk = TicketDesk()
    for index in range(30):
        desk.register(draft(title=f"第 {index} 件"))
    desk.advance(hours=9)
    desk.escalation.start()
    desk.escalation.stop()
    assert len([event for event in desk.events if isinstance(event, ALARMS)]) == 6 * 30
    assert not desk.clock.getDelayedCalls()
