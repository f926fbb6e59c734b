"""Replies by e-mail: attempts until they arrive, acts of the house from then on."""

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.vocabulary import Language
from tests.support.deferred import result_of
from tests.support.letters import letter, on_file
from tests.support.mail_desk import MailDesk
from tests.support.tickets import AGENT, DISPATCHER, HEAD, MONDAY, OTHER_AGENT, draft
from tickets.clocks.model import ClockEnd
from tickets.delivery.model import End, Ended, Purpose
from tickets.mail.filing import stands_by
from tickets.mail.model import Envelope
from tickets.mail.replying import Replies, address_of
from tickets.model import CaseState, HistoryEntry
from tickets.workflow import Action, ClockKind

ATTEMPT = {"channel": "email", "text": "您的卡可到营业部领取。"}


class Replying(MailDesk):
    """A desk whose replies by e-mail are letters."""

    def __init__(self) -> None:
        super().__init__()
        self.replies = Replies(self.desk.service, self.composer, Language.CHINESE)
        self.desk.service.write_beside_txn(self.replies.beside_txn)

    def ready(self) -> str:
        """A ticket of a letter whose result waits to be told."""
        self.take(letter())
        self.queued()
        number = self.numbers()[0]
        return self.with_result(number)

    def with_result(self, number: str) -> str:
        self.desk.act(number, Action.DISPATCH, DISPATCHER)
        for action in (Action.ACCEPT, Action.RETURN):
            self.desk.act(number, action, HEAD)
        self.desk.act(number, Action.APPROVE, DISPATCHER)
        return number

    def arrived(self) -> Ended:
        [(delivery, outgoing)] = self.queued()
        at = utc(self.desk.clock)
        return Ended(1, delivery, outgoing, End.DELIVERED, at, "250 2.0.0 queued")

    def tell(self, ended: Ended) -> None:
        result_of(Deferred.fromCoroutine(self.replies.delivered(ended)))


@pytest.fixture
def desk() -> Replying:
    return Replying()


def test_a_reply_counts_once_the_next_server_took_it(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    assert desk.desk.view(number).case.state is CaseState.RESULT_IN
    ended = desk.arrived()
    assert ended.outgoing.purpose is Purpose.REPLY
    assert ended.outgoing.to == "wang@example.com"
    assert ended.outgoing.headers["In-Reply-To"] == "<one@example.com>"
    assert ATTEMPT["text"] in ended.outgoing.body
    desk.tell(ended)
    desk.tell(ended)
    view = desk.desk.view(number)
    assert view.case.state in (CaseState.REPLIED, CaseState.CALLBACK)
    assert [each.action for each in view.history].count("reply") == 1
    assert "250 2.0.0 queued" in view.history[-1].fields["proof"]
    decision = next(each for each in view.clocks if each.kind is ClockKind.DECISION)
    assert decision.end is ClockEnd.MET


def test_no_letter_holds_a_whole_card_or_a_pin(desk: Replying) -> None:
    number = desk.ready()
    typed = ATTEMPT | {"text": "卡 6222 0200-3700 0018 475 已解锁，密码是135790。"}
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, typed)
    assert "卡 **** 8475 已解锁，密码是****。" in desk.arrived().outgoing.body


def returned(message_id: str) -> bytes:
    return on_file("bounce").replace(b"hotline.26112100016.7.00@bank.example", message_id.encode())


def test_a_reply_that_comes_back_is_owed_again(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    ended = desk.arrived()
    desk.tell(ended)
    ours = desk.identity.message_id(ended.outgoing.number, ended.delivery_id)
    desk.take(returned(ours), Envelope(""))
    view = desk.desk.view(number)
    assert view.case.state is CaseState.RESULT_IN
    assert view.history[-1].action == "undelivered"
    assert "User unknown" in view.history[-1].fields["text"]
    assert view.due(ClockKind.DECISION) is not None
    assert "undelivered" in [each.subject for each in desk.told(DISPATCHER)]


def test_a_reply_that_comes_back_after_the_end_opens_the_question_again(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    ended = desk.arrived()
    desk.tell(ended)
    close(desk, number)
    ours = desk.identity.message_id(ended.outgoing.number, ended.delivery_id)
    desk.take(returned(ours), Envelope(""))
    view = desk.desk.view(number)
    assert view.case.state is CaseState.RESULT_IN
    assert view.due(ClockKind.DECISION) is not None
    assert "undelivered" in [each.subject for each in desk.told(DISPATCHER)]


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        ((), True),
        ((("call_back", {"reached": "no"}),), True),
        ((("call_back", {"reached": "yes", "told": "no"}),), True),
        ((("call_back", {"reached": "yes", "told": "yes"}),), False),
        ((("reply", {}),), False),
    ],
)
def test_which_answer_a_ticket_stands_by(
    later: tuple[tuple[str, dict[str, str]], ...], stands: bool
) -> None:
    first = HistoryEntry(MONDAY, StaffId("x"), "x", "reply", "", "", request_id="reply-1")
    more = [HistoryEntry(MONDAY, StaffId("x"), "x", what, "", "", fields=f) for what, f in later]
    assert stands_by((first, *more), "reply-1") is stands


def close(desk: Replying, number: str) -> None:
    """End the ticket, after calls in vain where a call-back is wanted."""
    if desk.desk.view(number).case.state is CaseState.REPLIED:
        desk.desk.act(number, Action.CLOSE, DISPATCHER)
        return
    for _ in range(3):
        if desk.desk.view(number).case.state is CaseState.CALLBACK:
            desk.desk.act(number, Action.CALL_BACK, OTHER_AGENT, {"reached": "no"})
            desk.desk.advance(hours=24)
    assert desk.desk.view(number).case.state is CaseState.CLOSED


def test_another_letter_that_comes_back_takes_no_answer_away(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    desk.tell(desk.arrived())
    ours = desk.identity.message_id(TicketNumber(number), "20261123010101000001-77")
    desk.take(returned(ours), Envelope(""))
    view = desk.desk.view(number)
    assert view.case.state in (CaseState.REPLIED, CaseState.CALLBACK)
    assert view.history[-1].action == "note"


def test_a_customer_told_by_another_way_meanwhile_is_not_told_again(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    ended = desk.arrived()
    desk.desk.act(number, Action.WITHDRAW, DISPATCHER)
    desk.tell(ended)
    assert desk.desk.view(number).case.state is CaseState.WITHDRAWN


def test_a_letter_that_was_long_under_way_is_no_answer_to_a_later_result(desk: Replying) -> None:
    number = desk.ready()
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    ended = desk.arrived()
    desk.desk.advance(hours=1)
    desk.with_result(number)
    desk.tell(ended)
    view = desk.desk.view(number)
    assert view.case.state is CaseState.RESULT_IN
    assert all(each.stopped is None for each in view.clocks if each.kind is ClockKind.DECISION)


def test_without_an_address_the_attempt_is_refused_and_nothing_is_written(desk: Replying) -> None:
    number = desk.with_result(desk.desk.register().number)
    with pytest.raises(Refused, match="no_address"):
        desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT)
    assert "attempt_reply" not in [each.action for each in desk.desk.view(number).history]
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ATTEMPT | {"channel": "call"})
    assert desk.queued() == []


def test_the_address_is_the_requesters_however_they_gave_it(desk: Replying) -> None:
    case = desk.desk.view(desk.desk.register().number).case
    assert address_of(case) == ""
    written = replace(draft(), details={"email": "Wang@Example.com"})
    assert address_of(replace(case, draft=written)) == "wang@example.com"
