"""What customers are told of what they asked by telephone: where they agreed, and by which way."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId, TicketNumber
from cti.kernel.vocabulary import Language
from customers.model import Customer, Sex
from customers.repository import store_customer_txn
from tests.support.deferred import result_of
from tests.support.portal import ADDRESS, MOBILE, PortalDesk
from tests.support.tickets import AGENT, DISPATCHER, FILLED, HEAD, OFFICER, SUPERVISOR, draft
from tickets.delivery.model import Channel, End, Ended, Purpose
from tickets.mail.composing import Composer
from tickets.mail.identity import Identity
from tickets.mail.model import DeliveryState
from tickets.mail.replying import Replies
from tickets.mail.repository import mails_txn
from tickets.mail.sent import SentMail
from tickets.mail.settings import MailSettings
from tickets.model import CaseState, Draft, ReplyChannel, Requester, Source, TicketKind
from tickets.portal.segments import segments
from tickets.workflow import Action, ClockKind

AGREED = {"notices": "yes"}
ANSWER = FILLED | {"channel": "sms", "text": "您的卡可到营业部领取。"}


@pytest.fixture
def desk() -> PortalDesk:
    return PortalDesk()


def by_telephone(
    kind: TicketKind = TicketKind.COMPLAINT,
    details: Mapping[str, str] = AGREED,
    contact: str = f"+86 {MOBILE}",
) -> Draft:
    return replace(
        draft(kind), requester=Requester("王芳", contact), details=details, source=Source.CALL
    )


def with_result(desk: PortalDesk, what: Draft) -> TicketNumber:
    number = desk.desk.register(what).number
    desk.desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.desk.act(number, Action.ACCEPT, OFFICER)
    desk.desk.act(number, Action.RETURN, HEAD)
    desk.desk.act(number, Action.APPROVE, DISPATCHER)
    desk.carried()
    return number


def test_who_agreed_in_the_call_gets_the_number_by_sms(desk: PortalDesk) -> None:
    number = desk.desk.register(by_telephone()).number
    [told] = desk.carried()
    assert (told.channel, told.to, told.number) == (Channel.SMS, MOBILE, number)
    assert told.purpose is Purpose.ACKNOWLEDGEMENT
    assert number in told.body
    assert segments(told.body) <= 2


@pytest.mark.parametrize("details", [{}, {"notices": "no"}])
def test_who_did_not_agree_is_told_nothing(desk: PortalDesk, details: Mapping[str, str]) -> None:
    desk.desk.register(by_telephone(details=details))
    assert desk.carried() == []


def test_a_landline_gets_no_short_message(desk: PortalDesk) -> None:
    desk.desk.register(by_telephone(contact="010-88880001"))
    assert desk.carried() == []


def test_the_way_asked_for_comes_first(desk: PortalDesk) -> None:
    what = by_telephone(details=AGREED | {"email": ADDRESS})
    desk.desk.register(replace(what, reply_by=ReplyChannel.EMAIL))
    [told] = desk.carried()
    assert (told.channel, told.to) == (Channel.EMAIL, ADDRESS)


def test_the_language_is_the_customers(desk: PortalDesk) -> None:
    what = by_telephone()
    reader = Customer(
        CustomerId("C9"),
        {Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"},
        Sex.FEMALE,
        (MOBILE,),
        what.requester.service_level,
        Language.ENGLISH,
    )
    result_of(desk.desk.database.run(store_customer_txn, reader))
    known = replace(what.requester, customer_id=reader.customer_id)
    desk.desk.register(replace(what, requester=known))
    [told] = desk.carried()
    assert "registered as" in told.body


def test_thanks_and_more_time_are_told_by_the_way_agreed(desk: PortalDesk) -> None:
    suggestion = desk.desk.register(by_telephone(TicketKind.SUGGESTION)).number
    desk.desk.act(suggestion, Action.ADOPT, DISPATCHER)
    complaint = desk.desk.register(by_telephone()).number
    desk.desk.act(complaint, Action.EXTEND_DECISION, SUPERVISOR)
    told = [(each.number, each.purpose) for each in desk.carried()]
    assert told[1:] == [
        (suggestion, Purpose.THANKS),
        (complaint, Purpose.ACKNOWLEDGEMENT),
        (complaint, Purpose.NOTICE),
    ]


def test_what_is_told_by_sms_needs_a_mobile(desk: PortalDesk) -> None:
    number = with_result(desk, by_telephone(contact="010-88880001"))
    with pytest.raises(Refused, match="no_mobile"):
        desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ANSWER)


def test_an_answer_by_sms_is_never_cut(desk: PortalDesk) -> None:
    number = with_result(desk, by_telephone())
    with pytest.raises(Refused, match="too_long_for_sms"):
        desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ANSWER | {"text": "长" * 500})
    assert "attempt_reply" not in [each.action for each in desk.desk.view(number).history]


def replies_of(desk: PortalDesk, *arriving: Channel) -> Replies:
    mail = MailSettings(domain="bank.example", sender="service@bank.example")
    return Replies(desk.desk.service, Composer(mail), Language.CHINESE, arriving)


def ended(desk: PortalDesk, end: End = End.DELIVERED) -> Ended:
    [outgoing] = desk.carried()
    return Ended(1, "20261123010000000000-1", outgoing, end, utc(desk.desk.clock), "200 accepted")


def test_an_answer_by_sms_counts_once_the_gateway_took_it(desk: PortalDesk) -> None:
    number = with_result(desk, by_telephone())
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ANSWER)
    assert desk.desk.view(number).case.state is CaseState.RESULT_IN
    over = ended(desk)
    assert ANSWER["text"] in over.outgoing.body
    for _ in range(2):
        replies = replies_of(desk, Channel.SMS)
        result_of(Deferred.fromCoroutine(replies.delivered(over)))
    view = desk.desk.view(number)
    assert view.case.state in (CaseState.REPLIED, CaseState.CALLBACK)
    assert view.due(ClockKind.DECISION) is None
    assert view.history[-1].fields["channel"] == "sms"
    assert view.history[-1].fields["proof"] == f"{MOBILE}: 200 accepted"


NEWS = {"channel": "email", "text": "正在核实，明日告知结果。"}


def test_word_by_email_counts_once_the_next_server_took_it(desk: PortalDesk) -> None:
    number = desk.desk.register(by_telephone(details={"email": ADDRESS})).number
    desk.carried()
    desk.desk.act(number, Action.ATTEMPT_INFORM, AGENT, NEWS)
    assert desk.desk.view(number).due(ClockKind.FIRST_CONTACT) is not None
    over = ended(desk)
    assert (over.outgoing.purpose, over.outgoing.to) == (Purpose.PROGRESS, ADDRESS)
    for _ in range(2):
        replies = replies_of(desk, Channel.EMAIL)
        result_of(Deferred.fromCoroutine(replies.delivered(over)))
    view = desk.desk.view(number)
    assert view.due(ClockKind.FIRST_CONTACT) is None
    assert view.due(ClockKind.KEEP_INFORMED) is not None
    assert [each.action for each in view.history].count("inform") == 1
    assert view.history[-1].fields["proof"] == f"{ADDRESS}: 200 accepted"
    assert desk.carried() == [], "nothing goes out for it a second time"


def test_an_answer_that_ended_as_a_file_has_told_nobody(desk: PortalDesk) -> None:
    number = with_result(desk, by_telephone())
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ANSWER)
    result_of(Deferred.fromCoroutine(replies_of(desk, Channel.EMAIL).delivered(ended(desk))))
    assert desk.desk.view(number).case.state is CaseState.RESULT_IN


@pytest.mark.parametrize(
    ("end", "state"), [(End.DELIVERED, DeliveryState.SENT), (End.GIVEN_UP, DeliveryState.FAILED)]
)
def test_what_became_of_a_short_message_stands_on_the_time_line(
    desk: PortalDesk, end: End, state: DeliveryState
) -> None:
    number = desk.desk.register(by_telephone()).number
    sent = SentMail(desk.desk.database, Identity(b"k" * 32, "bank.example"), "service@bank.example")
    over = ended(desk, end)
    for _ in range(2):
        kept = sent.ended(over)
        assert kept is not None
        result_of(kept)
    [mail] = result_of(desk.desk.database.read(mails_txn, number))
    assert (mail.recipient, mail.delivery, mail.proof) == (MOBILE, state, "200 accepted")
