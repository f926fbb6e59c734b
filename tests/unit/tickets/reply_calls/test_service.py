"""Customers who are called with an answer, over tickets in a database and calls that are a fake."""

from dataclasses import replace

import pytest
from twisted.trial.unittest import SynchronousTestCase

from cti.call.model import Cause
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId, TicketNumber
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Sex
from customers.repository import store_customer_txn
from tests.support.deferred import result_of
from tests.support.reply_calling import ASKED, SETTINGS, TELEPHONE, Calling, heard, refusing
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    OFFICER,
    SUPERVISOR,
)
from tickets.acts import Action
from tickets.events import ReplyCallMade
from tickets.model import CUSTOMER, SYSTEM, CaseState, MessageKind
from tickets.reply_calls.service import LEASE, LONGEST_PAUSE
from tickets.reply_calls.settings import IdentifiedBy
from tickets.sweeping import RETRY_AFTER

OTHER_TELEPHONE = "13900139000"
NO_CALLS = Customer(
    CustomerId("C1"),
    {Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"},
    Sex.FEMALE,
    (TELEPHONE,),
    ServiceLevel.UNIFORM,
    Language.CHINESE,
    do_not_call=True,
)


@pytest.fixture
def calling() -> Calling:
    return Calling()


def test_nobody_hears_the_answer_of_a_result_that_another_one_took_the_place_of(
    calling: Calling,
) -> None:
    desk = calling.desk
    desk.advance(hours=11, minutes=30)
    number = calling.asked()
    assert not calling.calls.calls(), "in the evening nobody is called"
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, {"text": "新证据", "new_facts": "yes"})
    desk.act(number, Action.CONFIRM_FACTS, SUPERVISOR)
    desk.advance(minutes=1)
    for action, by in (
        (Action.DISPATCH, DISPATCHER),
        (Action.ACCEPT, OFFICER),
        (Action.RETURN, HEAD),
        (Action.APPROVE, DISPATCHER),
    ):
        desk.act(number, action, by)
    desk.advance(hours=13)
    assert not calling.calls.calls()
    assert calling.view(number).case.state is CaseState.RESULT_IN
    desk.act(number, Action.ATTEMPT_REPLY, AGENT, ASKED)
    heard(calling, number)
    assert calling.view(number).case.state is CaseState.CALLBACK


def test_the_answer_is_told_with_proof_and_rated(calling: Calling) -> None:
    number = calling.asked()
    call_id = heard(calling, number)
    assert calling.flows == [(call_id, "reply_call")]
    result_of(calling.service.rated(call_id, 2))
    result_of(calling.service.solved(call_id, solved=False))
    calling.calls.hang_up(call_id)
    case = calling.view(number).case
    assert (case.state, case.rating) == (CaseState.CALLBACK, 2)
    assert calling.acts(number) == [
        ("attempt_reply", AGENT.staff_id),
        ("reply", SYSTEM.staff_id),
        ("attach_call", SYSTEM.staff_id),
        ("rate", CUSTOMER.staff_id),
        ("contact", CUSTOMER.staff_id),
    ]
    reply = calling.view(number).history[6]
    assert reply.fields["text"] == ASKED["text"]
    assert call_id in reply.fields["proof"]
    assert calling.told() == ["told"]
    calling.desk.advance(days=3)
    assert calling.calls.calls() == []


def test_who_hangs_up_afterwards_has_been_told(calling: Calling) -> None:
    number = calling.asked()
    calling.calls.hang_up(heard(calling, number))
    assert calling.view(number).case.state is CaseState.CALLBACK


@pytest.mark.parametrize("keyed", ["0000", "", "1123x"])
def test_nothing_is_told_without_the_proof(calling: Calling, keyed: str) -> None:
    number = calling.asked()
    call_id = calling.answered()
    assert not calling.service.identified(call_id, Secret(keyed))
    result_of(calling.service.heard(call_id))
    calling.calls.hang_up(call_id)
    assert calling.view(number).case.state is CaseState.RESULT_IN
    assert calling.told() == ["unproven"]


def test_digits_are_tried_so_often_a_day_whatever_the_call_and_the_server(
    calling: Calling,
) -> None:
    calling.settings = replace(SETTINGS, wrong_a_day=3, attempts=9)
    calling.service.stop()
    calling.service = calling.made()
    number = calling.asked()
    call_id = calling.answered()
    assert not calling.service.identified(call_id, Secret("0000"))
    assert not calling.service.identified(call_id, Secret("0001"))
    calling.service.stop()
    calling.service = calling.made()
    assert not calling.service.identified(call_id, Secret("0002"))
    assert not calling.service.identified(call_id, Secret(number[-4:])), "that was one too many"
    calling.calls.hang_up(call_id)
    assert calling.told() == ["interrupted", "unproven"]
    calling.desk.advance(hours=12)
    assert not calling.calls.calls(), "they are called on another day"
    calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ASKED)
    calling.desk.advance(hours=1)
    assert not calling.calls.calls(), "by another answer's call too"
    calling.desk.advance(hours=11)
    calling.calls.hang_up(heard(calling, number))
    assert calling.view(number).case.state is CaseState.CALLBACK


def test_the_day_on_which_it_was_opened_is_a_proof_too(calling: Calling) -> None:
    calling.asked()
    assert calling.service.identified(calling.answered(), Secret("1123"))


def test_the_telephone_is_a_proof_only_where_that_is_wanted() -> None:
    for identified_by, good in ((IdentifiedBy.NUMBER, False), (IdentifiedBy.TELEPHONE, True)):
        calling = Calling(settings=replace(SETTINGS, identified_by=(identified_by,)))
        calling.asked()
        assert calling.service.identified(calling.answered(), Secret(TELEPHONE[-4:])) is good


@pytest.mark.parametrize(
    ("cause", "why"), [(Cause.BUSY, "busy"), (Cause.NOT_OBTAINABLE, "unreachable")]
)
def test_who_is_not_reached_is_tried_on_another_half_day_then_people_are_told(
    calling: Calling, cause: Cause, why: str
) -> None:
    number = calling.asked()
    for until_next_half_day in (3, 21):
        assert calling.call.customer is not None
        calling.calls.phone_refuses(calling.call.customer.id, cause)
        assert calling.calls.calls() == []
        calling.desk.advance(hours=until_next_half_day)
    calling.desk.advance(days=3)
    assert calling.calls.calls() == []
    assert calling.told() == [why, why]
    assert calling.acts(number)[1:] == [("attempt_reply", SYSTEM.staff_id)] * 2
    assert calling.view(number).case.state is CaseState.RESULT_IN
    for person in (AGENT, DISPATCHER):
        kinds = {each.kind for each in result_of(calling.desk.service.messages(person))}
        assert MessageKind.UNDELIVERED in kinds


def test_a_telephone_rings_only_so_long(calling: Calling) -> None:
    calling.asked()
    calling.desk.advance(seconds=SETTINGS.ring)
    assert calling.told() == ["no_answer"]


def test_a_mailbox_and_a_stranger_are_told_apart(calling: Calling) -> None:
    calling.asked()
    calling.calls.hang_up(calling.answered())
    calling.desk.advance(hours=3)
    call_id = calling.answered()
    calling.service.elsewhere(call_id)
    calling.calls.hang_up(call_id)
    assert calling.told() == ["no_key", "elsewhere"]


def test_what_could_not_be_said_is_told_another_half_day_and_why_is_written_down(
    calling: Calling,
) -> None:
    number = calling.asked()
    call_id = calling.answered()
    assert calling.service.identified(call_id, Secret(number[-4:]))
    calling.service.unspoken(call_id)
    result_of(calling.service.heard(call_id))
    calling.calls.hang_up(call_id)
    assert calling.told() == ["unspoken"]
    assert calling.view(number).case.state is CaseState.RESULT_IN
    attempt = next(each for each in calling.view(number).history[::-1] if "text" in each.fields)
    assert "未能合成" in attempt.fields["text"]
    calling.desk.advance(hours=3)
    calling.calls.hang_up(heard(calling, number))
    assert calling.view(number).case.state is CaseState.CALLBACK


def test_no_more_are_called_at_once_than_are_allowed(calling: Calling) -> None:
    calling.asked()
    second = calling.asked()
    assert len(calling.calls.calls()) == 1
    calling.calls.hang_up(calling.answered())
    assert calling.service.reply_of(calling.call.id) is not None
    assert calling.service.reply_of(calling.call.id).number == second  # type: ignore[union-attr]


def test_nobody_is_called_at_night(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    calling.asked()
    assert calling.calls.calls() == []
    calling.desk.advance(hours=12)
    assert len(calling.calls.calls()) == 1


def test_what_was_told_meanwhile_is_not_told_again(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    number = calling.asked()
    calling.desk.act(number, Action.REPLY, AGENT)
    calling.desk.advance(hours=12)
    assert calling.calls.calls() == []
    assert not [each for each in calling.desk.events if isinstance(each, ReplyCallMade)]


def test_a_second_wish_takes_the_place_of_the_first(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    number = calling.asked()
    calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, {**ASKED, "text": "更正后的答复。"})
    calling.desk.advance(hours=12)
    reply = calling.service.reply_of(calling.call.id)
    assert reply is not None
    assert reply.text == "更正后的答复。"


def test_where_nobody_can_be_called_the_attempt_is_refused_and_nothing_written(
    calling: Calling,
) -> None:
    number = calling.ticket()
    version = calling.view(number).case.version
    calling.callable = False
    with pytest.raises(Refused, match="no_telephone"):
        calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ASKED)
    assert calling.view(number).case.version == version


def test_who_wants_no_calls_gets_none(calling: Calling) -> None:
    result_of(calling.desk.database.run(store_customer_txn, NO_CALLS))
    number = calling.ticket()
    with pytest.raises(Refused, match="do_not_call"):
        calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ASKED)


def test_other_attempts_call_nobody(calling: Calling) -> None:
    number = calling.ticket()
    calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, {"channel": "call", "text": "未接"})
    assert calling.calls.calls() == []


def amended(calling: Calling, number: TicketNumber, contact: str) -> None:
    """The customer is reached elsewhere."""
    calling.calls.outside.add(contact)
    calling.desk.act(number, Action.AMEND, AGENT, {"contact": contact})


def test_a_number_that_is_the_customers_no_more_is_not_called(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    number = calling.asked()
    amended(calling, number, OTHER_TELEPHONE)
    calling.desk.advance(hours=12)
    assert calling.dialled() == OTHER_TELEPHONE


@pytest.mark.parametrize("picked_up", [False, True])
def test_a_number_that_changes_during_the_call_is_let_go(calling: Calling, picked_up: bool) -> None:
    number = calling.asked()
    if picked_up:
        calling.answered()
    amended(calling, number, OTHER_TELEPHONE)
    calling.desk.advance(seconds=1)
    assert calling.dialled() == OTHER_TELEPHONE
    heard(calling, number)
    assert calling.view(number).case.state is CaseState.CALLBACK


def test_another_change_of_the_ticket_lets_nobody_go(calling: Calling) -> None:
    number = calling.asked()
    call_id = calling.answered()
    calling.desk.act(number, Action.AMEND, AGENT, {"title": "更正后的标题"})
    assert calling.call.id == call_id


def test_who_wants_no_calls_since_is_not_called_and_people_are_told(calling: Calling) -> None:
    calling.desk.advance(hours=13)
    number = calling.asked()
    result_of(calling.desk.database.run(store_customer_txn, NO_CALLS))
    calling.desk.advance(hours=12)
    calling.desk.advance(hours=3)
    assert calling.calls.calls() == []
    assert [each for each, _ in calling.acts(number)].count("attempt_reply") == 3
    kinds = {each.kind for each in result_of(calling.desk.service.messages(DISPATCHER))}
    assert MessageKind.UNDELIVERED in kinds


def test_an_answer_that_was_corrected_meanwhile_is_not_told_by_the_old_words(
    calling: Calling,
) -> None:
    number = calling.asked()
    call_id = calling.answered()
    assert calling.service.identified(call_id, Secret(number[-4:]))
    calling.desk.act(number, Action.ATTEMPT_REPLY, AGENT, {**ASKED, "text": "更正后的答复。"})
    result_of(calling.service.heard(call_id))
    result_of(calling.service.rated(call_id, 5))
    calling.calls.hang_up(call_id)
    case = calling.view(number).case
    assert (case.state, case.rating) == (CaseState.RESULT_IN, None)
    assert calling.told() == ["replaced"]
    calling.desk.advance(seconds=1)
    heard(calling, number)
    told = [each for each in calling.view(number).history if each.action == "reply"]
    assert [each.fields["text"] for each in told] == ["更正后的答复。"]


class TestTroubleWithTheDatabase(SynchronousTestCase):
    """Nobody has to start the house again for it."""

    def test_calls_go_on_once_it_is_back(self) -> None:
        calling = Calling()
        calling.desk.advance(hours=13)
        calling.asked()
        database = calling.desk.database
        run = database.run
        database.run = refusing  # type: ignore[assignment,method-assign]
        calling.desk.advance(hours=12)
        assert len(self.flushLoggedErrors(OSError)) == 1
        database.run = run  # type: ignore[method-assign]
        calling.desk.advance(seconds=RETRY_AFTER)
        assert len(calling.calls.calls()) == 1

    def test_people_are_told_of_the_last_attempt_whatever_fails_after_it(self) -> None:
        calling = Calling(settings=replace(SETTINGS, attempts=1))
        number = calling.asked()
        calling.desk.service.act = refusing  # type: ignore[assignment,method-assign]
        calling.desk.advance(seconds=SETTINGS.ring)
        assert len(self.flushLoggedErrors(OSError)) == 1
        del calling.desk.service.act
        kinds = {each.kind for each in result_of(calling.desk.service.messages(DISPATCHER))}
        assert MessageKind.UNDELIVERED in kinds
        calling.desk.advance(seconds=RETRY_AFTER)
        assert calling.acts(number)[-1:] == [("attempt_reply", SYSTEM.staff_id)]

    def test_who_was_told_meanwhile_is_not_called_again_and_their_answer_stands(self) -> None:
        calling = Calling()
        number = calling.asked()
        call_id = calling.answered()
        assert calling.service.identified(call_id, Secret(number[-4:]))
        database = calling.desk.database
        run, database.run = database.run, refusing  # type: ignore[assignment,method-assign]
        result_of(calling.service.heard(call_id))
        calling.calls.hang_up(call_id)
        calling.desk.advance(seconds=2 * LEASE.total_seconds())
        database.run = run  # type: ignore[method-assign]
        calling.desk.advance(seconds=2 * LONGEST_PAUSE)
        assert self.flushLoggedErrors(OSError)
        assert calling.acts(number).count(("reply", SYSTEM.staff_id)) == 1
        assert calling.view(number).case.state is CaseState.CALLBACK
        assert calling.calls.calls() == []
        assert calling.told() == ["told"]

    def test_an_attempt_in_vain_is_written_down_once_it_is_back(self) -> None:
        calling = Calling()
        number = calling.asked()
        database = calling.desk.database
        run, database.run = database.run, refusing  # type: ignore[assignment,method-assign]
        calling.desk.advance(seconds=SETTINGS.ring)
        database.run = run  # type: ignore[method-assign]
        calling.desk.advance(seconds=RETRY_AFTER)
        assert self.flushLoggedErrors(OSError)
        assert calling.acts(number)[-1:] == [("attempt_reply", SYSTEM.staff_id)]
        assert calling.calls.calls() == []
