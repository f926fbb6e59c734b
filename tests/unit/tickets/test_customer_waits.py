"""What customers write waits for an answer, by a clock of its own."""

import pytest

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    TicketDesk,
)
from tickets.clocks.model import Clock, ClockEnd
from tickets.model import CUSTOMER, SYSTEM, CaseState, ReplyChannel
from tickets.replay import replayed
from tickets.web.reach import View, tabs_of
from tickets.workflow import Action, ClockKind

LETTER = {"channel": "email", "text": "何时可以领卡？"}
RESULT = ((Action.DISPATCH, DISPATCHER), (Action.ACCEPT, OFFICER), (Action.RETURN, HEAD))


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def with_result(desk: TicketDesk) -> str:
    number = desk.register().number
    for action, by in (*RESULT, (Action.APPROVE, DISPATCHER)):
        desk.act(number, action, by)
    return number


def waiting(desk: TicketDesk, number: str) -> list[Clock]:
    return [each for each in desk.view(number).clocks if each.kind is ClockKind.ANSWER]


def in_the_list(desk: TicketDesk) -> int:
    key = next(tab.key for tab in tabs_of(AGENT) if tab.view is View.ANSWER)
    assert key is not None
    return result_of(desk.service.lists.counts([key], 99))[key]


def test_the_oldest_message_sets_the_deadline_and_later_ones_move_nothing(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    [first] = waiting(desk, number)
    desk.advance(hours=2)
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    assert waiting(desk, number) == [first]
    assert first.started == desk.view(number).history[1].at


@pytest.mark.parametrize("action", [Action.NOTE, Action.ATTEMPT_INFORM])
def test_what_does_not_reach_them_answers_nothing(desk: TicketDesk, action: Action) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    desk.act(number, action, AGENT)
    assert waiting(desk, number)[0].stopped is None


def test_word_from_us_answers_it(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    desk.advance(hours=1)
    desk.act(number, Action.INFORM, AGENT)
    assert waiting(desk, number)[0].end is ClockEnd.MET
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    assert [each.stopped is None for each in waiting(desk, number)] == [False, True]


def test_whoever_told_a_colleague_in_a_call_was_answered_there(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, AGENT, LETTER | {"channel": "call"})
    assert waiting(desk, number) == []
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER | {"channel": "call"})
    assert len(waiting(desk, number)) == 1


def test_an_answer_written_before_they_wrote_is_none(desk: TicketDesk) -> None:
    number = desk.register().number
    written = utc(desk.clock).isoformat()
    desk.advance(hours=1)
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    desk.act(number, Action.INFORM, SYSTEM, LETTER | {"proof": "250 ok", "written": written})
    assert waiting(desk, number)[0].stopped is None
    assert desk.view(number).due(ClockKind.FIRST_CONTACT) is None


def test_nobody_closes_what_the_customer_wrote_about_since(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.act(number, Action.REPLY, AGENT)
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    assert desk.view(number).case.state is CaseState.CALLBACK
    no = FILLED | {"reached": "no"}
    for _ in range(3):
        desk.act(number, Action.CALL_BACK, OTHER_AGENT, no)
        desk.advance(hours=24)
    assert desk.view(number).case.state is CaseState.CALLBACK
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.CALL_BACK, OTHER_AGENT, no)
    assert desk.view(number).case.state is CaseState.CLOSED
    assert waiting(desk, number)[0].end is not None


@pytest.mark.parametrize("action", [Action.REPLY, Action.INFORM])
def test_nobody_vouches_for_an_email(desk: TicketDesk, action: Action) -> None:
    number = with_result(desk)
    with pytest.raises(Refused, match="proof_by_house"):
        desk.act(number, action, AGENT, FILLED | {"channel": "email"})
    desk.act(number, action, SYSTEM, FILLED | {"channel": "email"})


@pytest.mark.parametrize("action", [Action.REPLY, Action.INFORM])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_proof_by_hand_stands_where_the_house_has_no_carrier(
    desk: TicketDesk, action: Action, channel: str
) -> None:
    number = with_result(desk)
    way = FILLED | {"channel": channel}
    desk.service.carried = frozenset({ReplyChannel(channel)})
    with pytest.raises(Refused, match="proof_by_house"):
        desk.act(number, action, AGENT, way)
    desk.service.carried = frozenset()
    desk.act(number, action, AGENT, way)
    assert desk.view(number).due(ClockKind.FIRST_CONTACT) is None


def test_an_answer_that_comes_back_after_the_end_is_owed_again(desk: TicketDesk) -> None:
    number = with_result(desk)
    due = desk.view(number).due(ClockKind.DECISION)
    desk.act(number, Action.REPLY, AGENT)
    no = FILLED | {"reached": "no"}
    for _ in range(3):
        desk.act(number, Action.CALL_BACK, OTHER_AGENT, no)
        desk.advance(hours=24)
    assert desk.view(number).case.state is CaseState.CLOSED
    with pytest.raises(Refused, match=r"role_missing|wrong_state"):
        desk.act(number, Action.UNDELIVERED, AGENT)
    desk.act(number, Action.UNDELIVERED, SYSTEM, {"text": "550 5.1.1 User unknown"})
    view = desk.view(number)
    assert (view.case.state, view.case.ended) == (CaseState.RESULT_IN, None)
    assert view.due(ClockKind.DECISION) == due
    assert replayed(view.case.number, view.history) == view.case
    for by in (DISPATCHER, AGENT):
        told = result_of(desk.service.messages(by))
        assert "undelivered" in [each.subject for each in told if each.number == number]
    desk.act(number, Action.REPLY, AGENT)


def test_an_answer_that_comes_back_lets_the_oldest_message_wait_on(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    [first] = waiting(desk, number)
    for action, by in (*RESULT, (Action.APPROVE, DISPATCHER)):
        desk.act(number, action, by)
    desk.advance(hours=1)
    desk.act(number, Action.REPLY, AGENT)
    desk.advance(hours=1)
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    desk.advance(hours=1)
    desk.act(number, Action.UNDELIVERED, SYSTEM)
    old, new = waiting(desk, number)
    assert (old.started, old.due, old.stopped) == (first.started, first.due, None)
    assert new.end is ClockEnd.CANCELLED
    desk.act(number, Action.REPLY, AGENT)
    desk.advance(hours=1)
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.UNDELIVERED, SYSTEM)
    assert all(each.stopped for each in waiting(desk, number)), "they heard from us since"


@pytest.mark.parametrize("earlier", ["theirs", "ours", "nobody else's"])
def test_a_merger_takes_the_older_unanswered_message_along(desk: TicketDesk, earlier: str) -> None:
    first, second = desk.register().number, desk.register().number
    order = {"theirs": (first, second), "ours": (second, first)}.get(earlier, (first,))
    for number in order:
        desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
        desk.advance(hours=2)
    [oldest] = waiting(desk, order[0])
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    assert waiting(desk, first)[0].stopped is not None
    view = desk.view(second)
    [clock] = [each for each in waiting(desk, second) if each.stopped is None]
    assert (clock.started, clock.due) == (oldest.started, oldest.due)
    assert len(waiting(desk, second)) == (2 if earlier == "theirs" else 1)
    assert replayed(view.case.number, view.history) == view.case
    assert in_the_list(desk) == 1
    desk.act(second, Action.INFORM, AGENT)
    assert in_the_list(desk) == 0


@pytest.mark.parametrize("earlier", ["theirs", "ours", "nobody else's"])
def test_a_wait_that_a_merger_takes_along_is_missed_once(desk: TicketDesk, earlier: str) -> None:
    first, second = desk.register().number, desk.register().number
    order = {"theirs": (first, second), "ours": (second, first)}.get(earlier, (first,))
    for number in order:
        desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
        desk.advance(hours=2)
    desk.advance(hours=48)
    assert all(each.overdue(utc(desk.clock)) for number in order for each in waiting(desk, number))
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    desk.act(second, Action.INFORM, AGENT)
    ends = [each.end for number in (first, second) for each in waiting(desk, number)]
    assert ends.count(ClockEnd.MISSED) == 1
    assert set(ends) == {ClockEnd.MISSED, ClockEnd.CANCELLED}


def test_a_merger_of_what_was_answered_starts_nothing(desk: TicketDesk) -> None:
    first, second = desk.register().number, desk.register().number
    desk.act(first, Action.CONTACT, CUSTOMER, LETTER)
    desk.act(first, Action.INFORM, AGENT)
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    assert waiting(desk, second) == []


def test_who_answers_customers_has_a_list_of_them(desk: TicketDesk) -> None:
    number = desk.register().number
    assert in_the_list(desk) == 0
    desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    assert in_the_list(desk) == 1
    desk.act(number, Action.INFORM, AGENT)
    assert in_the_list(desk) == 0
