"""Reply calls of servers that die, start again or run beside each other: nobody is called twice."""

from dataclasses import replace

import pytest

from cti.kernel.clock import utc
from cti.kernel.secret import Secret
from tests.support.deferred import result_of
from tests.support.reply_calling import ALLOWED, SETTINGS, WORKING, Calling, heard
from tickets.clocks.calendars import Calendars
from tickets.events import ReplyCallMade
from tickets.model import SYSTEM, CaseState
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.repository import Holder, claim_txn
from tickets.reply_calls.service import BREATH, LEASE


@pytest.fixture
def calling() -> Calling:
    return Calling()


def test_the_next_server_goes_on(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    calling.asked()
    calling.service.stop()
    calling.service = calling.made()
    calling.desk.advance(hours=12)
    assert len(calling.calls.calls()) == 1


def test_a_call_of_a_server_that_died_is_made_again_and_counts_for_nothing() -> None:
    calling = Calling()
    number = calling.asked()
    calling.service.stop()
    other = Calling(desk=calling.desk)
    assert other.calls.calls() == []
    other.desk.clock.advance(BREATH.total_seconds())
    assert len(other.calls.calls()) == 1
    made = [each.attempt for each in other.desk.events if isinstance(each, ReplyCallMade)]
    assert made == [1, 1]
    assert heard(other, number)


def killed(calling: Calling) -> None:
    """The server dies, and another one starts while calls go on."""
    calling.service.stop()
    calling.service._calls.clear()
    calling.service = calling.made()


def test_a_call_that_outlived_its_server_is_gone_on_with_and_told_once(calling: Calling) -> None:
    number = calling.asked()
    call_id = calling.answered()
    killed(calling)
    result_of(calling.service.heard(call_id))
    assert calling.view(number).case.state is CaseState.RESULT_IN, "who is there is asked again"
    assert calling.service.identified(call_id, Secret(number[-4:]))
    result_of(calling.service.heard(call_id))
    calling.calls.hang_up(call_id)
    assert calling.view(number).case.state is CaseState.CALLBACK
    assert calling.told() == ["told"]
    calling.desk.clock.advance(LEASE.total_seconds())
    assert calling.calls.calls() == []


def test_who_confirmed_before_the_server_died_is_let_go_and_never_called_again(
    calling: Calling,
) -> None:
    number = calling.asked()
    call_id = heard(calling, number)
    killed(calling)
    assert calling.calls.get(call_id) is None
    calling.desk.clock.advance(LEASE.total_seconds())
    assert calling.calls.calls() == []
    assert calling.acts(number).count(("reply", SYSTEM.staff_id)) == 1
    assert calling.told() == ["told"]
    assert calling.open_in_journal() == []


def test_a_telephone_that_rang_when_the_server_died_is_called_anew(calling: Calling) -> None:
    number = calling.asked()
    before = calling.call.id
    killed(calling)
    assert calling.calls.calls() == []
    calling.desk.clock.advance(BREATH.total_seconds())
    assert calling.call.id != before
    calling.calls.hang_up(heard(calling, number))
    assert calling.view(number).case.state is CaseState.CALLBACK
    assert calling.told() == ["interrupted", "told"]


def test_who_confirmed_and_whose_call_is_gone_is_never_called_again() -> None:
    calling = Calling()
    number = calling.asked()
    heard(calling, number)
    calling.service.stop()
    other = Calling(desk=calling.desk)
    other.desk.clock.advance(LEASE.total_seconds())
    assert other.calls.calls() == []
    assert calling.acts(number).count(("reply", SYSTEM.staff_id)) == 1
    assert other.told() == ["told"]


def test_a_call_that_was_never_told_of_is_told_of_once_it_goes_on(calling: Calling) -> None:
    calling.asked()
    call_id = calling.answered()
    lost = next(each for each in calling.desk.events if isinstance(each, ReplyCallMade))
    calling.desk.events.remove(lost)
    killed(calling)
    assert [(each.call_id, each.attempt) for each in calling.open_in_journal()] == [(call_id, 1)]
    calling.calls.hang_up(call_id)
    assert calling.open_in_journal() == []


def test_two_servers_leave_each_others_calls_alone() -> None:
    calling = Calling()
    number = calling.asked()
    call_id = calling.answered()
    other = Calling(desk=calling.desk, server="there")
    other.desk.clock.advance(BREATH.total_seconds())
    assert other.calls.calls() == []
    assert calling.told() == []
    assert calling.service.identified(call_id, Secret(number[-4:]))
    result_of(calling.service.heard(call_id))
    calling.calls.hang_up(call_id)
    other.desk.clock.advance(2 * LEASE.total_seconds())
    assert other.calls.calls() == []
    assert calling.told() == ["told"]
    assert calling.acts(number).count(("reply", SYSTEM.staff_id)) == 1


def test_another_server_takes_over_what_the_first_never_came_back_to() -> None:
    calling = Calling()
    number = calling.asked()
    calling.service.stop()
    other = Calling(desk=calling.desk, server="there")
    other.desk.clock.advance(LEASE.total_seconds() - 1)
    assert other.calls.calls() == []
    other.desk.clock.advance(1)
    assert heard(other, number)


def test_a_leap_of_the_clock_makes_no_second_call() -> None:
    calling = Calling(settings=replace(SETTINGS, most=2, ring=10 * LEASE.total_seconds()))
    calling.asked()
    calling.desk.clock.advance(5 * LEASE.total_seconds())
    calling.service.wake()
    assert len(calling.calls.calls()) == 1


def test_what_a_dying_server_had_only_claimed_is_called_soon(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    calling.asked()
    calling.service.stop()
    calling.desk.advance(hours=12)
    hours, now = CallingHours(Calendars(WORKING), ALLOWED), utc(calling.desk.clock)
    claimed = calling.desk.database.run(claim_txn, now, Holder("here", LEASE), 1, hours)
    assert len(result_of(claimed)) == 1
    calling.service = calling.made()
    calling.desk.clock.advance(BREATH.total_seconds())
    assert len(calling.calls.calls()) == 1


def test_who_hangs_up_on_the_next_server_was_tried(calling: Calling) -> None:
    number = calling.asked()
    call_id = calling.answered()
    killed(calling)
    calling.calls.hang_up(call_id)
    assert calling.told()[-1] == "no_key"
    assert calling.acts(number)[-2:] == [
        ("attempt_reply", SYSTEM.staff_id),
        ("attach_call", SYSTEM.staff_id),
    ]
