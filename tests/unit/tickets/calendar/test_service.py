"""Changing the calendar: what moves with it, what does not, who may, and what others see of it."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from twisted.internet.defer import Deferred

from cti.kernel.errors import Refused
from cti.kernel.events import decode, encode
from tests.support.calendar_desk import CHINA, CLOSED, CalendarDesk, open_at, saying
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, DISPATCHER, MONDAY, OFFICER, SUPERVISOR, TIMEKEEPER, local
from tickets.calendar.model import DayKind, Said, Wish
from tickets.calendar.schema import CalendarChangeRow
from tickets.calendar.service import CalendarStale
from tickets.clocks.model import Clock
from tickets.events import CalendarChanged, DeadlineBreached
from tickets.workflow import Action, ClockKind

TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)


def sent(desk: CalendarDesk) -> str:
    """A ticket that lies with a department."""
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    return number


def running(desk: CalendarDesk, number: str, kind: ClockKind = ClockKind.RESULT) -> Clock:
    clocks = desk.view(number).clocks
    return next(each for each in clocks if each.kind is kind and each.stopped is None)


def refusal(desk: CalendarDesk, wish: Wish, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        desk.change(wish, **more)  # type: ignore[arg-type]  # passed on
    return refused.value.error_id


def test_a_closed_day_moves_every_deadline_behind_it_and_undo_puts_them_back() -> None:
    desk = CalendarDesk()
    number = sent(desk)
    before = desk.view(number).clocks
    result = running(desk, number)
    wish = saying(CLOSED, TUESDAY)
    preview = result_of(desk.calendar.preview(wish))
    assert desk.view(number).clocks == before
    version = desk.change(wish)
    later = running(desk, number)
    assert later.due == TIMEKEEPER.calendars.named("office").add(result.due, timedelta(hours=7))
    assert [each.after for each in preview.earliest if each.clock is ClockKind.RESULT] == [
        later.due
    ]
    desk.undo(version)
    assert desk.view(number).clocks == before
    assert [each.undoes for each in result_of(desk.calendar.changes())] == [1, None]
    told = [each for each in desk.events if isinstance(each, CalendarChanged)]
    assert [(each.version, each.undoes, each.moved) for each in told] == [
        (1, None, preview.moved),
        (2, 1, preview.moved),
    ]
    written = [json.loads(json.dumps(encode(each))) for each in told]
    assert [decode(CalendarChanged.kind, each) for each in written] == told


def test_what_begins_after_a_change_goes_by_it_at_every_server_at_once() -> None:
    desk = CalendarDesk()
    service, _, _ = desk.server()
    desk.change(saying(CLOSED, TUESDAY, WEDNESDAY))
    number = desk.register().number
    version = desk.view(number).case.version
    fields = {"department": "cards", "text": "请核实"}
    done = service.act(number, Action.DISPATCH, fields, DISPATCHER, version, desk.request_id())
    result_of(done)
    mine = running(desk, number)
    assert mine.due == desk.calendar.book.calendars.named("office").add(MONDAY, mine.target)
    assert service.timekeeper.calendars.named("office").spans_on(TUESDAY) != ()


def test_another_server_sees_the_change_within_seconds() -> None:
    desk = CalendarDesk()
    service, _, calendar = desk.server()
    calendar.start()
    desk.change(saying(CLOSED, TUESDAY))
    desk.clock.advance(3)
    assert service.timekeeper.calendars.named("office").spans_on(TUESDAY) == ()
    assert calendar.book.live["office"].holidays[TUESDAY] == "台风"
    calendar.stop()


def test_clocks_that_stand_stay_as_they_were_judged() -> None:
    desk = CalendarDesk()
    number = sent(desk)
    desk.act(number, Action.ACCEPT, OFFICER)
    stood = [each for each in desk.view(number).clocks if each.stopped]
    assert stood
    desk.change(saying(CLOSED, MONDAY.date()))
    assert [each for each in desk.view(number).clocks if each.stopped] == stood


def fired(desk: CalendarDesk) -> list[DeadlineBreached]:
    return [each for each in desk.events if isinstance(each, DeadlineBreached)]


def test_a_deadline_that_a_change_puts_into_the_past_fires_once_and_says_so() -> None:
    desk = CalendarDesk()
    desk.escalation.start()
    number = sent(desk)
    desk.act(number, Action.ACCEPT, OFFICER)
    due = running(desk, number).due
    desk.clock.rightNow = (due - timedelta(hours=1)).timestamp()
    desk.escalation.wake()
    known = len(fired(desk))
    version = desk.change(saying(open_at("00:00-24:00"), MONDAY.date()))
    mine = [each for each in fired(desk)[known:] if each.clock == ClockKind.RESULT.value]
    assert [(each.due, each.moved, each.late) for each in mine] == [
        (running(desk, number).due, True, False)
    ]
    history = [each for each in desk.view(number).history if "moved" in each.fields]
    assert "breach" in {each.action for each in history}
    assert all("late" not in each.fields for each in history)
    desk.escalation.wake()
    assert len([each for each in fired(desk) if each.clock == ClockKind.RESULT.value]) == 1
    desk.undo(version)
    assert running(desk, number).due == due
    desk.escalation.stop()


def test_a_deadline_that_fired_does_not_fire_again_where_a_change_leaves_it_in_the_past() -> None:
    desk = CalendarDesk()
    desk.escalation.start()
    number = sent(desk)
    desk.clock.rightNow = local("2026-12-11 12:00").timestamp()
    desk.escalation.wake()
    before = fired(desk)
    assert ClockKind.RESULT.value in {each.clock for each in before}
    desk.change(saying(CLOSED, TUESDAY))
    desk.escalation.wake()
    assert fired(desk) == before
    assert running(desk, number).overdue(local("2026-12-11 12:00"))
    desk.escalation.stop()


def test_only_supervisors_and_administrators_change_and_say_why() -> None:
    desk = CalendarDesk()
    wish = saying(CLOSED, TUESDAY)
    assert refusal(desk, wish, by=AGENT) == "access.role_missing"
    assert refusal(desk, wish, reason="  ") == "calendar.no_reason"
    assert refusal(desk, wish, reason="因" * 201) == "calendar.reason_too_long"
    assert result_of(desk.calendar.changes()) == []


def test_a_stale_page_is_told_what_changed() -> None:
    desk = CalendarDesk()
    desk.change(saying(CLOSED, TUESDAY), reason="台风停工")
    with pytest.raises(CalendarStale) as stale:
        desk.change(saying(CLOSED, WEDNESDAY), base=0)
    assert [each.reason for each in stale.value.changes] == ["台风停工"]


def test_a_form_that_is_sent_twice_changes_once() -> None:
    desk = CalendarDesk()
    wish = saying(CLOSED, TUESDAY)
    made = [
        result_of(Deferred.fromCoroutine(desk.calendar.change(wish, 0, SUPERVISOR, "台风", "same")))
        for _ in range(2)
    ]
    assert made == [1, 1]
    assert len(result_of(desk.calendar.changes())) == 1


def test_a_change_says_something_of_days_there_are() -> None:
    desk = CalendarDesk()
    assert refusal(desk, Wish({})) == "calendar.nothing"
    assert refusal(desk, saying(CLOSED, TUESDAY, None, "branches")) == "calendar.unknown"
    assert refusal(desk, saying(CLOSED, date(1999, 1, 1))) == "calendar.year_out_of_range"
    named = Said(DayKind.CLOSED, (), "长" * 41)
    assert refusal(desk, saying(named, TUESDAY)) == "calendar.name_too_long"
    year = saying(CLOSED, date(2028, 1, 1), date(2028, 12, 31))
    assert refusal(desk, year) == "calendar.never_open"
    with pytest.raises(Refused, match="range_across_years"):
        saying(CLOSED, date(2026, 12, 31), date(2027, 1, 2))
    with pytest.raises(Refused, match="range_backwards"):
        saying(CLOSED, WEDNESDAY, TUESDAY)


def test_next_years_days_are_proposed_where_the_packages_know_them() -> None:
    desk = CalendarDesk()
    assert desk.proposal("office", 2027) is None
    desk.published[2027] = CHINA
    days = desk.proposal("office", 2027)
    assert days is not None
    assert {day.isoformat(): said.kind.value for (_, day), said in days.items()} == {
        "2027-01-01": "closed",
        "2027-02-06": "closed",
        "2027-02-20": "open",
    }
    assert days["office", date(2027, 1, 1)].name_en == "New Year's Day"
    assert desk.calendar.book.live["office"].missing_year(local("2026-12-10 09:00")) == 2027
    version = desk.change(Wish(days, {("office", 2027): True}))
    office = desk.calendar.book.live["office"]
    assert office.missing_year(local("2026-12-10 09:00")) is None
    assert desk.proposal("office", 2027) == {}
    desk.undo(version)
    assert desk.calendar.book.live["office"].valid_until == date(2026, 12, 31)
    with pytest.raises(Refused, match="no_country"):
        desk.proposal("service", 2027)


class Small(CalendarDesk):
    """Two tickets are looked at in one transaction."""

    block = 2


def test_many_tickets_are_moved_block_by_block_and_none_is_judged_by_the_old_days_meanwhile() -> (
    None
):
    desk = Small()
    desk.escalation.start()
    numbers = [sent(desk) for _ in range(5)]
    before = [running(desk, number).due for number in numbers]
    desk.change(saying(CLOSED, TUESDAY))
    assert running(desk, numbers[0]).due > before[0]
    assert [running(desk, each).due for each in numbers[2:]] == before[2:]
    assert refusal(desk, saying(CLOSED, WEDNESDAY)) == "calendar.settling"
    desk.act(numbers[4], Action.ACCEPT, OFFICER)
    assert running(desk, numbers[4]).due == running(desk, numbers[0]).due
    desk.clock.rightNow = (before[0] + timedelta(minutes=1)).timestamp()
    desk.escalation.wake()
    desk.clock.advance(1)
    late = {each.number for each in fired(desk) if each.clock == ClockKind.ACCEPT.value}
    assert late == set(numbers[:4]), "nobody had accepted them on Monday"
    assert ClockKind.RESULT.value not in {each.clock for each in fired(desk)}
    assert {running(desk, each).due for each in numbers[2:4]} == {running(desk, numbers[0]).due}
    desk.calendar.start()
    assert len({running(desk, number).due for number in numbers}) == 1
    with desk.database.engine.connect() as connection:
        left = connection.execute(select(CalendarChangeRow.moved, CalendarChangeRow.reached))
        moved, reached = left.one()
    assert moved == desk.block, "an act moved its own, and what fired did"
    assert reached is None
    desk.calendar.stop()
    desk.escalation.stop()


def test_what_another_server_left_is_moved_at_the_next_start() -> None:
    desk = CalendarDesk()
    number = sent(desk)
    before = running(desk, number).due
    desk.change(saying(CLOSED, TUESDAY))
    after = running(desk, number).due
    with desk.database.engine.begin() as connection:
        connection.execute(update(CalendarChangeRow).values(reached=""))
    desk.start_again()
    desk.calendar.start()
    assert running(desk, number).due == after > before
    desk.calendar.stop()
