"""Letters become tickets, acts and lines on record: once each, whatever happens meanwhile."""

from datetime import timedelta
from functools import partial

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Email, Sex
from customers.repository import store_customer_txn
from tests.support.deferred import result_of
from tests.support.letters import letter, on_file
from tests.support.mail_desk import MailDesk
from tests.support.tickets import DISPATCHER, draft
from tickets.attachments.repository import attachments_txn
from tickets.delivery.model import Purpose
from tickets.mail.model import Automatic, DeliveryState, Direction, Envelope, MailUnreadable
from tickets.mail.repository import keep_sent_txn
from tickets.mail.settings import Window
from tickets.mail.unfiled import Why, list_txn
from tickets.model import CaseState, Source, TicketKind
from tickets.workflow import Action


@pytest.fixture
def desk() -> MailDesk:
    return MailDesk()


def opened(desk: MailDesk) -> str:
    """The ticket that a first letter opened."""
    desk.take(letter())
    return desk.numbers()[0]


def answer(desk: MailDesk, number: str, **fields: str) -> bytes:
    """The customer answers our letter."""
    ours = desk.identity.message_id(number, "5")  # type: ignore[arg-type]  # a number
    usual = {"message_id": "<two@example.com>", "in_reply_to": f"<{ours}>"}
    return letter("It is still kept.", **(usual | fields))


def test_a_letter_opens_an_enquiry_and_is_acknowledged_with_its_number(desk: MailDesk) -> None:
    number = opened(desk)
    case = desk.desk.view(number).case
    assert (case.draft.kind, case.draft.source) == (TicketKind.ENQUIRY, Source.EMAIL)
    assert (case.draft.title, case.draft.text) == ("My card", "My card is kept.")
    assert case.draft.requester.contact == "wang@example.com"
    [mail] = desk.mails(number)
    assert (mail.direction, mail.sender) == (Direction.IN, "wang@example.com")
    [(_, outgoing)] = desk.queued()
    assert outgoing.purpose is Purpose.ACKNOWLEDGEMENT
    assert outgoing.to == "wang@example.com"
    assert f"[#{number}]" in outgoing.subject
    assert number in outgoing.body
    assert outgoing.headers["In-Reply-To"] == "<one@example.com>"
    assert desk.woken == 1


@pytest.mark.parametrize(
    ("found", "unproven"), [("dkim=pass header.d=example.com", False), ("dkim=none", True)]
)
def test_a_known_address_is_its_customers_as_far_as_our_server_vouches_for_it(
    found: str, unproven: bool
) -> None:
    desk = MailDesk(checked_by="mx.bank.example")
    wang = Customer(
        CustomerId("C9"),
        {Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"},
        Sex.FEMALE,
        (),
        ServiceLevel.PRIORITY,
        Language.CHINESE,
        emails=(Email("wang@example.com", verified=True),),
    )
    result_of(desk.desk.database.run(store_customer_txn, wang))
    desk.take(letter(Authentication_Results=f"mx.bank.example; {found}"))
    who = desk.desk.view(desk.numbers()[0]).case.draft.requester
    assert (who.customer_id, who.service_level) == (wang.customer_id, ServiceLevel.PRIORITY)
    assert who.unproven is unproven


def test_the_address_it_was_sent_to_says_what_it_is() -> None:
    desk = MailDesk(
        addresses={
            "service@bank.example": TicketKind.ENQUIRY,
            "complaints@bank.example": TicketKind.COMPLAINT,
        }
    )
    desk.take(letter(to="complaints@bank.example"), Envelope(None))
    assert desk.desk.view(desk.numbers()[0]).case.draft.kind is TicketKind.COMPLAINT
    assert desk.intake.welcome("complaints@bank.example")
    assert desk.intake.welcome("complaints+cards@bank.example")
    assert not desk.intake.welcome("sales@bank.example")


def test_the_same_letter_twice_is_one_ticket_and_one_acknowledgement(desk: MailDesk) -> None:
    opened(desk)
    desk.take(b"Received: from another.example\r\n" + letter())
    assert len(desk.numbers()) == 1
    assert len(desk.queued()) == 1


def test_a_letter_that_was_interrupted_goes_on_where_it_stood(
    desk: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("tickets.mail.repository.keep_txn", _broken)
        with pytest.raises(OSError, match="gone"):
            desk.take(letter())
    assert len(desk.numbers()) == 1
    assert desk.queued() == []
    desk.take(letter())
    assert len(desk.numbers()) == 1
    assert len(desk.mails(desk.numbers()[0])) == 1
    assert len(desk.queued()) == 1


def _broken(*_: object, **__: object) -> int:
    raise OSError("the database is gone")


def test_an_answer_to_our_letter_is_a_contact(desk: MailDesk) -> None:
    number = opened(desk)
    desk.tickets.stale = 2
    desk.take(answer(desk, number))
    desk.take(answer(desk, number))
    assert desk.tickets.acts == [(number, Action.CONTACT, "It is still kept.")]
    assert [each.action for each in desk.desk.view(number).history] == ["register", "contact"]
    assert len(desk.mails(number)) == 2
    assert len(desk.numbers()) == 1


def test_a_number_in_the_subject_counts_from_its_requester_alone(desk: MailDesk) -> None:
    number = opened(desk)
    again = {"subject": f"Re: [#{number}] My card"}
    desk.take(letter("More.", message_id="<b@example.com>", **again))
    assert [each[:2] for each in desk.tickets.acts] == [(number, Action.CONTACT)]
    stranger = {"from": "stranger@example.net", "message_id": "<c@example.net>"}
    desk.take(letter("Tell me all.", **again, **stranger), Envelope("stranger@example.net"))
    assert len(desk.tickets.acts) == 1
    other = desk.numbers()[1]
    assert number in desk.desk.view(other).case.draft.text
    assert len(desk.mails(number)) == 2


def test_an_absence_note_is_kept_and_moves_nothing(desk: MailDesk) -> None:
    number = opened(desk)
    desk.queued()
    desk.take(answer(desk, number, auto_submitted="auto-replied"))
    assert desk.tickets.acts == []
    assert len(desk.mails(number)) == 2
    assert desk.queued() == []
    desk.take(on_file("absence"), Envelope(""))
    assert len(desk.numbers()) == 1
    assert len(desk.unfiled()) == 1


def test_a_newsletter_waits_for_somebody_to_decide_and_is_not_answered(desk: MailDesk) -> None:
    for count, sign in enumerate(({"list_id": "<news.example>"}, {"precedence": "bulk"})):
        desk.take(letter("Sale!", message_id=f"<{count}@news.example>", **sign))
    assert (desk.numbers(), desk.queued()) == ([], [])
    assert [each.automatic for each in desk.unfiled()] == [Automatic.BULK] * 2
    letters = result_of(
        desk.desk.database.read(partial(list_txn, limit=9, before=None, over=False))
    )
    assert [each.why for each in letters] == [Why.BULK] * 2


def test_our_own_letter_that_comes_back_opens_nothing(desk: MailDesk) -> None:
    ours = desk.identity.message_id(None, "9")
    desk.take(letter(message_id=f"<{ours}>"))
    assert desk.numbers() == []
    assert len(desk.unfiled()) == 1


def test_two_machines_that_write_to_each_other_come_to_an_end() -> None:
    desk = MailDesk(
        acknowledged=Window(3, timedelta(hours=1)), opening=Window(6, timedelta(hours=24))
    )
    for count in range(20):
        desk.take(letter(message_id=f"<{count}@example.com>"))
    assert len(desk.queued()) == 3
    assert len(desk.numbers()) == 6
    assert len(desk.mails(desk.numbers()[5])) == 15


def test_a_letter_that_never_arrived_is_noted_and_told(desk: MailDesk) -> None:
    number = opened(desk)
    [(delivery, outgoing)] = desk.queued()
    message_id = desk.identity.message_id(outgoing.number, delivery)
    [kept] = desk.mails(number)
    sent = type(kept)(
        mail_id=0,
        number=kept.number,
        direction=Direction.OUT,
        at=kept.at,
        message_id=message_id,
        in_reply_to="",
        sender="service@bank.example",
        recipient="wang@example.com",
        subject=outgoing.subject,
        body=kept.body,
        delivery=DeliveryState.SENT,
        proof="250 queued",
    )
    result_of(desk.desk.database.run(keep_sent_txn, sent))
    result_of(desk.desk.database.run(keep_sent_txn, sent))
    report = on_file("bounce").replace(
        b"hotline.26112100016.7.00@bank.example", message_id.encode()
    )
    desk.take(report, Envelope(""))
    mails = desk.mails(number)
    assert [each.delivery for each in mails] == [
        DeliveryState.RECEIVED,
        DeliveryState.FAILED,
        DeliveryState.RECEIVED,
    ]
    assert "User unknown" in mails[1].proof
    [(_, action, text)] = desk.tickets.acts
    assert action is Action.NOTE
    assert "wang@example.com" in text
    assert "note" in [each.subject for each in desk.told(DISPATCHER)]


def test_a_letter_on_an_ended_ticket_is_told_and_reopens_nothing(desk: MailDesk) -> None:
    number = opened(desk)
    desk.desk.act(number, Action.WITHDRAW, DISPATCHER)
    desk.take(answer(desk, number))
    assert desk.desk.view(number).case.state is CaseState.WITHDRAWN
    assert len(desk.mails(number)) == 2
    assert "contact" in [each.subject for each in desk.told(DISPATCHER)]
    desk.desk.advance(days=40)
    desk.take(answer(desk, number, message_id="<three@example.com>"))
    assert len(desk.numbers()) == 2
    assert number in desk.desk.view(desk.numbers()[1]).case.draft.text


def test_files_belong_to_the_ticket_and_those_refused_are_named(desk: MailDesk) -> None:
    desk.take(on_file("attachments"))
    number = desk.numbers()[0]
    files = result_of(desk.desk.database.read(attachments_txn, number))
    assert len(files) == 4
    assert b"%PDF-1.4 not really" in desk.files.kept.values()
    refusing = MailDesk()
    refusing.files.refusal = "ticket.file_type"
    refusing.take(on_file("attachments"))
    assert "合同扫描.pdf" in refusing.desk.view(refusing.numbers()[0]).case.draft.text


def test_a_full_disk_leaves_the_letter_to_the_mail_server(desk: MailDesk) -> None:
    desk.files.refusal = "ticket.no_space"
    with pytest.raises(Refused):
        desk.take(on_file("attachments"))
    assert desk.numbers() == []
    desk.files.refusal = ""
    desk.take(on_file("attachments"))
    assert len(desk.numbers()) == 1


def test_what_cannot_be_read_says_so_and_leaves_nothing(desk: MailDesk) -> None:
    with pytest.raises(MailUnreadable):
        desk.take(on_file("deep"))
    assert desk.numbers() == []


def test_a_letter_of_chinese_words_is_acknowledged_in_chinese(desk: MailDesk) -> None:
    desk.take(on_file("qq"))
    [(_, outgoing)] = desk.queued()
    assert "已收到" in outgoing.subject
    assert desk.desk.view(desk.numbers()[0]).case.draft.requester.name == "王芳"


def test_a_ticket_of_a_call_is_joined_by_an_address_in_its_form(desk: MailDesk) -> None:
    made = draft()
    who = type(made.requester)("王芳", "Wang@Example.com")
    number = desk.desk.register(type(made)(made.kind, made.title, made.text, who)).number
    desk.take(letter(subject=f"[#{number}]"))
    assert [each[:2] for each in desk.tickets.acts] == [(number, Action.CONTACT)]


def test_a_letter_about_a_merged_ticket_belongs_to_the_one_it_goes_on_in(desk: MailDesk) -> None:
    first = opened(desk)
    desk.take(letter("The same again.", message_id="<again@example.com>"))
    second = desk.numbers()[1]
    desk.desk.act(second, Action.MERGE, DISPATCHER, {"into": first, "reason": "same matter"})
    desk.take(answer(desk, second, message_id="<about-second@example.com>"))
    assert desk.tickets.acts == [(first, Action.CONTACT, "It is still kept.")]
    assert len(desk.mails(first)) == 2


def test_no_acknowledgement_repeats_the_number_of_a_card(desk: MailDesk) -> None:
    desk.take(letter(subject="My card 6222 0200 3700 0018 475 is kept"))
    [(_, outgoing)] = desk.queued()
    told = f"{outgoing.subject} {outgoing.body} {outgoing.html}"
    assert "8475" in told
    assert "0200" not in told
